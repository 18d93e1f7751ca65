"""Values that a scenario states outright, or as a multiple of what its reference design has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ScenarioError
from ..units import parse_quantity

_RELATIVE = re.compile(
    r"^\s*(?:([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)\s*(?:[x*×]|of)?\s*)?reference\s*$"
)


@dataclass(frozen=True)
class Relative:
    """``factor`` times the value of the reference design: ``1.05 x reference``, ``70 % of reference``."""

    factor: float

    def __str__(self) -> str:
        return f"{self.factor:.10g} x reference"


Bound = float | Relative


def parse_bound(value: object, unit: str) -> Bound:
    """A quantity in ``unit``, or a multiple of the reference design's value.

    Args:
        value: a number, ``90 us``, or ``1.05 x reference``.
        unit: SI, of the metric.

    Returns:
        The bound.

    Raises:
        ValueError: neither.
    """
    if isinstance(value, str) and "reference" in value:
        match = _RELATIVE.match(value)
        if not match:
            raise ValueError(f"expected a multiple such as '1.05 x reference', got {value!r}")
        number = float(match[1]) if match[1] else 1.0
        return Relative(number / 100 if match[2] else number)
    return parse_quantity(value, unit)


def resolve(bound: Bound | None, reference: float | None, what: str) -> float | None:
    """The bound as a number, given the reference design's value.

    Args:
        bound: absolute, a multiple, or none.
        reference: the reference design's value, in the same unit.
        what: is bounded, for the error.

    Returns:
        A number in the same unit, or None.

    Raises:
        ScenarioError: it is relative, and there is no reference value.
    """
    if not isinstance(bound, Relative):
        return bound
    if reference is None:
        raise ScenarioError(
            f"{what} is stated as {bound}, but no reference design is feasible on this workload; "
            "name another reference design, or state the value itself"
        )
    return bound.factor * reference


def as_written(bound: Bound) -> float | str:
    """As it stands in a document.

    Args:
        bound: a number in the metric's SI unit, or a multiple of the reference.

    Returns:
        The number, or text such as ``1.05 x reference``.
    """
    return str(bound) if isinstance(bound, Relative) else bound
