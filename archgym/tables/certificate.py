"""What a table proves about a scenario: the optimum, the front, the shares, the effects.

Certificates are small JSON files.  Those of the scenarios that ship lie in
``scenarios/certified``; one is trusted only while its simulators and its goal are unchanged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..documents import read_json
from ..errors import ArchgymError, StoreError
from ..files.seal import damaged, sealed
from ..files.text import write_text
from ..goals.improvement import mean_cost, mean_random
from ..goals.pareto import hypervolume, pareto_front
from ..goals.scenario import Scenario
from ..goals.scenario_file import AROUND_THE_GOAL, KEYS
from ..goals.tradeoff import axes_of, front_costs
from ..versions import versions
from .facts import faults_of
from .knob_effects import effects_of_knobs
from .table import Table

SHOWN_FRONT = 500


@dataclass(frozen=True)
class Certificate:
    """Facts about every design of a scenario, none of them estimated."""

    facts: Mapping[str, Any]

    @classmethod
    def of(cls, facts: Mapping[str, Any], where: str) -> Certificate:
        """A certificate from what its file says.

        Args:
            facts: what the file says.
            where: the file, for messages.

        Returns:
            The certificate.

        Raises:
            StoreError: names every fact that is missing, of another kind or out of its range.
        """
        if "distinct" in facts:  # as older versions named it
            facts = {{"distinct": "different"}.get(k, k): v for k, v in facts.items()}
        faults = faults_of(facts)
        if faults:
            raise StoreError(f"{where} is no certificate: {'; '.join(faults)}; certify again")
        return cls(facts)

    def __getitem__(self, key: str) -> Any:
        return self.facts[key]

    @property
    def optimum(self) -> float:
        """The least cost; +inf where no design is feasible."""
        best = self.facts["optimum"]
        return float("inf") if best is None else float(best["cost"])

    def quantile(self, share: float | Floats) -> Floats:
        """The cost that a ``share`` of all designs does not exceed; +inf beyond the feasible ones.

        Args:
            share: from 0 to 1, a number or an array.

        Returns:
            The costs, of the form of ``share``.
        """
        table = self.facts["cost_quantiles"]
        shares = np.array([row[0] for row in table])
        costs = np.array([np.inf if row[1] is None else row[1] for row in table])
        position = np.searchsorted(shares, np.asarray(share, np.float64) * (1 - 1e-12))
        found: Floats = costs[np.minimum(position, len(costs) - 1)]
        return found

    def random_search(self, draws: int | NDArray[np.int64], quantile: float = 0.5) -> Floats:
        """The median (or another quantile) of the best cost of ``draws`` uniform designs.

        Args:
            draws: evaluations, a number or an array.
            quantile: of the distribution over searches.

        Returns:
            The costs, of the form of ``draws``: k draws all exceed quantile u with probability (1 - u)^k.
        """
        return self.quantile(1 - (1 - quantile) ** (1 / np.asarray(draws, np.float64)))

    def mean_random(self, scenario: Scenario) -> float:
        """The cost of the mean objective of all designs that meet the specs.

        Exact within the step of the quantiles (1 % of the designs), for the reward that puts specs first.

        Args:
            scenario: what is certified.

        Returns:
            A cost on the scenario's scale; NaN where no design meets the specs.
        """
        share = self.facts["satisfied"] / self.facts["designs"]
        table = [(s, c) for s, c in self.facts["cost_quantiles"] if s <= share * (1 + 1e-12)]
        shares = np.diff([0.0, *(s for s, _ in table)])
        return mean_cost(scenario, np.array([c for _, c in table], np.float64), shares)

    @property
    def random_within(self) -> dict[str, float]:
        """The share of all designs within 1 % and 5 % of the optimum."""
        return dict(self.facts["share_within"])


def random_cost(scenario: Scenario, certificate: Certificate | None) -> float:
    """The cost of the mean random design that meets the specs.

    Args:
        scenario: what is searched.
        certificate: what is proven of it, if anything; without it a sample is evaluated.

    Returns:
        A cost on the scenario's scale.
    """
    if certificate is not None and scenario.reward == "satisfy-then-improve":
        return certificate.mean_random(scenario)
    return mean_random(scenario)


def certify(scenario: Scenario, tables: tuple[Table, ...]) -> Certificate:
    """The certificate of a scenario from the tables of its simulators.

    Args:
        scenario: what is wanted.
        tables: one for each of its workloads.

    Returns:
        Optimum, front, quantiles of the cost and effects of the knobs.

    Raises:
        ArchgymError: the tables do not cover the same part of the space.
    """
    space = scenario.space
    if any(len(t) != space.cardinality for t in tables):
        raise ArchgymError(
            f"scenario {scenario.name!r} has {space.cardinality:,} designs, its tables "
            + " and ".join(f"{len(t):,}" for t in tables)
        )
    rows, index = _joint(scenario, tables)
    cost_of_row = scenario.costs(rows)[:, 0]
    satisfied = scenario.satisfied(rows)
    count = np.bincount(index, minlength=len(cost_of_row))
    first = np.full(len(cost_of_row), len(index), np.int64)
    np.minimum.at(first, index, np.arange(len(index)))
    valid = _valid_designs(scenario)
    facts: dict[str, Any] = {
        "scenario": scenario.name,
        "goal": goal_digest(scenario),
        "workloads": list(scenario.workloads),
        "simulators": [s.key for s in scenario.simulators],
        "fingerprints": [
            {k: v for k, v in s.fingerprint().items() if k != "space"} for s in scenario.simulators
        ],
        "designs": space.cardinality,
        "valid": valid,
        "feasible": int(count[rows.feasible].sum()),
        "satisfied": int(count[satisfied].sum()),
        "different": len(cost_of_row),
        "evaluated": [t.evaluated for t in tables],
        "optimum": None,
    }
    if np.isfinite(cost_of_row).any():
        best = int(np.argmin(cost_of_row))
        ties = np.flatnonzero(cost_of_row == cost_of_row[best])
        rank = int(first[ties].min())
        facts["optimum"] = {
            **_entry(scenario, rows, int(index[rank]), rank),
            "cost": float(cost_of_row[best]),
            "designs": int(count[ties].sum()),
            "specs_met": bool(satisfied[best]),
        }
    facts["front"] = _front(scenario, rows, first)
    facts["cost_quantiles"] = _quantiles(cost_of_row, count)
    facts["share_within"] = {
        f"{percent} %": float(
            count[scenario.gap(cost_of_row, np.min(cost_of_row)) <= percent / 100].sum()
        )
        / len(index)
        for percent in (1, 5)
    }
    facts["effects"] = effects_of_knobs(scenario, rows, cost_of_row, count, index)
    facts["versions"] = versions()
    return Certificate(facts)


def _joint(scenario: Scenario, tables: tuple[Table, ...]) -> tuple[Evaluation, NDArray[np.int64]]:
    """Distinct combined rows and the row of every design."""
    if len(tables) == 1:
        return tables[0].rows(), np.asarray(tables[0].index).astype(np.int64)
    index = np.asarray(tables[0].index).astype(np.int64)
    picks: list[NDArray[np.int64]] = [np.arange(len(tables[0].values))]
    for table in tables[1:]:
        both = index * len(table.values) + np.asarray(table.index)
        distinct, index = np.unique(both, return_inverse=True)
        index = index.reshape(-1)
        left, right = np.divmod(distinct, len(table.values))
        picks = [p[left] for p in picks] + [right]
    parts = [t.rows().take(p) for t, p in zip(tables, picks)]
    return scenario.combine(parts), index


def _valid_designs(scenario: Scenario) -> int:
    if not scenario.space.constraints:
        return scenario.space.cardinality
    return sum(len(block) for block in scenario.space.grid())


def _entry(scenario: Scenario, rows: Evaluation, row: int, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "design": scenario.space.decode(scenario.space.unrank(np.array([rank])))[0],
        "metrics": rows.row(row),
    }


def _front(scenario: Scenario, rows: Evaluation, first: NDArray[np.int64]) -> dict[str, Any]:
    """The exact front (of one objective: over the pair that a run draws); a point's design is a rank."""
    costs = front_costs(scenario, rows)
    on = pareto_front(costs)
    axes = [o.name for o in scenario.objectives] if scenario.k > 1 else list(axes_of(scenario))
    out: dict[str, Any] = {"axes": axes, "size": len(on), "points": []}
    if len(on):
        low, high = costs[on].min(axis=0), costs[on].max(axis=0)
        out["ideal"], out["nadir"] = low.tolist(), high.tolist()
        out["hypervolume"] = hypervolume(
            (costs[on] - low) / span(low, high), np.full(len(low), 1.1)
        )
    for row in on[:SHOWN_FRONT].tolist():
        out["points"].append({"rank": int(first[row]), "metrics": rows.row(row)})
    return out


