"""A system on chip as a value: blocks, links and mappings, and the arrays the kernel wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import DesignError

from . import technology as tech
from .state import Chip
from .task_graph import Workload


@dataclass(frozen=True)
class Element:
    """A processing element: an A53, or the accelerator of one task."""

    task: int | None = None
    unroll: int = 1
    frequency: float = 100e6


@dataclass(frozen=True)
class System:
    """One design.

    ``memories`` are (type, width B, frequency Hz), ``buses`` (width B, frequency Hz), ``pe_bus`` and
    ``mem_bus`` bus indices, ``links`` pairs of buses, ``task_pe`` an element a task, ``edge_mem`` a
    memory an edge (-1 for control edges); ``prune`` removes buses without memories or elements
    first, as ArchGym does.
    """

    elements: Sequence[Element]
    memories: Sequence[tuple[str, int, float]]
    buses: Sequence[tuple[int, float]]
    pe_bus: Sequence[int]
    mem_bus: Sequence[int]
    links: Sequence[tuple[int, int]]
    task_pe: Sequence[int]
    edge_mem: Sequence[int]
    prune: bool = True

    @property
    def block_names(self) -> list[str]:
        """Elements, buses, memories, in the kernel's order."""
        return [
            *(f"pe{i}" for i in range(len(self.elements))),
            *(f"bus{i}" for i in range(len(self.buses))),
            *(f"mem{i}" for i in range(len(self.memories))),
        ]

    def utilisation(
        self, busy: NDArray[np.float64], carried: NDArray[np.float64], duration: float
    ) -> dict[str, float]:
        """Share of its capacity that each block used over a run of ``duration`` s.

        Args:
            busy: (P,) s in which elements ran a task.
            carried: (C, 2) bytes that buses and memories moved, read and written.
            duration: s.

        Returns:
            Shares by the block's name.
        """
        peak = [b[0] * b[1] for b in self.buses] + [m[1] * m[2] for m in self.memories]
        used = [*busy, *(carried.max(axis=1) / np.array(peak))]
        return {
            name: float(u / duration) if duration > 0 else 0.0
            for name, u in zip(self.block_names, used)
        }

    def chip(self, w: Workload, physical: bool) -> Chip:
        """The kernel's view of the system.

        Args:
            w: the workload.
            physical: whether width and frequency cost.

        Returns:
            Rates, energies per instruction and areas.

        Raises:
            DesignError: a task on another task's accelerator, or on one that its table lacks.
        """
        n = len(w.tasks)
        rate, energy = np.ones(n), np.zeros(n)
        for t, pe in enumerate(self.task_pe):
            if w.work[t] == 0:
                continue
            element = self.elements[pe]
            if element.task is None:
                rate[t], energy[t] = tech.A53_RATE, 1 / tech.A53_INST_PER_J
                continue
            if element.task != t:
                raise DesignError(
                    f"task {w.tasks[t].name!r} is mapped on the accelerator of {w.tasks[element.task].name!r}"
                )
            rate[t], energy[t] = accelerator(w, element, physical)
        areas = [tech.A53_AREA if e.task is None else accelerator_area(w, e) for e in self.elements]
        costs = [tech.A53_COST if e.task is None else tech.ACCELERATOR_COST for e in self.elements]
        return Chip(
            np.array(self.task_pe, np.int16),
            np.array(self.edge_mem, np.int16),
            np.array(self.pe_bus, np.int16),
            np.array(self.mem_bus, np.int16),
            np.array(self.links, np.int16).reshape(-1, 2),
            rate,
            energy,
            np.array(areas),
            np.array(costs),
            np.array([tech.MEMORY_TYPES.index(m[0]) for m in self.memories], np.int16),
            np.array([m[1] * m[2] for m in self.memories], np.float64),
            np.array([b[0] * b[1] for b in self.buses], np.float64),
            *self._physical(physical),
        )

    def _physical(self, physical: bool) -> tuple[Any, ...]:
        """Factors of each memory's energy and area, J a byte and m2 of each bus."""
        m, b = len(self.memories), len(self.buses)
        if not physical:
            return np.ones(m), np.ones(m), np.zeros(b), np.zeros(b)
        width = np.array([x[1] for x in self.memories])
        frequency = np.array([x[2] for x in self.memories])
        bus_frequency = np.array([x[1] for x in self.buses])
        return (
            tech.memory_energy_factor(width) * tech.frequency_factor(frequency),
            tech.memory_area_factor(width),
            tech.bus_energy_per_byte(bus_frequency),
            tech.bus_area(np.array([x[0] for x in self.buses])),
        )


def accelerator(w: Workload, element: Element, physical: bool) -> tuple[float, float]:
    """Rate and energy of an accelerator.

    Args:
        w: the workload.
        element: the accelerator, which has a task.
        physical: whether frequency costs.

    Returns:
        (instructions per second, J per instruction).

    Raises:
        DesignError: the workload's table has no accelerator for the task.
    """
    assert element.task is not None
    task = w.tasks[element.task]
    if task.cycles is None or task.energy_j is None:
        raise DesignError(f"task {task.name!r} has no accelerator in its workload's table")
    rate = element.unroll * (element.frequency / 1e8) * task.work / (task.cycles / 1e8)
    energy = task.energy_j * tech.ENERGY_SCALE * element.unroll / task.work
    if physical:
        energy *= float(tech.frequency_factor(np.array(element.frequency)))
    return rate, energy


def accelerator_area(w: Workload, element: Element) -> float:
    """Area of an accelerator.

    Args:
        w: the workload.
        element: the accelerator, which has a task.

    Returns:
        m2.

    Raises:
        DesignError: the workload's table has no accelerator for the task.
    """
    assert element.task is not None
    area = w.tasks[element.task].area_m2
    if area is None:
        raise DesignError(
            f"task {w.tasks[element.task].name!r} has no accelerator in its workload's table"
        )
    return area * tech.AREA_SCALE * element.unroll
