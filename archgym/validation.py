"""How a simulator's agreement with other tools, silicon or published figures is told, in every domain.

A validator makes :class:`Check` objects, one a compared quantity, and returns them in one
:class:`Validation`; the command line prints them and derives the exit code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from .errors import ArchgymError

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One comparison.

    Args:
        quantity: what is compared.
        source: whose figures it is compared with.
        measured: what came out, as text.
        expected: what is demanded, as text with its tolerance.
        holds: whether it is so; None where it is told and not judged.
        rows: how many figures of the source it covers; 0 where there is no counting them.
        case: which part of the data it covers: a netlist, a group of configurations.
        held_out: False where constants were fitted on these very figures.
        demanded: False where the source's own weakness or a known gap, told in ``note``, excuses it.
        note: why a demand is not met, or how to read the figures.
        figures: the plain numbers behind ``measured``, SI units.
    """

    quantity: str
    source: str
    measured: str
    expected: str
    holds: bool | None
    rows: int = 0
    case: str = ""
    held_out: bool = True
    demanded: bool = True
    note: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """In a word: yes, NO, gap (not met, and explained) or told."""
        if self.holds is None:
            return "told"
        return "yes" if self.holds else "NO" if self.demanded else "gap"

    @property
    def failed(self) -> bool:
        """Whether a demand is not met."""
        return self.verdict == "NO"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "figures": dict(self.figures), "verdict": self.verdict}


@dataclass(frozen=True)
class Validation:
    """The checks of a domain, at least one, with tables of detail by title (each a list of rows).

    Raises:
        ArchgymError: there is no check.
    """

    checks: Sequence[Check]
    details: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    reference: str = ""  # the file compared with, where there is one

    def __post_init__(self) -> None:
        if not self.checks:
            where = f"{self.reference}: " if self.reference else ""
            raise ArchgymError(f"{where}there is nothing to compare")

    @property
    def holds(self) -> bool:
        """Whether everything that is demanded holds."""
        return not any(c.failed for c in self.checks)

    @property
    def exit_code(self) -> int:
        """0 where everything that is demanded holds, else 1."""
        return 0 if self.holds else 1

    def check(self, quantity: str, case: str | None = None) -> Check:
        """The one check of a quantity (and case).

        Args:
            quantity: of the check.
            case: of the check; None: any.

        Returns:
            The check.

        Raises:
            KeyError: there is none, or more than one.
        """
        found = [c for c in self.checks if c.quantity == quantity and case in (None, c.case)]
        if len(found) != 1:
            raise KeyError(f"{len(found)} checks of {quantity!r}, case {case!r}")
        return found[0]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "reference": self.reference,
            "checks": [c.as_dict() for c in self.checks],
            "details": {title: [dict(r) for r in rows] for title, rows in self.details.items()},
            "holds": self.holds,
        }


def reference_file(name: str) -> Path:
    """A file of figures of other tools that is installed with archgym.

    Args:
        name: of the file.

    Returns:
        Its path.

    Raises:
        ArchgymError: this installation has no such file.
    """
    try:
        path = Path(str(files("archgym.references"))) / name
    except ModuleNotFoundError:
        path = Path(name)
    if not path.is_file():
        raise ArchgymError(f"{name} is not part of this installation; name a file by --reference")
    return path


def together(parts: Sequence[Validation]) -> Validation:
    """Several validations as one.

    Args:
        parts: in the order in which they are shown.

    Returns:
        Checks, details and references of all.
    """
    return Validation(
        [c for p in parts for c in p.checks],
        {title: rows for p in parts for title, rows in p.details.items()},
        ", ".join(p.reference for p in parts),
    )


def equal(
    quantity: str, source: str, matched: int, rows: int, expected: str = "all", **more: Any
) -> Check:
    """A figure that must be the same on every row; ``more`` are further fields of the check.

    Args:
        quantity: what is compared.
        source: who says what is right.
        matched: rows that are equal.
        rows: all rows.
        expected: in words.
        more: further fields of the check.

    Returns:
        The check, held where all rows match.
    """
    figures = {"equal": matched, **more.pop("figures", {})}
    measured = more.pop("measured", f"{matched} of {rows} equal")
    holds = matched == rows
    return Check(quantity, source, measured, expected, holds, rows, figures=figures, **more)


def within(
    quantity: str, source: str, errors: Sequence[float], tolerance: float, **more: Any
) -> Check:
    """Relative errors of which the largest is bounded; ``more`` are further fields of the check.

    Args:
        quantity: what is compared.
        source: who says what is right.
        errors: relative, one per row; a NaN is never within.
        tolerance: the largest that is allowed, as a share.
        more: further fields of the check.

    Returns:
        The check.
    """
    # a NaN would vanish among the others in max()
    worst = math.nan if any(math.isnan(e) for e in errors) else max(errors, default=math.nan)
    holds = worst <= tolerance
    expected = f"at most {tolerance:.2g}"
    figures = {"worst": worst}
    return Check(
        quantity,
        source,
        f"worst {worst:.2g}",
        expected,
        holds,
        len(errors),
        figures=figures,
        **more,
    )


def near(
    quantity: str, source: str, value: float, error: float, target: float, tolerance: float,
    **more: Any,
) -> Check:  # fmt: skip
    """A value with its standard error (NaN: none) against a target; ``more`` are further fields.

    Args:
        quantity: what is compared.
        source: who says what is right.
        value: what was measured.
        error: its standard error, in the unit of the value; NaN: none.
        target: what it should be.
        tolerance: how far off it may be, in the unit of the value.
        more: further fields of the check.

    Returns:
        The check.
    """
    known = not math.isnan(error)
    measured = f"{value:.3f} ± {error:.3f}" if known else f"{value:.3f}"
    figures = {"value": value, **({"standard_error": error} if known else {}), "target": target}
    holds = bool(abs(value - target) <= tolerance)
    expected = f"{target:.3f} ± {tolerance:g}"
    return Check(quantity, source, measured, expected, holds, figures=figures, **more)
