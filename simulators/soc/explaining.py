"""What a system's latency, energy and area are made of: phases by task and block, joules and m2 by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Part, breakdown, columns
from archgym.space import Designs

from .accounts import QUANTUM, SMALLEST
from .layout import READ, WRITE
from .relieving import accelerator_of, part_name
from .space import FullSpace
from .state import Chip, Scratch
from .system import System
from .task_graph import Workload
from .technology import cacti

Amounts = dict[Part, float]


@dataclass
class Account:
    """One design's parts by metric, in SI units."""

    latency: Amounts = field(default_factory=dict)
    energy: Amounts = field(default_factory=dict)
    power: Amounts = field(default_factory=dict)
    area: Amounts = field(default_factory=dict)
    dram_area: Amounts = field(default_factory=dict)
    graphs: dict[str, Amounts] = field(
        default_factory=dict
    )  # latency of each, where there are several


def account(
    w: Workload, chip: Chip, phases: int, scratch: Scratch, blocks: Sequence[str]
) -> Account:
    """The parts of one run.

    Args:
        w: what ran.
        chip: on what.
        phases: how many there were.
        scratch: the kernel's notes.
        blocks: names of elements, buses, memories, in the kernel's order.

    Returns:
        The parts by metric.
    """
    out = Account()
    _add_phases(out, w, scratch.run, phases, blocks)
    every = energy_parts(w, chip, scratch, (0, phases), blocks)
    out.energy.update(every)
    low, high = (int(k) for k in scratch.run.window)
    time = float(scratch.run.length[low:high].sum())
    for part, joules in energy_parts(w, chip, scratch, (low, high), blocks).items():
        out.power[part] = joules / time
    _add_area(out, chip, scratch, blocks)
    return out


def block_names(full: FullSpace, system: System, design: Designs) -> list[str]:
    """The blocks of a design, as the knobs of the full space call them.

    Args:
        full: the design space.
        system: of the design.
        design: (d,) value indices.

    Returns:
        Elements, buses, memories, in the kernel's order.
    """
    names = [t.name for t in full.workload.tasks]
    hosts = {full.value(design, f"host.{names[t]}") for t in full.compute}
    idle = len(full.compute) < len(names)
    cpus = [f"cpu{i}" for i in range(full.cpus) if f"cpu{i}" in hosts or (i == 0 and idle)]
    own = [accelerator_of(names[e.task]) for e in system.elements if e.task is not None]
    used = {full.value(design, f"memory_of.{names[p]}") for p, _, b in full.workload.edges if b > 0}
    memories = [f"memory{m}" for m in range(full.memories) if m in used]
    return [*cpus, *own, *(f"bus{i}" for i in range(full.buses)), *memories]


def _add_phases(out: Account, w: Workload, run: Any, phases: int, blocks: Sequence[str]) -> None:
    """Each phase lasts until a task completes: its seconds go to that task and to the block it waits for."""
    clock = 0.0
    ends = (
        {} if len(w.ends) < 2 else {g: float(run.finish[list(e)].max()) for g, e in w.ends.items()}
    )
    out.graphs = {graph: {} for graph in ends}
    for k in range(phases):
        length = float(run.length[k])
        clock += length
        if length == 0:
            continue
        ran = run.who[run.did_start[k] : run.did_start[k + 1]]
        last = next((int(t) for t in ran if run.finish[t] == clock), int(ran[0]))
        block = blocks[run.bound[k]] if run.bound[k] >= 0 else "tasks"
        part = Part(part_name(w.tasks[last].name, block), block, w.tasks[last].name)
        for amounts in (out.latency, *(out.graphs[g] for g, end in ends.items() if clock <= end)):
            amounts[part] = amounts.get(part, 0.0) + length


