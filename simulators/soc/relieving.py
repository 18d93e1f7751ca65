"""Which knobs relieve which part of a system's metrics: a task on a block it waits for, or a block's area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archgym.contracts.explanation import Move

from .space import FullSpace

Moves = dict[str, tuple[Move, ...]]


def reliefs(full: FullSpace) -> Mapping[str, Moves]:
    """Moves by metric, then by part (``TASK: BLOCK``) or block.

    Args:
        full: the design space.

    Returns:
        Moves; metrics of one graph share those of the latency.
    """
    faster = dict(_by_part(full, 1))
    leaner = dict(_by_part(full, -1))
    smaller = dict(_areas(full))
    graphs = {f"latency_{g}": faster for g in full.workload.ends}
    area = {"area": smaller, "dram_area": smaller}
    return {"latency": faster, "energy": leaner, "power": leaner, **area, **graphs}


def accelerator_of(task: str) -> str:
    """What a task's accelerator is called.

    Args:
        task: the task's name.

    Returns:
        The accelerator's name.
    """
    return f"accelerator of {task}"


def part_name(task: str, block: str) -> str:
    """What a part is called.

    Args:
        task: whose time or energy.
        block: spent on what.

    Returns:
        The part's name.
    """
    return f"{task}: {block}"


def _by_part(full: FullSpace, step: int) -> Iterator[tuple[str, tuple[Move, ...]]]:
    """What makes one task on one block faster (``step`` 1) or more frugal (-1)."""
    w = full.workload
    for t, task in enumerate(w.tasks):
        name = task.name
        # a task reads where its parents wrote, and writes where its own memory is
        writers = [t, *(w.edges[e][0] for e in w.parents[t] if w.edges[e][2] > 0)]
        where = [f"memory_of.{w.tasks[p].name}" for p in dict.fromkeys(writers) if full.writes(p)]
        elsewhere = tuple(Move(k, 0) for k in where)
        host = (Move(f"host.{name}", 0),) if full.has(f"host.{name}") else ()
        bus = (Move(f"bus.{name}", 0),) if full.has(f"bus.{name}") else ()
        for i in range(full.cpus):
            yield part_name(name, f"cpu{i}"), host
        own = [k for k in (f"unroll.{name}", f"clock.{name}") if full.has(k)]
        yield part_name(name, accelerator_of(name)), (*(Move(k, step) for k in own), *host)
        for i in range(full.memories):
            yield part_name(name, f"memory{i}"), (*_speed(f"memory{i}", step), *elsewhere)
        for i in range(full.buses):
            yield part_name(name, f"bus{i}"), (*_speed(f"bus{i}", step), *bus)
    for i in range(full.memories):
        yield f"memory{i}", (Move(f"memory{i}.type", 0), Move(f"memory{i}.bus", 0))


def _speed(block: str, step: int) -> tuple[Move, Move]:
    return Move(f"{block}.width", step), Move(f"{block}.clock", step)


def _areas(full: FullSpace) -> Iterator[tuple[str, tuple[Move, ...]]]:
    """What makes a block smaller."""
    w = full.workload
    hosts = tuple(Move(f"host.{w.tasks[t].name}", 0) for t in full.compute)
    for i in range(full.cpus):
        yield f"cpu{i}", hosts
    for t in full.compute:
        name = w.tasks[t].name
        unroll = (Move(f"unroll.{name}", -1),) if full.has(f"unroll.{name}") else ()
        yield accelerator_of(name), (*unroll, Move(f"host.{name}", 0))
    stored = [f"memory_of.{w.tasks[t].name}" for t in range(len(w.tasks)) if full.writes(t)]
    spread = tuple(Move(k, 0) for k in stored)
    for i in range(full.memories):
        yield f"memory{i}", (Move(f"memory{i}.type", 0), Move(f"memory{i}.width", -1), *spread)
    for i in range(full.buses):
        yield f"bus{i}", (Move(f"bus{i}.width", -1),)
