"""Random mappings with perfect factors, as Timeloop's random-pruned mapper draws them.

They are the baseline of the mapper. Every prime factor of a dimension goes to a slot that is drawn
uniformly from those allowed. A mapping whose spatial slots overflow their axis is drawn again.
Orders and optional tensors are drawn uniformly.
"""

from __future__ import annotations

import time

import numpy as np

from .architecture import Architecture
from .compiled import compiled
from .layers import Layer
from .layout import OBJECTIVES
from .mapper import constraints, problem_of
from .mapping import Mapping, workspace
from .scoring import score


@compiled
def draw(dims, spatial, room, must, optional, factor, order, keep, rng):
    """One random mapping.

    Args:
        dims: (8,) int64, the layer's extents.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        must: (L, 3) bool, tensors that a level must keep.
        optional: (L, 3) bool, tensors that it may keep beyond those.
        factor: (L, 3, 8) int64, filled.
        order: (L, 8) int64, filled.
        keep: (L, 3) bool, filled.
        rng: a NumPy generator.

    Returns:
        Whether its unrolling fits the axes; where not, order and keep are not filled.
    """
    levels = must.shape[0]
    factor[:] = 1
    for d in range(8):
        rest, p = dims[d], 2
        while rest > 1:
            if p * p > rest:
                p = rest
            if rest % p:
                p += 1
                continue
            rest //= p
            while True:
                slot = rng.integers(0, 3 * levels)
                level, kind = slot // 3, slot % 3
                if kind == 0 or (room[level, kind - 1] > 1 and spatial[level, kind - 1, d]):
                    factor[level, kind, d] *= p
                    break
    for level in range(levels):
        for kind in (1, 2):
            used = 1
            for d in range(8):
                used *= factor[level, kind, d]
            if used > room[level, kind - 1]:
                return False
        for d in range(8):
            order[level, d] = d
        for d in range(7, 0, -1):
            other = rng.integers(0, d + 1)
            order[level, d], order[level, other] = order[level, other], order[level, d]
        for t in range(3):
            keep[level, t] = must[level, t] or (optional[level, t] and rng.random() < 0.5)
    return True


@compiled
def random_mappings(problem, objective, spatial, room, must, optional, n, rng, best, work):
    """The best of ``n`` draws that fit their axes.

    Args:
        problem: what ``mapper.problem_of`` makes.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        must: (L, 3) bool, tensors that a level must keep.
        optional: (L, 3) bool, tensors that it may keep beyond those.
        n: draws.
        rng: a NumPy generator.
        best: a score that is known; draws are compared with it.
        work: the arrays of ``mapping.workspace``.

    Returns:
        (score, factor, order, keep).
    """
    levels = must.shape[0]
    factor, order = np.ones((levels, 3, 8), np.int64), np.empty((levels, 8), np.int64)
    keep = must.copy()
    best_factor, best_order, best_keep = factor.copy(), order.copy(), keep.copy()
    tried = 0
    while tried < n:
        if not draw(problem[0], spatial, room, must, optional, factor, order, keep, rng):
            continue
        tried += 1
        new = score(problem, (factor, order, keep), objective, best, work)
        if new < best:
            best = new
            best_factor[:], best_order[:], best_keep[:] = factor, order, keep
    return best, best_factor, best_order, best_keep


def random_search(
    layer: Layer,
    architecture: Architecture,
    seconds: float,
    *,
    objective: str = "energy-delay",
    reuse: str = "physical",
    seed: int = 0,
) -> tuple[float, Mapping, int]:
    """The best random mapping that is found within a time.

    Args:
        layer: its shape.
        architecture: the machine.
        seconds: wall-clock time.
        objective: one of ``layout.OBJECTIVES``.
        reuse: one of ``layout.REUSE``.
        seed: of the draws.

    Returns:
        (score, mapping, mappings tried).
    """
    spatial, room, must, optional, _ = constraints(architecture)
    problem = problem_of(layer, architecture, reuse)
    work = workspace(len(architecture.levels))
    best, tried, found = np.inf, 0, None
    rng = np.random.default_rng(seed)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        block = 2000
        new, *mapping = random_mappings(
            problem, OBJECTIVES.index(objective), spatial, room, must, optional, block, rng, best,
            work,
        )  # fmt: skip
        tried += block
        if new < best or found is None:
            best, found = new, Mapping(*mapping)
    assert found is not None
    return float(best), found, tried
