"""ZigZag's rows: energy and latency from its mappings, with its hardware's port widths and costs.

ZigZag places each operand's loops on that operand's own memories. So every operand becomes a nest
of its own, with one level per loop, and the loop-nest model gives tiles, transfers and multicast.
What is ZigZag's own is the accounting of ports. A transfer takes whole accesses of the narrowest
width, each costing its share of the widest. No halo is reused. Pixels that strides skip are not
fetched. Sums are not spared their first read. Weights and inputs are latched at the multipliers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.validation import Check, equal, within

from ..layers import Layer
from ..layout import DIMENSIONS, INPUTS, OUTPUTS, WHOLE_TILE
from ..mapping import Mapping as Nest
from ..mapping import workspace
from .shapes import Shapes, rows_of

NAMES = {"K": "K", "C": "C", "OX": "Q", "OY": "P", "FX": "S", "FY": "R", "B": "N", "G": "G"}
TENSOR = {"W": 0, "I": 1, "O": 2}
FINAL_BITS, PARTIAL_BITS = 8, 16


@dataclass(frozen=True)
class Memory:
    """Costs in pJ an access of the widest port, port widths in bits, and whether one port does all."""

    name: str
    read_pj: float
    write_pj: float
    narrowest: float
    widest: float
    shared: bool = False

    def accesses(self, bits: float) -> float:
        """Accesses, in units of the widest, for one transfer.

        Args:
            bits: that are transferred at once.

        Returns:
            Accesses; not whole, as the narrowest may be a part of the widest.
        """
        return math.ceil(bits / self.narrowest - 1e-9) * self.narrowest / self.widest


DRAM_TPU, DRAM_EYERISS = (
    Memory("DRAM", 700, 750, 64, 64, True),
    Memory("DRAM", 1000, 1000, 64, 64, True),
)
SRAM_TPU = Memory("SRAM", 416.16, 378.4, 64, 2048)
GLB = Memory("GLB", 100, 130, 384, 384)
# operand -> memories from the inside
HARDWARE: dict[str, dict[str, tuple[Memory, ...]]] = {
    "tpu_like": {
        "W": (Memory("W register", 0.095, 0.095, 8, 8), DRAM_TPU),
        "I": (SRAM_TPU, DRAM_TPU),
        "O": (Memory("O register", 0.021, 0.021, 16, 16), SRAM_TPU, DRAM_TPU),
    },
    "eyeriss_like": {
        "W": (
            Memory("W file", 1, 1.5, 8, 8),
            Memory("W SRAM", 20, 25, 128, 128),
            DRAM_EYERISS,
        ),
        "I": (Memory("I file", 1, 1.5, 8, 8), GLB, DRAM_EYERISS),
        "O": (
            Memory("O file", 1.5, 2, 24, 24),
            Memory("O SRAM", 10, 15, 128, 128),
            GLB,
            DRAM_EYERISS,
        ),
    },
}
MAC_PJ = {"tpu_like": 0.04, "eyeriss_like": 0.5}
PES = {"tpu_like": 1024, "eyeriss_like": 168}


@dataclass
class Traffic:
    """Bits through one memory (all instances by ``instances``) and what moves at the ends."""

    read: float = 0.0
    write: float = 0.0
    first: float = 0.0
    last: float = 0.0


@dataclass(frozen=True)
class Result:
    """What the model says of one row."""

    energy_pj: float
    ideal_cycles: int
    temporal_cycles: float
    latency: float


def evaluate(row: Mapping[str, Any], layer: Layer) -> Result:
    """One ZigZag row: its mapping in, energy and latency out.

    Args:
        row: of the reference file.
        layer: its shape.

    Returns:
        Energy and latency.
    """
    from ..nest import box_volume, delivered_inputs, passes, unfold

    arch = row["arch"]
    spatial = [_loop(text) for loops in row["user_spatial"].values() for text in loops]
    dims, geometry = layer.dims, layer.geometry
    temporal: dict[str, int] = {}
    for loops in row["temporal_mapping"]["O"]:
        for name, n in loops:
            temporal[NAMES[name]] = temporal.get(NAMES[name], 1) * int(n)
    # ZigZag unrolls by what is left over, which need not be whole
    true_share = {}
    for name, n in spatial:
        left = getattr(layer, name) / temporal.get(name, 1)
        true_share[name] = min(1.0, left / n)
    energy = layer.macs * MAC_PJ[arch]
    ports: dict[str, Traffic] = {}
    widths: dict[str, Memory] = {}
    cycles = float(math.prod(temporal.values()))
    stages: list[dict[str, float]] = []
    for operand, memories in HARDWARE[arch].items():
        t = TENSOR[operand]
        nest, rows = _nest(operand, row, spatial)
        work = workspace(len(nest.factor))
        extent, used, fan, loops, starts = work[3], work[5], work[6], work[9], work[10]
        unfold(nest.factor, nest.order, extent, fan, used, loops, starts)
        whole = _reductions(loops, starts)
        last = 1.0  # the tile of outputs that is still inside when the last product is done
        for i, memory in enumerate(memories):  # i = 0 is next to the multipliers
            level = rows[i]
            inner = rows[i - 1] if i else len(nest.factor)
            union = np.minimum(extent[inner], dims)
            tile = _touched(t, union, geometry)
            spread, units = 1.0 / tile, _instances(fan, level, true_share)
            for between in range(level, inner):
                union = union * fan[between]
            spread *= _touched(t, union, geometry)  # neighbours share what overlaps
            for between in range(level, inner):
                for d, name in enumerate(DIMENSIONS):
                    if fan[between, d] > 1 and _relevant(t, d):
                        spread *= true_share.get(name, 1.0)
            if t == OUTPUTS and i == 0:
                times = cycles
            elif t == INPUTS:
                full = float(box_volume(t, extent[inner], geometry))
                args = (inner, extent, geometry, loops, starts, WHOLE_TILE, work[11])
                times = delivered_inputs(*args) / full
            else:
                times = passes(t, inner, loops, starts)
            port = ports.setdefault(memory.name, Traffic())
            widths[memory.name] = memory
            while len(stages) <= i:
                stages.append({})
            if t != OUTPUTS:
                bits = tile * spread * FINAL_BITS
                count = memory.accesses(bits) * times * units
                energy += memory.read_pj * count
                port.read += bits * times
                if i:
                    child = memories[i - 1]
                    arrives = _instances(fan, inner, true_share)
                    energy += child.write_pj * child.accesses(tile * FINAL_BITS) * times * arrives
                    ports[child.name].write += tile * FINAL_BITS * times
                    port.first += bits
                    stages[i][memory.name] = stages[i].get(memory.name, 0.0) + bits
                continue
            last = tile if i < 2 else last
            returning = i == 0 or whole[inner]
            bits = PARTIAL_BITS if returning else FINAL_BITS
            count = memory.accesses(tile * spread * bits) * times * units
            energy += memory.write_pj * count
            port.write += tile * spread * bits * times
            port.last += last * spread * bits if i else 0.0
            if returning:
                energy += memory.read_pj * count
                port.read += tile * spread * bits * times
            if i:
                child = memories[i - 1]
                leaves = child.accesses(tile * bits) * times * _instances(fan, inner, true_share)
                energy += child.read_pj * leaves
                if returning:
                    energy += child.write_pj * leaves
    # a port's steady time is what moves while products are computed
    worst = cycles
    for name, port in ports.items():
        width = widths[name].widest
        steady = (port.read - port.first) / width, port.write / width
        worst = max(worst, sum(steady) if widths[name].shared else max(steady))
    fill = sum(
        max((bits / widths[name].widest for name, bits in stage.items()), default=0.0)
        for stage in stages
    )
    drain = sum(port.last / widths[name].widest for name, port in ports.items())
    ideal = math.ceil(layer.macs / PES[arch])
    return Result(energy, ideal, cycles, worst + fill + drain)


def _loop(text: str) -> tuple[str, int]:
    name, _, n = text.partition(",")
    return NAMES[name.strip()], int(float(n))


def _touched(tensor: int, e: Any, geometry: Any) -> float:
    """Elements of a tile; of the inputs those that some filter position meets."""
    from ..nest import box_volume, distinct_offsets

    if tensor != INPUTS:
        return float(box_volume(tensor, e, geometry))
    return float(distinct_offsets(tensor, e, np.ones(8, np.int64), geometry))


def _relevant(tensor: int, d: int) -> bool:
    from ..nest import RELEVANT

    return bool(RELEVANT[tensor, d])


def _instances(fan: Any, level: int, true_share: Mapping[str, float]) -> float:
    out = 1.0
    for outer in range(level):
        for d, name in enumerate(DIMENSIONS):
            if fan[outer, d] > 1:
                out *= fan[outer, d] * true_share.get(name, 1.0)
    return out


def _reductions(loops: Any, starts: Any) -> list[bool]:
    """For every level whether loops outside it still add to the same sums."""
    adds = {DIMENSIONS.index(d) for d in "CRS"}
    return [any(int(loops[j, 0]) in adds for j in range(starts[k])) for k in range(len(starts))]


def _nest(
    operand: str, row: Mapping[str, Any], spatial: Sequence[tuple[str, int]]
) -> tuple[Nest, dict[int, int]]:
    """The operand's own nest, one level a loop, and the level of each of its memories."""
    rows: list[list[str]] = []
    at: dict[int, int] = {}
    memories = row["temporal_mapping"][operand]
    unrolled = row["spatial_mapping"][operand]
    for i in range(len(memories) - 1, -1, -1):
        at[i] = len(rows)
        words = [f"{NAMES[name]}{int(n)}" for name, n in reversed(memories[i])] or [""]
        for k, word in enumerate(words):
            rows.append(["WIO"[TENSOR[operand]] if k == 0 else "", word, "", ""])
        if unrolled[i]:
            rows[-1][2] = " ".join(f"{name}{n}" for name, n in spatial if n > 1)
    return Nest.parse(rows), at


