"""The space ``archgym-limited``: three slots of each block, as ArchGym's FARSISimEnv encodes it.

Elements are A53s or the one accelerator of ArchGym's reduced library (unroll 1, 100 MHz), memories
4-byte DRAM and buses 4 bytes wide at four clocks.  Kept for comparison: about 2 % of uniform designs
are valid, and no latency budget but the audio decoder's is near.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.space import Value, categorical
from archgym.space import Columns, Constraint, Designs, DesignSpace

from . import technology as tech
from .system import Element, System
from .task_graph import Workload

SLOTS = 3
ONLY = {  # the one accelerator in ArchGym's reduced library, by workload
    "audio_decoder": "rotatorSet",
    "edge_detection": "gaussianSmoothing",
    "hpvm_cava": "scale",
}


class LimitedSpace:
    """ArchGym's encoding of a workload, and the system that a design stands for."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        wanted = [ONLY[n] for n in workload.ends if n in ONLY]
        self.only = next(
            (
                i
                for i, t in enumerate(workload.tasks)
                if any(t.name.startswith(n) for n in wanted) and t.cycles
            ),
            next((i for i, t in enumerate(workload.tasks) if t.cycles), None),
        )
        self._accelerated = -1 if self.only is None else self.only
        self.space = DesignSpace(self._parameters(), self._constraints())

    def _parameters(self) -> list[Any]:
        kinds = ("A53",) if self.only is None else ("A53", "accelerator")
        clocks = tuple(int(f / 1e6) for f in tech.FREQUENCIES)
        out = []
        for i in range(SLOTS):
            out.append(categorical(f"pe{i}", kinds, "element in this slot"))
        for i in range(SLOTS):
            out.append(
                categorical(
                    f"memory{i}.clock", clocks, "clock of the 4-byte DRAM in this slot", "MHz"
                )
            )
        for i in range(SLOTS):
            out.append(
                categorical(f"bus{i}.clock", clocks, "clock of the 4-byte bus in this slot", "MHz")
            )
        for i in range(SLOTS):
            out.append(categorical(f"pe{i}.bus", tuple(range(SLOTS)), "bus of the element"))
        for i in range(SLOTS):
            out.append(
                categorical(f"bus{i}.to_bus", (-1, *range(SLOTS)), "bus it is bridged to, or none")
            )
        for i in range(SLOTS):
            out.append(
                categorical(f"bus{i}.to_memory", (-1, *range(SLOTS)), "memory on it, or none")
            )
        for t in self.workload.tasks:
            out.append(
                categorical(f"pe_of.{t.name}", tuple(range(SLOTS)), "element the task runs on")
            )
        for t in self.workload.tasks:
            out.append(
                categorical(f"memory_of.{t.name}", tuple(range(SLOTS)), "memory it writes to")
            )
        return out

    def _constraints(self) -> list[Constraint]:
        return [
            Constraint(
                "one bus a memory", _one_bus_a_memory, "each memory must hang on exactly one bus"
            ),
            Constraint("no self bridge", _no_self_bridge, "a bus cannot be bridged to itself"),
            Constraint("compatible", self._compatible, "an accelerator hosts only its own task"),
        ]

    def _compatible(self, c: Columns) -> NDArray[np.bool_]:
        ok = np.ones(len(c["pe0"]), np.bool_)
        kinds = np.stack([np.asarray(c[f"pe{i}"]) == "accelerator" for i in range(SLOTS)], axis=1)
        rows = np.arange(len(kinds))
        for t, task in enumerate(self.workload.tasks):
            host = np.asarray(c[f"pe_of.{task.name}"], int)
            if t != self._accelerated:
                ok &= ~kinds[rows, host]
        return ok

    def default(self) -> dict[str, Value]:
        """All tasks on one A53 and one memory, on one bus at 400 MHz: every knob by name."""
        out: dict[str, Value] = {}
        for name in self.space.names:
            block, _, what = name.partition(".")
            if what == "to_memory":
                out[name] = int(block.removeprefix("bus"))
            elif what == "to_bus":
                out[name] = -1
            elif what == "clock":
                out[name] = 400
            else:
                out[name] = 0 if what else "A53"
        return out

    def repair(self, x: Designs) -> Designs:
        """Valid designs close to given ones.

        Missing memories go to free buses, tasks to the next A53.

        Args:
            x: (n, d) value indices.

        Returns:
            (n, d) value indices of valid designs.
        """
        out = x.copy()
        at = {n: i for i, n in enumerate(self.space.names)}
        buses = [at[f"bus{i}.to_memory"] for i in range(SLOTS)]
        for row in out:
            taken: set[int] = set()
            for column in buses:  # index 0 is "none"
                if row[column] == 0 or row[column] in taken:
                    row[column] = 0
                else:
                    taken.add(int(row[column]))
            missing = [m for m in range(1, SLOTS + 1) if m not in taken]
            for column in buses:
                if row[column] == 0:
                    row[column] = missing.pop(0)
            for i in range(SLOTS):
                if row[at[f"bus{i}.to_bus"]] == i + 1:
                    row[at[f"bus{i}.to_bus"]] = 0
            if all(row[at[f"pe{i}"]] == 1 for i in range(SLOTS)):
                row[at["pe0"]] = 0
            plain = [i for i in range(SLOTS) if row[at[f"pe{i}"]] == 0]
            for t, task in enumerate(self.workload.tasks):
                column = at[f"pe_of.{task.name}"]
                if t != self._accelerated and row[column] not in plain:
                    row[column] = plain[int(row[column]) % len(plain)]
        return out

    def mask(self, prefix: Designs) -> NDArray[np.bool_]:
        """Values of the next parameter that a valid design can still have.

        Args:
            prefix: (k,) value indices of the first k parameters.

        Returns:
            (values,) of parameter k.
        """
        name = self.space.names[len(prefix)]
        values = self.space.parameters[len(prefix)].values
        chosen: Mapping[str, Any] = {
            n: p.values[int(i)] for n, p, i in zip(self.space.names, self.space.parameters, prefix)
        }
        if name.endswith(".to_memory"):
            used = {chosen[f"bus{i}.to_memory"] for i in range(int(name[3]))}
            return np.array([v != -1 and v not in used for v in values])
        if name.endswith(".to_bus"):
            return np.array([v != int(name[3]) for v in values])
        if name == f"pe{SLOTS - 1}" and all(chosen[f"pe{i}"] != "A53" for i in range(SLOTS - 1)):
            return np.array([v == "A53" for v in values])
        if name.startswith("pe_of."):
            task = next(i for i, t in enumerate(self.workload.tasks) if name == f"pe_of.{t.name}")
            return np.array(
                [task == self._accelerated or chosen[f"pe{v}"] == "A53" for v in values]
            )
        return np.ones(len(values), np.bool_)

    def system(self, design: Designs) -> System:
        """The system of one valid design.

        Args:
            design: (d,) value indices.

        Returns:
            The system.
        """
        (d,) = self.space.decode(design[None])
        w = self.workload
        elements = [
            Element() if d[f"pe{i}"] == "A53" else Element(self._accelerated, 1, 100e6)
            for i in range(SLOTS)
        ]
        mem_bus = [0] * SLOTS
        links = set()
        for i in range(SLOTS):
            memory, other = d[f"bus{i}.to_memory"], d[f"bus{i}.to_bus"]
            assert isinstance(memory, int) and isinstance(other, int)
            mem_bus[memory] = i
            if other >= 0:
                links.add((min(i, other), max(i, other)))
        return System(
            elements,
            [("dram", 4, float(d[f"memory{i}.clock"]) * 1e6) for i in range(SLOTS)],
            [(4, float(d[f"bus{i}.clock"]) * 1e6) for i in range(SLOTS)],
            [int(d[f"pe{i}.bus"]) for i in range(SLOTS)],
            mem_bus,
            sorted(links),
            [int(d[f"pe_of.{t.name}"]) for t in w.tasks],
            [int(d[f"memory_of.{w.tasks[p].name}"]) for p, _, _ in w.edges],
            prune=True,
        )


def _one_bus_a_memory(c: Columns) -> NDArray[np.bool_]:
    stack = np.sort(
        np.stack([np.asarray(c[f"bus{i}.to_memory"], int) for i in range(SLOTS)]), axis=0
    )
    return np.asarray((stack == np.arange(SLOTS)[:, None]).all(axis=0))


def _no_self_bridge(c: Columns) -> NDArray[np.bool_]:
    ok = np.ones(len(c["bus0.to_bus"]), np.bool_)
    for i in range(SLOTS):
        ok &= np.asarray(c[f"bus{i}.to_bus"], int) != i
    return ok
