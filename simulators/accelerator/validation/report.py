"""One line of a validation table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """What was compared, on how many rows, what was measured, what is demanded."""

    quantity: str
    rows: int
    measured: str
    demand: str
    holds: bool
    gap: str = ""  # why a demand that allows it is not met

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(self.__dict__)


def equal(quantity: str, matched: int, rows: int) -> Check:
    """A figure that must be the same on every row."""
    return Check(quantity, rows, f"{matched} of {rows} equal", "all", matched == rows)


def within(quantity: str, errors: list[float], bar: float) -> Check:
    """A figure whose largest relative error is bounded."""
    worst = max(errors, default=0.0)
    return Check(quantity, len(errors), f"worst {worst:.2g}", f"{bar:.2g}", worst <= bar)
