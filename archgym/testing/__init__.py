"""Contract checks for simulators, agents and cost models, for authors of their own."""

from .contracts import ContractError, bowl, check_agent, check_simulator, tiny_spaces

__all__ = ["ContractError", "bowl", "check_agent", "check_simulator", "tiny_spaces"]
