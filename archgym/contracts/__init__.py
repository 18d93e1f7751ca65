"""The contracts of simulators, agents and cost models, and what passes between them."""
