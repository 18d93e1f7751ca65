"""The mapper: a good mapping of a layer on an architecture, fast and always the same.

The search is deterministic (see ``search``): short descents from several spatial unrollings race, the
best goes to its end, and what is left of the effort anneals from there.  Compared with a random-pruned
search given a hundred times its CPU time by ``benchmarks/bench_accelerator.py``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError

from .architecture import Architecture
from .layers import Layer
from .layout import REUSE
from .mapping import Cost, Mapping, Refusal, evaluate_mapping, workspace

FAST, THOROUGH = 3200, 20_000  # evaluations a layer: inside a hardware search; on its own


@dataclass(frozen=True)
class Found:
    """A mapping, what it costs, and how many mappings were looked at."""

    mapping: Mapping
    cost: Cost
    evaluations: int


@lru_cache(maxsize=256)
def constraints(architecture: Architecture) -> tuple[NDArray[Any], ...]:
    """(spatial (L, 2, 8), room (L, 2), must keep (L, 3), may keep beyond that (L, 3), starts (s, axes))."""
    must, may = architecture.keeps()
    room = np.array([x.fanout for x in architecture.levels], np.int64)
    axes = int((room > 1).sum())
    picks = range({0: 1, 1: 6, 2: 4, 3: 3}.get(axes, 2))
    starts = np.array(list(itertools.product(picks, repeat=axes)), np.int64).reshape(-1, axes)
    return architecture.spatial(), room, must, may & ~must, starts


def find_mapping(
    layer: Layer,
    architecture: Architecture,
    *,
    objective: str = "energy-delay",
    effort: int = THOROUGH,
    reuse: str = "physical",
) -> Found | Refusal:
    """The best mapping found with ``effort`` evaluations, or why even the smallest tiles do not fit.

    Args:
        layer: its shape.
        architecture: levels, fan-outs, and which dimensions may be unrolled where.
        objective: ``energy-delay``, ``energy``, ``delay`` or ``dram-traffic``.
        effort: mappings evaluated; about 1.2 us each.
        reuse: see :func:`mapping.evaluate_mapping`.
    """
    from .search import OBJECTIVES, search

    if objective not in OBJECTIVES:
        raise UnknownNameError("mapper objective", objective, OBJECTIVES)
    if reuse not in REUSE:
        raise UnknownNameError("reuse convention", reuse, REUSE)
    spatial, room, must, optional, starts = constraints(architecture)
    problem = (layer.dims, layer.geometry, architecture.arrays(), (REUSE.index(reuse), True))
    best, spent, factor, order, keep = search(
        problem, OBJECTIVES.index(objective), spatial, room, must, optional, starts,
        max(1, int(effort)), workspace(len(architecture.levels)),
    )  # fmt: skip
    mapping = Mapping(factor, order, keep)
    cost = evaluate_mapping(layer, architecture, mapping, reuse=reuse)
    return cost if isinstance(cost, Refusal) else Found(mapping, cost, int(spent))
