"""Many free draws at once: designs with a few knobs drawn anew."""

from __future__ import annotations

import numpy as np

from archgym.space import Designs, DesignSpace

INHERITED, NEAR = 0.5, 0.25  # of the knobs: from a good design, one step away; else at random


def redrawn(
    space: DesignSpace,
    parent: Designs,
    good: Designs,
    reach: int,
    count: int,
    rng: np.random.Generator,
) -> Designs:
    """Designs like one, with a few knobs as in good designs, one step away, or at random.

    Args:
        space: of the designs.
        parent: (d,) value indices.
        good: designs (m, d) to take values from.
        reach: knobs that change at most.
        count: how many are drawn.
        rng: draws.

    Returns:
        Those of ``count`` designs that keep the constraints, (n, d); some may be alike.
    """
    d = len(parent)
    out = np.repeat(parent[None], count, axis=0)
    changed = rng.integers(1, reach + 1, count)
    place = rng.random((count, d)).argsort(axis=1).argsort(axis=1)
    inherited = good[rng.integers(len(good), size=(count, d)), np.arange(d)]
    near = np.clip(out + rng.choice([-1, 1], (count, d)), 0, space.nvec - 1)
    anywhere = rng.integers(0, space.nvec, (count, d))
    kind = rng.random((count, d))
    fresh = np.where(kind < INHERITED, inherited, np.where(kind < INHERITED + NEAR, near, anywhere))
    out = np.where(place < changed[:, None], fresh, out)
    return out[space.is_valid(out)]
