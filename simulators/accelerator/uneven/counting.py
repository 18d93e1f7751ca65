"""Words, energy, cycles and space of a nest, by AccelForge's counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import compiled
from .nest import HOLD, LOOP, UNROLL


def workspace(levels: int, tensors: int, dimensions: int) -> tuple[Any, ...]:
    """The arrays that the kernels fill.

    Args:
        levels: L of the machine.
        tensors: T of the product.
        dimensions: D of the product.

    Returns:
        counts (L + 1, T, 2) words read and written by all instances, level L being the multipliers; held
        (L, T) words of one instance; finished (L, 2) outputs read and written that are complete sums; and
        what the kernels need on the way: unrolled iterations (L, D), iterations outside (D,), extents inside
        (D,), dimensions that move a tensor (D,), instances (L + 1,).
    """
    return (
        np.empty((levels + 1, tensors, 2)),
        np.empty((levels, tensors), np.int64),
        np.empty((levels, 2)),
        np.empty((levels, dimensions), np.int64),
        np.empty(dimensions, np.int64),
        np.empty(dimensions, np.int64),
        np.empty(dimensions, np.bool_),
        np.empty(levels + 1),
    )


@compiled
def tile_words(coefficients, extents):
    """Words that a box of extents touches of one tensor.

    Args:
        coefficients: (A, D) of the tensor.
        extents: (D,).

    Returns:
        Words.
    """
    words = 1
    for a in range(coefficients.shape[0]):
        side = 1
        for d in range(coefficients.shape[1]):
            side += coefficients[a, d] * (extents[d] - 1)
        words *= side
    return words


@compiled
def relation(coefficients, extents, dimension):
    """How a step of a dimension moves a tensor's tile.

    Args:
        coefficients: (A, D) of the tensor.
        extents: (D,) of the whole product.
        dimension: whose loop steps.

    Returns:
        0 not at all, 1 by a whole tile, 2 a window that overlaps the one before.
    """
    for a in range(coefficients.shape[0]):
        if coefficients[a, dimension] > 0:
            movers = 0
            for d in range(coefficients.shape[1]):
                if coefficients[a, d] > 0 and extents[d] > 1:
                    movers += 1
            return 2 if movers > 1 else 1
    return 0


@compiled
def held_words(items, at, extents, coefficients, inside):
    """Words that a holder needs: its tile, less what the loops directly below it bring one by one.

    Args:
        items: (n, 4).
        at: which item the holder is.
        extents: (D,) of the whole product.
        coefficients: (A, D) of the held tensor.
        inside: (D,) extents of the tile; overwritten.

    Returns:
        Words.
    """
    j = at + 1
    while j < len(items) and items[j, 0] == HOLD and items[j, 3] == items[at, 3]:
        j += 1
    while j < len(items) and items[j, 0] == LOOP:
        if items[j, 2] > 1:
            moves = relation(coefficients, extents, items[j, 1])
            if moves == 0:
                break
            inside[items[j, 1]] //= items[j, 2]
            if moves == 2:
                break
        j += 1
    return tile_words(coefficients, inside)


@compiled
def count_words(items, extents, coefficients, work):
    """Words read and written by all instances of every level, and words held by one instance.

    Args:
        items: (n, 4).
        extents: (D,).
        coefficients: (T, A, D).
        work: of :func:`workspace`; ``counts``, ``held`` and ``finished`` are filled.

    Returns:
        Product of all temporal iterations.
    """
    counts, held, finished, spread, before, inside, moved, _ = work
    levels, tensors, dims = held.shape[0], held.shape[1], len(extents)
    counts[:] = 0.0
    held[:] = 0
    spread[:] = 1
    temporal = 1.0
    for i in range(len(items)):
        if items[i, 0] == UNROLL:
            spread[items[i, 3] // 2, items[i, 1]] *= items[i, 2]
        elif items[i, 0] == LOOP:
            temporal *= items[i, 2]
    for t in range(tensors):
        shape = coefficients[t]
        for d in range(dims):
            moved[d] = False
            for a in range(shape.shape[0]):
                moved[d] = moved[d] or shape[a, d] > 0
        before[:] = 1
        parent = -1
        for i in range(len(items) + 1):
            if i < len(items):
                if items[i, 0] == LOOP:
                    before[items[i, 1]] *= items[i, 2]
                    continue
                if items[i, 0] == UNROLL or items[i, 2] != t:
                    continue
                level = items[i, 1]
            else:
                level = levels
            passes, distinct, unrolled, shared = 1.0, 1.0, 1.0, 1.0
            for d in range(dims):
                passes *= before[d]
                if moved[d]:
                    distinct *= before[d]
                inside[d] = extents[d] // before[d]
                for outer in range(level):
                    inside[d] //= spread[outer, d]
                    unrolled *= spread[outer, d]
                    if moved[d] or outer < parent:
                        shared *= spread[outer, d]
            words = 1.0 if level == levels else float(tile_words(shape, inside))
            if parent >= 0:
                down, up = words * passes * unrolled, words * passes * shared
                if t == tensors - 1:
                    counts[parent, t, 0] += up - words * distinct * shared
                    counts[parent, t, 1] += up
                    counts[level, t, 1] += down - words * distinct * unrolled
                    counts[level, t, 0] += down  # a drain is a read of the child
                else:
                    counts[parent, t, 0] += up
                    counts[level, t, 1] += down
            if level < levels:
                if parent < 0:  # the home holds its whole tile
                    held[level, t] = tile_words(shape, inside)
                else:
                    held[level, t] = held_words(items, i, extents, shape, inside)
            parent = level
    count_finished(items, extents, coefficients, spread, finished)
    return temporal


@compiled
def count_finished(items, extents, coefficients, spread, finished):
    """Outputs that arrive at a level, or leave it, as complete sums.

    Sums are complete when they leave the innermost level that holds outputs for the last time, and all lanes
    that share a reduction are added up. From there on each output moves outwards once.

    Args:
        items: (n, 4).
        extents: (D,).
        coefficients: (T, A, D).
        spread: (L, D) iterations unrolled over the children of each level.
        finished: (L, 2), overwritten: outputs read and written by all instances.
    """
    finished[:] = 0.0
    output = len(coefficients) - 1
    words = float(tile_words(coefficients[output], extents))
    # lanes over the children of levels before `whole` compute different outputs
    whole, reduces = 0, False
    while whole < len(spread):
        for d in range(len(extents)):
            reduces = reduces or (spread[whole, d] > 1 and not coefficients[output, :, d].any())
        if reduces:
            break
        whole += 1
    outside, level = -1, -1
    for i in range(len(items)):
        if items[i, 0] != HOLD or items[i, 2] != output:
            continue
        # one more holder further inside: what goes up from it to `level` are sums from a memory
        if 0 <= level <= whole:
            finished[level, 1] = words
            if outside >= 0:
                finished[level, 0] = words
        outside, level = level, items[i, 1]


@compiled
def count_instances(items, used):
    """Instances in use of every level and of the multipliers.

    Args:
        items: (n, 4).
        used: (L + 1,), filled.
    """
    used[:] = 1.0
    for i in range(len(items)):
        if items[i, 0] == UNROLL:
            for level in range(items[i, 3] // 2 + 1, len(used)):
                used[level] *= items[i, 2]


@compiled
def cost(items, extents, coefficients, arch, work):
    """Energy, cycles and the first level whose capacity is exceeded.

    Args:
        items: (n, 4).
        extents: (D,).
        coefficients: (T, A, D).
        arch: (read_pj (L,), write_pj (L,), size_bits (L,), word bits (T,), rates (L, 3) in bits a cycle of
            reads, writes and both, mac_pj, bits by which a finished output is narrower than a sum).
        work: of :func:`workspace`; ``counts``, ``held`` and ``finished`` are filled.

    Returns:
        (pJ, cycles, level or -1).
    """
    read_pj, write_pj, size, bits, rates, mac_pj, narrower = arch
    counts, held, finished, used = work[0], work[1], work[2], work[7]
    cycles = count_words(items, extents, coefficients, work)
    count_instances(items, used)
    pj = mac_pj
    for d in range(len(extents)):
        pj *= extents[d]
    full = -1
    for level in range(len(size)):
        needed, read, write = 0.0, 0.0, 0.0
        for t in range(len(bits)):
            needed += held[level, t] * bits[t]
            pj += counts[level, t, 0] * read_pj[level] + counts[level, t, 1] * write_pj[level]
            read += counts[level, t, 0] * bits[t]
            write += counts[level, t, 1] * bits[t]
        read -= finished[level, 0] * narrower
        write -= finished[level, 1] * narrower
        if needed > size[level] and full < 0:
            full = level
        cycles = max(
            cycles,
            read / used[level] / rates[level, 0],
            write / used[level] / rates[level, 1],
            (read + write) / used[level] / rates[level, 2],
        )
    return pj, cycles, full
