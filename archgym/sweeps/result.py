"""What a worker is given, and what comes back of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..answers.opened_store import Batch

DONE, FAILED, HALTED = "done", "failed", "halted"


@dataclass(frozen=True)
class Setup:
    """What a worker needs besides run specs: small, and picklable.

    Attributes:
        documents: scenarios as mappings, by name.
        answers: who answers, by scenario; '' for the simulator.
        from_reference: whether the reference design is the first trial of every run.
        store: where evaluations are kept, a path or URL; None for nowhere.
        by_value: workers cannot reach the store, so evaluations come back with results.
        trials: every trial comes back with the results.
        queries: limits of costly parts of evaluations, by name.
        anonymous: agents search twins of the spaces without names.
        untrusted: the folder all this was read from, where nobody has vouched for it.
    """

    documents: Mapping[str, Mapping[str, Any]]
    answers: Mapping[str, str] = field(default_factory=dict)
    from_reference: bool = True
    store: str | None = None  # a path or URL
    by_value: bool = False  # workers cannot reach the store: evaluations come back with results
    trials: bool = False  # every trial comes back with the results
    queries: Mapping[str, int] = field(default_factory=dict)  # limits by name
    anonymous: bool = False
    untrusted: str = ""  # the folder all this was read from, where nobody has vouched for it


@dataclass(frozen=True)
class Result:
    """The outcome of one run; everything but the seconds is a function of the spec.

    Where the search guessed, best and front are of finalists that the simulator evaluated, and the curve
    is one point.

    Attributes:
        id: of the run's spec.
        status: ``done``, ``failed``, ``halted``, or what an engine says of a worker that ended.
        charged: evaluations that were asked for.
        computed: evaluations that were computed; the others were known.
        different: designs that need not behave alike.
        feasible: feasible trials.
        satisfied: trials that meet every spec.
        best: least cost; +inf where nothing is feasible.
        design: value indices (d,) of the best design.
        metrics: of the best design, by name in SI units.
        queries: costly parts of evaluations that were used, by name.
        curve: (evaluations, best cost) at each improvement.
        front: (evaluations, objective costs) of each trial that joined the front, where there are several
            objectives.
        agent_seconds: s in the agent.
        simulator_seconds: s in the simulator, or in who answers.
        seconds: s of the whole run.
        error: the traceback of a run that failed.
        trials: every trial of the run, the bytes of a Parquet file.
        evaluations: what was computed by a worker that cannot reach the store.
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
