"""What a metric is made of: named parts that add up to it, and the resource that limits it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import EvaluationError
from ..space import Designs, DesignSpace
from .evaluation import Evaluation, Floats

ROUNDING = 1e-9  # of a metric: what parts worked out in another order may miss it by


@dataclass(frozen=True)
class Part:
    """One summand of a metric.

    Attributes:
        name: what it is, unique within the metric, such as ``conv1: DRAM port``.
        resource: what it is spent on; parts of one resource are relieved together.
        group: a second way to sort parts (a layer, a task, a core); '' where there is none.
    """

    name: str
    resource: str
    group: str = ""


@dataclass(frozen=True)
class Move:
    """A step of one knob that should relieve a resource.

    Attributes:
        knob: its name.
        step: +1 or -1 along its values in order; 0 means any other value.
    """

    knob: str
    step: int


def moved(space: DesignSpace, design: Designs, moves: Iterable[Move]) -> Designs:
    """The designs that moves lead to, in the order of the moves.

    Args:
        space: of the design.
        design: value indices (d,).
        moves: of knobs of the space.

    Returns:
        Valid designs (k, d); a step beyond the end of a knob's values is left out, and so is a design that
        breaks a constraint.

    Raises:
        UnknownNameError: a move of a knob that the space does not have.
    """
    rows: list[Designs] = []
    for move in moves:
        column = space.position(move.knob)
        here, size = int(design[column]), int(space.nvec[column])
        targets = [here + move.step] if move.step else [v for v in range(size) if v != here]
        for value in targets:
            if 0 <= value < size:
                row = np.array(design, np.int64)
                row[column] = value
                rows.append(row)
    if not rows:
        return np.empty((0, len(space)), np.int64)
    found = np.stack(rows)
    return found[space.is_valid(found)]


@dataclass(frozen=True)
class Breakdown:
    """One metric of n designs as a sum of k parts.

    The parts of a feasible design add up to its metric exactly: ``math.fsum`` of a row is the metric to
    the last bit. Rows of infeasible designs are NaN.

    Attributes:
        metric: its name.
        parts: what the columns are.
        values: (n, k) in the metric's unit.
        binding: by design, the resource that limits the metric; '' where the design is infeasible.
        following: by design, the resource that limits next; '' where there is no other.
        slack: (n,) how much of the metric can go at most by relieving the binding resource alone, in
            the metric's unit; from there on the following resource limits.
        relief: by resource, or by the name of one part, moves that should relieve it; what no knob
            relieves is left out.
    """

    metric: str
    parts: tuple[Part, ...]
    values: Floats
    binding: tuple[str, ...]
    following: tuple[str, ...]
    slack: Floats
    relief: Mapping[str, tuple[Move, ...]] = field(default_factory=dict)

    def by(self, what: str) -> tuple[tuple[str, ...], Floats]:
        """The parts added up by their ``resource`` or ``group``.

        Args:
            what: ``resource`` or ``group``.

        Returns:
            Names (m,) in order of first appearance, and their sums (n, m) in the metric's unit.
        """
        return _added([getattr(p, what) for p in self.parts], self.values)

    def moves(self, i: int) -> tuple[Move, ...]:
        """What should relieve the binding resource of design ``i``.

        Args:
            i: position of the design among the n.

        Returns:
            The moves, most promising first: of the resource's parts, the largest first, then of the resource
            as a whole. None where nothing is known to relieve it.
        """
        limit = self.binding[i]
        mine = [k for k, p in enumerate(self.parts) if p.resource == limit and self.values[i, k]]
        mine.sort(key=lambda k: -abs(float(self.values[i, k])))
        keys = dict.fromkeys([*(self.parts[k].name for k in mine), limit])
        return tuple(dict.fromkeys(m for key in keys for m in self.relief.get(key, ())))


@dataclass(frozen=True)
class Explanation:
    """Why designs have the metrics that they have.

    Attributes:
        evaluation: of the designs, as the simulator's ``evaluate`` gives it.
        breakdowns: by metric.
    """

    evaluation: Evaluation
    breakdowns: Mapping[str, Breakdown]

    def __getitem__(self, metric: str) -> Breakdown:
        return self.breakdowns[metric]


def breakdown(
    metric: str,
    parts: Sequence[Part],
    values: NDArray[np.float64],
    evaluation: Evaluation,
    *,
    binding: Sequence[str] | None = None,
    following: Sequence[str] | None = None,
    slack: Floats | None = None,
    relief: Mapping[str, Sequence[Move]] | None = None,
) -> Breakdown:
    """A breakdown whose parts add up to the evaluated metric to the last bit.

    Parts that are worked out in another order than the metric miss it by rounding. What is missing goes
    to a row's largest parts. Where no binding resource is given, it is the one with the largest sum, the
    slack is that sum, and the next largest follows.

    Args:
        metric: its name.
        parts: k summands.
        values: (n, k) in the metric's unit.
        evaluation: of the n designs.
        binding: by design.
        following: by design.
        slack: (n,) in the metric's unit.
        relief: moves by resource, or by the name of one part.

    Returns:
        The breakdown; parts of infeasible designs are NaN.

    Raises:
        EvaluationError: a row misses its metric by more than rounding.
    """
    found = np.array(values, np.float64).reshape(len(evaluation), len(parts))
    found[~evaluation.feasible] = np.nan
    for i in np.flatnonzero(evaluation.feasible):
        _close(found[i], float(evaluation.metrics[metric][i]), metric)
    if binding is None:
        binding, following, slack = _largest(parts, found, evaluation.feasible)
    assert following is not None and slack is not None
    kept = {k: tuple(v) for k, v in (relief or {}).items() if v}
    return Breakdown(
        metric, tuple(parts), found, tuple(binding), tuple(following),
        np.where(evaluation.feasible, slack, np.nan), kept,
    )  # fmt: skip


def columns(rows: Sequence[Mapping[Part, float]]) -> tuple[list[Part], Floats]:
    """Amounts by part of n designs as a table; a part that a design lacks is 0.

    Args:
        rows: one per design; empty for an infeasible one.

    Returns:
        Parts (k,) in order of first appearance, and their amounts (n, k).
    """
    parts = list(dict.fromkeys(part for row in rows for part in row))
    values = np.array([[row.get(p, 0.0) for p in parts] for row in rows], np.float64)
    return parts, values.reshape(len(rows), len(parts))


def whole(metric: str, evaluation: Evaluation) -> Breakdown:
    """A metric that nothing more is known of: one part, itself.

    Args:
        metric: its name.
        evaluation: of n designs.

    Returns:
        The breakdown of one part.
    """
    part = Part(metric, metric)
    return breakdown(metric, [part], evaluation.metrics[metric][:, None], evaluation)


def _close(row: NDArray[np.float64], total: float, metric: str) -> None:
    """Give what rounding leaves of a total to the largest parts, until the exact sum rounds to it."""
    missing = math.fsum([total, *(-row)])
    scale = max(abs(total), float(np.abs(row).max(initial=0.0)))
    if not abs(missing) <= ROUNDING * scale:
        raise EvaluationError(
            f"the parts of {metric} add up to {math.fsum(row)!r}, the metric is {total!r}"
        )
    for at in np.argsort(-np.abs(row), kind="stable"):  # smaller parts have finer steps
        if math.fsum(row) == total:
            return
        row[at] += missing
        missing = math.fsum([total, *(-row)])
    if math.fsum(row) != total:
        raise EvaluationError(f"the parts of {metric} cannot be rounded to {total!r}")


def _added(names: Sequence[str], values: Floats) -> tuple[tuple[str, ...], Floats]:
    order = list(dict.fromkeys(names))
    out = np.zeros((len(values), len(order)))
    for name, column in zip(names, values.T):
        out[:, order.index(name)] += column
    return tuple(order), out


def _largest(
    parts: Sequence[Part], values: Floats, feasible: NDArray[np.bool_]
) -> tuple[list[str], list[str], Floats]:
    names, sums = _added([p.resource for p in parts], values)
    binding, following = [""] * len(values), [""] * len(values)
    slack = np.full(len(values), np.nan)
    for i in np.flatnonzero(feasible):
        ranked = np.argsort(-sums[i], kind="stable")
        binding[i], slack[i] = names[ranked[0]], sums[i, ranked[0]]
        if len(ranked) > 1:
            following[i] = names[ranked[1]]
    return binding, following, slack
