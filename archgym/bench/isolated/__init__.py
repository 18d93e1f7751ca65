"""An agent in a process of its own, which holds nothing that was not paid for."""
