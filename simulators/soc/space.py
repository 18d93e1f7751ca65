"""The design space ``full``: allocation, customisation, topology and mapping, without invalid designs.

The encoding is centred on tasks: each task runs on one of the CPUs or on an accelerator of its own
(an accelerator can host only its own task, so this loses nothing), each task writes to one memory,
each element and memory hangs on one bus, and buses form a tree.  What nothing is mapped on does not
exist, so every combination is a system.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.space import Parameter, Value, categorical, ordinal
from archgym.space import Designs, DesignSpace

from . import technology as tech
from .state import Knobs, Values
from .system import Element, System
from .task_graph import Workload

MEGAHERTZ = tuple(int(f / 1e6) for f in tech.FREQUENCIES)
OWN = "accelerator"


class FullSpace:
    """The knobs of a workload, and the system that a design stands for."""

    def __init__(
        self, workload: Workload, cpus: int = 2, memories: int = 3, buses: int = 3
    ) -> None:
        self.workload = workload
        self.cpus, self.memories, self.buses = cpus, memories, buses
        self.compute = [i for i, t in enumerate(workload.tasks) if not t.is_dummy and t.work > 0]
        self.space = DesignSpace(self._parameters())
        self._at = {name: i for i, name in enumerate(self.space.names)}

    def _parameters(self) -> list[Parameter]:
        w = self.workload
        hosts = [f"cpu{i}" for i in range(self.cpus)]
        out: list[Parameter] = []
        for t in self.compute:
            task = w.tasks[t]
            can = task.cycles is not None
            out.append(
                categorical(
                    f"host.{task.name}", (*hosts, OWN) if can else hosts, "where the task runs"
                )
            )
            if can:
                if len(task.unrolls) > 1:
                    out.append(
                        ordinal(
                            f"unroll.{task.name}",
                            task.unrolls,
                            "copies of the loop body",
                            scale="log",
                        )
                    )
                out.append(
                    ordinal(f"clock.{task.name}", MEGAHERTZ, "accelerator clock", "MHz", "log")
                )
                out.append(
                    categorical(
                        f"bus.{task.name}", tuple(range(self.buses)), "bus of the accelerator"
                    )
                )
        for t in range(len(w.tasks)):
            if self.writes(t):
                name = f"memory_of.{w.tasks[t].name}"
                out.append(
                    categorical(name, tuple(range(self.memories)), "memory its outputs go to")
                )
        for i in range(self.cpus):
            out.append(categorical(f"cpu{i}.bus", tuple(range(self.buses)), "bus of the CPU"))
        for i in range(self.memories):
            out += [
                categorical(f"memory{i}.type", tech.MEMORY_TYPES, "SRAM on chip or DRAM"),
                ordinal(f"memory{i}.width", tech.WIDTHS, "port", "B", "log"),
                ordinal(f"memory{i}.clock", MEGAHERTZ, "clock", "MHz", "log"),
                categorical(f"memory{i}.bus", tuple(range(self.buses)), "bus of the memory"),
            ]
        for i in range(self.buses):
            out += [
                ordinal(f"bus{i}.width", tech.WIDTHS, "data width", "B", "log"),
                ordinal(f"bus{i}.clock", MEGAHERTZ, "clock", "MHz", "log"),
            ]
            if i > 0:
                out.append(categorical(f"bus{i}.parent", tuple(range(i)), "bus it is bridged to"))
        return out

    def default(self) -> dict[str, Value]:
        """Everything on one A53, one SRAM and one bus, of 16 bytes at 400 MHz: every knob by name."""
        usual: dict[str, Value] = {
            "host": "cpu0", "type": tech.MEMORY_TYPES[0], "width": 16, "unroll": 1, "bus": 0,
            "memory_of": 0, "parent": 0,
        }  # fmt: skip
        out: dict[str, Value] = {}
        for name in self.space.names:
            prefix, _, rest = name.partition(".")
            if prefix == "clock":  # an accelerator's, which is not there
                out[name] = MEGAHERTZ[0]
            elif prefix in usual:
                out[name] = usual[prefix]
            else:  # of a CPU, memory or bus
                out[name] = 400 if rest == "clock" else usual[rest]
        return out

    def writes(self, t: int) -> bool:
        """Whether a task writes data; control edges go through no memory.

        Args:
            t: the task's index.

        Returns:
            True if an edge from it carries bytes.
        """
        w = self.workload
        return any(w.edges[e][2] > 0 for e in w.children[t])

    def value(self, design: Designs, name: str) -> object:
        """The physical value of a knob in one design (d,).

        Args:
            design: (d,) value indices.
            name: the knob's name.

        Returns:
            The value.
        """
        column = self._at[name]
        return self.space.parameters[column].values[int(design[column])]

    def number(self, design: Designs, name: str) -> int:
        """The value of a numeric knob.

        Args:
            design: (d,) value indices.
            name: the knob's name.

        Returns:
            The value, in the knob's unit.
        """
        value = self.value(design, name)
        assert isinstance(value, int)
        return value

    def has(self, name: str) -> bool:
        """Whether the space has a knob of that name.

        Args:
            name: the knob's name.

        Returns:
            True if it has.
        """
        return name in self._at

    def with_value(self, design: Designs, name: str, value: object) -> Designs | None:
        """The design with a knob set.

        Args:
            design: (d,) value indices.
            name: the knob's name.
            value: the new physical value.

        Returns:
            (d,) value indices; None where the knob or value does not exist.
        """
        if name not in self._at or value not in self.space.parameters[self._at[name]].values:
            return None
        out = design.copy()
        out[self._at[name]] = self.space.parameters[self._at[name]].index(value)
        return out

    def moved(self, design: Designs, name: str, steps: int) -> Designs | None:
        """The design with an ordinal knob moved by steps; it stops at the knob's ends.

        Args:
            design: (d,) value indices.
            name: the knob's name.
            steps: up, or down where negative.

        Returns:
            (d,) value indices; None where the knob does not exist.
        """
        if name not in self._at:
            return None
        column = self._at[name]
        out = design.copy()
        out[column] = min(max(int(out[column]) + steps, 0), int(self.space.nvec[column]) - 1)
        return out

    def system(self, design: Designs) -> System:
        """The system of one design.

        Elements, memories and buses without use are left out.

        Args:
            design: (d,) value indices.

        Returns:
            The system.
        """
        w = self.workload
        host = {t: self.value(design, f"host.{w.tasks[t].name}") for t in self.compute}
        elements: list[Element] = []
        pe_bus: list[int] = []
        task_pe = [0] * len(w.tasks)  # what has nothing to do sits on the first CPU
        for i in range(self.cpus):
            mine = [t for t in self.compute if host[t] == f"cpu{i}"]
            if mine or (i == 0 and len(self.compute) < len(w.tasks)):
                for t in mine:
                    task_pe[t] = len(elements)
                elements.append(Element())
                pe_bus.append(self.number(design, f"cpu{i}.bus"))
        for t in self.compute:
            if host[t] == OWN:
                name = w.tasks[t].name
                unroll = self.number(design, f"unroll.{name}") if len(w.tasks[t].unrolls) > 1 else 1
                task_pe[t] = len(elements)
                elements.append(Element(t, unroll, self.number(design, f"clock.{name}") * 1e6))
                pe_bus.append(self.number(design, f"bus.{name}"))
        chosen = [
            self.number(design, f"memory_of.{w.tasks[p].name}") if b > 0 else -1
            for p, _, b in w.edges
        ]
        used = sorted({m for m in chosen if m >= 0})
        memories = [
            (
                str(self.value(design, f"memory{m}.type")),
                self.number(design, f"memory{m}.width"),
                self.number(design, f"memory{m}.clock") * 1e6,
            )
            for m in used
        ]
        buses = [
            (self.number(design, f"bus{b}.width"), self.number(design, f"bus{b}.clock") * 1e6)
            for b in range(self.buses)
        ]
        links = [(b, self.number(design, f"bus{b}.parent")) for b in range(1, self.buses)]
        return System(
            elements,
            memories,
            buses,
            pe_bus,
            [self.number(design, f"memory{m}.bus") for m in used],
            links,
            task_pe,
            [used.index(m) if m >= 0 else -1 for m in chosen],
            prune=True,
        )

    def tables(self, physical: bool) -> tuple[Knobs, Values]:
        """What ``batch.build`` wants: columns of the knobs, and what their values mean.

        Args:
            physical: whether width and frequency cost.

        Returns:
            The columns and the values.
        """
        w, at = self.workload, self._at
        names = [t.name for t in w.tasks]

        def column(prefix: str) -> NDArray[np.int32]:
            return np.array([at.get(f"{prefix}.{n}", -1) for n in names], np.int32)

        kinds = ("type", "width", "clock", "bus")
        bus_kinds = ("width", "clock", "parent")
        knobs = Knobs(
            column("host"),
            column("unroll"),
            column("clock"),
            column("bus"),
            column("memory_of"),
            np.array([at[f"cpu{i}.bus"] for i in range(self.cpus)], np.int32),
            np.array(
                [[at[f"memory{i}.{k}"] for k in kinds] for i in range(self.memories)],
                np.int32,
            ),
            np.array(
                [[at.get(f"bus{i}.{k}", -1) for k in bus_kinds] for i in range(self.buses)],
                np.int32,
            ),
        )
        unrolls = np.ones((len(names), 17), np.int64)
        for t, task in enumerate(w.tasks):
            unrolls[t, : len(task.unrolls)] = task.unrolls
        frequency, width = np.array(tech.FREQUENCIES), np.array(tech.WIDTHS)
        factor = tech.frequency_factor(frequency) if physical else np.ones(len(frequency))
        one = np.ones(len(width))
        values = Values(
            unrolls,
            frequency,
            width.astype(np.float64),
            factor,
            np.array([t.work / (t.cycles / 1e8) if t.cycles else 1.0 for t in w.tasks]),
            np.array([(t.energy_j or 0.0) * tech.ENERGY_SCALE for t in w.tasks]),
            np.array([(t.area_m2 or 0.0) * tech.AREA_SCALE for t in w.tasks]),
            tech.A53_RATE,
            1 / tech.A53_INST_PER_J,
            tech.A53_AREA,
            tech.A53_COST,
            tech.ACCELERATOR_COST,
            tech.memory_energy_factor(width) if physical else one,
            tech.memory_area_factor(width) if physical else one,
            tech.bus_energy_per_byte(frequency) if physical else np.zeros(len(frequency)),
            tech.bus_area(width) if physical else np.zeros(len(width)),
        )
        return knobs, values
