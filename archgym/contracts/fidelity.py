"""Cheaper fidelities of a simulator: rougher answers for a declared share of an evaluation's cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from ..errors import ArchgymError

FULL = "full"  # the simulator itself
LEAST = 1e-6  # a cost below it would let a study look at designs without end


@dataclass(frozen=True)
class Fidelity:
    """One way to answer more cheaply.

    Attributes:
        name: one word of a simulator, such as ``one-placement``.
        cost: of one evaluation, as a share of one of the simulator itself; from 1e-6, below 1.
        rough: a simulator of the same space and metrics on the same workload, or a part of it.
        scale: by metric, what its figures are multiplied with to stand for the whole; 1 where left out.
        description: what is left out.
    """

    name: str
    cost: float
    rough: Any  # a Simulator, whose module knows this one
    scale: Mapping[str, float] = field(default_factory=dict)
    description: str = ""

    def __post_init__(self) -> None:
        for what, right, expected, got in (
            ("name", _is_name(self.name), f"one word other than {FULL!r}", self.name),
            ("cost", _is_share(self.cost), f"a share of at least {LEAST} and below 1", self.cost),
            ("scale", _are_factors(self.scale), "positive numbers by metric", self.scale),
        ):
            if not right:
                raise ArchgymError(
                    f"fidelity {self.name!r}: {what} must be {expected}, got {got!r}"
                )
        object.__setattr__(self, "cost", float(self.cost))
        object.__setattr__(self, "scale", {n: float(v) for n, v in self.scale.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and len(name.split()) == 1 and name.strip() == name != FULL


def _is_share(cost: Any) -> bool:
    return _is_number(cost) and bool(LEAST <= cost < 1)


def _are_factors(scale: object) -> bool:
    return isinstance(scale, Mapping) and all(
        _is_number(v) and 0 < v < math.inf for v in scale.values()
    )


def used(counts: Mapping[str, tuple[float, int]], charged: bool) -> list[dict[str, Any]]:
    """What was evaluated below full fidelity, as results tell it.

    Args:
        counts: by name of a fidelity, what one evaluation costs (a share of a full one) and their number.
        charged: whether they were charged by that cost; nothing where a trial is charged in full anyway.

    Returns:
        For each fidelity that was used: name, cost, evaluations, and what was charged (full evaluations).
    """
    return [
        {"name": n, "cost": cost, "evaluations": count, "charged": count * cost if charged else 0.0}
        for n, (cost, count) in counts.items()
        if count
    ]


@dataclass(frozen=True)
class Offer:
    """A fidelity that an agent may ask for: every simulator of the scenario declares it.

    Attributes:
        name: of the fidelity.
        cost: the largest of the declared costs, a share of a full evaluation.
        text: what is left out.
    """

    name: str
    cost: float
    text: str = ""
