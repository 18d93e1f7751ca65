"""archgym: a hardware-aware design-space-exploration gym.

    >>> import archgym
    >>> run = archgym.run("dram/stream-low-power", agent="genetic_algorithm", budget=200)
    >>> run.best, run.best_metrics

Everything public is reached from here; nothing heavy is imported until it is used.  Importing archgym
registers its Gymnasium environments (``archgym/DRAM-v0`` …).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .environments.registration import register_all

__version__ = "0.2.0"

# name -> module, and the name there where it is another
_PUBLIC = {
    # what is searched
    "Constraint": "space",
    "DesignSpace": "space",
    "Parameter": "space",
    "Setting": "space",
    "categorical": "space",
    "ordinal": "space",
    "powers_of_two": "space",
    "Domain": "domains",
    "Evaluation": "contracts.evaluation",
    "Metric": "contracts.evaluation",
    "Simulator": "contracts.simulator",
    # what is wanted
    "Objective": "goals.objectives",
    "Scenario": "goals.scenario",
    "Spec": "goals.objectives",
    "load_scenario": "goals.scenario_file",
    # who searches
    "Agent": "contracts.agent",
    "Feedback": "contracts.feedback",
    "Study": "search.study",
    "Trials": "goals.trials",
    # who answers
    "Answers": "answers.answers",
    "EvaluationStore": "answers.store",
    "Evaluator": "answers.evaluator",
    "make_evaluator": "answers.evaluator",
    # runs
    "Run": "runs.run",
    "load": "runs.keeping",
    "resume": "runs.runner",
    "run": "runs.search",
    "verify": "runs.verify",
    # callbacks
    "Callback": "search.callbacks",
    "Ended": "search.callbacks",
    "GapReached": "search.stopping",
    "LoggingCallback": "search.loggers",
    "MlflowCallback": "search.loggers",
    "Progress": "search.callbacks",
    "ProgressBar": "search.progress_bar",
    "Stagnation": "search.stopping",
    "TensorBoardCallback": "search.loggers",
    "TimeLimit": "search.stopping",
    "WandbCallback": "search.loggers",
    # sweeps and their reports
    "load_sweep": "sweeps.plan",
    "resume_sweep": "report.by_name",
    "run_sweep": "report.by_name",
    "write_report": "report.page",
    # tables and certificates of whole spaces
    "Certificate": "tables.certificate",
    "enumerate_space": "tables.by_name",
    "find_certificate": "tables.certificate:find",
    # data sets and proxies
    "Dataset": "datasets.reader",
    "Proxy": "proxies.proxy",
    "export": "collection.export",
    "sample": "collection.sample",
    "train_proxy": "proxies.by_name",
    # values
    "ArchgymError": "errors",
    "Quantity": "units",
}
_MODULES = ("networks",)
__all__ = sorted([*_PUBLIC, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _PUBLIC:
        raise AttributeError(f"module 'archgym' has no attribute {name!r}")
    module, _, there = _PUBLIC[name].partition(":")
    return getattr(import_module(f".{module}", __name__), there or name)


def __dir__() -> list[str]:
    return __all__


# last: the objects of third parties' domains may use what is above
register_all()
