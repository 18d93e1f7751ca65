"""Which moves should lower a metric of a design: FARSI's architectural reasoning as a list of designs.

Tasks are ranked by what they contribute to the metric (time on the way to the end, energy, area); for
the worst of them come the moves that act on its element, memory and buses: migrate, accelerate, unroll,
clock, widen, swap the memory's type, merge.

Nothing is simulated here.  What a task takes when it runs alone, and what it costs, follows from the
design in closed form (:class:`Estimate`); the evaluation that was paid for tells how much of the metric
these figures leave unexplained: time spent waiting, energy and area of memories and buses.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.space import Designs

from .space import MEGAHERTZ, OWN, FullSpace

WORST = 4  # tasks looked at
Floats = NDArray[np.float64]


def advise(
    full: FullSpace, physical: bool, design: Designs, metric: str, evaluation: Evaluation
) -> Designs:
    """Designs that should lower a metric, the most promising first.

    Args:
        full: the design space.
        physical: whether width and frequency cost.
        design: one design (d,).
        metric: the metric to lower.
        evaluation: the design's own, one row.

    Returns:
        (k, d) value indices; none for a metric without advice.
    """
    found = estimate(full, physical, design)
    measured = {k: float(v[0]) for k, v in evaluation.metrics.items() if np.isfinite(v[0])}
    contribution = contributions(full, found, metric, measured)
    by_task = [
        _moves(full, design, int(t), metric, found)
        for t in np.argsort(-contribution, kind="stable")[:WORST]
        if contribution[t] > 0
    ]
    if metric == "power":  # a maximum: of the task that sets it first
        moves = [m for each in by_task for m in each]
    else:  # a sum: the first move of each task, then the second, as they help together
        moves = [m for rank in zip_longest(*by_task) for m in rank if m is not None]
    if metric == "area":
        elements = float(found.area.sum())
        smaller = _shrink(full, design)
        # what is not elements is memories and buses
        moves = smaller + moves if measured.get("area", 0.0) > 2 * elements else moves + smaller
    elif metric == "dram_area":
        moves += _typed(full, design, "sram")
    unique = {m.tobytes(): m for m in moves if (m != design).any()}
    return np.array(list(unique.values()), np.int64).reshape(-1, len(design))


@dataclass(frozen=True)
class Estimate:
    """What the tasks of a design take and cost, each as if it ran alone.

    Attributes:
        time: s, (T,): work at the element's rate, or bytes at the rate of the slowest of the memories
            and buses at both ends of its transfers.
        transfer: s of the transfers alone, (T,).
        energy: J on its element, (T,).
        moved: bytes read and written, (T,).
        slack: s by which a task could be longer before the longest path of its graphs gets longer, (T,).
        longest: s of the longest path.
        area: m2 by element, (P,).
        element: which element a task runs on, (T,).
        own: whether that is an accelerator of its own, (T,).
    """

    time: Floats
    transfer: Floats
    energy: Floats
    moved: Floats
    slack: Floats
    longest: float
    area: Floats
    element: NDArray[np.int16]
    own: NDArray[np.bool_]


def estimate(full: FullSpace, physical: bool, design: Designs) -> Estimate:
    """Figures of one design in closed form.

    Args:
        full: the design space.
        physical: whether width and frequency cost.
        design: (d,) value indices.

    Returns:
        The figures.
    """
    w, system = full.workload, full.system(design)
    chip = system.chip(w, physical)
    task_pe, edge_mem, pe_bus, mem_bus = chip.task_pe, chip.edge_mem, chip.pe_bus, chip.mem_bus
    n, n_buses = len(w.tasks), len(system.buses)
    # bytes by task, block and direction: a read is the child's, a write the parent's
    through = np.zeros((n, n_buses + len(system.memories), 2))
    for e, (parent, child, amount) in enumerate(w.edges):
        if amount > 0:
            mem = edge_mem[e]
            for direction, t in enumerate((child, parent)):
                through[t, n_buses + mem, direction] += amount
                for bus in {pe_bus[task_pe[t]], mem_bus[mem]}:
                    through[t, bus, direction] += amount
    peak = np.concatenate([chip.bus_rate, chip.mem_rate])
    transfer = (through / peak[:, None]).max(axis=(1, 2), initial=0.0)
    time = np.where(w.work > 0, np.maximum(w.work / chip.rate, transfer), 0.0)
    moved = through[:, n_buses:].sum(axis=(1, 2))
    before, after = _paths(full, time)
    longest = float((before + time + after).max())
    slack = longest - (before + time + after)
    own = np.array([system.elements[p].task is not None for p in task_pe])
    energy = chip.energy * w.work
    return Estimate(time, transfer, energy, moved, slack, longest, chip.pe_area, task_pe, own)


def _paths(full: FullSpace, time: Floats) -> tuple[Floats, Floats]:
    """Seconds of the longest path that leads to each task, and from it, without it."""
    w = full.workload
    before, after = np.zeros(len(time)), np.zeros(len(time))
    order = w.order
    for t in order:
        for e in w.children[t]:
            c = w.edges[e][1]
            before[c] = max(before[c], before[t] + time[t])
    for t in reversed(order):
        for e in w.children[t]:
            c = w.edges[e][1]
            after[t] = max(after[t], time[c] + after[c])
    return before, after


def contributions(
    full: FullSpace, found: Estimate, metric: str, measured: dict[str, float]
) -> Floats:
    """How much each task contributes to a metric.

    Args:
        full: the design space.
        found: the design's figures.
        metric: the metric.
        measured: the design's metrics, as far as they are finite.

    Returns:
        (T,) in any unit; 0 for tasks that no move helps.
    """
    w = full.workload
    if metric.startswith("latency"):
        # waiting for an element or sharing a bus: what the longest path does not explain may lie on
        # any path whose slack it exceeds
        waiting = max(measured.get("latency", 0.0) - found.longest, 0.0)
        near = 1 - found.slack / max(waiting, 1e-9 * found.longest, 1e-300)
        out = found.time * np.clip(near, 0.0, 1.0)
        out[[t for t in range(len(w.tasks)) if t not in _before(full, metric)]] = 0
    elif metric in ("energy", "mean_power", "power"):
        # what the elements did not use, memories and buses did, byte by byte
        rest = max(measured.get("energy", 0.0) - float(found.energy.sum()), 0.0)
        out = found.energy + rest * found.moved / max(float(found.moved.sum()), 1e-300)
        if metric == "power":
            out = out / np.maximum(found.time, 1e-9)
    elif metric == "area":
        out = np.where(found.own, found.area[found.element], 0.0)
    else:
        out = np.zeros(len(w.tasks))
    only = np.zeros(len(w.tasks))
    only[full.compute] = out[full.compute]
    return only


def _before(full: FullSpace, metric: str) -> set[int]:
    """Tasks that the graph of ``latency_GRAPH`` waits for; of ``latency``, all graphs' tasks."""
    w = full.workload
    graph = metric.removeprefix("latency_")
    ends = w.ends[graph] if graph in w.ends else [t for last in w.ends.values() for t in last]
    seen, open_ = set(ends), list(ends)
    while open_:
        for e in w.parents[open_.pop()]:
            p = w.edges[e][0]
            if p not in seen:
                seen.add(p)
                open_.append(p)
    return seen


