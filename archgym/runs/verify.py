"""Evaluate what a run recorded again, and say where the numbers differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..answers.checking import check_store
from ..answers.evaluator import make_evaluator
from ..answers.store import EvaluationStore
from ..contracts.evaluation import Evaluation
from ..contracts.fidelity import FULL
from ..contracts.lowered import LowerFidelity, at_fidelity, declared
from ..contracts.simulator import Simulator
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..space import Designs
from .run_folder import RunFolder


def verify(path: str | Path, sample: int | None = 32, seed: int = 0) -> dict[str, Any]:
    """Evaluate a sample of a run's recorded designs again, each at the fidelity that answered.

    Args:
        path: the run's folder.
        sample: how many designs per workload and fidelity; None for all of them.
        seed: of the draw.

    Returns:
        ``run``, how many were ``checked``, and the ``differences``: workload, fidelity, design, metric,
        recorded, now.

    Raises:
        ArchgymError: no run, or nothing recorded.
        StoreError: a damaged row.
    """
    path = Path(path)
    folder = RunFolder.open(path)
    scenario = folder.scenario()
    folder.evaluations().close()  # there is one, and it can be read
    if sample is None:
        check_store(folder.store_location())
    checked, differences = 0, []
    by = folder.manifest.get("answers", "")
    with folder.evaluations() as store:
        if (
            by and (answers := make_evaluator(scenario, by)).exact
        ):  # a table keeps nothing in the store
            tried = _trials(store, folder.manifest["id"], scenario, sample, seed)
            for each in answers.answers:
                differences += _compared(each.simulator, tried, each(tried))
            return {"run": str(path), "checked": len(tried), "differences": differences}
        for simulator in (
            at_fidelity(s, kind) for s in scenario.simulators for kind in (FULL, *declared(s))
        ):
            blocks = [x for x, _ in store.rows(simulator)]
            if not blocks:
                continue
            x = np.concatenate(blocks)
            order = np.random.default_rng(seed).permutation(len(x))
            picked = np.sort(order if sample is None else order[:sample])
            checked += len(picked)
            _, then = store.get(simulator, x[picked])
            differences += _compared(simulator, x[picked], then)
    if not checked:
        raise ArchgymError(
            f"{path} holds no recorded evaluation of its simulator; nothing to verify"
        )
    return {"run": str(path), "checked": checked, "differences": differences}


def _trials(
    store: EvaluationStore, run: str, scenario: Scenario, sample: int | None, seed: int
) -> Designs:
    """A sample of a run's different trials, as designs (n, d) of the simulator's space."""
    x = store.proposed(run, len(scenario.space))
    if not len(x):
        return x
    x = np.unique(scenario.to_simulator(x), axis=0)
    order = np.random.default_rng(seed).permutation(len(x))
    return x[np.sort(order if sample is None else order[:sample])]


def _compared(simulator: Simulator, x: Designs, then: Evaluation) -> list[dict[str, Any]]:
    """Where the simulator's answers for designs (n, d) are not what they were."""
    again = simulator.evaluate(x)
    fidelity = simulator.fidelity.name if isinstance(simulator, LowerFidelity) else FULL
    out = []
    for metric in simulator.metrics:
        a, b = then.metrics[metric.name], again.metrics[metric.name]
        for i in np.flatnonzero((a != b) & ~(np.isnan(a) & np.isnan(b))):
            out.append(
                {
                    "workload": simulator.workload,
                    "fidelity": fidelity,
                    "design": simulator.space.decode(x[i : i + 1])[0],
                    "metric": metric.name,
                    "recorded": float(a[i]),
                    "now": float(b[i]),
                }
            )
    return out
