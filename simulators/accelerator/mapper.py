"""The mapper: a good mapping of a layer on an architecture, fast and always the same.

The search is deterministic (see ``search``): short descents from several spatial unrollings race, the
best goes to its end, and what is left of the effort anneals from there.  Compared with a random-pruned
search given a hundred times its CPU time by ``benchmarks/bench_accelerator.py``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError, UnknownNameError

from .architecture import LETTERS, Architecture
from .layers import Layer
from .layout import MOVES, OBJECTIVES, REUSE, TEMPORAL, TRAFFIC, N
from .mapping import Cost, Mapping, Refusal, evaluate_mapping, workspace
from .mapping_spaces import useful_factors

if TYPE_CHECKING:
    from .optimal.certificate import Certificate, FrontCertificate

MOST_TILINGS = 4_000_000  # of the level next to DRAM, by the objective dram-traffic
FAST, THOROUGH = 3200, 20_000  # evaluations per layer: inside a hardware search; on its own


@dataclass(frozen=True)
class Found:
    """A mapping, what it costs, how many mappings were looked at, and what is proved of it.

    No mapping is below ``bound`` (pJ, cycles or pJ cycles), so ``gap`` is how far this one may be above
    the best, as a share of its own. Both are of the certificate's space if there is one, else of what
    every mapping must cost (26 us, of 500 us that even the least effort takes). They are None for
    ``dram-traffic``. ``front`` is the whole front of energy and cycles, where it was asked for.
    """

    mapping: Mapping
    cost: Cost
    evaluations: int
    certificate: Certificate | None = None
    bound: float | None = None
    gap: float | None = None
    front: FrontCertificate | None = None


@lru_cache(maxsize=256)
def constraints(architecture: Architecture) -> tuple[NDArray[Any], ...]:
    """What the search may do on an architecture.

    Args:
        architecture: the machine.

    Returns:
        (dimensions that may be unrolled (L, 2, 8), children along x and y (L, 2), tensors that must be
        kept (L, 3), tensors that may be kept beyond those (L, 3), starts of the search (s, axes): the
        rank of the dimension on each axis).
    """
    must, may = architecture.keeps
    room = np.array([x.fanout for x in architecture.levels], np.int64)
    axes = int((room > 1).sum())
    picks = range({0: 1, 1: 6, 2: 5, 3: 3}.get(axes, 2))
    listed = list(itertools.product(picks, repeat=axes))
    starts = np.array(listed, np.int64).reshape(len(listed), axes)
    return architecture.spatial, room, must, may & ~must, starts


def problem_of(layer: Layer, architecture: Architecture, reuse: str) -> tuple[Any, ...]:
    """What the kernels search.

    Args:
        layer: its shape.
        architecture: the machine.
        reuse: the convention of reuse, one of ``layout.REUSE``.

    Returns:
        (dims (8,), strides and dilations (4,), the architecture's arrays, switches, pJ that all
        products cost at least).
    """
    switches = (REUSE.index(reuse), True)
    floor = layer.macs * energy_floor(architecture)
    return layer.dims, layer.geometry, architecture.arrays, switches, floor


@lru_cache(maxsize=256)
def energy_floor(architecture: Architecture) -> float:
    """Energy that every product costs at least: itself, and operands from levels of its own.

    Args:
        architecture: the machine.

    Returns:
        pJ per product.
    """
    out = architecture.mac_pj
    for letter, stored in zip(LETTERS, architecture.stored):
        for level in reversed(architecture.levels):
            if level.fanout != (1, 1):
                break
            if letter in level.must_keep:
                pj = level.update_pj if letter == "O" else level.read_pj
                out += pj * stored / level.block
                break
    return out


def find_mapping(
    layer: Layer,
    architecture: Architecture,
    *,
    objective: str = "energy-delay",
    effort: int = THOROUGH,
    reuse: str = "physical",
    moves: str = "joint",
    certify: bool = False,
    gap: float = 0.0,
    seconds: float = 10.0,
    within: float = 0.0,
    rounds: int | None = None,
    threads: int | None = None,
    front: bool = False,
) -> Found | Refusal:
    """The best mapping found with ``effort`` evaluations, or why even the smallest tiles do not fit.

    Args:
        layer: its shape.
        architecture: levels, fan-outs, and which dimensions may be unrolled where.
        objective: ``energy-delay``, ``energy``, ``delay`` or ``dram-traffic``.
        effort: mappings evaluated, about 0.5 us each; ``dram-traffic`` besides tries every tiling of
            the level next to DRAM (up to a second for a large layer).
        reuse: see :func:`mapping.evaluate_mapping`.
        moves: what annealing changes at a time: ``joint`` moves of several factors (see
            ``joint_moves``), or ``single`` ones, with which simulators and their records are mapped.
        certify: go on from there to a proved optimum (see ``optimal``); the mapping is then the best of
            the certified space, and ``certificate`` says what is proved.
        gap: how far above the optimum, as a share, the mapping of a certificate may be.
        seconds: CPU time after which a certificate says what is proved so far.
        within: how near to the best, as a share, the mapping is wanted. Where its gap is larger, the
            search goes on as with ``certify`` and this ``gap``, where it can; ``Found.gap`` says how near
            it got.
        rounds: work after which a certificate says what is proved so far, see ``optimal``; unlike
            ``seconds`` it gives the same answer on every machine.
        threads: of a certificate, which is the same for every number of them, see ``optimal``.
        front: with ``certify``, search all of energy and cycles: ``Found.front`` holds the points and what
            is proved of them, and the mapping is the point that is best by the objective.

    Returns:
        The mapping with its cost, or why none fits.

    Raises:
        UnknownNameError: no such objective, convention or kind of moves.
        ArchgymError: a certificate of an objective, machine or layer that there is none for.
    """
    from .scoring import score

    if within and objective == OBJECTIVES[TRAFFIC]:
        raise ArchgymError(f"within is for objectives that are certified, not for {objective}")
    if front and not certify:
        raise ArchgymError("front is of certificates: give certify=True with it, or leave it out")
    if not 0.0 <= within < 1.0:
        raise ArchgymError(f"within is a share from 0 to below 1, got {within!r}; 0.01 is 1 %")

    if objective not in OBJECTIVES:
        raise UnknownNameError("mapper objective", objective, OBJECTIVES)
    if reuse not in REUSE:
        raise UnknownNameError("reuse convention", reuse, REUSE)
    if moves not in MOVES:
        raise UnknownNameError("kind of moves", moves, MOVES)
    kind = MOVES.index(moves)
    goal, effort = OBJECTIVES.index(objective), max(1, int(effort))
    problem = problem_of(layer, architecture, reuse)
    if layer.N == 1:
        best, spent, mapping = _search(layer, architecture, problem, goal, kind, effort)
    else:  # the batch as a loop around one input's mapping bounds what searching it whole may find
        best, spent, mapping = _search(
            layer, architecture, problem, goal, kind, effort - effort // 2
        )
        alone = problem_of(replace(layer, N=1), architecture, reuse)
        _, more, one = _search(layer, architecture, alone, goal, kind, effort // 2)
        around, spent = _with_batch(one, layer.N), spent + more
        state = (around.factor, around.order, around.keep)
        if score(problem, state, goal, np.inf, workspace(len(architecture.levels))) < best:
            mapping = around
    cost = evaluate_mapping(layer, architecture, mapping, reuse=reuse)
    if isinstance(cost, Refusal):
        return cost
    # by name: no simulator's answer depends on them by default, so their sources are not among theirs
    above = import_module(".least", __package__).most_above(
        layer, architecture, cost, objective, reuse
    )
    bound = None if above is None else value_of(cost, objective) * (1.0 - above)
    plain = Found(mapping, cost, spent, None, bound, above)
    limits = {
        "gap": max(gap, within), "seconds": seconds, "rounds": rounds, "threads": threads,
        "moves": moves,
    }  # fmt: skip
    if certify:
        prove = _traced if front else _certified
        return prove(layer, architecture, objective, reuse, plain, limits)
    if not within or (above is not None and above <= within):
        return plain
    try:
        better = _certified(layer, architecture, objective, reuse, plain, limits)
    except (
        ArchgymError
    ):  # too many choices, or none of the space fits: the gap of ``plain`` says so
        return plain
    # a mapping outside of the certificate's space may cost less than all within it
    worse = value_of(better.cost, objective) > value_of(cost, objective)
    return plain if worse else better


def _certified(
    layer: Layer,
    architecture: Architecture,
    objective: str,
    reuse: str,
    plain: Found,
    limits: dict[str, Any],
) -> Found:
    """The best of the certified space, searched from a mapping on."""
    prove = import_module(".optimal.certifying", __package__).certify
    proof = prove(
        layer, architecture, objective=objective, reuse=reuse, start=plain.mapping, **limits
    )
    if proof is None:
        raise ArchgymError(_none_found(layer, architecture, limits["seconds"]))
    cost = evaluate_mapping(layer, architecture, proof.mapping, reuse=reuse)
    assert isinstance(cost, Cost)
    gap = 0.0 if proof.proved else proof.gap
    return Found(proof.mapping, cost, plain.evaluations, proof, proof.bound, gap)


def _traced(
    layer: Layer,
    architecture: Architecture,
    objective: str,
    reuse: str,
    plain: Found,
    limits: dict[str, Any],
) -> Found:
    """The front of the certified space, searched from the mappings of every objective on."""
    tracing = import_module(".optimal.tracing", __package__)
    if objective not in tracing.CERTIFIED:
        raise UnknownNameError("objective of a certificate", objective, tracing.CERTIFIED)
    others = [
        find_mapping(
            layer,
            architecture,
            objective=x,
            effort=plain.evaluations,
            reuse=reuse,
            moves=limits["moves"],
        )
        for x in tracing.CERTIFIED
        if x != objective
    ]
    starts = (plain.mapping, *(x.mapping for x in others if isinstance(x, Found)))
    front = tracing.certify_front(layer, architecture, reuse=reuse, starts=starts, **limits)
    if front is None:
        raise ArchgymError(_none_found(layer, architecture, limits["seconds"]))
    point, bound = front.least(objective)
    cost = evaluate_mapping(layer, architecture, point.mapping, reuse=reuse)
    assert isinstance(cost, Cost)
    gap = 0.0 if front.proved else 1.0 - bound / value_of(cost, objective)
    return Found(point.mapping, cost, plain.evaluations, None, bound, gap, front)


def _none_found(layer: Layer, architecture: Architecture, seconds: float) -> str:
    return (
        f"layer {layer.name!r} on {architecture.name}: no mapping within the fan-out of each level "
        f"was found in {seconds:g} s; give more time, or map without a certificate"
    )


def value_of(cost: Cost, objective: str) -> float:
    """What a mapping is worth.

    Args:
        cost: of the mapping.
        objective: ``energy``, ``delay`` or ``energy-delay``.

    Returns:
        pJ, cycles, or pJ cycles.
    """
    if objective == "energy":
        return cost.energy_pj
    return cost.cycles if objective == "delay" else cost.energy_pj * cost.cycles


def _search(
    layer: Layer, architecture: Architecture, problem: Any, goal: int, moves: int, effort: int
) -> tuple[float, int, Mapping]:
    from .search import search, sweep_tiles

    spatial, room, must, optional, starts = constraints(architecture)
    work = workspace(len(architecture.levels))
    best, spent, factor, order, keep = search(
        problem, goal, spatial, room, must, optional, starts, moves, effort, work
    )
    if goal == TRAFFIC and len(architecture.levels) > 1:
        for kept in (must, must | optional):
            swept, *tiles = sweep_tiles(problem, goal, _candidates(layer), kept, work)
            if swept < best:
                best, (factor, order), keep = swept, tiles, kept.copy()
    return best, int(spent), Mapping(factor, order, keep)


def _with_batch(mapping: Mapping, batch: int) -> Mapping:
    """The mapping of one input with the batch as its outermost loop."""
    factor, order = mapping.factor.copy(), mapping.order.copy()
    factor[0, TEMPORAL, N] = batch
    order[0] = [N, *(d for d in order[0] if d != N)]
    return Mapping(factor, order, mapping.keep)


def _candidates(layer: Layer) -> NDArray[np.int64]:
    """Tile sizes worth trying of each dimension, (8, most), rising, 0 where there are no more.

    Of more than ``MOST_TILINGS`` combinations every second size of the longest list goes, and so on;
    that depends on the layer alone, so a larger buffer still has every tiling of a smaller one.
    """
    lists = [useful_factors(int(n)) for n in layer.dims]
    while prod(map(len, lists)) > MOST_TILINGS:
        at = max(range(8), key=lambda d: len(lists[d]))
        lists[at] = (*lists[at][:-1:2], lists[at][-1])
    out = np.zeros((8, max(map(len, lists))), np.int64)
    for d, values in enumerate(lists):
        out[d, : len(values)] = values
    return out
