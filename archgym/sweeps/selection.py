"""Which hyperparameters each agent is tested with: those that did best while tuning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ..documents import parse_json
from .ledger import Ledger
from .plan import TEST, TUNING, RunSpec, Sweep


def tested_runs(sweep: Sweep, ledger: Ledger) -> Iterator[RunSpec]:
    """The test runs: every tuned agent on every scenario, once per fresh seed.

    Args:
        sweep: what is tested.
        ledger: how the tuning ended.

    Returns:
        The runs.
    """
    for entry in sweep.entries:
        if not entry.tested:
            continue
        for scenario in entry.scenarios:
            hyperparameters = tuned(ledger, scenario, entry.agent, entry.panel)
            if hyperparameters is None:
                continue  # no run of it ended well
            values = parse_json(hyperparameters, "a run's hyperparameters")
            for seed in sweep.test_seeds:
                yield sweep.spec(scenario, entry, values, seed, entry.budget, TEST)


def tuned(ledger: Ledger, scenario: str, agent: str, panel: str) -> str | None:
    """The hyperparameters of least mean cost over the tuning seeds.

    Among equals the one whose best cost was low earliest, on average over the run; then the first
    in alphabetical order, so that the choice is the same on every machine.

    Args:
        ledger: how the tuning ended.
        scenario: its name.
        agent: its name.
        panel: of the sweep.

    Returns:
        The hyperparameters as JSON; None where no run ended well.
    """
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    rows = ledger.rows(
        "hyperparameters, best, curve, charged",
        "phase = ? AND scenario = ? AND agent = ? AND panel = ?",
        (TUNING, scenario, agent, panel),
    )
    for hyperparameters, best, curve, charged in rows:
        scores[hyperparameters].append(
            (best, mean_best(parse_json(curve, "a run's curve"), charged))
        )
    ranked = sorted(
        (float(np.mean([b for b, _ in s])), float(np.mean([m for _, m in s])), hyperparameters)
        for hyperparameters, s in scores.items()
    )
    return ranked[0][2] if ranked else None


def mean_best(curve: list[list[float]], charged: int) -> float:
    """The best cost so far, averaged over a run's evaluations.

    Args:
        curve: [evaluations, cost] each time the best cost fell.
        charged: evaluations of the run.

    Returns:
        The mean; 1e6 stands for the cost before the first feasible design.
    """
    total, last, value = 0.0, 1.0, 1e6
    for step, cost in curve:
        total += (step - last) * value
        last, value = step, cost
    return (total + (charged + 1 - last) * value) / max(1, charged)