def check(data: Mapping[str, Any], shapes: Shapes) -> list[Check]:
    """Compare ZigZag's rows.

    Energy must be within 2 %, ideal cycles equal, the latency with stalls within 10 % on average.

    Args:
        data: the reference file.
        shapes: layers by (network, name).

    Returns:
        Four checks.
    """
    energy, latency, ideal, temporal, n = [], [], 0, 0, 0
    for row in rows_of(data["zigzag"]):
        n += 1
        mine = evaluate(row, shapes[row["net"], row["layer"]])
        energy.append(abs(mine.energy_pj / row["energy_pJ"] - 1))
        latency.append(abs(mine.latency / row["latency_total2"] - 1))
        ideal += mine.ideal_cycles == row["ideal_cycle"]
        temporal += mine.temporal_cycles == row["ideal_temporal_cycle"]
    mean = float(np.mean(latency))
    return [
        within("energy, relative", "ZigZag", energy, 0.02),
        equal("ideal cycles", "ZigZag", ideal, n),
        equal("ideal cycles of the temporal loops", "ZigZag", temporal, n),
        Check(
            "latency with stalls, first load, last store",
            "ZigZag",
            f"mean {mean:.1%}, worst {max(latency):.0%}",
            "mean 10 %",
            mean <= 0.1,
            n,
            figures={"mean": mean, "worst": max(latency)},
        ),
    ]
