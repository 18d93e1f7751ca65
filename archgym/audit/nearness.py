"""How far a design is from the designs that a simulator was validated on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts.simulator import Simulator
from ..space import Designs, Value

Row = Mapping[str, object]


@dataclass(frozen=True)
class Nearness:
    """A design beside reference rows.

    Attributes:
        rows: how many there are.
        knobs: the knobs that are compared: those that do something in the design.
        differ: where the nearest row has another value, by knob: the design's value and the row's.
        unseen: values of the design that no row has, or that lie outside of the rows' range, by knob.
        between: numbers that no row has, but rows have lower and higher ones, by knob.
    """

    rows: int
    knobs: tuple[str, ...]
    differ: Mapping[str, tuple[Value, object]]
    unseen: Mapping[str, Value]
    between: Mapping[str, Value]


def nearness(simulator: Simulator, x: Designs, rows: Sequence[Row]) -> Nearness:
    """Compare a design with reference rows, knob by knob.

    Args:
        simulator: whose design it is.
        x: the design, (d,) value indices of the simulator's space.
        rows: at least one; values by knob. What a row does not say is compared with nothing.

    Returns:
        What the nearest row has otherwise, and what no row has.
    """
    design = simulator.space.decode(x[None])[0]
    told = {k for row in rows for k in row}
    knobs = tuple(k for k in _active(simulator, x) if k in told)
    apart = [{k: (design[k], r[k]) for k in knobs if k in r and r[k] != design[k]} for r in rows]
    unseen: dict[str, Value] = {}
    between: dict[str, Value] = {}
    for k in knobs:
        seen = [r[k] for r in rows if k in r]
        if design[k] in seen:
            continue
        inside = simulator.space.parameters[simulator.space.position(k)].numeric and (
            _number(min(seen, key=_number)) < _number(design[k]) < _number(max(seen, key=_number))
        )
        (between if inside else unseen)[k] = design[k]
    return Nearness(len(rows), knobs, min(apart, key=len), unseen, between)


def _number(value: object) -> float:
    return float(value)  # type: ignore[arg-type]  # a numeric knob's rows hold numbers


def _active(simulator: Simulator, x: Designs) -> list[str]:
    """The knobs that do something in a design: another value of them behaves otherwise."""
    same, out = simulator.canonical(x[None]), []
    for j, knob in enumerate(simulator.space.parameters):
        moved = np.repeat(x[None], len(knob), axis=0)
        moved[:, j] = np.arange(len(knob))
        if len(knob) == 1 or (simulator.canonical(moved) != same).any():
            out.append(knob.name)
    return out
