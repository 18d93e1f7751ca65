"""Energy and time of a mapping whose words are counted: pJ and clock cycles."""

from __future__ import annotations

import numpy as np

from .compiled import borrowing
from .counting import asked, computing_cycles, count_tensor
from .layout import (
    DELAY, ENERGY, ENERGY_DELAY, FILL, FINISHED, INPUTS, OK, OUTPUTS, READ, UPDATE, WEIGHTS,
)  # fmt: skip
from .nest import check, unfold

ROUNDING = 1e-6  # of an access: what rounding of words may add to whole ones
UNSURE = 1e-9  # share by which a partial sum of energies may be rounded otherwise than the whole
TURNS = np.array([WEIGHTS, OUTPUTS, INPUTS], np.int64)


@borrowing
def tensor_energy(t, used, counts, energy, block, table):
    """Energy of one tensor by level; accesses are rounded up to whole blocks.

    Args:
        t: the tensor.
        used: (L + 1,) instances in use.
        counts: (L, 3, 3) words read, filled and updated per level, tensor and instance.
        energy: (L, 3, 3) pJ per access, by level, tensor and kind of access.
        block: (L, 3) words per access.
        table: (L, 3), its column ``t`` filled with pJ.

    Returns:
        The sum of the column in pJ.
    """
    total = 0.0
    for level in range(counts.shape[0]):
        pj = 0.0
        for a in range(3):
            if counts[level, t, a] > 0:
                accesses = counts[level, t, a]
                if block[level, t] != 1.0:
                    accesses /= block[level, t]
                pj += np.ceil(accesses - ROUNDING) * energy[level, t, a]
        table[level, t] = used[level] * pj
        total += table[level, t]
    return total


@borrowing
def total_of(table):
    """The sum of an energy table.

    Args:
        table: (L, 3) pJ by level and tensor.

    Returns:
        pJ, added up level by level.
    """
    total = 0.0
    for level in range(table.shape[0]):
        for t in range(3):
            total += table[level, t]
    return total


@borrowing
def energies(used, counts, energy, block, table):
    """Energy by level and tensor.

    Args:
        used: see :func:`tensor_energy`.
        counts: see :func:`tensor_energy`.
        energy: see :func:`tensor_energy`.
        block: see :func:`tensor_energy`.
        table: (L, 3), filled with pJ.

    Returns:
        The sum of the table in pJ.
    """
    for t in range(3):
        tensor_energy(t, used, counts, energy, block, table)
    return total_of(table)


@borrowing
def narrowed(counts, bits, level):
    """Bits by which a level's outputs are fewer, since finished sums arrive narrower than others.

    Of the sums that come up to a level, the last of each output is finished. The sums of the
    multipliers themselves are not.

    Args:
        counts: (L, 3, 3) words read, filled and updated per level, tensor and instance.
        bits: (L, 4) bits per word of weights, inputs, sums and finished outputs.
        level: the level to which the outputs come.

    Returns:
        Bits of one instance over the whole run; 0.0 where nothing is narrower.
    """
    if bits[level, FINISHED] != bits[level, OUTPUTS]:
        for inner in range(level + 1, counts.shape[0]):
            if counts[inner, OUTPUTS, UPDATE] > 0:
                finished = counts[level, OUTPUTS, UPDATE] - counts[level, OUTPUTS, READ]
                return finished * (bits[level, OUTPUTS] - bits[level, FINISHED])
    return 0.0


@borrowing
def first_and_last(keep, volume, spread, bits, bandwidth, network, alone):
    """Cycles before the first product and after the last.

    The first tiles go down level by level. All children of an instance are served through its
    ports. Finished outputs leave while others are computed, so what is left at the end is the
    innermost tile on its way up.

    Args:
        keep: (L, 3) whether a level keeps a tensor.
        volume: (L, 3) words of each tile.
        spread: (L, 3) different tiles that the next keeping level outside hands out.
        bits: (L, 4) bits per word.
        bandwidth: (L, 3) bits per cycle and instance: reads, writes, both together.
        network: (L,) bits per cycle on the way into a level.
        alone: (L, 2), filled with the bits that each instance reads and writes in that time, for which
            nothing else competes.

    Returns:
        (fill, drain) in whole cycles.
    """
    levels = keep.shape[0]
    filling, draining = 0.0, 0.0
    alone[:] = 0.0
    last = 0.0
    for level in range(levels - 1, 0, -1):
        arriving, supply = 0.0, 0.0
        for t in range(3):
            if not keep[level, t] or spread[level, t] == 0:
                continue
            # the next level outside that keeps the tensor
            source = level - 1
            while not keep[source, t]:
                source -= 1
            mine = volume[level, t] * bits[level, t]
            if t == OUTPUTS:
                if last == 0.0:
                    last = volume[level, t] * bits[level, FINISHED]
                up = min(bandwidth[source, 1], bandwidth[source, 2], network[level])
                up /= spread[level, t]
                draining += last / min(up, bandwidth[level, 0], bandwidth[level, 2])
            else:
                alone[source, 0] += mine * spread[level, t]
                alone[level, 1] += mine
                arriving += mine
                down = min(bandwidth[source, 0], bandwidth[source, 2], network[level])
                supply += mine * spread[level, t] / down
        filling += max(supply, arriving / min(bandwidth[level, 1], bandwidth[level, 2]))
    return np.ceil(filling), np.ceil(draining)


