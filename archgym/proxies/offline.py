"""Designs proposed from logged data alone: nothing is evaluated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..contracts.evaluation import Evaluation, Floats
from ..goals.bounds import Relative
from ..goals.rewards import VIOLATED
from ..goals.scenario import Scenario
from ..space import Designs, design_keys
from .conservative import BEST, WALK, ConservativeModel
from .rows import ProxyError, Rows

FEWEST = 50  # feasible rows
MISSED = 3.0  # cost of the logarithm of a missed spec; an objective's logarithm costs 1
WORST = 0.9  # quantile of costs beyond which a design is as bad as an infeasible one

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class Proposals:
    """Designs that are worth evaluating, most promising first.

    Attributes:
        x: (k, d) of the scenario's space.
        promised: (k,) costs that the model promises, on the scale of :func:`learnt_costs`.
        rows: what was learnt from, in the scenario's space.
        best: the least cost in the data, on the same scale.
        best_row: the row that has it.
        by_ratio: whether costs are logarithms of ratios alone: no objective is compared by difference, and the
            best row misses no spec.
        evaluated: designs that the simulator was asked for: the reference design, or none.
    """

    x: Designs
    promised: Floats
    rows: Rows
    best: float
    best_row: int
    by_ratio: bool
    evaluated: int

    def nearest(self, i: int) -> int:
        """The row that differs from a proposal in the fewest knobs.

        Args:
            i: which proposal.

        Returns:
            Its number among :attr:`rows`.
        """
        return int(np.argmin((self.rows.x != self.x[i]).sum(axis=1)))


def learnt_costs(scenario: Scenario, e: Evaluation) -> Floats:
    """One cost per design without jumps: objectives, and specs that are missed; infeasible is as bad as bad ones.

    Args:
        scenario: of one workload, its reference settled.
        e: of n designs, some of which are feasible.

    Returns:
        (n,) finite; less is better.
    """
    costs = scenario.costs(e)[:, 0]
    if scenario.reward == "satisfy-then-improve" and scenario.specs:
        free = dataclasses.replace(scenario, specs=(), built=scenario.simulators)
        free.__dict__["compared"] = scenario.compared
        missed = np.maximum(costs - VIOLATED, 0.0)
        costs = free.costs(e)[:, 0] + MISSED * np.where(np.isfinite(missed), missed, 0.0)
    worst = float(np.quantile(costs[np.isfinite(costs)], WORST))
    return np.minimum(costs, worst)


def settle_from(scenario: Scenario, rows: Rows) -> int:
    """Let a scenario compare with a row of the data in place of an evaluation.

    The reference design stands for itself where the data hold it.  Where they do not, and objectives are
    compared with it by ratio alone, any row will do: all costs move by the same amount.

    Args:
        scenario: with a reference that is not settled yet.
        rows: of its space.

    Returns:
        How many designs were evaluated: the reference design, where more than a shift of all costs depends on
        it and the data lack it; else none.
    """
    asked = 0
    able = rows.feasible.copy()  # a ratio to what is 0 or negative is none
    with np.errstate(divide="ignore", invalid="ignore"):
        for objective in scenario.objectives:
            able &= objective.expression(rows.metrics) > 0

    def logged(x: Designs) -> Evaluation:
        nonlocal asked
        same = (rows.x == x).all(axis=1) & rows.feasible
        needed = any(o.needs_reference(scenario.reward) for o in scenario.objectives)
        if not same.any() and (_shapes_costs(scenario) or (needed and not able.any())):
            asked += len(x)
            return scenario.evaluate(x)
        row = int(np.argmax(same if same.any() else able if able.any() else rows.feasible))
        return Evaluation({k: v[[row]] for k, v in rows.metrics.items()}, np.ones(1, np.bool_))

    scenario.settle_reference(logged)
    return asked


def _shapes_costs(scenario: Scenario) -> bool:
    """Whether costs depend on the reference design by more than a number that is added to all of them."""
    if any(s.relative for s in scenario.specs):
        return True
    using = [o for o in scenario.objectives if o.needs_reference(scenario.reward)]
    if scenario.reward != "satisfy-then-improve":
        return bool(using)
    return any(
        o.compare != "ratio" or isinstance(o.reference, Relative) or isinstance(o.target, Relative)
        for o in using
    )


def propose(
    scenario: Scenario,
    rows: Rows,
    k: int,
    *,
    seed: int = 0,
    margin: float | None = None,
    walk: int = WALK,
    on_step: OnStep = lambda _: None,
) -> Proposals:
    """Designs to evaluate next, chosen by a model of the data, which may be conservative.

    Args:
        scenario: what is good; of one workload, its reference not settled.
        rows: of that workload; those outside of the scenario's space are left out.
        k: how many designs.
        seed: from which all random choices follow.
        margin: see :class:`.conservative.ConservativeModel`.
        walk: likewise.
        on_step: told what is going on.

    Returns:
        The proposals; no two of them, and none of them and of the data, must behave alike.

    Raises:
        ProxyError: rows that do not fit the scenario, or too few; a scenario that pins every knob.
    """
    rows = inside(scenario, rows)
    if not (scenario.space.nvec > 1).any():
        raise ProxyError(
            f"scenario {scenario.name!r} pins every knob: there is one design and nothing to propose; leave at "
            "least one knob two values or more"
        )
    if rows.feasible.sum() < FEWEST or k < 1 or walk < 1:
        raise ProxyError(
            f"expected at least {FEWEST} feasible rows in the scenario's space, 1 design to propose and 1 "
            f"change to try, got {int(rows.feasible.sum())}, {k} and {walk}"
        )
    evaluated = settle_from(scenario, rows)
    costs = learnt_costs(scenario, Evaluation(rows.metrics, rows.feasible))
    on_step(f"learning {len(rows):,} rows")
    model = ConservativeModel(scenario.space, seed, margin, walk).fit(rows.x, costs)
    on_step("searching the model")
    x, promised = _searched(scenario, model, rows, costs, k, np.random.default_rng([seed, 1]))
    best = int(np.argmin(np.where(rows.feasible, costs, np.inf)))
    by_ratio = scenario.reward == "satisfy-then-improve" and bool(
        scenario.satisfied(Evaluation(rows.metrics, rows.feasible))[best]
    )
    for objective in scenario.resolved[0]:
        reference = objective.reference if isinstance(objective.reference, int | float) else 1.0
        by_ratio &= objective.compare == "ratio" and reference > 0
    return Proposals(x, promised, rows, float(costs[best]), best, by_ratio, evaluated)


def inside(scenario: Scenario, rows: Rows) -> Rows:
    """Rows in a scenario's own space, which may be narrowed.

    Args:
        scenario: of one workload.
        rows: of its simulator's space.

    Returns:
        Those whose values the scenario has, as designs of its space.

    Raises:
        ProxyError: another space, other workloads, another version or setting of the simulator, metrics that are
            missing; all faults at once.
    """
    faults = []
    whole = scenario.simulators[0].space
    if whole.parameters != rows.description.space.parameters:
        faults.append("the data are of another design space than the scenario's simulator")
    present = [rows.workloads[w] for w in np.unique(rows.workload)]
    wanted = [s.workload for s in scenario.simulators]
    if present != wanted or len(wanted) > 1:
        faults.append(
            f"the data are of workloads {', '.join(present)}, the scenario of {', '.join(wanted)}; "
            "one and the same is expected"
        )
    if not faults and set(rows.keys) != {scenario.simulators[0].key}:
        faults.append(
            "the data were logged with another version, setting or workload content of simulator "
            f"{scenario.simulators[0].name!r} than the scenario's; log them anew, or name the scenario that they "
            "are of"
        )
    lacking = {n for o in scenario.objectives for n in o.metrics}
    lacking |= {s.metric for s in scenario.specs}
    lacking -= set(rows.metrics)
    if lacking:
        faults.append(f"the data lack the metrics {', '.join(sorted(lacking))}")
    if faults:
        raise ProxyError("; ".join(faults))
    kept = np.ones(len(rows), np.bool_)
    for i, (p, narrow) in enumerate(zip(whole.parameters, scenario.space.parameters)):
        kept &= np.isin(rows.x[:, i], [p.index(v) for v in narrow.values])
    found = rows.take(np.flatnonzero(kept))
    return dataclasses.replace(found, x=scenario.from_simulator(found.x))


def _searched(
    scenario: Scenario,
    model: ConservativeModel,
    rows: Rows,
    costs: Floats,
    k: int,
    rng: np.random.Generator,
) -> tuple[Designs, Floats]:
    """The k best designs that walks from the best rows lead to, and their promised costs."""
    simulator = scenario.simulators[0]
    good = rows.x[np.argsort(costs, kind="stable")[: max(1, int(BEST * len(rows)))]]
    x, promised = model.walked(good, rng)
    known = set(design_keys(simulator.canonical(scenario.to_simulator(rows.x))))
    chosen: list[int] = []
    for i, key in enumerate(design_keys(simulator.canonical(scenario.to_simulator(x)))):
        if key not in known and len(chosen) < k:
            known.add(key)
            chosen.append(i)
    return x[chosen], promised[chosen]