def span(low: Floats, high: Floats) -> Floats:
    """The extent of a front per axis; 1 where it has none.

    Args:
        low: the least values, (k,).
        high: the greatest values, (k,).

    Returns:
        (k,).
    """
    return np.where(high > low, high - low, 1.0)


def _quantiles(cost: Floats, count: NDArray[np.int64]) -> list[list[float | None]]:
    """(share, cost) at every share where random search may need it: 1 design up to all."""
    order = np.argsort(cost, kind="stable")
    reached = np.cumsum(count[order]) / count.sum()
    shares = np.unique(
        np.concatenate([np.geomspace(1 / count.sum(), 1, 400), np.linspace(0, 1, 101)[1:]])
    )
    at = order[np.minimum(np.searchsorted(reached, shares * (1 - 1e-12)), len(order) - 1)]
    return [[float(s), float(c) if np.isfinite(c) else None] for s, c in zip(shares, cost[at])]


# ---- files
def goal_digest(scenario: Scenario) -> str:
    """A digest of what is searched for: all of the scenario's file but names, texts and the budget.

    Args:
        scenario: what is searched.

    Returns:
        16 hexadecimal digits.
    """
    whole = scenario.document
    document = {k: whole.get(k) for k in KEYS if k not in AROUND_THE_GOAL}
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[
        :16
    ]


