"""What is good: objectives to improve and specs to keep, over a simulator's metrics."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contracts.evaluation import Floats, Metric
from ..errors import ScenarioError, UnknownNameError
from ..units import format_quantity
from .bounds import Bound, Relative, resolve

Goal = Literal["minimize", "maximize"]
Compare = Literal["ratio", "difference"]
_FACTOR = re.compile(r"\s*(\*|/)?\s*([A-Za-z_]\w*)\s*")


@dataclass(frozen=True)
class Expression:
    """A metric, or a product or ratio of metrics such as ``energy * total_time``."""

    text: str
    factors: tuple[tuple[str, int], ...]

    @classmethod
    def parse(cls, text: str, metrics: Sequence[Metric]) -> Expression:
        """Read an expression; names must be metrics.

        Args:
            text: names joined by ``*`` and ``/``.
            metrics: those of the simulator.

        Returns:
            The expression.

        Raises:
            ScenarioError: no product or ratio.
            UnknownNameError: a name that is no metric.
        """
        known = [m.name for m in metrics]
        factors: list[tuple[str, int]] = []
        position = 0
        while position < len(text):
            match = _FACTOR.match(text, position)
            if not match or (match[1] is None) != (not factors):
                raise ScenarioError(
                    f"{text!r} is not a metric or a product or ratio of metrics (a * b / c)"
                )
            if match[2] not in known:
                raise UnknownNameError("metric", match[2], known)
            factors.append((match[2], -1 if match[1] == "/" else 1))
            position = match.end()
        if not factors:
            raise ScenarioError("an objective needs a metric")
        return cls(text.strip(), tuple(factors))

    def __call__(self, metrics: Mapping[str, Floats]) -> Floats:
        """The value, (n,)."""
        name, power = self.factors[0]
        value = metrics[name]
        for name, power in self.factors[1:]:
            value = value * metrics[name] if power > 0 else value / metrics[name]
        return value

    def unit(self, metrics: Sequence[Metric]) -> str:
        """Its unit, for people.

        Args:
            metrics: those of the simulator.

        Returns:
            Such as ``J·s`` or ``1/s``; '' where there is none.
        """
        units = {m.name: m.unit for m in metrics}
        over = "·".join(units[n] for n, p in self.factors if p > 0 and units[n])
        under = "·".join(units[n] for n, p in self.factors if p < 0 and units[n])
        return f"{over or '1'}/{under}" if under else over


@dataclass(frozen=True)
class Objective:
    """An expression to minimise or maximise; ``reference`` is what it is compared with.

    ``compare`` is ``ratio`` (costs are logarithms of value over reference) or ``difference`` (of value
    less reference, over ``scale``, default the size of the reference), for values that may be 0 or
    negative; by default the metrics' declarations decide (:attr:`Metric.signed`).  ``reference`` and
    ``target`` may be multiples of the reference design's value.
    """

    expression: Expression
    goal: Goal = "minimize"
    weight: float = 1.0
    reference: Bound | None = None
    target: Bound | None = None
    compare: Compare = "ratio"
    scale: float | None = None

    def __post_init__(self) -> None:
        if self.goal not in ("minimize", "maximize"):
            raise UnknownNameError("goal", self.goal, ["minimize", "maximize"])
        if self.compare not in ("ratio", "difference"):
            raise UnknownNameError("way to compare", self.compare, ["ratio", "difference"])
        for name, value in (("weight", self.weight), ("scale", self.scale)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ScenarioError(
                    f"objective {self.name!r}: {name} must be positive, got {value}"
                )

    @property
    def name(self) -> str:
        """The expression's text."""
        return self.expression.text

    @property
    def sign(self) -> int:
        """+1 where less is better."""
        return 1 if self.goal == "minimize" else -1

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics in its expression."""
        return tuple(name for name, _ in self.expression.factors)

    def needs_reference(self, reward: str) -> bool:
        """Whether a reward formulation needs the reference design's value of this objective.

        Args:
            reward: the name of a formulation.

        Returns:
            Whether it does.
        """
        if isinstance(self.reference, Relative) or isinstance(self.target, Relative):
            return True
        if reward == "satisfy-then-improve":
            return self.reference is None
        return reward == "target-distance" and self.reference is None and self.target is None

    def cost(self, metrics: Mapping[str, Floats]) -> Floats:
        """The value with its sign turned so that less is better, (n,).

        Args:
            metrics: (n,) by name, in SI units.

        Returns:
            (n,), in the unit of the expression.
        """
        return self.sign * self.expression(metrics)

    def resolved(self, reference: float | None) -> Objective:
        """The same with plain numbers, given the value of the reference design (None: there is none).

        Args:
            reference: in the unit of the expression.

        Returns:
            The objective.

        Raises:
            ScenarioError: a multiple of a reference that does not exist.
        """
        own = resolve(self.reference, reference, f"the reference of objective {self.name!r}")
        return dataclasses.replace(
            self,
            reference=reference if own is None else own,
            target=resolve(self.target, reference, f"the target of objective {self.name!r}"),
        )


@dataclass(frozen=True)
class Spec:
    """A bound on a metric: ``lower <= metric <= upper``; ``worst`` scales its penalty.

    Each may be a multiple of the reference design's value; :meth:`resolved` gives plain numbers, which
    the other methods need.
    """

    metric: str
    upper: Bound | None = None
    lower: Bound | None = None
    worst: Bound | None = None

    def __post_init__(self) -> None:
        if self.upper is None and self.lower is None:
            raise ScenarioError(f"spec on {self.metric!r} needs an upper or a lower bound")
        numbers = [b for b in (self.lower, self.upper) if isinstance(b, float | int)]
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            raise ScenarioError(
                f"spec on {self.metric!r}: lower {numbers[0]:g} is above upper {numbers[1]:g}; "
                "no design can meet it"
            )

    @property
    def relative(self) -> bool:
        """Whether a bound is a multiple of the reference design's value."""
        return any(isinstance(b, Relative) for b in (self.upper, self.lower, self.worst))

    def resolved(self, reference: float | None) -> Spec:
        """The same with plain numbers, given the metric of the reference design (None: there is none).

        Args:
            reference: in the metric's SI unit.

        Returns:
            The spec.

        Raises:
            ScenarioError: a multiple of a reference that does not exist.
        """
        if not self.relative:
            return self
        what = f"the spec on {self.metric!r}"
        return Spec(
            self.metric,
            *(resolve(b, reference, what) for b in (self.upper, self.lower, self.worst)),
        )

    def check_reachable(self, metrics: Sequence[Metric]) -> None:
        """Refuse an upper bound below zero on a metric that is never negative.

        Args:
            metrics: what the simulator measures.

        Raises:
            ScenarioError: no design can meet the bound.
        """
        metric = next(m for m in metrics if m.name == self.metric)
        for key, bound in (("upper", self.upper), ("worst", self.worst)):
            if bound is None or metric.signed:
                continue
            if isinstance(bound, Relative):
                number, written = bound.factor, str(bound)
            else:
                number, written = bound, format_quantity(bound, metric.unit)
            if number >= 0:
                continue
            raise ScenarioError(
                f"the {key} bound {written} on {self.metric!r} is negative, and no design can meet it, as the "
                "simulator does not declare this metric as signed; state a bound of at least 0"
            )

    def violation(self, metrics: Mapping[str, Floats]) -> Floats:
        """How far outside the bound, as a share of it; 0 where met, (n,).

        Args:
            metrics: (n,) by name, in SI units.

        Returns:
            (n,) shares: 0.1 is a tenth of the limit.
        """
        value = metrics[self.metric]
        upper, lower = _number(self.upper), _number(self.lower)
        if lower is None and upper is not None:
            return np.maximum((value - upper) / _scale(upper), 0.0)
        assert lower is not None
        out = np.maximum((lower - value) / _scale(lower), 0.0)
        if upper is not None:
            out = np.maximum(out, (value - upper) / _scale(upper))
        return out

    def penalty(self, metrics: Mapping[str, Floats]) -> Floats:
        """The violation on a scale that is 1 at ``worst`` (NASAIC, equation 3), (n,).

        Args:
            metrics: (n,) by name, in SI units.

        Returns:
            (n,), 0 where the spec is met.
        """
        worst, upper = _number(self.worst), _number(self.upper)
        if worst is None or upper is None:
            return self.violation(metrics)
        return np.maximum(0.0, (metrics[self.metric] - upper) / (worst - upper))

    def text(self, unit: str = "") -> str:
        """As a person would write it.

        Args:
            unit: of its metric.

        Returns:
            Such as ``energy <= 3 mJ``.
        """

        def written(bound: Bound) -> str:
            return str(bound) if isinstance(bound, Relative) else format_quantity(bound, unit)

        parts = []
        if self.lower is not None:
            parts.append(f">= {written(self.lower)}")
        if self.upper is not None:
            parts.append(f"<= {written(self.upper)}")
        return f"{self.metric} " + " and ".join(parts)


def _number(bound: Bound | None) -> float | None:
    if isinstance(bound, Relative):
        raise ScenarioError(f"a spec stated as {bound} is resolved before it is used")
    return bound


def _scale(bound: float) -> float:
    return abs(bound) or 1.0
