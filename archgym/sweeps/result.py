"""What a worker is given, and what comes back of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..answers.opened_store import Batch

DONE, FAILED, HALTED = "done", "failed", "halted"


@dataclass(frozen=True)
class Setup:
    """What a worker needs besides run specs: small, and picklable."""

    documents: Mapping[str, Mapping[str, Any]]
    answers: Mapping[str, str] = field(default_factory=dict)
    from_reference: bool = True
    store: str | None = None  # a path or URL
    by_value: bool = False  # workers cannot reach the store: evaluations come back with results
    trials: bool = False  # every trial comes back with the results
    queries: Mapping[str, int] = field(default_factory=dict)  # limits by name
    untrusted: str = ""  # the folder all this was read from, where nobody has vouched for it


@dataclass(frozen=True)
class Result:
    """The outcome of one run; everything but the seconds is a function of the spec.

    Where the search guessed, best and front are of finalists that the simulator evaluated, and the
    curve is one point.  ``curve`` holds (evaluations, best cost) at each improvement; ``front`` holds (evaluations,
    objective costs) of each trial that joined the front of a scenario of several objectives.
    """

    id: str
    status: str
    charged: int = 0
    computed: int = 0
    different: int = 0
    feasible: int = 0
    satisfied: int = 0
    best: float = float("inf")
    design: tuple[int, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    queries: Mapping[str, int] = field(default_factory=dict)  # used, by name
    curve: Sequence[tuple[int, float]] = ()
    front: Sequence[tuple[int, tuple[float, ...]]] = ()
    agent_seconds: float = 0.0
    simulator_seconds: float = 0.0
    seconds: float = 0.0
    error: str = ""
    trials: bytes = b""  # every trial of the run, a Parquet file
    evaluations: Sequence[Batch] = ()  # what a worker computed that cannot reach the store
