"""Contract checkers for authors of simulators, agents and cost models, and for archgym's own tests.

    >>> from archgym.testing import check_agent, check_cost_model, check_simulator
    >>> check_simulator(MySimulator())
    >>> check_agent(MyAgent)
    >>> check_cost_model(MyModel)

Each raises :class:`ContractError` naming the rule that is broken.
"""

from .agents import bowl, check_agent, tiny_spaces
from .cost_models import check_cost_model
from .rules import ContractError
from .simulators import check_simulator
from .studies import check_study, scenario_on

__all__ = [
    "ContractError",
    "bowl",
    "check_agent",
    "check_cost_model",
    "check_simulator",
    "check_study",
    "scenario_on",
    "tiny_spaces",
]
