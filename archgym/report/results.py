"""From a ledger to numbers: every run's gap to the best design at every checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..contracts.evaluation import Floats
from ..documents import parse_json
from ..goals.improvement import relative_improvement
from ..goals.pareto import hypervolume, pareto_front
from ..statistics.lottery import CLIP
from ..sweeps.driver import LEDGER, SweepFolder
from ..sweeps.ledger import Ledger
from ..sweeps.plan import TEST, TUNING, Sweep
from ..sweeps.query_counts import totals as query_totals
from ..tables.certificate import Certificate, find, random_cost, span

_COLUMNS = (
    "id, scenario, agent, panel, hyperparameters, seed, budget, phase, charged, computed, different, best, "
    "design, metrics, curve, front, agent_seconds, simulator_seconds, seconds"
)


@dataclass(frozen=True)
class Target:
    """What results of a scenario are measured against."""

    best: float
    certified: bool
    certificate: Certificate | None


class Results:
    """All finished runs of a sweep.

    ``runs`` has one row per run; ``gap.N`` is the gap at N evaluations (NaN where the run is
    shorter), ``area.N`` the mean of the gap, clipped at 1, over evaluations 1..N.
    """

    def __init__(self, path: Path, certificates: Path | None = None) -> None:
        self.path = path
        self.sweep: Sweep = SweepFolder(path).sweep()
        with Ledger(path / LEDGER) as ledger:
            rows = list(ledger.rows(_COLUMNS))
            self.counts = ledger.counts()
            self.totals = ledger.totals()
            self.failures = ledger.failures(1000)
            self.queries = ledger.queries()
            self.versions = ledger.meta("versions") or {}
        self.runs = pd.DataFrame(rows, columns=_COLUMNS.split(", "))
        for name in query_totals(self.queries.values()):
            self.runs[f"queries.{name}"] = [
                self.queries.get(i, {}).get(name, 0) for i in self.runs["id"]
            ]
        twice = self.runs.groupby("agent")["panel"].nunique()
        panels = self.runs["agent"].map(twice) > 1
        self.runs["label"] = np.where(
            panels & (self.runs["panel"] != "main"),
            self.runs["agent"] + " (" + self.runs["panel"] + ")",
            self.runs["agent"],
        )
        self.checkpoints = self.sweep.checkpoints
        self._random: dict[str, float] = {}
        self.targets = {name: self._target(name, certificates) for name in self.sweep.scenarios}
        self._measure()

    def _target(self, name: str, certificates: Path | None) -> Target:
        certificate = find(self.sweep.scenarios[name], certificates)
        if certificate is not None and np.isfinite(certificate.optimum):
            return Target(certificate.optimum, True, certificate)
        known = self.runs.loc[self.runs["scenario"] == name, "best"]
        return Target(float(known.min()) if len(known) else np.inf, False, None)

    def _measure(self) -> None:
        gaps: dict[int, list[Floats]] = {c: [] for c in self.checkpoints}
        areas: dict[int, list[float]] = {c: [] for c in self.checkpoints}
        for scenario, curve, budget in self.runs[["scenario", "curve", "budget"]].itertuples(
            index=False
        ):
            steps, gap = self.gap_curve(scenario, curve)
            for c in self.checkpoints:
                enough = budget >= c
                gaps[c].append(_at(steps, gap, c) if enough else np.nan)
                areas[c].append(_area(steps, gap, c) if enough else np.nan)
        for c in self.checkpoints:
            self.runs[f"gap.{c}"] = np.array(gaps[c], np.float64)
            self.runs[f"area.{c}"] = np.array(areas[c], np.float64)

    def gap_curve(self, scenario: str, curve: str) -> tuple[Floats, Floats]:
        """How a run's gap fell: when its best design changed, and the gap from there on.

        Args:
            scenario: the name of the run's scenario.
            curve: the run's curve as the ledger keeps it, JSON pairs (evaluations, cost).

        Returns:
            Evaluations (k,) and gaps (k,), which are at least 0.
        """
        table = np.array(parse_json(curve, "a run's curve"), np.float64).reshape(-1, 2)
        gap = self.sweep.scenarios[scenario].gap(table[:, 1], self.targets[scenario].best)
        return table[:, 0], np.maximum(gap, 0.0)

    # ---- views
    def phase(self, phase: str) -> pd.DataFrame:
        """Runs of the tuning or of the test phase.

        Args:
            phase: ``tuning`` or ``test``.

        Returns:
            The rows of ``runs`` of that phase.
        """
        return self.runs[self.runs["phase"] == phase]

    @property
    def tuning(self) -> pd.DataFrame:
        """Runs that explore hyperparameters."""
        return self.phase(TUNING)

    @property
    def tests(self) -> pd.DataFrame:
        """Runs of tuned agents on fresh seeds; where a sweep has none, its tuning runs."""
        tests = self.phase(TEST)
        return tests if len(tests) else self.tuning

    @property
    def tuned_apart(self) -> bool:
        """Whether comparisons are made on fresh seeds."""
        return bool((self.runs["phase"] == TEST).any())

    def random_gap(self, scenario: str, draws: int | np.ndarray) -> Floats:
        """The median gap of uniform random search after a number of evaluations.

        It is exact where the optimum is certified, else that of the runs of ``random_walk``.

        Args:
            scenario: its name.
            draws: evaluations, a number or an array.

        Returns:
            Gaps of the form of ``draws``; NaN without a certificate and without such runs.
        """
        target = self.targets[scenario]
        if target.certificate is not None:
            cost = target.certificate.random_search(np.asarray(draws))
            return np.maximum(self.sweep.scenarios[scenario].gap(cost, target.best), 0.0)
        walk = self.runs[
            (self.runs["scenario"] == scenario) & (self.runs["agent"] == "random_walk")
        ]
        if not len(walk):
            return np.full(np.shape(draws), np.nan)
        out = []
        for d in np.atleast_1d(draws):
            out.append(
                np.median([_at(*self.gap_curve(scenario, c), int(d)) for c in walk["curve"]])
            )
        return np.array(out).reshape(np.shape(draws))

    def improvement(self, scenario: str, costs: Floats) -> Floats:
        """Relative improvement (RI) over the mean of random designs that meet the specs.

        The mean is over all designs where the optimum is certified, else over a sample, which is evaluated
        here.

        Args:
            scenario: its name.
            costs: of the designs that were found, (n,).

        Returns:
            RI in percent, (n,).
        """
        its = self.sweep.scenarios[scenario]
        if scenario not in self._random:
            self._random[scenario] = random_cost(its, self.targets[scenario].certificate)
        return relative_improvement(its, costs, self._random[scenario])

    def scores(
        self, label: str, checkpoint: int, scenarios: Sequence[str], kind: str = "gap"
    ) -> dict[str, Floats]:
        """Gaps or areas of an agent's test runs by scenario, clipped at 1.

        Args:
            label: the agent, as in ``labels``.
            checkpoint: evaluations, one of ``checkpoints``.
            scenarios: their names.
            kind: ``gap`` or ``area``.

        Returns:
            An array (seeds,) for each scenario that has such runs.
        """
        runs = self.tests[self.tests["label"] == label]
        out = {}
        for scenario in scenarios:
            values = runs.loc[runs["scenario"] == scenario, f"{kind}.{checkpoint}"].dropna()
            if len(values):
                out[scenario] = np.minimum(values.to_numpy(), CLIP)
        return out

    @cached_property
    def labels(self) -> list[str]:
        """Agents, those with hyperparameters told apart by panel."""
        return sorted(self.runs["label"].unique())

    def everywhere(self, checkpoint: int) -> tuple[list[str], list[str]]:
        """Agents that were tested on the most scenarios at a checkpoint, and the scenarios that they share.

        Args:
            checkpoint: evaluations, one of ``checkpoints``.

        Returns:
            The agents' labels, and the names of the scenarios.
        """
        tests = self.tests.dropna(subset=[f"gap.{checkpoint}"])
        by_label = {str(n): frozenset(g) for n, g in tests.groupby("label")["scenario"]}
        if not by_label:
            return [], []
        most = max(len(s) for s in by_label.values())
        labels = [name for name, s in by_label.items() if len(s) == most]
        common = frozenset.intersection(*(by_label[name] for name in labels))
        return labels, sorted(common)

    # ---- several objectives
    def hypervolumes(self) -> pd.DataFrame:
        """Dominated volume of each test run's front, as a share of the exact (or best known) one."""
        rows: list[dict[str, Any]] = []
        for name, scenario in self.sweep.scenarios.items():
            runs = self.tests[self.tests["scenario"] == name]
            if scenario.k < 2 or not len(runs):
                continue
            fronts = {i: _front(text) for i, text in zip(runs["id"], runs["front"])}
            low, high, whole = self._corner(name, [points for _, points in fronts.values()])
            for run in runs.itertuples():
                steps, points = fronts[run.id]
                for c in self.checkpoints:
                    if run.budget < c:
                        continue
                    inside = (points[steps <= c] - low) / span(low, high)
                    volume = hypervolume(inside, np.full(len(low), 1.1)) if len(inside) else 0.0
                    rows.append(
                        {
                            "scenario": name, "agent": run.label, "seed": run.seed, "evaluations": c,
                            "share": volume / whole if whole > 0 else np.nan,
                            "exact": self.targets[name].certified,
                        }
                    )  # fmt: skip
        columns = ["scenario", "agent", "seed", "evaluations", "share", "exact"]
        return pd.DataFrame(rows, columns=columns)

    def _corner(self, name: str, fronts: list[Floats]) -> tuple[Floats, Floats, float]:
        certificate = self.targets[name].certificate
        if certificate is not None:
            front = certificate["front"]
            return np.array(front["ideal"]), np.array(front["nadir"]), float(front["hypervolume"])
        union = np.concatenate([f for f in fronts if len(f)] or [np.zeros((0, 1))])
        if not len(union):
            return np.zeros(1), np.ones(1), 0.0
        union = union[pareto_front(union)]
        low, high = union.min(axis=0), union.max(axis=0)
        return low, high, hypervolume((union - low) / span(low, high), np.full(len(low), 1.1))


def _at(steps: Floats, gap: Floats, evaluations: int) -> Any:
    k = int(np.searchsorted(steps, evaluations, side="right")) - 1
    return float(gap[k]) if k >= 0 else np.inf


def _area(steps: Floats, gap: Floats, evaluations: int) -> float:
    """The mean of the clipped gap over evaluations 1..N; 1 before the first valid design."""
    edges = np.concatenate([[1.0], np.minimum(steps, evaluations + 1), [evaluations + 1.0]])
    height = np.concatenate([[CLIP], np.minimum(gap, CLIP)])
    return float(np.diff(edges) @ height / evaluations)


def _front(text: str) -> tuple[Floats, Floats]:
    items = parse_json(text or "[]", "a run's front")
    if not items:
        return np.empty(0), np.empty((0, 1))
    return np.array([s for s, _ in items], np.float64), np.array([p for _, p in items], np.float64)
