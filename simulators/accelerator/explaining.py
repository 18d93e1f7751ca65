"""What the energy, time and area of mapped layers are made of, and which resource limits them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from .architecture import Architecture
from .layers import Layer
from .layout import FILL, READ, REUSE, TENSORS, UPDATE
from .mapping import Mapping as LoopNest
from .mapping import workspace

ARITHMETIC = "arithmetic"
EDGES = "first fill and last drain"
Mapped = Sequence[tuple[Layer, LoopNest]]
Relief = Mapping[str, Sequence[Move]]


@dataclass
class Account:
    """One design's parts, by metric: {part: amount}, and what limits its time.

    ``limits`` holds for every layer the cycles that each resource needs, which overlap; the largest of
    them is the layer's time but for what nothing overlaps.
    """

    energy: dict[Part, float] = field(default_factory=dict)
    cycles: dict[Part, float] = field(default_factory=dict)
    area: dict[Part, float] = field(default_factory=dict)
    traffic: dict[Part, float] = field(default_factory=dict)
    limits: list[dict[str, float]] = field(default_factory=list)
    clock_hz: float = 1.0


def account(mapped: Mapped, machine: Architecture, reuse: str) -> Account:
    """The parts of a network's energy (pJ), cycles, area (um2) and outer traffic (bytes).

    Args:
        mapped: layers with the mappings they run by.
        machine: the architecture.
        reuse: the convention of reuse, one of ``layout.REUSE``.

    Returns:
        The parts, with every layer as often as it occurs.
    """
    out = Account(clock_hz=machine.clock_hz)
    for layer, nest in mapped:
        _add_layer(out, layer, nest, machine, reuse)
    for level, instances in zip(machine.levels, machine.mesh.prod(axis=1)):
        out.area[Part(level.name, level.name)] = float(instances) * level.area_um2
    out.area[Part(ARITHMETIC, ARITHMETIC)] = machine.macs * machine.mac_area_um2
    return out


def _add_layer(
    out: Account, layer: Layer, nest: LoopNest, machine: Architecture, reuse: str
) -> None:
    from .cost import evaluate, narrowed

    levels = len(machine.levels)
    work = workspace(levels)
    arrays = machine.arrays
    switches = (REUSE.index(reuse), True)
    result = evaluate(
        layer.dims, layer.geometry, nest.factor, nest.order, nest.keep, arrays, switches, work
    )
    counts, table, level_cycles = work[:3]
    times = layer.count
    for level, row in zip(machine.levels, table):
        for tensor, pj in zip(TENSORS, row):
            if pj:
                part = Part(f"{layer.name}: {tensor} at {level.name}", level.name, layer.name)
                out.energy[part] = times * float(pj)
    part = Part(f"{layer.name}: {ARITHMETIC}", ARITHMETIC, layer.name)
    out.energy[part] = times * layer.macs * machine.mac_pj
    bits = arrays[1]
    for t, tensor in enumerate(TENSORS):
        moved = float(counts[0, t].sum() * bits[0, t])
        moved -= float(narrowed(counts, bits, 0)) if t == 2 else 0.0
        out.traffic[Part(f"{layer.name}: {tensor}", tensor, layer.name)] = times * moved / 8
    needs = {ARITHMETIC: float(np.ceil(result[6]))}
    for level, stalled, alone in zip(machine.levels, level_cycles, _ports(machine, work)):
        waits = stalled > needs[ARITHMETIC]
        needs[f"{level.name} port"] = float(stalled) if waits else alone
    _add_time(out, layer, needs | _networks(nest, machine, work), work, nest, machine, result[5])


def _ports(machine: Architecture, work: Any) -> list[float]:
    """Cycles that each level's ports would need if nothing else took time."""
    from .cost import narrowed

    counts, alone, bits, bandwidth = work[0], work[8], machine.arrays[1], machine.arrays[5]
    out = []
    for i, port in enumerate(bandwidth):
        width = bits[i, :3]
        read = float(counts[i, :, READ] @ width) - alone[i, 0]
        write = float((counts[i, :, FILL] + counts[i, :, UPDATE]) @ width) - alone[i, 1]
        write -= float(narrowed(counts, bits, i))
        read, write = max(0.0, read), max(0.0, write)
        out.append(float(max(read / port[0], write / port[1], (read + write) / port[2])))
    return out


def _add_time(
    out: Account,
    layer: Layer,
    needs: dict[str, float],
    work: Any,
    nest: LoopNest,
    machine: Architecture,
    cycles: float,
) -> None:
    """Arithmetic, the wait for the slowest resource, fills in between, the first fill and last drain."""
    from .cost import first_and_last

    _, bits, _, _, _, bandwidth, network, _, _ = machine.arrays
    fill, drain = first_and_last(nest.keep, work[4], work[7], bits, bandwidth, network, work[8])
    computing = needs[ARITHMETIC]
    slowest = max(
        needs, key=lambda name: needs[name]
    )  # arithmetic comes first: ties wait for nothing
    waiting = needs[slowest] - computing
    stopped = float(cycles) - needs[slowest] - float(fill) - float(drain)
    for name, resource, amount in (
        (ARITHMETIC, ARITHMETIC, computing),
        (f"waiting for {slowest}", slowest, waiting),
        ("fills that stop the computation", "fills that are not hidden", stopped),
        (EDGES, EDGES, float(fill) + float(drain)),
    ):
        if amount or name == ARITHMETIC:
            part = Part(f"{layer.name}: {name}", resource, layer.name)
            out.cycles[part] = layer.count * amount
    alone = {EDGES: float(fill) + float(drain), "fills that are not hidden": stopped}
    out.limits.append({k: layer.count * v for k, v in (needs | alone).items()})


