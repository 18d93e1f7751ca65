"""What a simulated step is, besides its metrics."""

from __future__ import annotations

from dataclasses import dataclass

from .events import Outcome


@dataclass(frozen=True)
class Step:
    """A step as simulated.

    Attributes:
        outcome: times of the NPUs.
        dims: dimensions by what they divide.
        memory: bytes of the fullest NPU, by what is held.
        ports: GB/s of an NPU by dimension of more than one NPU.
    """

    outcome: Outcome
    dims: dict[str, list[int]]
    memory: dict[str, float]
    ports: dict[int, float]
