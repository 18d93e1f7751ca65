"""Search agents: one file an algorithm, all the same shape; ``archgym.registry`` names them."""