def _networks(nest: LoopNest, machine: Architecture, work: Any) -> dict[str, float]:
    """Cycles that the way into each level needs, by name."""
    from .cost import delivery

    _, bits, _, _, _, bandwidth, network, hidden, _ = machine.arrays
    out = {}
    for i, level in enumerate(machine.levels):
        if i == 0 or np.isinf(network[i]):
            continue
        only = np.full_like(network, np.inf)
        only[i] = network[i]
        every = np.ones_like(hidden)
        busiest, _ = delivery(nest.keep, work[0], work[4], work[7], bits, bandwidth, only, every)
        out[f"network into {level.name}"] = float(busiest)
    return out


def limiting(limits: Sequence[Mapping[str, float]], clock_hz: float) -> tuple[str, str, float]:
    """What limits the time of all layers.

    A layer is limited by the resource that needs the longest. The resource that limits the longest
    time is named. Without it, each of its layers takes what its second resource needs.

    Args:
        limits: for every layer, the cycles that each resource needs.
        clock_hz: cycles per second.

    Returns:
        (resource, the one that limits next, seconds that relief can save).
    """
    blamed: dict[str, float] = {}
    second: dict[str, dict[str, float]] = {}
    saved: dict[str, float] = {}
    for needs in limits:
        together = {k: v for k, v in needs.items() if k not in ALONE}
        ranked = sorted(together, key=lambda k: -together[k])
        first = ranked[0]
        rest = together[ranked[1]] if len(ranked) > 1 else 0.0
        blamed[first] = blamed.get(first, 0.0) + together[first]
        saved[first] = saved.get(first, 0.0) + together[first] - rest
        if len(ranked) > 1:
            nexts = second.setdefault(first, {})
            nexts[ranked[1]] = nexts.get(ranked[1], 0.0) + rest
        for name in ALONE & needs.keys():  # nothing overlaps it: relief saves all of it
            blamed[name] = blamed.get(name, 0.0) + needs[name]
            saved[name] = saved.get(name, 0.0) + needs[name]
    worst = max(blamed, key=lambda k: blamed[k])
    others = second.get(worst) or {k: v for k, v in blamed.items() if k != worst}
    following = max(others, key=lambda k: others[k]) if others else ""
    return worst, following, saved[worst] / clock_hz


ALONE = {EDGES, "fills that are not hidden"}


def breakdowns(
    accounts: Sequence[Account],
    evaluation: Evaluation,
    energy: Relief,
    time: Relief,
    area: Relief | None = None,
) -> Iterator[Breakdown]:
    """Energy, power, latency, cycles, area and DRAM traffic, as far as the simulator has these metrics.

    Args:
        accounts: one per design; empty ones for infeasible designs.
        evaluation: of the designs.
        energy: moves by resource that lower energy.
        time: moves by resource that lower time.
        area: moves by level that lower area; None where area is not a sum over the architecture's
            levels.

    Yields:
        One breakdown per metric.
    """
    metrics = evaluation.metrics
    parts, pj = columns([a.energy for a in accounts])
    yield breakdown("energy", parts, 1e-12 * pj, evaluation, relief=energy)
    if "power" in metrics:
        with np.errstate(invalid="ignore"):
            watts = 1e-12 * pj / metrics["latency"][:, None]
        yield breakdown("power", parts, watts, evaluation, relief=energy)
    parts, cycles = columns([a.cycles for a in accounts])
    found = [limiting(a.limits, a.clock_hz) if a.limits else ("", "", np.nan) for a in accounts]
    binding, following, slack = (list(column) for column in zip(*found)) if found else ([], [], [])
    clock = np.array([a.clock_hz for a in accounts])
    seconds = np.array(slack, np.float64)
    for name, scale in (("latency", 1.0), ("cycles", clock)):
        values = cycles / clock[:, None] if name == "latency" else cycles
        yield breakdown(
            name, parts, values, evaluation, binding=binding, following=following,
            slack=seconds * scale, relief=time,
        )  # fmt: skip
    parts, um2 = columns([a.area for a in accounts])
    if area is not None:
        yield breakdown("area", parts, 1e-12 * um2, evaluation, relief=area)
    parts, moved = columns([a.traffic for a in accounts])
    yield breakdown(
        "traffic_dram",
        parts,
        moved,
        evaluation,
        relief={t: energy.get("DRAM", ()) for t in TENSORS},
    )
