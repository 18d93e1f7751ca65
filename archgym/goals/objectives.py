"""What is good: objectives to improve and specs to keep, over a simulator's metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contracts.evaluation import Floats, Metric
from ..errors import ScenarioError, UnknownNameError

Goal = Literal["minimize", "maximize"]
_FACTOR = re.compile(r"\s*(\*|/)?\s*([A-Za-z_]\w*)\s*")


@dataclass(frozen=True)
class Expression:
    """A metric, or a product or ratio of metrics such as ``energy * total_time``."""

    text: str
    factors: tuple[tuple[str, int], ...]

    @classmethod
    def parse(cls, text: str, metrics: Sequence[Metric]) -> Expression:
        """Read an expression; names must be metrics."""
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
        """Its unit, for people."""
        units = {m.name: m.unit for m in metrics}
        over = "·".join(units[n] for n, p in self.factors if p > 0 and units[n])
        under = "·".join(units[n] for n, p in self.factors if p < 0 and units[n])
        return f"{over or '1'}/{under}" if under else over


@dataclass(frozen=True)
class Objective:
    """An expression to minimise or maximise; ``reference`` is what it is compared with."""

    expression: Expression
    goal: Goal = "minimize"
    weight: float = 1.0
    reference: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        if self.goal not in ("minimize", "maximize"):
            raise UnknownNameError("goal", self.goal, ["minimize", "maximize"])
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ScenarioError(
                f"objective {self.name!r}: weight must be positive, got {self.weight}"
            )

    @property
    def name(self) -> str:
        """The expression's text."""
        return self.expression.text

    @property
    def sign(self) -> int:
        """+1 where less is better."""
        return 1 if self.goal == "minimize" else -1

    def cost(self, metrics: Mapping[str, Floats]) -> Floats:
        """The value with its sign turned so that less is better, (n,)."""
        return self.sign * self.expression(metrics)


@dataclass(frozen=True)
class Spec:
    """A bound on a metric: ``lower <= metric <= upper``; ``worst`` scales its penalty."""

    metric: str
    upper: float | None = None
    lower: float | None = None
    worst: float | None = None

    def __post_init__(self) -> None:
        if self.upper is None and self.lower is None:
            raise ScenarioError(f"spec on {self.metric!r} needs an upper or a lower bound")

    def violation(self, metrics: Mapping[str, Floats]) -> Floats:
        """How far outside the bound, as a share of it; 0 where met, (n,)."""
        value = metrics[self.metric]
        if self.lower is None and self.upper is not None:
            return np.maximum((value - self.upper) / _scale(self.upper), 0.0)
        assert self.lower is not None
        out = np.maximum((self.lower - value) / _scale(self.lower), 0.0)
        if self.upper is not None:
            out = np.maximum(out, (value - self.upper) / _scale(self.upper))
        return out

    def penalty(self, metrics: Mapping[str, Floats]) -> Floats:
        """The violation on a scale that is 1 at ``worst`` (NASAIC, equation 3), (n,)."""
        if self.worst is None or self.upper is None:
            return self.violation(metrics)
        return np.maximum(0.0, (metrics[self.metric] - self.upper) / (self.worst - self.upper))

    def text(self) -> str:
        """As a person would write it."""
        parts = []
        if self.lower is not None:
            parts.append(f">= {self.lower:g}")
        if self.upper is not None:
            parts.append(f"<= {self.upper:g}")
        return f"{self.metric} " + " and ".join(parts)


def _scale(bound: float) -> float:
    return abs(bound) or 1.0
