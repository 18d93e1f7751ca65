"""Numbers with SI prefixes, read from text and written for people."""

from __future__ import annotations

import math
import re
import sys
from typing import Self, TypeVar

_T = TypeVar("_T")

PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}
_STEPS = [
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
    (1e-15, "f"),
]
_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*$")


def parse_quantity(value: object, unit: str) -> float:
    """A number, or text such as ``90 us``, as a float in ``unit`` (an SI unit; m2 takes mm2).

    Args:
        value: a number, taken to be in ``unit``, or text with a unit.
        unit: of the result.

    Returns:
        The number, finite.

    Raises:
        ValueError: not a finite number, or of another unit.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"expected a number in {unit or '1'}, got {value!r}")
    if not isinstance(value, str):
        if not abs(value) <= sys.float_info.max:  # whole numbers may be larger than any float
            raise ValueError(f"expected a finite number in {unit or '1'}, got {str(value)[:40]}")
        return float(value)
    match = _QUANTITY.match(value)
    if not match:
        raise ValueError(f"expected a number with a unit such as '1.5 {unit}', got {value!r}")
    number, given = float(match[1]), match[2]
    if given in ("", unit):
        return number
    if given == "%" and not unit:
        return number / 100
    if unit and given.endswith(unit) and given[: -len(unit)] in PREFIXES:
        scale = PREFIXES[given[: -len(unit)]]
        return number * (scale**2 if unit == "m2" else scale)
    raise ValueError(f"expected a quantity in {unit or 'no unit'}, got {value!r}")


def in_prefix(typical: float, unit: str) -> tuple[float, str]:
    """How quantities of a typical size are written: what one written unit is worth, and its name.

    ``9e-05, 's'`` gives ``1e-06, 'µs'``.  Areas are written in mm²; units that start with a number,
    such as ``1/s``, and no unit take no prefix.

    Args:
        typical: a value in ``unit``.
        unit: an SI unit, or ''.

    Returns:
        The worth of the written unit in ``unit``, and its name.
    """
    if unit == "m2" or unit.startswith("m2·"):
        return 1e-6, "mm²" + unit[2:]
    if unit == "1":  # a plain number, as standards write it
        return 1.0, ""
    if not unit or unit[0].isdigit() or not math.isfinite(typical) or typical == 0:
        return 1.0, unit
    for step, prefix in _STEPS:
        if abs(typical) >= step * 0.9999999:
            return step, prefix + unit
    return 1.0, unit


def format_quantity(value: float, unit: str, digits: int = 4) -> str:
    """A number for people: ``9.0e-05, 's'`` -> ``90 µs``.

    Args:
        value: in ``unit``.
        unit: an SI unit, or ''.
        digits: significant ones.

    Returns:
        The text; ``-`` for what is not finite.
    """
    if not math.isfinite(value):
        return "-"
    if unit == "m2":
        return f"{value * 1e6:.{digits}g} mm²"
    scale, name = in_prefix(value, unit)
    return f"{value / scale:.{digits}g}" + (f" {name}" if name else "")


def duration(seconds: float) -> str:
    """A time for people: ``42 ms``, ``7.5 s``, ``3 min``, ``2.4 h``, ``1.7 days``.

    Args:
        seconds: at least 0.

    Returns:
        The text.
    """
    for worth, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * worth:
            return f"{seconds / worth:.2g} {name}"
    return format_quantity(seconds, "s", 2)


class _Measured:
    """A number that knows its unit and shows it; it computes, compares and is written to JSON as a number."""

    unit: str

    def __new__(cls, value: float, unit: str = "") -> Self:
        """A value in ``unit``."""
        made = super().__new__(cls, value)  # type: ignore[call-arg]
        made.unit = unit
        return made

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, form: str) -> str:
        return super().__format__(form) if form else repr(self)

    def __reduce__(self) -> tuple[type, tuple[float, str]]:
        return type(self), (self + 0, self.unit)  # type: ignore[operator]


class Quantity(_Measured, float):
    """A float in an SI unit, shown with a prefix: ``Quantity(9e-05, "s")`` is ``90 µs``."""

    def __repr__(self) -> str:
        return format_quantity(float(self), self.unit)


class KnobNumber(_Measured, float):
    """A number in the unit of its knob, shown as it is: ``KnobNumber(1.5, "GHz")`` is ``1.5 GHz``."""

    def __repr__(self) -> str:
        return f"{float(self):g} {self.unit}"


class KnobCount(_Measured, int):
    """A whole number in the unit of its knob: ``KnobCount(8, "requests")`` is ``8 requests``."""

    def __repr__(self) -> str:
        return f"{int(self)} {self.unit}"


def knob_value(value: _T, unit: str) -> _T | KnobNumber | KnobCount:
    """A knob's value that shows its unit; text, switches and numbers without a unit as they are.

    Args:
        value: of a knob.
        unit: of the knob, or ''.

    Returns:
        The value; numbers stay numbers.
    """
    if not unit or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return KnobCount(value, unit) if isinstance(value, int) else KnobNumber(value, unit)
