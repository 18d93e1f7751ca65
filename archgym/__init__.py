"""archgym: a hardware-aware design-space-exploration gym.

    >>> import archgym
    >>> scenario = archgym.load_scenario("dram/stream-low-power")
    >>> trials = archgym.Study(scenario, "genetic_algorithm", budget=200, seed=1).run()

Everything public is reached from here; nothing heavy is imported until it is used.  Importing archgym
registers its Gymnasium environments (``archgym/DRAM-v0`` …).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .environments.registration import register_all

__version__ = "0.1.0"

_PUBLIC = {
    "Agent": "contracts.agent",
    "ArchgymError": "errors",
    "Constraint": "space",
    "DesignSpace": "space",
    "Domain": "domains",
    "Evaluation": "contracts.evaluation",
    "EvaluationStore": "answers.store",
    "Answers": "answers.answers",
    "Evaluator": "answers.evaluator",
    "make_evaluator": "answers.evaluator",
    "Setting": "space",
    "Feedback": "contracts.feedback",
    "Metric": "contracts.evaluation",
    "Objective": "goals.objectives",
    "Parameter": "space",
    "Scenario": "goals.scenario",
    "Simulator": "contracts.simulator",
    "Spec": "goals.objectives",
    "Study": "search.study",
    "Trials": "goals.trials",
    "categorical": "space",
    "load_scenario": "goals.scenario_file",
    "ordinal": "space",
    "powers_of_two": "space",
    "run": "runs.runner",
    "resume": "runs.runner",
    "verify": "runs.verify",
}
_MODULES = ("networks",)
__all__ = sorted([*_PUBLIC, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _PUBLIC:
        raise AttributeError(f"module 'archgym' has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


# last: the objects of third parties' domains may use what is above
register_all()