@borrowing
def delivery(keep, counts, volume, spread, bits, bandwidth, network, hidden):
    """What the networks between levels cost in cycles.

    Args:
        keep: (L, 3) whether a level keeps a tensor.
        counts: (L, 3, 3) words read, filled and updated per instance.
        volume: (L, 3) words of each tile.
        spread: (L, 3) different tiles that the next keeping level outside hands out.
        bits: (L, 4) bits per word.
        bandwidth: (L, 3) bits per cycle and instance: reads, writes, both together.
        network: (L,) bits per cycle on the way into a level, for all children of one instance above and
            both directions together.
        hidden: (L,) whether fills overlap with the computation. A level without a second buffer is not
            hidden, and its fills after the first stop the computation.

    Returns:
        (cycles of the busiest network, cycles of fills that stop the computation).
    """
    busiest, stopped = 0.0, 0.0
    for level in range(1, keep.shape[0]):
        if network[level] == np.inf and hidden[level]:
            continue
        moved = 0.0
        for t in range(3):
            if not keep[level, t] or spread[level, t] == 0:
                continue
            source = level - 1
            while not keep[source, t]:
                source -= 1
            down = counts[level, t, FILL] * bits[level, t] * spread[level, t]
            moved += down
            if t == OUTPUTS:
                moved += counts[source, t, UPDATE] * bits[level, t] - narrowed(counts, bits, source)
            elif not hidden[level]:
                down -= volume[level, t] * bits[level, t] * spread[level, t]
                rate = min(bandwidth[source, 0], bandwidth[source, 2], network[level])
                stopped += max(0.0, down) / rate
        busiest = max(busiest, moved / network[level])
    return np.ceil(busiest), np.ceil(stopped)


@borrowing
def level_cycles(counts, bits, bandwidth, compute_cycles, alone, cycles):
    """Cycles that each level's ports need, at least the compute cycles.

    Args:
        counts: (L, 3, 3) words read, filled and updated per instance.
        bits: (L, 4) bits per word.
        bandwidth: (L, 3) bits per cycle and instance for reads, for writes (fills and updates), and for
            both together on a shared port.
        compute_cycles: cycles of the multipliers.
        alone: (L, 2) bits read and written outside that time.
        cycles: (L,), filled.

    Returns:
        Cycles of the slowest level.
    """
    worst = np.ceil(compute_cycles)
    for level in range(counts.shape[0]):
        if bandwidth[level, 0] == np.inf == bandwidth[level, 1] and bandwidth[level, 2] == np.inf:
            cycles[level] = np.ceil(compute_cycles)  # nothing to wait for
            continue
        read, write = 0.0, 0.0
        for t in range(3):
            # bits per cycle at full speed, then a slowdown: in this order it rounds as Timeloop does
            if counts[level, t, READ] > 0:
                read += counts[level, t, READ] * bits[level, t] / compute_cycles
            moved = counts[level, t, FILL] + counts[level, t, UPDATE]
            if moved > 0:
                write += moved * bits[level, t] / compute_cycles
        write -= narrowed(counts, bits, level) / compute_cycles
        if alone[level, 0] > 0:
            read = max(0.0, read - alone[level, 0] / compute_cycles)
        if alone[level, 1] > 0:
            write = max(0.0, write - alone[level, 1] / compute_cycles)
        slowdown = 1.0
        if read > bandwidth[level, 0]:
            slowdown = bandwidth[level, 0] / read
        if write > bandwidth[level, 1]:
            slowdown = min(slowdown, bandwidth[level, 1] / write)
        if read + write > bandwidth[level, 2]:
            slowdown = min(slowdown, bandwidth[level, 2] / (read + write))
        cycles[level] = np.ceil(compute_cycles / slowdown)
        worst = max(worst, cycles[level])
    return worst


