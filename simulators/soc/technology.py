"""The hardware library: elements, memories and buses, with their sources.

FARSI's figures: A53 0.65 mm2 and 47.0e9 instructions a joule at 1 GHz x 2 (its database); accelerators
by task from its database, scaled by its technology factors (energy 0.064, area 0.0374 of 40 nm);
memories from CACTI at 40 nm, scaled by 0.064 and 0.07 (``scenarios/soc/cacti.csv``, size by size).

Under ``farsi`` width and frequency cost nothing, so the widest and fastest part always wins.  Under
``physical`` they cost (see :func:`physical_costs`):

- *frequency*: supply follows frequency linearly from 0.6 V at 100 MHz to 0.9 V at 800 MHz (the
  alpha-power law, Sakurai and Newton, IEEE JSSC 1990, is close to linear there), and energy goes with
  its square;
- *bus*: 310 pJ to move 256 bits over 10 mm at 40 nm (Keckler et al., IEEE Micro 2011, table 1; recalled)
  over ``BUS_MM``, and wires of 0.28 um pitch over that length, both scaled as above;
- *memory width*: CACTI's SRAMs of 128 and 512 KB at 45 and 65 nm take 1.10 times the area and 0.59
  times the energy a byte at a port of 256 bits instead of 64 (mean of four figures each); so each
  doubling from CACTI's 16-byte port costs 4.8 % area, and saves 23 % energy a byte between 8 and 32
  bytes, beyond which nothing is assumed.
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .data import folder

A53_RATE, A53_INST_PER_J, A53_AREA = 2e9, 47019607843.0, 6.5e-7
ENERGY_SCALE, AREA_SCALE = 0.064, 0.0374
WIDTHS = (4, 8, 16, 32, 64, 128)
FREQUENCIES = (100e6, 400e6, 600e6, 800e6)
MEMORY_TYPES = ("sram", "dram")
A53_COST, ACCELERATOR_COST = 1.0, 100.0  # FARSI's porting effort of a task

BUS_MM = 4.0
BUS_PJ_PER_BYTE_MM = 310.0 / 32 / 10
BUS_PITCH_M = 0.28e-6
AREA_PER_DOUBLING, ENERGY_PER_DOUBLING = 1.048, 0.77


@cache
def cacti() -> NDArray[np.float64]:
    """(2 types, 400 sizes, 3): read and write J a byte, m2; sizes are multiples of 256,000 B."""
    rows: dict[str, list[list[float]]] = {t: [] for t in MEMORY_TYPES}
    with open(folder().parent / "cacti.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns = ("read_energy_J_per_B", "write_energy_J_per_B", "area_m2")
            rows[row["type"]].append([float(row[c]) for c in columns])
    return np.array([rows[t] for t in MEMORY_TYPES])


def voltage(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Supply in volts at a frequency in Hz.

    Args:
        frequency: Hz.

    Returns:
        V, of the same shape.
    """
    return 0.6 + 0.3 * (np.asarray(frequency, np.float64) - 100e6) / 700e6


def frequency_factor(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy at a frequency over energy at 100 MHz.

    Args:
        frequency: Hz.

    Returns:
        The ratio, of the same shape.
    """
    return np.asarray((voltage(frequency) / 0.6) ** 2, np.float64)


def bus_energy_per_byte(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy to move a byte over one bus.

    Args:
        frequency: Hz.

    Returns:
        J, of the same shape.
    """
    fixed = BUS_MM * BUS_PJ_PER_BYTE_MM * 1e-12 * ENERGY_SCALE
    return np.asarray(fixed * frequency_factor(frequency), np.float64)


def bus_area(width: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area of a bus.

    Args:
        width: bytes.

    Returns:
        m2, of the same shape.
    """
    return np.asarray(width, np.float64) * 8 * BUS_PITCH_M * BUS_MM * 1e-3 * AREA_SCALE


def memory_area_factor(width: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area of a memory over that at a port of 16 bytes.

    Args:
        width: of the port, bytes.

    Returns:
        The ratio, of the same shape.
    """
    return np.asarray(AREA_PER_DOUBLING ** np.log2(np.asarray(width) / 16), np.float64)


def memory_energy_factor(width: NDArray[np.int64]) -> NDArray[np.float64]:
    """Energy per byte of a memory over that at a port of 16 bytes.

    Args:
        width: of the port, bytes.

    Returns:
        The ratio, of the same shape.
    """
    steps = np.clip(np.log2(np.asarray(width) / 16), -1, 1)
    return np.asarray(ENERGY_PER_DOUBLING**steps, np.float64)