def _moves(full: FullSpace, design: Designs, t: int, metric: str, found: Estimate) -> list[Designs]:
    """Moves on one task and the blocks it uses, in the direction that helps the metric."""
    name = full.workload.tasks[t].name
    faster = metric.startswith("latency")
    on_accelerator = full.value(design, f"host.{name}") == OWN
    out: list[Designs | None] = []
    if on_accelerator:
        step = 1 if faster else -1
        out += [full.moved(design, f"unroll.{name}", step * k) for k in (1, 2, 4)]
        out += [full.moved(design, f"clock.{name}", step)]
    elif metric != "area":
        # for speed as fast as data arrive, else no faster than now
        seconds = found.transfer[t] if faster else found.time[t]
        out.append(_accelerated(full, design, t, float(seconds)))
        out.append(full.with_value(design, f"host.{name}", OWN))
    for i in range(full.cpus):
        if faster or metric == "area":
            out.append(full.with_value(design, f"host.{name}", f"cpu{i}"))
    memory = full.value(design, f"memory_of.{name}") if full.has(f"memory_of.{name}") else 0
    if faster:
        out += [full.moved(design, f"memory{memory}.{k}", 1) for k in ("width", "clock")]
        bus = full.value(design, f"memory{memory}.bus")
        out += [full.moved(design, f"bus{bus}.{k}", 1) for k in ("width", "clock")]
        for m in range(full.memories):
            out.append(full.with_value(design, f"memory_of.{name}", m))
        if on_accelerator:
            out.append(full.with_value(design, f"bus.{name}", bus))
    else:
        out.append(full.moved(design, f"memory{memory}.clock", -1))
        for kind in ("sram", "dram"):
            out.append(full.with_value(design, f"memory{memory}.type", kind))
    return [d for d in out if d is not None]


def _accelerated(full: FullSpace, design: Designs, t: int, seconds: float) -> Designs | None:
    """A task on an accelerator that takes at most some seconds, where one can.

    It has the fewest copies of the loop body that can, as they cost most, at the lowest clock that does.
    """
    task = full.workload.tasks[t]
    out = full.with_value(design, f"host.{task.name}", OWN)
    if out is None or task.cycles is None or seconds <= 0:
        return out
    clocks = MEGAHERTZ
    wanted = task.cycles / seconds / 1e6  # copies x MHz
    copies = [u for u in task.unrolls if u * clocks[-1] >= wanted]
    unroll = copies[0] if copies else task.unrolls[-1]
    clock = next((f for f in clocks if unroll * f >= wanted), clocks[-1])
    for knob, value in ((f"unroll.{task.name}", unroll), (f"clock.{task.name}", clock)):
        set_ = full.with_value(out, knob, value)
        out = out if set_ is None else set_
    return out


def _shrink(full: FullSpace, design: Designs) -> list[Designs]:
    """Narrower buses and memories, and DRAM, which is stacked apart."""
    out: list[Designs | None] = [full.moved(design, f"bus{i}.width", -1) for i in range(full.buses)]
    out += [full.moved(design, f"memory{i}.width", -1) for i in range(full.memories)]
    return [d for d in out if d is not None] + _typed(full, design, "dram")


def _typed(full: FullSpace, design: Designs, kind: str) -> list[Designs]:
    """One memory at a time of another type."""
    moved = (full.with_value(design, f"memory{i}.type", kind) for i in range(full.memories))
    return [d for d in moved if d is not None]
