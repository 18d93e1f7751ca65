"""The search over all choices, most promising first; it can be stopped and continued at any node."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import ENERGY
from .branching import has_room, leaf
from .expanding import MOST_WORK, expand
from .floors import lay_floors, once
from .forms import SLACK, bring_once, least_costs, prepare, worth
from .open_nodes import (
    FLOOR, FREE, LEAVES, LIMIT, LISTS, LOST, MOST, NODES, TOP, WORK, push, sort_last,
)  # fmt: skip
from .standing import FRONT, enter

LISTED, WAITS, OPENED, PATIENCE = 0, 2, 16, 17  # of ``now``
DOUBLED = 12  # times a limit is doubled, from a sixteenth of what brings everything once
NODES_PER_BOUND = 0.2  # what a bound takes, of the time of a node


@compiled
def root_bounds(search, across, down, keeps, forms, scratch, visits, reads):
    """Bounds of each choice of tensors and unrolling, with every tensor brought once.

    Args:
        search: see the package.
        across: (n, L, 8) factors along x.
        down: (n, L, 8) factors along y.
        keeps: (k, L, 3) choices of tensors.
        forms: see the package.
        scratch: see the package.
        visits: (L + 1, 3), scratch.
        reads: (L + 1,), scratch.

    Returns:
        (k n, 3): pJ and cycles, infinite where nothing fits; then pJ with inputs as
        :func:`outermost_energy` counts them.
    """
    problem, _, sizes, window, share, macs, _, _, _, _ = search
    dims, conv, arch, _, _ = problem
    n = across.shape[0]
    out = np.full((n * keeps.shape[0], 3), np.inf)
    levels = across.shape[1]
    ns = np.ones((levels, 8), np.int64)
    for i in range(out.shape[0]):
        keep = keeps[i // n]
        prepare(dims, conv, across[i % n], down[i % n], keep, sizes, forms)
        fits = True
        for level in range(levels):
            fits = fits and has_room(
                level, forms[2][level], dims, conv, keep, forms[2], arch[0], arch[1], scratch[0]
            )
        if not fits:
            continue
        out[i, 0], out[i, 1] = once(search, forms, keep, scratch, (ns, ns, visits, reads))
        out[i, 2] = out[i, 0]
        if window and share < 1.0:
            bring_once(visits, reads, window, share)
            out[i, 2], _ = least_costs(
                visits, reads, 0.0, False, forms, sizes, arch, macs, scratch[1]
            )
    return out


@compiled
def outermost_energy(search, keep, scale, most, forms, stack, scratch, visits, reads, ns, order):
    """The least pJ of the outermost level's accesses beyond those that bring every tensor once.

    Nothing is unrolled; instead all instances of a level together have ``scale`` times the room of
    one. So the bound holds for every unrolling of at most that. Loops are listed below a limit, which
    is doubled until some are: where the work is over before, none were below the last one.

    Args:
        search: see the package.
        keep: (L, 3) bool.
        scale: (L, 3) times the room of one instance.
        most: bounds worked out at most.
        forms: see the package.
        stack: see the package.
        scratch: see the package.
        visits: (L + 1, 3), scratch.
        reads: (L + 1,), scratch.
        ns: (L, 8), scratch.
        order: (L, 8), scratch.

    Returns:
        (pJ, bounds worked out).
    """
    problem, _, sizes, window, share, macs, plain, table, counts, front = search
    dims, conv, arch, switches, floor = problem
    size, bits, mesh, energy, block, bandwidth, network, hidden, mac_pj = arch
    levels = keep.shape[0]
    one = np.ones((levels, 8), np.int64)
    prepare(dims, conv, one, one, keep, sizes, forms)
    outer = np.zeros_like(energy)
    outer[0] = energy[0]
    # a level's bits shrink in place of its room growing
    narrow = bits.copy()
    for level in range(1, levels):
        for t in range(3):
            narrow[level, t] /= scale[level, t]
    arch = (size, narrow, mesh, outer, block, bandwidth, network, hidden, 0.0)
    search = (
        (dims, conv, arch, switches, floor), search[1] * 0 + ENERGY, sizes, window, share, macs, plain,
        table, counts, front,
    )  # fmt: skip
    bring_once(visits, reads, window, share)
    least, _ = least_costs(visits, reads, 0.0, False, forms, sizes, arch, macs, scratch[1])
    tally = np.zeros(MOST + 1)
    level = int(tally[TOP])  # the outermost; a literal would make numba compile everything twice
    more, work = 0.0, 0.0
    for turn in range(DOUBLED):
        beyond = least * 2.0**turn / 16
        tally[LIMIT], tally[FLOOR], tally[MOST] = least + beyond, np.inf, most - work
        bring_once(visits, reads, False, 1.0)
        for outer in range(levels):
            for d in range(8):
                ns[outer, d] = 1
        expand(level, ns, order, visits, reads, search, forms, keep, stack, tally, scratch)
        work += tally[WORK]
        if work > most:
            break
        if tally[LIMIT] < least + beyond:
            return max(more, tally[LIMIT] - least), work
        more = beyond
    return more, work


@compiled
def explore(
    search, across, down, keeps, ranked, bounds, laid, forms, stack, scratch, now, best, state, work
):
    """Go on with the search for some nodes or to its end.

    Args:
        search: see the package.
        across: (n, L, 8) factors along x.
        down: (n, L, 8) factors along y.
        keeps: (k, L, 3) choices of tensors.
        ranked: indices of choices, the most promising first.
        bounds: (k n,) bounds of the choices, raised where floors are laid.
        laid: (k n,) choices whose floors are laid and that are not opened yet, updated.
        forms: see the package.
        stack: see the package.
        scratch: see the package.
        now: (18,): of how many ranked choices floors were laid, which choice is open, which of those laid
            comes next (-1: none), whether the search is done, what share of the best is pruned, nodes
            at most this time, then the tally, then how many choices were opened, and how much work the
            children of one node may take before the caller is asked again. Updated.
        best: (3,): worth, pJ and cycles of the best mapping, updated.
        state: the best mapping's factor, order and keep, updated, then scratch.
        work: the arrays of ``mapping.workspace``.
    """
    problem, objective, sizes, window, share, macs, _, _, _, front = search
    dims, conv, arch, switches, _ = problem
    tally = now[6:16]
    s_n, s_order, s_visits, s_reads, s_bound, s_level, free, at, s_corner = stack
    levels = keeps.shape[1]
    n = across.shape[0]
    factor, order, kept, trial_factor, trial_order, ns, sequence, visits, reads = state
    spent = 0.0
    aside = np.zeros(MOST + 1)
    while True:
        if spent >= now[5]:
            return
        if tally[TOP] == 0:
            # the stack is empty: floors are laid for the choices that still come first, the least is opened
            limit = best[0] * (1.0 - now[4])
            listed, waits = int(now[LISTED]), int(now[WAITS])
            ahead, waiting = np.inf, np.inf
            if listed < ranked.shape[0]:
                ahead = bounds[ranked[listed]]
            if waits >= 0:
                waiting = bounds[waits]
            if min(ahead, waiting) >= limit:
                tally[FLOOR] = min(tally[FLOOR], min(ahead, waiting))
                now[3] = 1.0
                return
            choice = waits if waiting < ahead else ranked[listed]
            prepare(
                dims, conv, across[choice % n], down[choice % n], keeps[choice // n], sizes, forms
            )
            bound = lay_floors(
                limit, waiting < ahead, search, forms, keeps[choice // n], stack, scratch, aside,
                (ns, sequence, visits, reads),
            )  # fmt: skip
            spent += NODES_PER_BOUND * aside[WORK]
            bound = max(bound, bounds[choice])
            if waiting >= ahead:
                now[LISTED] += 1
                bounds[choice] = bound
                if bound >= limit:
                    tally[FLOOR] = min(tally[FLOOR], bound)
                else:
                    laid[choice] = True
                    if bound < waiting:
                        now[WAITS] = choice
                continue
            laid[choice] = False
            now[WAITS] = -1
            for other in range(laid.shape[0]):
                if laid[other] and (now[WAITS] < 0 or bounds[other] < bounds[int(now[WAITS])]):
                    now[WAITS] = other
            now[OPENED] += 1
            now[1] = choice
            if bound >= limit:
                tally[FLOOR] = min(tally[FLOOR], bound)
                continue
            slot = free[int(tally[FREE]) - 1]
            tally[FREE] -= 1
            for level in range(levels):
                for d in range(8):
                    s_n[slot, level, d] = 1
                    s_order[slot, level, d] = d
            bring_once(s_visits[slot], s_reads[slot], False, 1.0)
            s_bound[slot] = bound
            s_level[slot] = 0
            s_corner[slot, 0], s_corner[slot, 1] = 0.0, 0.0
            at[0] = slot
            tally[TOP] = 1
        choice = int(now[1])
        keep = keeps[choice // n]
        tally[TOP] -= 1
        slot = at[int(tally[TOP])]
        free[int(tally[FREE])] = slot
        tally[FREE] += 1
        spent += 1
        tally[NODES] += 1
        limit = best[0] * (1.0 - now[4])
        # a better mapping may have been found since the node was stacked
        bound = s_bound[slot]
        if objective == FRONT:
            bound = max(bound, worth(objective, s_corner[slot, 0], s_corner[slot, 1], front))
        if bound >= limit:
            tally[FLOOR] = min(tally[FLOOR], bound)
            continue
        level = s_level[slot]
        for i in range(levels):
            for d in range(8):
                ns[i, d] = s_n[slot, i, d]
                sequence[i, d] = s_order[slot, i, d]
        if level == levels - 1:
            tally[LEAVES] += 1
            for d in range(8):
                whole = forms[1][levels, d]
                for outer in range(levels - 1):
                    whole *= ns[outer, d]
                ns[levels - 1, d] = (dims[d] + whole - 1) // whole
            value, pj, cycles = leaf(
                problem, (ns, sequence), (across[choice % n], down[choice % n], keep), objective,
                front, work, (trial_factor, trial_order),
            )  # fmt: skip
            if objective == FRONT:
                if value < 1.0 - SLACK and not enter(
                    pj, cycles, trial_factor, trial_order, keep, front
                ):
                    tally[LOST] += 1
                    tally[FLOOR] = min(tally[FLOOR], value)
                value = max(value, best[0])  # the points are what is best
            if value < np.inf and not window:
                # rounding in the model may bill words that are none; a mapping that this leaf stands for
                # may be spared them, so no more than the cost without them is proved
                exact, _ = least_costs(
                    s_visits[slot], s_reads[slot], 0.0, False, forms, sizes, arch, macs, scratch[1]
                )
                if pj > exact * (1.0 + 2e-9):
                    tally[FLOOR] = min(tally[FLOOR], worth(objective, exact, cycles, front))
            if value < best[0]:
                best[0], best[1], best[2] = value, pj, cycles
                for i in range(levels):
                    for d in range(8):
                        order[i, d] = trial_order[i, d]
                        for kind in range(3):
                            factor[i, kind, d] = trial_factor[i, kind, d]
                    for t in range(3):
                        kept[i, t] = keep[i, t]
            continue
        for i in range(levels + 1):
            reads[i] = s_reads[slot, i]
            for t in range(3):
                visits[i, t] = s_visits[slot, i, t]
        first = int(tally[TOP])
        lost, floor, pj, cycles = tally[LOST], tally[FLOOR], s_corner[slot, 0], s_corner[slot, 1]
        tally[LIMIT] = limit
        tally[LISTS], tally[MOST] = 1, min(now[PATIENCE], MOST_WORK)
        expand(level, ns, sequence, visits, reads, search, forms, keep, stack, tally, scratch)
        spent += NODES_PER_BOUND * tally[WORK]
        if tally[WORK] > tally[MOST] and tally[MOST] < MOST_WORK:
            # the node goes back as it was, for a later time that may take twice the work
            now[PATIENCE] = 2.0 * tally[MOST]
            for k in range(first, int(tally[TOP])):
                free[int(tally[FREE])] = at[k]
                tally[FREE] += 1
            tally[TOP], tally[LOST], tally[FLOOR] = first, lost, floor
            tally[NODES] -= 1
            for i in range(level, levels):
                for d in range(8):
                    ns[i, d] = 1
                    sequence[i, d] = d
            scratch[22][0], scratch[22][1] = pj, cycles
            push(stack, tally, level, ns, sequence, visits, reads, bound, scratch[22])
            continue
        if tally[WORK] > MOST_WORK:
            tally[LOST] += 1
            tally[FLOOR] = min(tally[FLOOR], bound)
        last = int(tally[TOP])
        sort_last(at, s_bound, first, last)
