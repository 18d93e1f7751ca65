"""Hyperparameters to try: named grids, own grids, Sobol or random draws from the declared space."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..contracts.agent import Agent, GridPoint
from ..errors import ArchgymError

METHODS = ("sobol", "random")


def named_grid(agent: type[Agent], name: str) -> list[GridPoint]:
    """The points of one of an agent's own grids.

    Args:
        agent: its class.
        name: of the grid.

    Returns:
        Every point.
    """
    return agent.grid_points(name)


def own_grid(agent: type[Agent], axes: Mapping[str, Any]) -> list[GridPoint]:
    """Every combination of listed values.

    Args:
        agent: its class.
        axes: values by hyperparameter; a single value is a list of one.

    Returns:
        Every point.
    """
    lists = {k: v if isinstance(v, list) else [v] for k, v in axes.items()}
    points = []
    for values in itertools.product(*lists.values()):
        chosen = dict(zip(lists, values))
        full = agent.check_hyperparameters(chosen)
        points.append(GridPoint({k: full[k] for k in chosen}))
    return points


def drawn(agent: type[Agent], count: int, method: str = "sobol", seed: int = 0) -> list[GridPoint]:
    """The defaults, then draws from the agent's declared space, ``count`` in all and no two alike.

    A Sobol sequence fills the space evenly at any length (scrambled, ``scipy.stats.qmc``).  A
    space that holds fewer points gives all of them.

    Args:
        agent: its class.
        count: points in all, the defaults among them.
        method: ``sobol`` or ``random``.
        seed: of the draws.

    Returns:
        At most ``count`` points, no two alike.

    Raises:
        ArchgymError: a count below 1.
    """
    if count < 1:
        raise ArchgymError(f"draw at least 1 point, not {count}")
    space = agent.hyperparameters
    points = [GridPoint({})]
    if not len(space):
        return points
    seen = {_key(agent, {})}
    rng = np.random.default_rng(seed)
    for x in _batches(space.nvec, method, seed, rng, count):
        for hyperparameters in space.decode(x):
            if len(points) >= count:
                return points
            if _key(agent, hyperparameters) not in seen:
                seen.add(_key(agent, hyperparameters))
                points.append(GridPoint(hyperparameters))
    return points


def _batches(
    nvec: Any, method: str, seed: int, rng: np.random.Generator, count: int
) -> Sequence[Any]:
    total = int(np.prod(nvec.astype(float)).clip(max=1e9))
    if total <= 4 * count:  # a small space: all of it, in random order
        grid = np.array(list(itertools.product(*(range(int(n)) for n in nvec))), np.int64)
        return [grid[rng.permutation(len(grid))]]
    if method == "random":
        return [rng.integers(0, nvec, (8 * count, len(nvec)))]
    from scipy.stats import qmc

    exponent = int(np.ceil(np.log2(4 * count)))
    unit = qmc.Sobol(len(nvec), scramble=True, rng=seed).random_base2(exponent)
    return [np.minimum((unit * nvec).astype(np.int64), nvec - 1)]


def _key(agent: type[Agent], hyperparameters: Mapping[str, Any]) -> str:
    return repr(sorted(agent.check_hyperparameters(hyperparameters).items()))
