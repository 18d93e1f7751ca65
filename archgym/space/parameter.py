"""One knob of a design: its legal values, in order, with a unit."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError

Value = str | int | float | bool
Kind = Literal["categorical", "ordinal"]
Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Parameter:
    """A named, quantised knob.

    ``values`` holds every legal value in order; ``kind`` says whether that order means anything;
    ``scale`` says how distances between ordinal numbers are best measured.
    """

    name: str
    values: tuple[Value, ...]
    kind: Kind = "ordinal"
    unit: str = ""
    scale: Scale = "linear"
    description: str = ""
    _index: dict[Value, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values:
            raise DesignError(f"parameter {self.name!r} has no values")
        index = {value: i for i, value in enumerate(self.values)}
        if len(index) != len(self.values):
            raise DesignError(f"parameter {self.name!r} lists a value twice: {self.values}")
        if self.scale == "log" and not all(
            isinstance(v, int | float) and v > 0 for v in self.values
        ):
            raise DesignError(f"parameter {self.name!r}: a log scale needs positive numbers")
        object.__setattr__(self, "_index", index)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numeric(self) -> bool:
        """Whether every value is a number."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)

    @property
    def array(self) -> NDArray[np.generic]:
        """The values as an array: numbers where all are numbers, else objects."""
        if self.numeric:
            return np.array(self.values)
        return np.array(self.values, dtype=object)

    def index(self, value: object) -> int:
        """The position of a value.

        Args:
            value: one of the values; numbers may come as text, as from a CSV file.

        Returns:
            Its index.

        Raises:
            DesignError: not one of the values; the message lists them.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, Value) and not isinstance(value, float) and value in self._index:
            return self._index[value]
        if isinstance(value, str) and self.numeric:
            with contextlib.suppress(ValueError):
                value = float(value)
        if isinstance(value, int | float) and value == value:
            for i, legal in enumerate(self.values):
                if not isinstance(legal, str) and float(legal) == float(value):
                    return i
        if isinstance(value, str):
            for i, legal in enumerate(self.values):
                if isinstance(legal, bool) and value.lower() == str(legal).lower():
                    return i
        raise DesignError(
            f"parameter {self.name!r}: {value!r} is not a legal value; expected {self.describe_values()}"
        )

    def describe_values(self) -> str:
        """The values in one line, shortened where they are many.

        Returns:
            Such as ``one of 1, 2, 4, …, 128 (8 values) KiB``.
        """
        unit = f" {self.unit}" if self.unit else ""
        if len(self.values) <= 12:
            return "one of " + ", ".join(str(v) for v in self.values) + unit
        first = ", ".join(str(v) for v in self.values[:3])
        return f"one of {first}, …, {self.values[-1]} ({len(self.values)} values){unit}"

    def narrowed(self, values: Sequence[object]) -> Parameter:
        """The same knob with fewer values.

        Args:
            values: those to keep, in any order.

        Returns:
            A parameter with these values in this knob's order.
        """
        chosen = sorted({self.index(v) for v in values})
        kept = tuple(self.values[i] for i in chosen)
        return Parameter(self.name, kept, self.kind, self.unit, self.scale, self.description)


def categorical(
    name: str, values: Sequence[Value], description: str = "", unit: str = ""
) -> Parameter:
    """A knob whose values have no order.

    Args:
        name: of the knob.
        values: every legal value.
        description: one line for people.
        unit: of numbers, such as ``KiB``; '' where there is none.

    Returns:
        The parameter.
    """
    return Parameter(name, tuple(values), "categorical", unit, "linear", description)


def ordinal(
    name: str,
    values: Sequence[Value],
    description: str = "",
    unit: str = "",
    scale: Scale = "linear",
) -> Parameter:
    """A knob whose values are ordered.

    Args:
        name: of the knob.
        values: every legal value, ascending.
        description: one line for people.
        unit: of the values, such as ``KiB``; '' where there is none.
        scale: ``linear`` or ``log``: on which scale equal steps are alike.

    Returns:
        The parameter.
    """
    return Parameter(name, tuple(values), "ordinal", unit, scale, description)


def powers_of_two(first: int, last: int) -> tuple[int, ...]:
    """All powers of two from ``first`` to ``last``.

    Args:
        first: the smallest, a power of two.
        last: the largest.

    Returns:
        The numbers, ascending.
    """
    return tuple(1 << k for k in range(first.bit_length() - 1, last.bit_length()))
