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
    "Agent": "agent",
    "ArchgymError": "errors",
    "Constraint": "space",
    "DesignSpace": "space",
    "Evaluation": "evaluation",
    "EvaluationStore": "store",
    "Evaluator": "evaluator",
    "Metric": "evaluation",
    "Objective": "objectives",
    "Parameter": "parameter",
    "Scenario": "scenario",
    "Simulator": "simulator",
    "Spec": "objectives",
    "Study": "study",
    "Trials": "study",
    "categorical": "parameter",
    "load_scenario": "scenario_file",
    "ordinal": "parameter",
    "powers_of_two": "parameter",
    "run": "runner",
    "resume": "runner",
    "verify": "runner",
}
__all__ = sorted([*_PUBLIC, "__version__"])


register_all()


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'archgym' has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
