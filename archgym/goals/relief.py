"""From explanations to designs: steps of single knobs that should relieve what limits a design."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..contracts.evaluation import Floats
from ..contracts.explanation import Breakdown, Move, moved
from ..space import Designs, DesignSpace


def relief(
    space: DesignSpace, design: Designs, breakdowns: Iterable[tuple[Breakdown, float]]
) -> tuple[Designs, Floats]:
    """Moved designs (k, d) and their weights (k,); see ``Feedback.relieve``.

    Args:
        space: of the design; moves of knobs that it lacks are left out.
        design: value indices (d,).
        breakdowns: of the design, one per metric that matters, and how much it does.

    Returns:
        Designs (k, d), value indices, and their weights (k,), without unit.
    """
    weights: dict[Move, float] = {}
    for breakdown, matters in breakdowns:
        for move, weight in _weighted(breakdown).items():
            weights[move] = weights.get(move, 0.0) + matters * weight
    known = set(space.names)
    designs, worth = [], []
    for move, weight in weights.items():
        there = moved(space, design, [move]) if move.knob in known else design[None][:0]
        designs.append(there)
        worth += [weight / max(1, len(there))] * len(there)
    if not worth:
        return design[None][:0], np.empty(0)
    return np.concatenate(designs), np.array(worth)


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
