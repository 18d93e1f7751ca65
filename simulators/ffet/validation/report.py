"""One line of the validation's tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """What was found and what is asked; ``holds`` None: told, not judged."""

    core: str
    relation: str
    found: str
    asked: str
    holds: bool | None
    fitted: bool = False

    @property
    def verdict(self) -> str:
        """In a word."""
        return "-" if self.holds is None else "yes" if self.holds else "NO"


def within(
    core: str, relation: str, value: float, error: float, target: float, tolerance: float,
    *, fitted: bool = False,
) -> Relation:  # fmt: skip
    """A ratio with its standard error against a target."""
    holds = bool(abs(value - target) <= tolerance)
    text = f"{value:.3f} ± {error:.3f}" if error == error else f"{value:.3f}"
    return Relation(core, relation, text, f"{target:.3f} ± {tolerance:g}", holds, fitted)
