"""Energy and area of buffers, multipliers and DRAM, with their sources.

- *SRAM*: CACTI at 65 and 45 nm (``scenarios/accelerator/cacti.csv``: 0.5 to 512 KB, ports of 16 to 256
  bits), interpolated in the logarithms of size and port.  A smaller macro costs what the smallest
  costs; a larger bank is refused.  Banks share a bus: wires of 0.12 pJ a bit and mm at 40 nm (310 pJ
  for 256 bits over 10 mm, Keckler et al., IEEE Micro 2011, recalled) over half the macro's side.
- *Register file*: linear in depth, through the three scratchpads that Timeloop's Eyeriss-like example
  publishes at 65 nm (16 bits; 12, 16 and 192 words: 0.20, 0.25, 1.98 pJ an access; 1.9 um2 a bit).
- *Controller* of ArchGym's smart buffers: two address counters, an addition of log2(depth) bits each
  an access; 0.03 pJ and 36 um2 per 8 bits at 45 nm (Horowitz, ISSCC 2014, recalled).
- *Multiply-accumulate*: 0.2 pJ and 282 um2 for 8 x 8 bits, 3.1 pJ and 3495 um2 for 32 x 32 (the same
  table), interpolated in the logarithm; an addition of twice the bits, as above.
- *DRAM*: LPDDR4, 8 pJ a bit (Accelergy's figure: 512 pJ for 64 bits).
- *Nodes*: energy goes with feature size times supply squared, area with feature size squared.  From 65
  to 45 nm that gives 0.572 and 0.479; CACTI's own ratio at 8 KB and 64 bits is 0.552 and 0.479.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .data import folder

# node in nm -> nominal supply in V (ITRS)
SUPPLY = {65: 1.1, 45: 1.0, 40: 1.0, 32: 0.9, 28: 0.9, 22: 0.8, 16: 0.8, 12: 0.8, 7: 0.7}
BUFFER_CLASSES = ("regfile", "smartbuffer_RF", "SRAM", "smartbuffer_SRAM")
DRAM_PJ_PER_BIT = 8.0
WIRE_PJ_PER_BIT_MM = 310.0 / 256 / 10  # at 40 nm
REGISTER_PJ_PER_BIT = (0.00513, 0.000618)  # at 65 nm: constant, a word of depth
REGISTER_UM2_PER_BIT = 1.89
ADDER_PJ_PER_BIT, ADDER_UM2_PER_BIT = 0.03 / 8, 36.0 / 8  # at 45 nm
MULTIPLIER_PJ, MULTIPLIER_UM2 = (0.2, 3.1), (282.0, 3495.0)  # 8 and 32 bits at 45 nm


class TechnologyError(ArchgymError, ValueError):
    """A component that the tables do not cover."""


@dataclass(frozen=True)
class Cost:
    """Energy of one access of the whole port in pJ, and area in um2."""

    read_pj: float
    write_pj: float
    area_um2: float


def energy_factor(node: int, source: int) -> float:
    """Energy at ``node`` nm over energy at ``source`` nm.

    Args:
        node: in nm, one of ``SUPPLY``.
        source: in nm, one of ``SUPPLY``.

    Returns:
        The ratio.

    Raises:
        TechnologyError: a node without a supply voltage.
    """
    return node * _supply(node) ** 2 / (source * _supply(source) ** 2)


def area_factor(node: int, source: int) -> float:
    """Area at ``node`` nm over area at ``source`` nm.

    Args:
        node: in nm, one of ``SUPPLY``.
        source: in nm.

    Returns:
        The ratio.

    Raises:
        TechnologyError: a node without a supply voltage.
    """
    _supply(node)
    return (node / source) ** 2


def _supply(node: int) -> float:
    if node not in SUPPLY:
        raise TechnologyError(
            f"no supply voltage for a node of {node} nm; known: {', '.join(map(str, sorted(SUPPLY)))}"
        )
    return SUPPLY[node]


@cache
def _cacti(node: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sizes in bytes (6,), ports in bits (3,), log of (read, write, area) (6, 3, 3)."""
    with open(folder() / "cacti.csv", encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if int(r["node_nm"]) == node]
    sizes = sorted({int(r["size_bytes"]) for r in rows})
    ports = sorted({int(r["port_bits"]) for r in rows})
    table = np.full((len(sizes), len(ports), 3), np.nan)
    for r in rows:
        at = sizes.index(int(r["size_bytes"])), ports.index(int(r["port_bits"]))
        table[at] = [log(float(r[c])) for c in ("read_pj", "write_pj", "area_um2")]
    return np.array(sizes, float), np.array(ports, float), table


def _bilinear(node: int, size: float, port: float) -> tuple[float, float, float]:
    sizes, ports, table = _cacti(node)
    a, b = np.log(sizes), np.log(ports)
    x = float(np.clip(log(size), a[0], a[-1]))
    y = float(np.clip(log(port), b[0], b[-1]))
    i = int(np.clip(np.searchsorted(a, x) - 1, 0, len(a) - 2))
    j = int(np.clip(np.searchsorted(b, y) - 1, 0, len(b) - 2))
    u, v = (x - a[i]) / (a[i + 1] - a[i]), (y - b[j]) / (b[j + 1] - b[j])
    values = (
        (1 - u) * (1 - v) * table[i, j]
        + u * (1 - v) * table[i + 1, j]
        + (1 - u) * v * table[i, j + 1]
        + u * v * table[i + 1, j + 1]
    )
    # beyond the table's ports energy goes with the port; within it values holds
    scale = port / float(np.clip(port, ports[0], ports[-1]))
    read, write, area = np.exp(values).tolist()
    return read * scale, write * scale, area


