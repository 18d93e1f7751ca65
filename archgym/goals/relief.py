"""From explanations to designs: steps of single knobs that should relieve what limits a design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..contracts.evaluation import Floats
from ..contracts.explanation import Breakdown, Move, moved
from ..contracts.feedback import Relief
from ..space import Designs, DesignSpace
from .objectives import Spec

CLOSE = (
    10  # a spec counts by (metric / bound) to this power: 0.39 at 9 % from its bound, 0.1 at 20 %
)

Weighed = Iterable[tuple[Breakdown, float]]


def relief(space: DesignSpace, design: Designs, wanted: Weighed, guarded: Weighed) -> Relief:
    """Moved designs and their weights; see ``Feedback.relieve``.

    A step whose reverse would relieve a spec that is close counts less: it is likely to break it.

    Args:
        space: of the design; moves of knobs that it lacks are left out.
        design: value indices (d,).
        wanted: breakdowns of the design, one per metric that matters, and how much it does.
        guarded: the same of metrics whose specs are met, and how close they are.

    Returns:
        Designs (k, d), value indices, and their weights, without unit.
    """
    known = set(space.names)
    weights, guards = _added(wanted), _added(guarded)
    designs, worth, watch = [], [], []
    for move in dict.fromkeys([*weights, *guards]):
        if move.knob not in known:
            continue
        there = moved(space, design, [move])
        own, share = weights.get(move, 0.0), 1 / max(1, len(there))
        against = guards.get(Move(move.knob, -move.step), 0.0) if move.step else 0.0
        designs.append(there)
        worth += [share * own * own / (own + against) if own else 0.0] * len(there)
        watch += [share * guards.get(move, 0.0)] * len(there)
    if not worth:
        return Relief.none(len(design))
    return Relief(np.concatenate(designs), np.array(worth), np.array(watch))


def closeness(spec: Spec, metrics: Mapping[str, Floats]) -> float:
    """How close one design is to a bound that it meets.

    Args:
        spec: with plain numbers.
        metrics: of one design, (1,) by name, in SI units.

    Returns:
        From 0, far away, to 1, on the bound.
    """
    value, ratios = float(metrics[spec.metric][0]), [0.0]
    if isinstance(spec.upper, float | int) and spec.upper > 0:
        ratios.append(value / spec.upper)
    if isinstance(spec.lower, float | int) and value > 0:
        ratios.append(spec.lower / value)
    return float(np.clip(np.nan_to_num(max(ratios)), 0.0, 1.0)) ** CLOSE


def _added(breakdowns: Weighed) -> dict[Move, float]:
    out: dict[Move, float] = {}
    for one, matters in breakdowns:
        for move, weight in _weighted(one).items():
            out[move] = out.get(move, 0.0) + matters * weight
    return out


def _weighted(b: Breakdown) -> dict[Move, float]:
    """Every move of one design, by the share of the metric that its resource or part holds."""
    names, sums = b.by("resource")
    total = float(np.abs(sums[0]).sum()) or 1.0
    shares = {p.name: abs(float(v)) / total for p, v in zip(b.parts, b.values[0])}
    shares |= {n: abs(float(v)) / total for n, v in zip(names, sums[0])}
    # a time that others hide behind may be a small part
    limit = b.binding[0]
    lifted = max(shares.get(limit, 0.0), 0.5)
    held = shares.get(limit) or 1.0
    for p in b.parts:
        if p.resource == limit and p.name != limit:
            shares[p.name] *= lifted / held
    shares[limit] = lifted
    out: dict[Move, float] = {}
    for key, moves in b.relief.items():
        share = float(shares.get(key, 0.0))
        for move in moves:
            out[move] = out.get(move, 0.0) + share / len(moves)
    return {move: weight for move, weight in out.items() if weight > 0}
