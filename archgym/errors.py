"""Errors that say what, where, what was expected, what was got and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ArchgymError(Exception):
    """Base of every error that archgym raises on purpose; the command line prints it plainly."""


class UnknownNameError(ArchgymError, LookupError):
    """A name that is not registered; ``options`` holds those that are."""

    def __init__(self, kind: str, name: object, options: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.options = kind, name, sorted(options)
        close = difflib.get_close_matches(str(name), self.options, n=3, cutoff=0.5)
        text = f"unknown {kind} {name!r}"
        if close:
            text += "; did you mean " + " or ".join(repr(c) for c in close) + "?"
        elif len(self.options) <= 40:
            text += "; known: " + ", ".join(self.options)
        super().__init__(text + (f" {hint}" if hint else ""))


class DesignError(ArchgymError, ValueError):
    """A design that is not a member of its space."""


class ScenarioError(ArchgymError, ValueError):
    """A scenario file or value that makes no sense."""


class SettingError(ArchgymError, ValueError):
    """A setting, of a simulator, an agent or a cost model, that is not legal."""


class WorkloadError(ArchgymError, ValueError):
    """A workload (trace, network, task graph, netlist) that cannot be read or used."""


class EvaluationError(ArchgymError, RuntimeError):
    """A simulator that broke its contract (wrong shape, NaN marked feasible, missing metric)."""


class AgentError(ArchgymError, ValueError):
    """An agent used against its contract."""


class StoreError(ArchgymError, OSError):
    """The evaluation store or run folder cannot be read or written."""


class MissingExtraError(ArchgymError, ImportError):
    """An optional package is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}: install it with pip install 'archgym[{extra}]'"
        )
