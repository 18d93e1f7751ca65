"""A scenario: one simulator on some workloads, what is good, what is allowed, how much may be spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import trust
from ..contracts.column_names import ColumnNames
from ..contracts.evaluation import Evaluation, Floats, doubts
from ..contracts.explanation import Explanation
from ..contracts.feedback import Feedback
from ..contracts.making import make_simulators
from ..contracts.simulator import Simulator
from ..documents import located
from ..errors import ScenarioError, UnknownNameError
from ..space import Designs, DesignSpace
from .advising import feedback_of, urgent_of
from .combining import combined
from .document import to_document
from .objectives import Objective, Spec
from .reference import Reference, find_reference
from .rewards import FORMULATIONS, INFEASIBLE_REWARD, VIOLATED

Aggregate = Literal["sum", "geometric_mean", "worst"]
LARGEST = float(np.finfo(np.float64).max)
AGGREGATES = ("sum", "geometric_mean", "worst")


@dataclass(frozen=True, eq=False)
class Scenario:
    """What is searched and what for; frozen, and made from values alone.

    Metrics of several workloads are aggregated into one by ``aggregate``; ``parameters`` narrows
    or pins knobs; ``reference`` names the design that others are compared with, or a part of its
    knobs, the rest being the simulator's default design's.  ``notes`` says what was changed when the
    scenario was put on another workload.
    """

    name: str
    simulator: str
    workloads: tuple[str, ...]
    objectives: tuple[Objective, ...]
    description: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[object]] = field(default_factory=dict)
    specs: tuple[Spec, ...] = ()
    reward: str = "satisfy-then-improve"
    rho: float = 10.0
    aggregate: Aggregate = "sum"
    reference: Mapping[str, object] = field(default_factory=dict)
    budget: int = 1000
    notes: tuple[str, ...] = ()
    # where it was read, if nobody has vouched for what that place starts (see archgym.trust)
    untrusted: str = field(default_factory=trust.untrusted, repr=False)
    built: InitVar[tuple[Simulator, ...] | None] = None

    def __post_init__(self, built: tuple[Simulator, ...] | None) -> None:
        if self.reward not in FORMULATIONS:
            raise UnknownNameError("reward formulation", self.reward, FORMULATIONS)
        if self.aggregate not in AGGREGATES:
            raise UnknownNameError("aggregate", self.aggregate, AGGREGATES)
        if not self.workloads:
            raise ScenarioError(f"scenario {self.name!r} names no workload")
        if not self.objectives:
            raise ScenarioError(f"scenario {self.name!r} has no objective")
        if self.budget < 1:
            raise ScenarioError(
                f"scenario {self.name!r}: budget must be at least 1, got {self.budget}"
            )
        if built is not None:
            self.__dict__["simulators"] = built
        known = {m.name for m in self.simulators[0].metrics}
        used = [n for o in self.objectives for n in o.metrics] + [s.metric for s in self.specs]
        for name in used:
            if name not in known:
                raise UnknownNameError("metric", name, known)
        for spec in self.specs:
            spec.check_reachable(self.simulators[0].metrics)

    # ---- copies: a scenario is what its fields say; simulators are made anew where it is unpickled
    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Scenario:
        return self  # frozen

    # ---- what it is made of
    @cached_property
    def simulators(self) -> tuple[Simulator, ...]:
        """One simulator a workload."""
        with trust.reading(self.untrusted):
            return make_simulators(self.simulator, self.workloads, self.config)

    @cached_property
    def space(self) -> DesignSpace:
        """The simulator's space, narrowed to ``parameters``."""
        whole = self.simulators[0].space
        return whole.narrowed(self.parameters) if self.parameters else whole

    @property
    def starts_programs(self) -> bool:
        """Whether evaluating a design starts other programs."""
        return any(s.starts_programs for s in self.simulators)

    @property
    def k(self) -> int:
        """The number of objectives."""
        return len(self.objectives)

    @property
    def units(self) -> dict[str, str]:
        """The unit of every metric."""
        return {m.name: m.unit for m in self.simulators[0].metrics}

    @property
    def columns(self) -> ColumnNames:
        """What knobs and metrics are called in files and data frames."""
        return ColumnNames.of(self.space.names, self.units)

    def to_simulator(self, x: Designs) -> Designs:
        """Designs of this scenario's space, checked if narrowed, as designs of its simulator's.

        Args:
            x: value indices (n, d) of the scenario's space.

        Returns:
            Value indices (n, d) of the simulator's space.

        Raises:
            DesignError: a design outside of a narrowed space.
        """
        if not self.parameters:
            return x  # the simulator checks them
        return self.space.embed(self.space.check(x), self.simulators[0].space)

    def from_simulator(self, x: Designs) -> Designs:
        """Designs (n, d) of the simulator's space as designs of this scenario's.

        Args:
            x: value indices (n, d) of the simulator's space.

        Returns:
            Value indices (n, d) of the scenario's space.

        Raises:
            DesignError: one has a value that this scenario leaves out.
        """
        if not self.parameters:
            return x
        whole = self.simulators[0].space
        columns = []
        for i, (p, narrow) in enumerate(zip(whole.parameters, self.space.parameters)):
            columns.append([narrow.index(p.values[v]) for v in x[:, i].tolist()])
        return np.array(columns, np.int64).T.reshape(len(x), len(whole))

    # ---- from metrics to costs
    def combine(self, evaluations: Sequence[Evaluation]) -> Evaluation:
        """One evaluation of the workloads' evaluations; infeasible anywhere is infeasible.

        Args:
            evaluations: one per workload, each of the same n designs.

        Returns:
            Metrics (n,) in SI units, by the scenario's aggregation.
        """
        return combined(evaluations, self.aggregate, self.lower_is_better)

    @property
    def lower_is_better(self) -> dict[str, bool]:
        """Of each metric of the objectives, whether less of it is better."""
        out: dict[str, bool] = {}
        for objective in self.objectives:
            for name, power in objective.expression.factors:
                out[name] = (objective.sign * power) > 0
        return out

    def evaluate(self, x: Designs) -> Evaluation:
        """Combined metrics of designs (n, d) of this scenario's space, by the simulators; not counted.

        Args:
            x: value indices (n, d).

        Returns:
            Metrics (n,) in SI units, NaN where infeasible.

        Raises:
            DesignError: a design outside of the space.
        """
        inner = self.to_simulator(x)
        return self.combine([s.evaluate(inner) for s in self.simulators])

    def explain(self, x: Designs, evaluation: Evaluation | None = None) -> list[Explanation]:
        """What the metrics of designs are made of.

        Args:
            x: value indices (n, d).
            evaluation: of these designs, which spares another one where there is one workload.

        Returns:
            One explanation per workload.
        """
        known = evaluation if len(self.simulators) == 1 else None
        return [s.explain(self.to_simulator(x), known) for s in self.simulators]

    def doubts(self, e: Evaluation) -> list[str]:
        """Warnings on designs that are not to be believed, one for each metric that says so.

        Args:
            e: of a batch of n designs, over all workloads.

        Returns:
            Sentences; none where metrics of several workloads are added up, which no limit is stated for.
        """
        added = len(self.simulators) > 1 and self.aggregate == "sum"
        return [] if added else doubts(self.simulators[0].metrics, e)

    def costs(self, e: Evaluation, vector: bool = False) -> Floats:
        """Costs to minimise: (n, 1) by the reward formulation, or (n, k) of the objectives.

        Infeasible designs cost +inf; in a vector, so do designs that violate a spec.

        Args:
            e: of a batch of n designs, over all workloads.
            vector: one cost per objective.

        Returns:
            (n, 1), or (n, k) with ``vector``; without unit.
        """
        if not vector:
            return self._scalar_costs(e, np.inf)[:, None]
        table = np.stack([o.cost(e.metrics) for o in self.objectives], axis=1)
        table[~self.satisfied(e)] = np.inf
        return _numbers(table)

    def rewards(self, e: Evaluation) -> Floats:
        """One finite reward a design, (n,): minus the cost, or INFEASIBLE_REWARD.

        Args:
            e: of a batch of n designs, over all workloads.

        Returns:
            (n,) without unit; more is better.
        """
        return -self._scalar_costs(e, -INFEASIBLE_REWARD)

    def _scalar_costs(self, e: Evaluation, infeasible: float) -> Floats:
        objectives, specs = self.resolved
        cost: Floats = FORMULATIONS[self.reward](e.metrics, objectives, specs, self.rho)
        if not e.feasible.all():
            cost[~e.feasible] = infeasible
        return _numbers(cost)

    def satisfied(self, e: Evaluation) -> NDArray[np.bool_]:
        """Which designs are feasible and meet every spec, (n,).

        Args:
            e: of a batch of n designs, over all workloads.

        Returns:
            (n,) bool.
        """
        ok = e.feasible.copy()
        for spec in self.resolved[1]:
            ok &= spec.violation(e.metrics) <= 0  # NaN, of infeasible designs, compares false
        return ok

    def feedback(self, e: Evaluation) -> Feedback:
        """What an agent may know of designs besides their costs, from their evaluation alone.

        Args:
            e: of a batch of n designs, over all workloads.

        Returns:
            The evaluation, how far each spec is missed, and advice.
        """
        return feedback_of(self, e)

    def urgent(self, e: Evaluation) -> dict[str, float]:
        """Metrics of one design that matter, most first, with how much they do; see :func:`urgent_of`.

        Args:
            e: of one design.

        Returns:
            Weights by metric, without unit.
        """
        return urgent_of(self, e)

    def gap(self, cost: Floats, best: float) -> Floats:
        """How much worse than ``best`` costs are, as a share of the objective: 0.01 is 1 % off.

        Of an objective compared by difference, as a share of its scale.  Designs that are infeasible or
        violate a spec which the best one keeps are +inf off.

        Args:
            cost: (n,), as :meth:`costs` has them.
            best: the least cost known.

        Returns:
            (n,) shares.
        """
        costs = np.asarray(cost, np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.reward == "satisfy-then-improve":
                if all(o.compare == "difference" for o in self.objectives) and best < VIOLATED:
                    out = np.sinh(costs) - np.sinh(best)
                else:  # costs are logarithms of ratios
                    out = np.expm1(costs - best)
                if best < VIOLATED:
                    out = np.where(costs >= VIOLATED, np.inf, out)
            else:
                out = (costs - best) / max(abs(best), 1e-12)
        return np.where(np.isnan(out), np.inf, out)

    # ---- the design to compare with
    @cached_property
    def compared(self) -> Reference | None:
        """The reference design, evaluated when first needed; None where there is and needs to be none."""
        return self._find_reference(self.evaluate)

    def settle_reference(self, evaluate: Callable[[Designs], Evaluation]) -> None:
        """Evaluate the reference design, where it is not known already.

        Args:
            evaluate: the combined evaluation of designs (n, d), such as one that looks into a store first.
        """
        if "compared" not in self.__dict__:
            self.__dict__["compared"] = self._find_reference(evaluate)

    def _find_reference(self, evaluate: Callable[[Designs], Evaluation]) -> Reference | None:
        needed = any(o.needs_reference(self.reward) for o in self.objectives)
        needed |= any(s.relative for s in self.specs)
        if not self.reference and not needed:
            return None
        with located(f"scenario {self.name!r}, reference"):
            return find_reference(self.space, self.simulators[0], self.reference, evaluate)

    @property
    def reference_design(self) -> Designs | None:
        """The reference design in this scenario's space, (1, d)."""
        return None if self.compared is None else self.compared.design

    @property
    def reference_evaluation(self) -> Evaluation | None:
        """Its metrics."""
        return None if self.compared is None else self.compared.evaluation

    @cached_property
    def resolved(self) -> tuple[tuple[Objective, ...], tuple[Spec, ...]]:
        """Objectives and specs with plain numbers, multiples of the reference worked out.

        Raises:
            ScenarioError: a multiple of a reference that does not exist.
        """
        needs = any(o.needs_reference(self.reward) for o in self.objectives)
        if not needs and not any(s.relative for s in self.specs):
            return self.objectives, self.specs
        metrics = {} if self.compared is None else self.compared.values

        def of(objective: Objective) -> float | None:
            if not metrics:
                return None
            at = {n: np.array([metrics[n]]) for n in objective.metrics}
            value = float(objective.expression(at)[0])
            return value if np.isfinite(value) else None

        objectives = tuple(o.resolved(of(o)) for o in self.objectives)
        specs = tuple(s.resolved(metrics.get(s.metric)) for s in self.specs)
        if self.reward == "target-distance":
            for o in objectives:
                if o.target is None and o.reference is None:
                    raise ScenarioError(f"objective {o.name!r} needs a target or a reference value")
        return objectives, specs

    @property
    def document(self) -> dict[str, Any]:
        """The mapping that a YAML file of this scenario holds; derived from the fields alone."""
        return to_document({f.name: getattr(self, f.name) for f in fields(self)})


def _numbers(costs: Floats) -> Floats:
    """Costs without NaN (0 / 0 in an objective is as bad as infeasible) and without -inf."""
    if np.isnan(costs).any():
        costs = np.where(np.isnan(costs), np.inf, costs)
    return np.maximum(costs, -LARGEST) if np.isneginf(costs).any() else costs
