"""Which moves should lower a metric of a design: FARSI's architectural reasoning as a list of designs.

For the metric asked for, tasks are ranked by what they contribute (time on the way to the end, energy,
area); for the worst of them come the moves that act on its element, memory and buses: migrate,
accelerate, unroll, clock, widen, swap the memory's type, merge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.space import Designs

from .simulator import SoCSimulator
from .space import OWN

WORST = 4  # tasks looked at


def advise(simulator: SoCSimulator, design: Designs, metric: str) -> Designs:
    """Moved designs (k, d), the most promising first; none for a metric without advice."""
    full = simulator.full
    outcome = simulator.simulate(full.system(design))
    contribution = _contribution(simulator, design, outcome.finish - outcome.start, metric)
    moves: list[Designs] = []
    for t in np.argsort(-contribution)[:WORST]:
        if contribution[t] > 0:
            moves += _moves(simulator, design, int(t), metric)
    if "area" in metric:
        moves += _shrink(simulator, design)
    unique = {m.tobytes(): m for m in moves if (m != design).any()}
    return np.array(list(unique.values()), np.int64).reshape(-1, len(design))


def _contribution(
    simulator: SoCSimulator, design: Designs, running: NDArray[np.float64], metric: str
) -> NDArray[np.float64]:
    w, full = simulator.graph, simulator.full
    out = np.zeros(len(w.tasks))
    system = full.system(design).arrays(w, simulator.semantics == "physical")
    task_pe, energy, area = system[0], system[6], system[7]
    for t in full.compute:
        if metric.startswith("latency"):
            out[t] = running[t]
        elif metric in ("energy", "mean_power"):
            out[t] = energy[t] * w.work[t]
        elif metric == "power":
            out[t] = energy[t] * w.work[t] / max(running[t], 1e-9)
        elif "area" in metric:
            out[t] = (
                area[task_pe[t]] if full.value(design, f"host.{w.tasks[t].name}") == OWN else 0.0
            )
    return out


def _moves(simulator: SoCSimulator, design: Designs, t: int, metric: str) -> list[Designs]:
    """Moves on one task and the blocks it uses, in the direction that helps the metric."""
    full = simulator.full
    name = full.workload.tasks[t].name
    faster = metric.startswith("latency")
    on_accelerator = full.value(design, f"host.{name}") == OWN
    out: list[Designs | None] = []
    if on_accelerator:
        step = 1 if faster else -1
        out += [full.moved(design, f"unroll.{name}", step * k) for k in (1, 2, 4)]
        out += [full.moved(design, f"clock.{name}", step)]
    elif metric != "area":
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


def _shrink(simulator: SoCSimulator, design: Designs) -> list[Designs]:
    """Narrower buses and memories, and fewer memories."""
    full = simulator.full
    out: list[Designs | None] = [full.moved(design, f"bus{i}.width", -1) for i in range(full.buses)]
    out += [full.moved(design, f"memory{i}.width", -1) for i in range(full.memories)]
    for i in range(full.memories):
        out.append(full.with_value(design, f"memory{i}.type", "dram"))
    return [d for d in out if d is not None]
