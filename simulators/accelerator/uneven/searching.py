"""The best nest found of a product on a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.errors import UnknownNameError

from ..architecture import Architecture
from ..layout import DIMENSIONS, OBJECTIVES, TRAFFIC
from .annealing import anneal
from .counting import workspace
from .evaluating import UnevenCost, arrays_of, evaluate_nest
from .nest import Items
from .product import Product

RUNS = 8  # of each length, every one from the start
SEARCHED = tuple(x for i, x in enumerate(OBJECTIVES) if i != TRAFFIC)


@dataclass(frozen=True)
class FoundNest:
    """The best nest of a search.

    Attributes:
        items: (n, 4), see :mod:`nest`.
        cost: what it costs.
        evaluated: nests that were evaluated.
    """

    items: Items
    cost: UnevenCost
    evaluated: int

    def value(self, objective: str) -> float:
        """What was minimised, see :func:`value_of`.

        Args:
            objective: one of ``SEARCHED``.

        Returns:
            The figure.
        """
        return value_of(objective, self.cost.energy_pj, self.cost.cycles)


def value_of(objective: str, energy_pj: float, cycles: float) -> float:
    """What is minimised.

    Args:
        objective: one of ``SEARCHED``.
        energy_pj: of a nest.
        cycles: of a nest.

    Returns:
        pJ, cycles, or their product.
    """
    if objective == "energy":
        return energy_pj
    if objective == "delay":
        return cycles
    return energy_pj * cycles


def find_nest(
    product: Product,
    machine: Architecture,
    *,
    objective: str = "energy-delay",
    effort: int = 400_000,
    ordered: bool = False,
    seed: int = 0,
    enough: float = 0.0,
) -> FoundNest | None:
    """Search nests of whole factors, uneven ones included, by simulated annealing.

    Nothing is proved of what is found.  A larger effort does what a smaller one does and goes on.

    Args:
        product: what is computed.
        machine: on what.
        objective: one of ``SEARCHED``.
        effort: nests to evaluate.
        ordered: whether every holder of an outer level stands outside every holder of an inner one, which is
            AccelForge's default.
        seed: of the random moves.
        enough: the search ends where a nest is as good as this (pJ, cycles, or their product).

    Returns:
        The best nest; None where not even single words fit.

    Raises:
        UnknownNameError: an unknown objective.
    """
    if objective not in SEARCHED:
        raise UnknownNameError("objective", objective, SEARCHED)
    best: FoundNest | None = None
    kernel_arguments = _kernel_arguments(product, machine)
    spent, run = 0, 0
    while spent < effort:
        # runs grow: eight of each length, so that what a smaller effort does is a part of a larger one's
        steps = 2_000 * 4 ** (run // RUNS)
        spent += steps
        items = _one_run(
            product, machine, kernel_arguments, objective, steps, ordered, 1_000_003 * seed + run
        )
        found = FoundNest(items, evaluate_nest(items, product, machine), spent)
        run += 1
        if not found.cost.fits:
            return None
        if best is None or found.value(objective) < best.value(objective):
            best = found
        best = FoundNest(best.items, best.cost, spent)
        if best.value(objective) <= enough:
            break
    return best


def _kernel_arguments(product: Product, machine: Architecture) -> tuple[Any, ...]:
    """What all runs of a search share: problem, working room and plan, see :func:`annealing.anneal`."""
    extents, coefficients = product.arrays
    must, may = machine.keeps
    fanout = np.array([x.fanout for x in machine.levels], np.int64)
    optional = may & ~must
    optional[0] = False
    problem = (extents, coefficients, arrays_of(machine))
    work = workspace(len(must), len(coefficients), len(extents))
    return problem, work, (fanout, _spatial(product, machine), optional)


def _one_run(
    product: Product,
    machine: Architecture,
    kernel_arguments: tuple[Any, ...],
    objective: str,
    steps: int,
    ordered: bool,
    seed: int,
) -> Items:
    extents, _ = product.arrays
    must, _ = machine.keeps
    problem, work, plan = kernel_arguments
    state, last = _start(extents, must), _start(extents, must)
    room = 3 + len(state[0]) + state[2].size + state[4].size
    best, items = np.zeros((room, 4), np.int64), np.zeros((room, 4), np.int64)
    length = anneal(
        state, last, best, items, problem, work, plan, OBJECTIVES.index(objective), ordered, steps,
        np.array([seed], np.int64),
    )  # fmt: skip
    return best[:length].copy()


def _start(extents: Any, must: Any) -> tuple[Any, ...]:
    """All loops after the homes, and only those holders that must be there: whatever fits, this does."""
    levels = len(must)
    most = (levels - 1) * must.shape[1]
    holders = np.zeros((max(1, most), 2), np.int64)
    needed = [(level, t) for level in range(1, levels) for t in np.flatnonzero(must[level])]
    holders[: len(needed)] = np.array(needed, np.int64).reshape(-1, 2)
    gaps = np.ones((len(holders) + 1, len(extents)), np.int64)
    gaps[0] = extents
    order = np.tile(np.arange(len(extents)), (len(gaps), 1))
    unrolled = np.ones((levels, 2, len(extents)), np.int64)
    return holders, np.array([len(needed)]), gaps, order, unrolled


def _spatial(product: Product, machine: Architecture) -> Any:
    """(L, 2, D): what may be unrolled; dimensions that are no layer's may be everywhere."""
    out = np.ones((len(machine.levels), 2, len(product.extents)), np.bool_)
    for i, d in enumerate(product.dimensions):
        if d in DIMENSIONS:
            out[:, :, i] = machine.spatial[:, :, DIMENSIONS.index(d)]
    return out
