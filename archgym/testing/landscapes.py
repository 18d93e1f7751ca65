"""Small design spaces with known optima, to try agents on.

``bowl`` is separable; ``rugged`` couples neighbouring parameters; ``specs`` jumps by decades where a
constraint-like quantity is exceeded; ``needle`` has no structure at all: nothing can beat random
search there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space import Designs, DesignSpace, categorical, ordinal, powers_of_two

Cost = Callable[[Designs], NDArray[np.float64]]


@dataclass(frozen=True)
class Landscape:
    """A space, a cost (n,) and the cost of its optimum."""

    name: str
    space: DesignSpace
    cost: Cost
    optimum: float


def architecture_like() -> DesignSpace:
    """Ten knobs of the kinds architects have: 2.9 million designs."""
    return DesignSpace(
        (
            categorical("policy", ("a", "b", "c", "d")),
            categorical("scheduler", ("x", "y", "z")),
            ordinal("size", powers_of_two(1, 128), scale="log"),
            ordinal("ways", (1, 2, 4, 8)),
            ordinal("buffers", tuple(range(1, 9))),
            ordinal("width", powers_of_two(8, 256), scale="log"),
            categorical("prefetch", (False, True)),
            ordinal("depth", tuple(range(1, 6))),
            ordinal("ports", (1, 2, 3, 4)),
            categorical("topology", ("ring", "mesh", "bus")),
        )
    )


def _distance(space: DesignSpace, target: Designs) -> Callable[[Designs], NDArray[np.float64]]:
    ordered = np.array([p.kind == "ordinal" for p in space.parameters])
    span = np.maximum(space.nvec - 1, 1)

    def distance(x: Designs) -> NDArray[np.float64]:
        return np.where(ordered, np.abs(x - target) / span, (x != target) * 1.0)

    return distance


def bowl(seed: int = 0) -> Landscape:
    """Sum of each parameter's distance from the optimum.

    Args:
        seed: draws the optimum.

    Returns:
        The landscape; its least cost is 0.
    """
    space = architecture_like()
    distance = _distance(space, space.sample(1, np.random.default_rng(seed))[0])
    return Landscape("bowl", space, lambda x: distance(x).sum(axis=1), 0.0)


def rugged(seed: int = 0) -> Landscape:
    """The bowl with couplings: two parameters off together cost more than each alone.

    Args:
        seed: draws optimum and weights.

    Returns:
        The landscape; its least cost is 0.
    """
    space = architecture_like()
    rng = np.random.default_rng(seed)
    distance = _distance(space, space.sample(1, rng)[0])
    weight = rng.uniform(0.3, 2.0, len(space))

    def cost(x: Designs) -> NDArray[np.float64]:
        d = distance(x) * weight
        return d.sum(axis=1) + 2 * np.sqrt(d * np.roll(d, 1, axis=1)).sum(axis=1)

    return Landscape("rugged", space, cost, 0.0)


def specs(seed: int = 0) -> Landscape:
    """The bowl, plus 100 where the first five parameters are too far from their optimum.

    Args:
        seed: draws the optimum.

    Returns:
        The landscape; its least cost is 0.
    """
    space = architecture_like()
    distance = _distance(space, space.sample(1, np.random.default_rng(seed))[0])

    def cost(x: Designs) -> NDArray[np.float64]:
        d = distance(x)
        over = np.maximum(d[:, :5].sum(axis=1) - 1.0, 0)
        return np.where(over > 0, 100 + over, d.sum(axis=1))

    return Landscape("specs", space, cost, 0.0)


def needle(seed: int = 0) -> Landscape:
    """One design costs 0, every other 1.

    Args:
        seed: draws the design.

    Returns:
        The landscape; its least cost is 0.
    """
    space = DesignSpace(tuple(ordinal(f"p{i}", tuple(range(6))) for i in range(5)))
    target = space.sample(1, np.random.default_rng(seed))[0]
    return Landscape("needle", space, lambda x: (x != target).any(axis=1) * 1.0, 0.0)


STRUCTURED = (bowl, rugged, specs)


def best_found(
    agent_class: Callable[..., object],
    landscape: Landscape,
    budget: int,
    seed: int,
    **hyper: object,
) -> float:
    """The least cost an agent finds within a budget, asked in the batches it likes.

    Args:
        agent_class: makes an agent from a space, ``seed``, ``budget`` and hyperparameters.
        landscape: that is searched.
        budget: evaluations.
        seed: of the agent.
        hyper: hyperparameters by name.

    Returns:
        The cost, without unit.
    """
    agent = agent_class(landscape.space, seed=seed, budget=budget, **hyper)
    best, done = np.inf, 0
    while done < budget:
        n = min(agent.batch, budget - done)  # type: ignore[attr-defined]
        x = agent.ask(n)  # type: ignore[attr-defined]
        cost = landscape.cost(x)
        agent.tell(x, cost)  # type: ignore[attr-defined]
        best, done = min(best, float(cost.min())), done + n
    return best
