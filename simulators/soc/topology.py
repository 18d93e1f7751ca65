"""Blocks and their neighbours: processing elements, buses, memories, in that order of numbers.

Neighbour lists are ordered (FARSI's launch priorities follow from it); see :class:`.state.Topology`.
"""

from __future__ import annotations

from .compiled import inlined


@inlined
def append(near, degree, bus, other):
    """Make block ``other`` the last neighbour of a bus.

    Args:
        near: (B, n) neighbours of each bus, changed.
        degree: (B,) how many there are, changed.
        bus: the bus.
        other: the block.
    """
    near[bus, degree[bus]] = other
    degree[bus] += 1


@inlined
def remove(near, degree, bus, other):
    """Take ``other`` out of the neighbours of a bus, keeping the order of the rest.

    Args:
        near: (B, n) neighbours of each bus, changed.
        degree: (B,) how many there are, changed.
        bus: the bus.
        other: the block, which is a neighbour.
    """
    k = 0
    while near[bus, k] != other:
        k += 1
    for i in range(k, degree[bus] - 1):
        near[bus, i] = near[bus, i + 1]
    degree[bus] -= 1


@inlined
def connect(pe_bus, mem_bus, links, topology):
    """Fill the buses' neighbours: elements, other buses, memories, as the design lists them.

    Args:
        pe_bus: (P,) bus of each element.
        mem_bus: (M,) bus of each memory.
        links: (n, 2) pairs of buses.
        topology: :class:`.state.Topology`; ``near`` and ``degree`` are filled.
    """
    near, degree = topology.near, topology.degree
    n_pes, n_buses = pe_bus.shape[0], degree.shape[0]
    for b in range(n_buses):
        degree[b] = 0
    for p in range(n_pes):
        append(near, degree, pe_bus[p], p)
    for i in range(links.shape[0]):
        a, b = links[i, 0], links[i, 1]
        append(near, degree, a, n_pes + b)
        append(near, degree, b, n_pes + a)
    for m in range(mem_bus.shape[0]):
        append(near, degree, mem_bus[m], n_pes + n_buses + m)


@inlined
def walk(pe_bus, task_pe, apart, topology):
    """Walk over the blocks, depth first.

    It starts at block 0, as FARSI's does. A graph in several parts (``apart``) may leave blocks
    that share no bus with it. Then it starts also at the elements of tasks that were not met, in
    the order of tasks.

    Args:
        pe_bus: (P,) bus of each element.
        task_pe: (T,) element of each task.
        apart: whether some tasks exchange no data with the rest.
        topology: :class:`.state.Topology`; ``order`` is filled.

    Returns:
        How many blocks are reached.
    """
    near, degree, order = topology.near, topology.degree, topology.order
    seen, stack, step = topology.seen, topology.stack, topology.step
    for k in range(seen.shape[0]):
        seen[k] = False
    count = depth_first(0, pe_bus, near, degree, order, seen, stack, step, 0)
    if apart:
        for t in range(task_pe.shape[0]):
            p = task_pe[t]
            if not seen[p]:
                count = depth_first(p, pe_bus, near, degree, order, seen, stack, step, count)
    return count


@inlined
def depth_first(first, pe_bus, near, degree, order, seen, stack, step, count):
    """Append to ``order`` what is reached from one element and was not seen before.

    Args:
        first: the element.
        pe_bus: (P,) bus of each element.
        near: (B, n) neighbours of each bus.
        degree: (B,) how many there are.
        order: (blocks,), appended to.
        seen: (blocks,), updated.
        stack: (blocks,), scratch.
        step: (blocks,), scratch.
        count: the length of ``order``.

    Returns:
        Its new length.
    """
    first_bus, n_buses = pe_bus.shape[0], degree.shape[0]
    order[count] = first
    seen[first] = True
    block = pe_bus[first]  # an element leads to its bus alone
    depth = 0
    stack[0] = block
    step[0] = 0
    seen[first_bus + block] = True
    order[count + 1] = first_bus + block
    count += 2
    while depth >= 0:
        bus = stack[depth]
        if step[depth] == degree[bus]:
            depth -= 1
            continue
        other = near[bus, step[depth]]
        step[depth] += 1
        if not seen[other]:
            seen[other] = True
            order[count] = other
            count += 1
            if first_bus <= other < first_bus + n_buses:
                depth += 1
                stack[depth] = other - first_bus
                step[depth] = 0
    return count


