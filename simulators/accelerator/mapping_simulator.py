"""The mapping simulator: fixed hardware, mappings in, energy and time out."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.features import Features
from archgym.contracts.simulator import Simulator
from archgym.space import THREADS, Designs, Setting, Value
from archgym.kernels.threads import split_rows

from .architecture import Architecture
from .layers import Layer, Network
from .settings import READING
from .layout import OK, REUSE
from .machines import load_architecture
from .mapping import Mapping, refusal, workspace
from .mapping_spaces import SPACES, joined
from .workloads import Dims, names, reading, resolve

# GAMMA's area: a PE, 32 KB of L2, 64 B of L1 in a PE; um2 (ArchGym's plug-in, dnn.md)
GAMMA_L2, GAMMA_L1, GAMMA_PES = (32768, 4161.5), (64, 4505.2), 1024.0


class MappingSimulator(Simulator):
    """Every design is a mapping of one layer, or of every layer of a network, on fixed hardware.

    A layer that occurs several times is mapped once. The design space is one of two:

    - ``loops``: factors, orders and unrolled dimensions by name. Area is that of the architecture.
    - ``gamma``: ArchGym's 17 integers on the architecture ``gamma``. Area follows the buffers that
      a mapping needs, twice over, as GAMMA counts it.
    """

    name = "mapping"
    version = "1.1"
    features_version = "nest 2"
    settings = (
        Setting("space", "choice", "loops", tuple(SPACES), description="the mapping space"),
        Setting(
            "architecture",
            "any",
            "",
            description="a name or a YAML file (default: the space's own)",
        ),
        *READING,
        THREADS,
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("energy", "J", "memories and arithmetic"),
        Metric("latency", "s", "all layers, one after the other"),
        Metric("cycles", "cycle", "latency in clock cycles"),
        Metric("area", "m2", "memories and multipliers"),
        Metric("utilisation", "", "products over what all multipliers could do in that time"),
        Metric("traffic_dram", "B", "bytes to and from the outermost level"),
    )

    def __init__(
        self,
        workload: str | Path | Layer | Network = "resnet18/conv2_1a",
        *,
        space: str = "loops",
        architecture: str | Architecture = "",
        reuse: str = "physical",
        dims: str | Dims = "",
        partial: bool = False,
        output_bits: int = 0,
        threads: int | None = None,
    ) -> None:
        if space not in SPACES:
            raise UnknownNameError("mapping space", space, SPACES)
        if reuse not in REUSE:
            raise UnknownNameError("reuse convention", reuse, REUSE)
        self.network = resolve(workload, dims=dims, partial=partial)
        self._reading = reading(dims, partial, output_bits)
        self.architecture = load_architecture(
            architecture or ("gamma" if space == "gamma" else "eyeriss")
        )
        if space == "gamma" and self.architecture.name != "gamma":
            raise UnknownNameError(
                "architecture of the gamma space", self.architecture.name, ["gamma"]
            )
        if self._reading.get("output_bits"):
            self.architecture = replace(self.architecture, output_bits=self._reading["output_bits"])
        several = len(self.network.layers) > 1
        self.parts = [
            SPACES[space](layer, self.architecture, f"{layer.name}." if several else "")
            for layer in self.network.layers
        ]
        self.space = joined(self.parts)
        self.workload, self.workload_hash = self.network.name, self.network.content_hash
        self._space_name, self._reuse = space, reuse
        self._threads = None if threads is None else int(threads)
        self._arrays = self.architecture.arrays

    @staticmethod
    def workload_names() -> list[str]:
        """Every network that has a name; ``NETWORK/LAYER`` is one layer of it."""
        return names()

    @property
    def config(self) -> Dict[str, Any]:
        """The space, the hardware and the reuse convention."""
        return {
            "space": self._space_name,
            "architecture": repr(self.architecture),
            "reuse": self._reuse,
            **self._reading,
        }

    @property
    def workload_notes(self) -> Dict[str, Any]:
        """What is known of the workload besides its shapes: where from, the share of products read."""
        return {"products": self.network.macs, **self.network.notes}

    def default_design(self) -> dict[str, Value]:
        """The smallest tiles, nothing unrolled, everything kept: if that does not fit, nothing does."""
        return self.space.decode(np.zeros((1, len(self.space)), np.int64))[0]

    def prepare(self) -> None:
        """Compile the kernels."""
        self._evaluate(np.zeros((1, len(self.space)), np.int64))

    def canonical(self, x: Designs) -> Designs:
        """One design for each mapping."""
        return np.concatenate([part.canonical(x[:, s]) for part, s in self._slices()], axis=1)

    def mappings(self, design: Designs) -> list[tuple[Layer, Mapping]]:
        """Every layer with the mapping that one design (d,) gives it.

        Args:
            design: (d,) value indices.

        Returns:
            Layer and mapping, in the network's order.
        """
        return [(part.layer, part.mapping(design[s])) for part, s in self._slices()]

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Energy by layer, level and tensor; time by layer and resource."""
        from .explaining import Account, account, breakdowns
        from .relief import mapping_relief

        accounts = [Account() for _ in x]
        for i in np.flatnonzero(evaluation.feasible):
            accounts[i] = account(self.mappings(x[i]), self.architecture, self._reuse)
        relief = mapping_relief(
            self.space.names, [level.name for level in self.architecture.levels]
        )
        return breakdowns(
            accounts, evaluation, *relief, None if self._space_name == "gamma" else {}
        )

    def _features(self, x: Designs) -> Features:
        """Tiles, how often they come, words that move, by level."""
        from .features import mapping_features

        return mapping_features(self._slices(), self.architecture, x)

    def _slices(self) -> list[tuple[Any, slice]]:
        out, at = [], 0
        for part in self.parts:
            out.append((part, slice(at, at + len(part.parameters))))
            at += len(part.parameters)
        return out

    def _run(self, part: Any, x: Designs, switches: Any, out: NDArray[np.float64]) -> None:
        levels = len(self.architecture.levels)

        def work(rows: slice) -> None:
            part.evaluate(x[rows], self._arrays, switches, out[rows], workspace(levels))

        split_rows(work, len(x), self._threads, smallest=1024)

    def _evaluate(self, x: Designs) -> Evaluation:
        n = len(x)
        switches = (REUSE.index(self._reuse), True)
        energy, cycles, traffic = np.zeros(n), np.zeros(n), np.zeros(n)
        buffers = np.zeros((n, 2))
        feasible = np.ones(n, np.bool_)
        reasons = [""] * n
        for part, columns in self._slices():
            out = np.zeros((n, 7))
            self._run(part, np.ascontiguousarray(x[:, columns]), switches, out)
            layer = part.layer
            for i in np.flatnonzero((out[:, 0] != OK) & feasible):
                why = refusal(
                    self.architecture, int(out[i, 0]), int(out[i, 1]), *out[i, 2:4].tolist()
                )
                reasons[i] = f"layer {layer.name}: {why}"
            feasible &= out[:, 0] == OK
            energy += layer.count * out[:, 1]
            cycles += layer.count * out[:, 2]
            traffic += layer.count * out[:, 3] / 8
            buffers = np.maximum(buffers, 2 * out[:, 4:6] / 8)
        area = np.full(n, self.architecture.area_um2)
        macs = float(self.architecture.macs)
        if self._space_name == "gamma":
            macs = GAMMA_PES
            area = np.full(n, macs * self.architecture.mac_area_um2)
            area += np.ceil(buffers[:, 0] / GAMMA_L2[0]) * GAMMA_L2[1]
            area += np.ceil(buffers[:, 1] / GAMMA_L1[0]) * GAMMA_L1[1] * macs
        with np.errstate(divide="ignore", invalid="ignore"):
            utilisation = self.network.macs / (cycles * macs)
        metrics = {
            "energy": 1e-12 * energy,
            "latency": cycles / self.architecture.clock_hz,
            "cycles": cycles,
            "area": 1e-12 * area,
            "utilisation": utilisation,
            "traffic_dram": traffic,
        }
        return Evaluation(metrics, feasible, reasons)
