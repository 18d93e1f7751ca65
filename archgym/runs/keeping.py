"""Finished runs, read from their folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import trust
from ..answers.confirm import Confirmed
from ..answers.evaluator import make_evaluator, settle_reference
from ..answers.store import EvaluationStore
from ..contracts.evaluation import Evaluation
from ..errors import StoreError
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs
from .rough_file import spent_of
from .run import Run
from .run_folder import EVALUATIONS, TRIALS, RunFolder
from .summary import read_told


def load(folder: str | Path) -> Run:
    """A finished run, from its folder.

    Args:
        folder: of the run, as ``archgym run`` or :meth:`Run.save` wrote it.

    Returns:
        The run: nothing is evaluated, but for the reference design where a run was answered by a proxy.

    Raises:
        ArchgymError: no run there, or one that is not finished; StoreError: a damaged file.
    """
    place = Path(folder)
    opened = RunFolder.open(place)
    result = opened.result()
    scenario = opened.scenario()
    m = opened.manifest
    with (
        trust.reading(opened.place),
        opened.evaluations() as store,
    ):
        settle_reference(scenario, m.get("answers", ""), store)
        x = store.proposed(m["id"], len(scenario.space))
        trials = Trials.of(scenario, *_told(place, scenario, x, store))
        trials = replace(trials, charged=spent_of(place, len(trials)))
        confirmed = None
        if "confirmed" in result:
            confirmed = _finalists(scenario, result, trials, store)
    return Run(place, scenario, trials, result, m, confirmed)


def _told(
    place: Path, scenario: Scenario, x: Designs, store: EvaluationStore
) -> tuple[Designs, Evaluation]:
    """What the agent was told: metrics from ``trials.csv``, reasons from the store where it has them."""
    metrics, feasible, _ = read_told(place, scenario)
    if len(feasible) > len(x):
        raise StoreError(
            f"{place / TRIALS} holds {len(feasible):,} trials, {EVALUATIONS} {len(x):,}; write it again with archgym run "
            f"--resume {place}"
        )
    x = x[: len(feasible)]  # more were recorded where a run that ended early was gone on with
    reasons = ["" if ok else "infeasible" for ok in feasible]
    broken = np.flatnonzero(~feasible)
    for simulator in reversed(scenario.simulators):
        if len(broken):
            inner = simulator.canonical(scenario.to_simulator(x[broken]))
            known, e = store.get(simulator, inner)
            for k, i in enumerate(broken[known]):
                reasons[int(i)] = e.reason(k) or reasons[int(i)]
    return x, Evaluation(metrics, feasible, reasons if any(reasons) else ())


def _finalists(
    scenario: Scenario, result: dict[str, object], trials: Trials, store: EvaluationStore
) -> Confirmed:
    """Best design and front of a run that a proxy answered, as the simulator evaluated them."""
    front, best = result["front"], result["best"]
    assert isinstance(front, list)
    entries = [*front, *([best] if isinstance(best, dict) else [])]
    positions = np.array(sorted({int(e["step"]) for e in entries}), np.intp)
    x = trials.x[positions]
    evaluation = make_evaluator(scenario, "exact", store)(x)
    return Confirmed(Trials.of(scenario, x, evaluation), positions, 0)
