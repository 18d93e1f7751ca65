"""What the environments share: the scenario, its actions, observations and evaluations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from ..answers.evaluator import make_evaluator
from ..answers.store import EvaluationStore
from ..contracts.evaluation import Evaluation
from ..errors import DesignError, UnknownNameError
from ..goals.objectives import Objective, Spec
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..space import Designs, DesignSpace

OBSERVATION_LIMIT = 20.0
ACTIONS = ("index", "unit")
Observations = NDArray[np.float32]


class ActionError(DesignError, gym.error.InvalidAction):
    """An action that stands for no design: wrong shape, NaN, or an index that a parameter lacks."""


class View:
    """One scenario as seen from an environment.

    The observation of a design is the logarithm of each metric over the reference design's (over 1
    in SI units where the scenario names no reference), clipped to ±20, and 1 where it is feasible;
    an infeasible design, and the state before the first, is all zeros.  A value of 0 or less that
    has no logarithm is -20.  A metric whose reference is 0 or less, or that declares itself
    ``signed``, is observed as sign(v) · log(1 + |v| / scale), the scale being the reference's
    magnitude, or 1 where that is 0.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None,
        store: str | Path | None,
        cost_model: str | Path | None = None,
    ) -> None:
        self.scenario = load_scenario(scenario, workload)
        by = "" if cost_model is None else f"proxy:{cost_model}"
        kept = None if store is None else EvaluationStore(store)
        self._evaluator = make_evaluator(self.scenario, by, kept)
        self._evaluator.prepare()
        declared = self.scenario.simulators[0].metrics
        self.metrics = [m.name for m in declared]
        self.units = self.scenario.units
        self._set_scales([m.signed for m in declared])

    def _set_scales(self, declared_signed: list[bool]) -> None:
        """What each metric is observed relative to, and how: by ratio, or signed."""
        reference = self.scenario.reference_evaluation
        values = (
            [1.0] * len(self.metrics)
            if reference is None
            else [float(reference.metrics[n][0]) for n in self.metrics]
        )
        self.reference = dict(zip(self.metrics, values)) if reference is not None else {}
        # an infeasible reference is NaN, which is neither positive nor not
        self._scales = [abs(v) if v == v and v != 0 else 1.0 for v in values]
        self._scale = np.array(self._scales)
        self._signs = [s or v <= 0 for s, v in zip(declared_signed, values)]
        self._signed = np.flatnonzero(self._signs)

    @property
    def space(self) -> DesignSpace:
        """The scenario's design space."""
        return self.scenario.space

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The scenario's objectives, references as numbers."""
        return self.scenario.resolved[0]

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The scenario's specs, bounds as numbers."""
        return self.scenario.resolved[1]

    def evaluate(self, x: Designs) -> Evaluation:
        """Combined metrics of designs, from the store where there is one.

        Args:
            x: designs (n, d), value indices.

        Returns:
            Their evaluation, over all workloads of the scenario.
        """
        return self._evaluator(x)

    def close(self) -> None:
        """Close the store, where there is one."""
        if self._evaluator.store is not None:
            self._evaluator.store.close()

    # ---- actions
    def action_space(self, actions: str) -> spaces.Space[Any]:
        """``MultiDiscrete(nvec)`` for ``index``, the box [-1, 1]^d for ``unit``.

        Args:
            actions: the kind, ``index`` or ``unit``.

        Returns:
            A Gymnasium space of one environment's actions.

        Raises:
            UnknownNameError: another kind of actions.
        """
        if actions not in ACTIONS:
            raise UnknownNameError("kind of actions", actions, ACTIONS)
        if actions == "unit":
            return spaces.Box(-1.0, 1.0, (len(self.space),), np.float32)
        return spaces.MultiDiscrete(self.space.nvec.copy())

    def shaped(self, actions: ArrayLike, n: int) -> NDArray[Any]:
        """Actions as an array (n, d).

        Args:
            actions: of n environments, anything that makes an array.
            n: how many environments.

        Returns:
            An array (n, d).

        Raises:
            ActionError: they have another shape, or are no numbers.
        """
        try:
            x = np.asarray(actions)
        except ValueError as error:
            raise ActionError(f"actions must be an array of numbers: {error}") from None
        if x.shape != (n, len(self.space)):
            raise ActionError(
                f"actions must have shape ({n}, {len(self.space)}): one row an environment, one "
                f"column a parameter; got {x.shape}"
            )
        return x

    def answer(self, x: NDArray[Any], kind: str) -> tuple[Designs, Evaluation]:
        """Designs of actions, and their evaluation.

        Points of ``unit`` outside [-1, 1] count as the nearest point inside.

        Args:
            x: actions (n, d) of that kind.
            kind: ``index`` or ``unit``.

        Returns:
            Designs (n, d) as value indices, and their evaluation.

        Raises:
            ActionError: an action stands for no design. The message names it and the parameter.
        """
        try:
            if kind == "unit":
                x = self._from_unit(x)
            return x, self.evaluate(x)
        except DesignError as error:
            raise ActionError(str(error)) from error

    def _from_unit(self, x: NDArray[Any]) -> Designs:
        if x.dtype.kind not in "fiu":
            raise ActionError(f"actions must be numbers in [-1, 1], got {x.dtype}")
        if not np.isfinite(x).all():
            row, column = (int(i) for i in np.argwhere(~np.isfinite(x))[0])
            raise ActionError(
                f"action {row}, parameter {self.space.names[column]!r}: expected a number in "
                f"[-1, 1], got {x[row, column]}; a policy that puts out NaN has diverged"
            )
        return self.space.from_unit((x + 1) / 2)

    # ---- observations
    @property
    def observation_size(self) -> int:
        """Metrics and the feasibility flag."""
        return len(self.metrics) + 1

    def observation_space(self, extra: int = 0) -> spaces.Box:
        """The box of observations of one environment.

        Args:
            extra: further entries after the metrics and the feasibility.

        Returns:
            A Gymnasium box of (metrics + 1 + ``extra``,) float32, from -20 to 20.
        """
        return spaces.Box(
            -OBSERVATION_LIMIT, OBSERVATION_LIMIT, (self.observation_size + extra,), np.float32
        )

    def observe(self, e: Evaluation) -> Observations:
        """Observations of a batch.

        Args:
            e: the evaluation of n designs.

        Returns:
            (n, metrics + 1) float32; all zeros where a design is infeasible.
        """
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            table = np.stack([e.metrics[n] for n in self.metrics], axis=1) / self._scale
            signed = table[:, self._signed]  # a copy, as the next line writes over the table
            np.log(np.maximum(table, 0.0, out=table), out=table)  # 0 becomes -inf, clipped below
        table[:, self._signed] = np.copysign(np.log1p(np.abs(signed)), signed)
        out = np.empty((len(table), len(self.metrics) + 1), np.float32)
        np.clip(table, -OBSERVATION_LIMIT, OBSERVATION_LIMIT, out=out[:, :-1], casting="unsafe")
        out[:, -1] = e.feasible
        if not e.feasible.all():
            out[~e.feasible] = 0
        return out

    def observe_one(self, row: dict[str, float], feasible: bool) -> Observations:
        """:meth:`observe` of one design, without the cost of arrays.

        Args:
            row: its metrics by name, in SI units and in the order of ``metrics``.
            feasible: whether the design works.

        Returns:
            (metrics + 1,) float32.
        """
        if not feasible:
            return np.zeros(self.observation_size, np.float32)
        limit, log = OBSERVATION_LIMIT, math.log
        values = []
        for v, scale, signed in zip(row.values(), self._scales, self._signs):
            ratio = v / scale
            if signed:
                x = math.copysign(math.log1p(abs(ratio)), ratio)
            else:
                x = log(ratio) if ratio > 0 else -limit
            values.append(x if -limit <= x <= limit else math.copysign(limit, x))
        values.append(1.0)
        return np.array(values, np.float32)

    def information(self, e: Evaluation) -> dict[str, Any]:
        """What ``info`` says of one design: values by name with units, feasibility, specs.

        An infeasible design has no values, rather than NaN, which does not even equal itself.

        Args:
            e: an evaluation of one design.

        Returns:
            The keys ``metrics``, ``units``, ``feasible``, ``reason``, ``specs_met`` and ``guessed``.
        """
        feasible = bool(e.feasible[0])
        return {
            "metrics": {n: float(e.metrics[n][0]) for n in self.metrics} if feasible else {},
            "units": dict(self.units),
            "feasible": feasible,
            "reason": "" if feasible else e.reason(0),
            "specs_met": feasible and bool(self.scenario.satisfied(e)[0]),
            "guessed": not self._evaluator.exact,
        }

    def informations(self, e: Evaluation, rows: NDArray[np.intp], n: int) -> dict[str, Any]:
        """:meth:`information` of every design of a batch.

        The form is Gymnasium's for vector environments: beside each key stands a mask ``_key`` (n,) of the
        environments that have it.

        Args:
            e: the evaluation of m designs.
            rows: which environments they belong to, (m,).
            n: how many environments there are.

        Returns:
            Arrays (n,) by key.
        """
        here = np.zeros(n, np.bool_)
        here[rows] = True

        def spread(values: NDArray[Any]) -> NDArray[Any]:
            if len(rows) == n:
                return values.copy()
            out = np.full(n, None, object) if values.dtype == object else np.zeros(n, values.dtype)
            out[rows] = values
            return out

        everywhere = bool(e.feasible.all())
        metrics: dict[str, Any] = {}
        if everywhere or e.feasible.any():
            for name in self.metrics:
                values = e.metrics[name]
                metrics[name] = spread(values if everywhere else np.where(e.feasible, values, 0.0))
                metrics[f"_{name}"] = spread(e.feasible)
        units: dict[str, Any] = {}
        for name, unit in self.units.items():
            units[name], units[f"_{name}"] = spread(np.full(len(rows), unit, object)), here.copy()
        reasons = np.full(len(rows), "", object)
        for i in [] if everywhere else np.flatnonzero(~e.feasible).tolist():
            reasons[i] = e.reason(i)
        out = {
            "metrics": metrics,
            "units": units,
            "feasible": spread(e.feasible),
            "reason": spread(reasons),
            "specs_met": spread(self.scenario.satisfied(e)),
            "guessed": spread(np.full(len(rows), not self._evaluator.exact)),
        }
        return out | {f"_{key}": here.copy() for key in out}