@cache
def sram(size_bytes: float, port_bits: int, node: int = 45, banks: int = 1) -> Cost:
    """An SRAM of ``banks`` equal macros behind one port.

    Args:
        size_bytes: of all banks together.
        port_bits: width of the port.
        node: in nm, one of ``SUPPLY``.
        banks: equal macros.

    Returns:
        Cost of one access of the port, and area.

    Raises:
        TechnologyError: a bank larger than CACTI's table, or nothing at all.
    """
    if size_bytes <= 0 or port_bits < 1 or banks < 1:
        raise TechnologyError(f"no SRAM of {size_bytes} B, {port_bits} bits, {banks} banks")
    source = 65 if node >= 65 else 45
    largest = float(_cacti(source)[0][-1])
    bank = size_bytes / banks
    if bank > largest:
        raise TechnologyError(
            f"an SRAM bank of {bank:g} B is beyond the energy table (512 to {largest:g} B a bank); "
            "use more banks"
        )
    read, write, area = _bilinear(source, bank, float(port_bits))
    scale, shrink = energy_factor(node, source), area_factor(node, source)
    area *= shrink * banks
    wire = 0.0
    if banks > 1:
        half_side_mm = 0.5 * (area * 1e-6) ** 0.5
        wire = WIRE_PJ_PER_BIT_MM * energy_factor(node, 40) * port_bits * half_side_mm
    return Cost(read * scale + wire, write * scale + wire, area)


@cache
def register_file(depth: int, port_bits: int, node: int = 45) -> Cost:
    """A register file of ``depth`` words of ``port_bits``.

    Args:
        depth: words.
        port_bits: bits per word.
        node: in nm, one of ``SUPPLY``.

    Returns:
        Cost of one access of the port, and area.

    Raises:
        TechnologyError: no words or no bits.
    """
    if depth < 1 or port_bits < 1:
        raise TechnologyError(f"no register file of {depth} words of {port_bits} bits")
    constant, slope = REGISTER_PJ_PER_BIT
    pj = port_bits * (constant + slope * depth) * energy_factor(node, 65)
    return Cost(pj, pj, REGISTER_UM2_PER_BIT * port_bits * depth * area_factor(node, 65))


@cache
def controller(depth: int, node: int = 45) -> Cost:
    """The two address counters of a smart buffer.

    Args:
        depth: words that are addressed.
        node: in nm, one of ``SUPPLY``.

    Returns:
        Cost per access, and area.
    """
    bits = 2 * max(1.0, log2(max(depth, 2)))
    pj = bits * ADDER_PJ_PER_BIT * energy_factor(node, 45)
    return Cost(pj, pj, bits * ADDER_UM2_PER_BIT * area_factor(node, 45))


@cache
def buffer(kind: str, depth: int, port_bits: int, node: int = 45, banks: int = 1) -> Cost:
    """One of ArchGym's four buffer classes.

    Args:
        kind: one of ``BUFFER_CLASSES``.
        depth: words.
        port_bits: bits per word, which is the port.
        node: in nm, one of ``SUPPLY``.
        banks: equal macros, for SRAM.

    Returns:
        Cost of one access of the port, and area.

    Raises:
        TechnologyError: another class, or a size that the tables do not cover.
    """
    if kind not in BUFFER_CLASSES:
        raise TechnologyError(f"unknown buffer class {kind!r}; known: {', '.join(BUFFER_CLASSES)}")
    if kind in ("regfile", "smartbuffer_RF"):
        storage = register_file(depth, port_bits, node)
    else:
        storage = sram(depth * port_bits / 8, port_bits, node, banks)
    if not kind.startswith("smartbuffer"):
        return storage
    extra = controller(depth, node)
    return Cost(
        storage.read_pj + extra.read_pj,
        storage.write_pj + extra.write_pj,
        storage.area_um2 + extra.area_um2,
    )


@cache
def multiplier(bits: int, node: int = 45) -> tuple[float, float]:
    """A multiply-accumulate unit.

    Args:
        bits: of each operand.
        node: in nm, one of ``SUPPLY``.

    Returns:
        (pJ per operation, um2).

    Raises:
        TechnologyError: no bits, or a node without a supply voltage.
    """
    if bits < 1:
        raise TechnologyError(f"no multiplier of {bits} bits")
    share = log2(bits / 8) / 2
    pj = MULTIPLIER_PJ[0] * (MULTIPLIER_PJ[1] / MULTIPLIER_PJ[0]) ** share
    um2 = MULTIPLIER_UM2[0] * (MULTIPLIER_UM2[1] / MULTIPLIER_UM2[0]) ** share
    pj += 2 * bits * ADDER_PJ_PER_BIT
    um2 += 2 * bits * ADDER_UM2_PER_BIT
    return pj * energy_factor(node, 45), um2 * area_factor(node, 45)