@inlined
def bus_routes(first_bus, topology):
    """Find the shortest ways between buses.

    ``hop`` gets the bus before ``b`` on the way from bus ``a``, and -1 where there is none.

    Args:
        first_bus: the number of block that the first bus has.
        topology: :class:`.state.Topology`; ``hop`` is filled.
    """
    near, degree, hop, queue = topology.near, topology.degree, topology.hop, topology.queue
    n_buses = degree.shape[0]
    for a in range(n_buses):
        for b in range(n_buses):
            hop[a, b] = -1
        hop[a, a] = a
        queue[0] = a
        head, tail = 0, 1
        while head < tail:
            bus = queue[head]
            head += 1
            for i in range(degree[bus]):
                other = near[bus, i] - first_bus
                if 0 <= other < n_buses and hop[a, other] < 0:
                    hop[a, other] = bus
                    queue[tail] = other
                    tail += 1


@inlined
def cut_idle_links(first_bus, topology, held):
    """Disconnect buses that serve no task in common.

    Args:
        first_bus: the number of block that the first bus has.
        topology: :class:`.state.Topology`; ``near`` and ``degree`` are changed.
        held: (C, T) bool, whether a carrier serves a task.

    Returns:
        Whether any link was cut.
    """
    near, degree = topology.near, topology.degree
    n_buses = degree.shape[0]
    cut = False
    for a in range(n_buses):
        i = 0
        while i < degree[a]:
            b = near[a, i] - first_bus
            if 0 <= b < n_buses:
                shared = False
                for t in range(held.shape[1]):
                    if held[a, t] and held[b, t]:
                        shared = True
                        break
                if not shared:
                    remove(near, degree, a, first_bus + b)
                    remove(near, degree, b, first_bus + a)
                    cut = True
                    continue
            i += 1
    return cut


@inlined
def prune_buses(pe_bus, mem_bus, task_pe, apart, topology):
    """Remove buses without memories or without elements, as ArchGym does before it simulates.

    Blocks that lose their bus move to its one neighbour.

    Args:
        pe_bus: (P,) bus of each element, changed.
        mem_bus: (M,) bus of each memory, changed.
        task_pe: (T,) element of each task.
        apart: whether some tasks exchange no data with the rest.
        topology: :class:`.state.Topology`; ``near`` and ``degree`` are changed.

    Returns:
        Whether anything changed.
    """
    near, degree, order = topology.near, topology.degree, topology.order
    moved, others = topology.moved, topology.others
    n_pes, n_buses = pe_bus.shape[0], degree.shape[0]
    changed = False
    for k in range(walk(pe_bus, task_pe, apart, topology)):
        bus = order[k] - n_pes
        if not 0 <= bus < n_buses:
            continue
        mems = pes = links = 0
        for i in range(degree[bus]):
            other = near[bus, i]
            if other < n_pes:
                pes += 1
            elif other < n_pes + n_buses:
                others[links] = other - n_pes
                links += 1
            else:
                mems += 1
        lonely = (mems == 0 and pes == 0) or ((mems == 0 or pes == 0) and links == 1)
        if not lonely:
            continue
        changed = True
        # the blocks that must move: elements of a bus without memories, memories of one without
        # elements
        take = 0
        if mems > 0 or pes > 0:
            for i in range(degree[bus]):
                other = near[bus, i]
                is_pe = other < n_pes
                is_mem = other >= n_pes + n_buses
                if (is_pe and mems == 0) or (is_mem and mems > 0):
                    moved[take] = other
                    take += 1
        for i in range(1, links):  # its other neighbours stay connected through the first
            append(near, degree, others[0], n_pes + others[i])
            append(near, degree, others[i], n_pes + others[0])
        for i in range(take):
            remove(near, degree, bus, moved[i])
            append(near, degree, others[0], moved[i])
            if moved[i] < n_pes:
                pe_bus[moved[i]] = others[0]
            else:
                mem_bus[moved[i] - n_pes - n_buses] = others[0]
        for i in range(links):
            remove(near, degree, bus, n_pes + others[i])
            remove(near, degree, others[i], n_pes + bus)
    return changed