def file_name(scenario: Scenario) -> str:
    """The certificate's file name: ``dram/stream-joint`` gives ``dram-stream-joint.json``.

    Args:
        scenario: what is certified.

    Returns:
        The name of the file, without a folder.
    """
    return scenario.name.replace("/", "-") + ".json"


def save(certificate: Certificate, path: Path) -> None:
    """Write a certificate with a digest of its own.

    Args:
        certificate: what is known.
        path: a JSON file; folders above it are made.

    Raises:
        StoreError: the folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path.parent}: {error.strerror}") from error
    lines = [
        f"{json.dumps(k)}: {json.dumps(v, default=str)}"
        for k, v in sealed(certificate.facts).items()
    ]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def find(scenario: Scenario, root: Path | None = None) -> Certificate | None:
    """The certificate of a scenario from ``root``, else from those that ship.

    Args:
        scenario: whose certificate.
        root: a folder of tables to look in first.

    Returns:
        The certificate; None where there is none or the scenario has changed since.

    Raises:
        StoreError: the file cannot be read, is damaged, or is no certificate.
    """
    places = [] if root is None else [root / file_name(scenario)]
    places.append(
        Path(str(resources.files("archgym.scenarios"))) / "certified" / file_name(scenario)
    )
    for path in places:
        if not path.exists():
            continue
        try:
            facts = read_json(path)
        except StoreError as error:
            raise StoreError(f"certificate {path} cannot be read: {error}") from error
        if damaged(facts):
            raise StoreError(
                f"certificate {path} is damaged (its digest differs); make it again with archgym enumerate"
            )
        now = ([s.key for s in scenario.simulators], goal_digest(scenario))
        if (facts.get("simulators"), facts.get("goal")) == now:
            return Certificate.of(facts, str(path))
    return None
