"""A scenario: one simulator on some workloads, what is good, what is allowed, how much may be spent."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..contracts.evaluation import Evaluation, Floats
from ..contracts.simulator import Simulator
from ..errors import ScenarioError, UnknownNameError
from ..space import Designs, DesignSpace
from .objectives import Objective, Spec
from .rewards import FORMULATIONS, INFEASIBLE_REWARD, VIOLATED

Aggregate = Literal["sum", "geometric_mean", "worst"]
AGGREGATES = ("sum", "geometric_mean", "worst")


@dataclass(frozen=True, eq=False)
class Scenario:
    """What is searched and what for; frozen, and equal to what its file says.

    Metrics of several workloads are aggregated into one by ``aggregate``; ``parameters`` narrows
    or pins knobs; ``reference`` is the design that objectives are compared with; ``stand_in``
    (``table``, ``table:FOLDER``) names what answers in the simulator's place.
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
    stand_in: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
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

    # ---- what it is made of
    @cached_property
    def simulators(self) -> tuple[Simulator, ...]:
        """One simulator a workload."""
        make = registry.load("simulators", self.simulator)
        known = [n for n in inspect.signature(make).parameters if n != "workload"]
        for key in self.config:
            if key not in known:
                raise UnknownNameError(f"config key of simulator {self.simulator!r}", key, known)
        return self.replaced(tuple(make(workload=w, **self.config) for w in self.workloads))

    def replaced(self, simulators: tuple[Simulator, ...]) -> tuple[Simulator, ...]:
        """What answers in the simulators' place; they themselves without a ``stand_in``."""
        if not self.stand_in:
            return simulators
        kind, _, argument = self.stand_in.partition(":")
        replace = registry.load("stand_ins", kind)
        return tuple(replace(s, argument, self.parameters) for s in simulators)

    @cached_property
    def space(self) -> DesignSpace:
        """The simulator's space, narrowed to ``parameters``."""
        whole = self.simulators[0].space
        return whole.narrowed(self.parameters) if self.parameters else whole

    @property
    def k(self) -> int:
        """The number of objectives."""
        return len(self.objectives)

    def to_simulator(self, x: Designs) -> Designs:
        """Designs of this scenario's space, checked if narrowed, as designs of its simulator's."""
        if not self.parameters:
            return x  # the simulator checks them
        return self.space.embed(self.space.check(x), self.simulators[0].space)

    # ---- from metrics to costs
    def combine(self, evaluations: Sequence[Evaluation]) -> Evaluation:
        """One evaluation of the workloads' evaluations; infeasible anywhere is infeasible."""
        if len(evaluations) == 1:
            return evaluations[0]
        feasible = np.logical_and.reduce([e.feasible for e in evaluations])
        worse_high = self._lower_is_better()
        metrics: dict[str, Floats] = {}
        for name in evaluations[0].metrics:
            stack = np.stack([e.metrics[name] for e in evaluations])
            if self.aggregate == "sum":
                value = stack.sum(axis=0)
            elif self.aggregate == "geometric_mean":
                value = np.exp(np.log(stack).mean(axis=0))
            else:
                value = stack.max(axis=0) if worse_high.get(name, True) else stack.min(axis=0)
            metrics[name] = np.where(feasible, value, np.nan)
        reasons = [
            next((e.reason(i) for e in evaluations if e.reason(i)), "")
            for i in range(len(feasible))
        ]
        return Evaluation(metrics, feasible, reasons if any(reasons) else ())

    def _lower_is_better(self) -> dict[str, bool]:
        out: dict[str, bool] = {}
        for objective in self.objectives:
            for name, power in objective.expression.factors:
                out[name] = (objective.sign * power) > 0
        return out

    def evaluate(self, x: Designs) -> Evaluation:
        """Combined metrics of designs of this scenario's space, (n, d)."""
        inner = self.to_simulator(x)
        return self.combine([s.evaluate(inner) for s in self.simulators])

    def costs(self, e: Evaluation, vector: bool = False) -> Floats:
        """Costs to minimise: (n, 1) by the reward formulation, or (n, k) of the objectives.

        Infeasible designs cost +inf; in a vector, so do designs that violate a spec.
        """
        if not vector:
            return self._scalar_costs(e, np.inf)[:, None]
        table = np.stack([o.cost(e.metrics) for o in self.objectives], axis=1)
        table[~self.satisfied(e)] = np.inf
        return table

    def rewards(self, e: Evaluation) -> Floats:
        """One finite reward a design, (n,): minus the cost, or INFEASIBLE_REWARD."""
        return -self._scalar_costs(e, -INFEASIBLE_REWARD)

    def _scalar_costs(self, e: Evaluation, infeasible: float) -> Floats:
        cost: Floats = FORMULATIONS[self.reward](e.metrics, self.objectives, self.specs, self.rho)
        if not e.feasible.all():
            cost[~e.feasible] = infeasible
        return cost

    def satisfied(self, e: Evaluation) -> NDArray[np.bool_]:
        """Which designs are feasible and meet every spec, (n,)."""
        ok = e.feasible.copy()
        for spec in self.specs:
            ok &= spec.violation(e.metrics) <= 0  # NaN, of infeasible designs, compares false
        return ok

    def gap(self, cost: Floats, best: float) -> Floats:
        """How much worse than ``best`` costs are, as a share of the objective: 0.01 is 1 % off.

        Designs that are infeasible or violate a spec which the best one keeps are +inf off.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            if self.reward == "satisfy-then-improve":  # costs are logarithms of ratios
                out = np.expm1(np.asarray(cost, np.float64) - best)
                if best < VIOLATED:
                    out = np.where(np.asarray(cost) >= VIOLATED, np.inf, out)
            else:
                out = (np.asarray(cost, np.float64) - best) / max(abs(best), 1e-12)
        return np.where(np.isnan(out), np.inf, out)

    def advise(self, design: Designs) -> Designs:
        """Moves from one design (d,) of this scenario, by the simulator's knowledge of its domain.

        They aim at the metric that is farthest outside its spec, or at the first objective where
        every spec is met.  Looks at the design again, which an agent has paid for already.
        """
        if self.parameters:
            return self.space.neighbors(design)
        e = self.evaluate(design[None])
        worst = max(self.specs, key=lambda s: float(s.violation(e.metrics)[0]), default=None)
        if worst is not None and worst.violation(e.metrics)[0] > 0:
            metric = worst.metric
        else:
            metric = self.objectives[0].expression.factors[0][0]
        return self.simulators[0].advise(design, metric)

    def penalty(self, x: Designs) -> Floats:
        """How far designs (n, d) of this scenario are outside its specs, (n,); +inf where infeasible.

        Zero where every spec is met.  Looks at the designs again, which an agent has paid for already.
        """
        e = self.evaluate(x)
        out = np.zeros(len(x))
        for spec in self.specs:
            out += spec.penalty(e.metrics)
        return np.where(e.feasible, out, np.inf)

    # ---- the design to compare with
    @cached_property
    def reference_design(self) -> Designs | None:
        """The reference design in this scenario's space, (1, d), where it names one."""
        return self.space.encode(self.reference) if self.reference else None

    @cached_property
    def reference_evaluation(self) -> Evaluation | None:
        """Its metrics."""
        return None if self.reference_design is None else self.evaluate(self.reference_design)
