"""Cheaper fidelities of a simulator: rougher answers for a declared share of an evaluation's cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ArchgymError

FULL = "full"  # the simulator itself


@dataclass(frozen=True)
class Fidelity:
    """One way to answer more cheaply.

    Attributes:
        name: one word of a simulator, such as ``one-placement``.
        cost: of one evaluation, as a share of one of the simulator itself; above 0, below 1.
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
        if not 0 < self.cost < 1:
            raise ArchgymError(
                f"fidelity {self.name!r}: cost must be a share above 0 and below 1, got {self.cost!r}"
            )
        if self.name in ("", FULL):
            raise ArchgymError(f"a fidelity cannot be called {self.name!r}: that is no cheaper one")


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
