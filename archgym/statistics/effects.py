"""Exact variance decomposition of a function on a full grid (Sobol indices, functional ANOVA).

Every value of every parameter is equally likely.  With the whole grid at hand the indices are
finite sums: no sampling, no confidence interval.  Sobol, Mathematics and Computers in Simulation
55 (2001), doi 10.1016/S0378-4754(00)00270-6; Hutter et al., ICML 2014 (functional ANOVA).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts.evaluation import Floats
from ..errors import ArchgymError


@dataclass(frozen=True)
class Effects:
    """Shares of the variance: ``main`` (d,), ``total`` (d,), ``pairs`` of two together beyond their mains."""

    names: tuple[str, ...]
    main: Floats
    total: Floats
    pairs: dict[tuple[str, str], float]
    variance: float


def exact_effects(values: Floats, names: Sequence[str], shape: Sequence[int]) -> Effects:
    """The effects of a function given on the whole grid, (product of ``shape``,) in its order.

    A constant function has no variance to share: all effects are 0.

    Args:
        values: (product of ``shape``,), the last name moving fastest.
        names: one for each axis of the grid.
        shape: how many values each name has.

    Returns:
        Main and total effects by name, and interactions by pair, as shares of the variance.

    Raises:
        ArchgymError: not a value for every point, or a value that is not finite.
    """
    grid = np.asarray(values, np.float64)
    if grid.size != int(np.prod(shape)) or not np.isfinite(grid).all():
        raise ArchgymError(
            f"exact effects need a finite value for each of the {int(np.prod(shape)):,} points of the grid"
        )
    moving = [i for i, size in enumerate(shape) if size > 1]
    grid = grid.reshape([shape[i] for i in moving])
    grid = grid - grid.mean()
    variance = float((grid**2).mean())
    main, total = np.zeros(len(names)), np.zeros(len(names))
    # rounding alone leaves a variance of about (machine epsilon x size)^2
    if variance <= 1e-28 * max(1.0, float(np.abs(values).max()) ** 2):
        return Effects(tuple(names), main, total, {}, 0.0)
    axes = range(len(moving))
    alone: list[Floats] = []
    for axis, i in enumerate(moving):
        mean = grid.mean(axis=tuple(k for k in axes if k != axis))
        alone.append(mean)
        main[i] = (mean**2).mean() / variance
        total[i] = grid.var(axis=axis).mean() / variance
    pairs = {}
    for a, b in itertools.combinations([k for k in axes if total[moving[k]] > 1e-12], 2):
        both = grid.mean(axis=tuple(k for k in axes if k not in (a, b)))
        both = both - alone[a][:, None] - alone[b][None, :]
        pairs[names[moving[a]], names[moving[b]]] = float((both**2).mean()) / variance
    return Effects(tuple(names), main, total, pairs, variance)