def energy_parts(
    w: Workload, chip: Chip, scratch: Scratch, window: tuple[int, int], blocks: Sequence[str]
) -> Amounts:
    """Energy of some phases by task and block.

    Args:
        w: what ran.
        chip: on what.
        scratch: the kernel's notes.
        window: phases [low, high).
        blocks: names of elements, buses, memories, in the kernel's order.

    Returns:
        J by part.
    """
    run, traffic = scratch.run, scratch.traffic
    n_pes, n_buses = len(chip.pe_bus), len(chip.bus_rate)
    first, last = int(run.did_start[window[0]]), int(run.did_start[window[1]])
    done = np.bincount(run.who[first:last], run.did[first:last], minlength=len(w.tasks))
    out: Amounts = {}
    rows = _bank_rows(chip, run.top)
    for t, task in enumerate(w.tasks):
        if w.work[t] <= 0:
            continue
        share = done[t] / w.work[t]
        joules = {int(chip.task_pe[t]): done[t] * chip.energy[t]}
        for b in range(n_buses):
            moved = traffic.moved[t, READ, b] + traffic.moved[t, WRITE, b]
            joules[n_pes + b] = share * moved * chip.bus_energy[b]
        for m, row in enumerate(rows):
            if row < 0:
                continue
            read, write = cacti()[chip.mem_type[m], row, :2]
            moved = traffic.moved[t, :, n_buses + m]
            both = moved[READ] * read + moved[WRITE] * write
            joules[n_pes + n_buses + m] = share * both * chip.mem_energy[m]
        for block, amount in joules.items():
            if amount:
                part = Part(part_name(task.name, blocks[block]), blocks[block], task.name)
                out[part] = float(amount)
    return out


def _bank_rows(chip: Chip, top: NDArray[np.float64]) -> list[int]:
    """The row of the CACTI table that holds each memory's peak; -1 where nothing was stored."""
    most = cacti().shape[1]
    return [
        min(math.ceil(max(math.ceil(peak - 1e-6), SMALLEST) / QUANTUM), most) - 1
        if peak > 0
        else -1
        for peak in top[: len(chip.mem_bus)]
    ]


def _add_area(out: Account, chip: Chip, scratch: Scratch, blocks: Sequence[str]) -> None:
    n_pes, n_buses = len(chip.pe_bus), len(chip.bus_rate)
    found = {p: float(chip.pe_area[p]) for p in range(n_pes) if scratch.run.used[p]}
    for b in range(n_buses):
        if scratch.topology.seen[n_pes + b]:
            found[n_pes + b] = float(chip.bus_area[b])
    for m, row in enumerate(_bank_rows(chip, scratch.run.top)):
        if row < 0:
            continue
        kind, block = int(chip.mem_type[m]), n_pes + n_buses + m
        amount = float(cacti()[kind, row, 2] * chip.mem_area[m])
        if kind == 0:
            found[block] = amount
        else:
            out.dram_area[Part(blocks[block], blocks[block])] = amount
    for block, amount in found.items():
        out.area[Part(blocks[block], blocks[block])] = amount


def breakdowns(
    accounts: Sequence[Account], evaluation: Evaluation, relief: Mapping[str, Any]
) -> Iterator[Breakdown]:
    """Break down latencies, energy, largest and mean power, and areas.

    Args:
        accounts: one per design.
        evaluation: of the designs.
        relief: moves by metric and part or block, see :mod:`.relieving`.

    Yields:
        One breakdown per metric.
    """
    amounts = {
        m: [getattr(a, m) for a in accounts]
        for m in ("latency", "energy", "power", "area", "dram_area")
    }
    for graph in dict.fromkeys(g for a in accounts for g in a.graphs):
        amounts[f"latency_{graph}"] = [a.graphs.get(graph, {}) for a in accounts]
    for metric, rows in amounts.items():
        parts, values = columns(rows)
        if not parts:  # no design has any, such as DRAM: the metric is 0
            continue
        yield breakdown(metric, parts, values, evaluation, relief=relief.get(metric))
        if metric == "energy":
            duration = np.array([sum(a.latency.values()) or 1.0 for a in accounts])[:, None]
            yield breakdown(
                "mean_power", parts, values / duration, evaluation, relief=relief.get("energy")
            )