@borrowing
def enough_is_known(objective, pj, cycles, enough):
    """Whether what a mapping costs at least is enough to turn it down.

    Args:
        objective: an index of ``layout.OBJECTIVES``.
        pj: its energy at least.
        cycles: its cycles at least.
        enough: the objective from which on it is turned down.

    Returns:
        Whether it is; never by DRAM traffic, of which these say nothing.
    """
    if objective == ENERGY_DELAY:
        return pj * cycles >= enough
    if objective == ENERGY:
        return pj >= enough
    return objective == DELAY and cycles >= enough


@borrowing
def evaluate_below(
    dims, conv, factor, order, keep, arch, switches, objective, floor_pj, cut, work
):  # fmt: skip
    """Check one mapping and work out its cost, as far as that is below ``cut``.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        factor: (L, 3, 8) int64, temporal, x and y factors.
        order: (L, 8) int64, loops from the outermost.
        keep: (L, 3) bool, tensors that a level keeps.
        arch: (size, bits, mesh, energy, block, bandwidth, network, hidden, mac_pj), see
            ``Architecture.arrays``.
        switches: (reuse convention, whether the first fill and the last drain count).
        objective: an index of ``layout.OBJECTIVES``, by which ``cut`` is meant.
        floor_pj: what every mapping of the layer costs at least.
        cut: where the objective is seen to reach it, pJ and cycles may be too low, but not so low that
            their objective is below.
        work: the arrays of ``mapping.workspace``, filled on return but for such a mapping.

    Returns:
        (reason, level, needed, available, pJ, cycles, compute cycles). Where the reason is not OK, the
        costs are infinite.
    """
    size, bits, mesh, energy, block, bandwidth, network, hidden, mac_pj = arch
    (
        counts, table, cycles, extent, volume, used, fan, spread, alone, loops, starts, scratch,
    ) = work  # fmt: skip
    unfold(factor, order, extent, fan, used, loops, starts)
    reason, level, needed, available = check(
        dims, conv, factor, extent, used, keep, size, bits, mesh, volume, scratch[3]
    )
    if reason != OK:
        return reason, level, needed, available, np.inf, np.inf, np.inf
    macs = 1.0
    for d in range(8):
        macs *= dims[d]
    mac_energy = macs * mac_pj
    computing = computing_cycles(loops, starts)
    words, ragged = asked(dims, extent, computing)
    # tensor by tensor, the inputs last, which take longest to count
    least, enough = mac_energy, cut * (1.0 + UNSURE)
    for turn in range(3):
        known = max(least, floor_pj)
        if enough_is_known(objective, known, computing, enough):
            return OK, 0, 0.0, 0.0, known, computing, computing
        t = TURNS[turn]
        count_tensor(
            t, words, ragged, dims, conv, extent, fan, used, keep, volume, loops, starts,
            switches[0], counts, spread, scratch,
        )  # fmt: skip
        least += tensor_energy(t, used, counts, energy, block, table)
    pj = total_of(table) + mac_energy
    if enough_is_known(objective, pj, computing, enough):
        return OK, 0, 0.0, 0.0, pj, computing, computing
    ends = 0.0
    alone[:] = 0.0
    if switches[1]:
        fill, drain = first_and_last(keep, volume, spread, bits, bandwidth, network, alone)
        ends = fill + drain
    slowest = level_cycles(counts, bits, bandwidth, computing, alone, cycles)
    busiest, stopped = delivery(keep, counts, volume, spread, bits, bandwidth, network, hidden)
    return OK, 0, 0.0, 0.0, pj, max(slowest, busiest) + stopped + ends, computing


@borrowing
def evaluate(dims, conv, factor, order, keep, arch, switches, work):
    """Check one mapping and work out its cost.

    Args:
        dims: see :func:`evaluate_below`, as all that follow.
        conv: strides and dilations.
        factor: factors.
        order: loops.
        keep: tensors that a level keeps.
        arch: the machine.
        switches: conventions.
        work: the arrays of ``mapping.workspace``, filled on return.

    Returns:
        (reason, level, needed, available, pJ, cycles, compute cycles). Where the reason is not OK, the
        costs are infinite.
    """
    return evaluate_below(
        dims, conv, factor, order, keep, arch, switches, ENERGY_DELAY, 0.0, np.inf, work
    )
