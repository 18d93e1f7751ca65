"""The accelerator simulator: hardware in; the mapper maps every layer; energy, time and area out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from archgym.errors import ArchgymError, UnknownNameError
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.features import Features
from archgym.contracts.fidelity import Fidelity
from archgym.contracts.simulator import Simulator
from archgym.space import THREADS, Designs, Setting
from archgym.kernels.threads import map_rows

from .architecture import Architecture
from .hardware import SPACES
from .layers import Layer, Network
from .settings import READING
from .layout import OBJECTIVES, REUSE, TRAFFIC
from .mapper import FAST, Found, find_mapping
from .mapping import Refusal
from .workloads import Dims, names, reading, resolve
from .technology import TechnologyError

ROUNDS = 500  # of the search for a certificate, about 10 ms each at most
# one in how many mappings, and the cost: more than the share of mappings, since every layer has its own start
LOWER_EFFORTS = {"sixteenth-effort": (16, 0.18), "quarter-effort": (4, 0.33)}
LEAST_EFFORT = 100  # mappings of a layer, below which its cost says little
GROUPS = ("dram", "glb", "pe", "mac")
GROUP_OF = {"DRAM": "dram", "GLB": "glb"}  # every other level lies in the processing elements


class AcceleratorSimulator(Simulator):
    """Every design is a DNN accelerator; the mapper chooses how each layer runs on it.

    Metrics are those of one inference: layers one after the other, each as often as it occurs. The
    settings are:

    - ``space``: ``archgym-timeloop`` (ArchGym's 26 knobs), ``eyeriss`` or ``simba``.
    - ``objective`` and ``effort``: what the mapper minimises, and how many mappings it tries per
      layer.
    - ``within``: how near to the best each mapping is wanted, as a share. Where what is proved after
      ``effort`` is less, the layer is searched on by branch and bound, ``ROUNDS`` rounds at most;
      ``gaps`` says which layers got there.
    - ``dims``: sizes of an ONNX model's symbolic axes (``batch=8,sequence=128``).
    - ``partial``: whether a model of which some products cannot be read is taken.
    - ``output_bits``: width of finished outputs (0: that of sums).
    """

    name = "accelerator"
    version = "1.1"
    features_version = "layers 1"
    settings = (
        Setting(
            "space", "choice", "archgym-timeloop", tuple(SPACES), description="the design space"
        ),
        Setting(
            "objective",
            "choice",
            "energy-delay",
            OBJECTIVES,
            description="what the mapper minimises",
        ),
        Setting(
            "effort", "whole", FAST, low=1, high=10_000_000, description="mappings tried per layer"
        ),
        Setting(
            "within",
            "number",
            0.0,
            low=0.0,
            high=0.99,
            description="share that a mapping may be above the best; sought beyond the effort (0: not)",
        ),
        *READING,
        THREADS,
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("energy", "J", "memories and arithmetic"),
        Metric("latency", "s", "all layers, one after the other"),
        Metric("cycles", "cycle", "latency in clock cycles"),
        Metric("area", "m2", "memories and multipliers; no wiring, no control"),
        Metric("power", "W", "energy over latency"),
        Metric("utilisation", "", "products over what all multipliers could do in that time"),
        Metric("energy_dram", "J", "energy of DRAM"),
        Metric("energy_glb", "J", "energy of the global buffer"),
        Metric("energy_pe", "J", "energy of the buffers inside processing elements"),
        Metric("energy_mac", "J", "energy of arithmetic"),
        Metric("traffic_dram", "B", "bytes to and from DRAM"),
        Metric("traffic_glb", "B", "bytes read from and written to the global buffer"),
    )

    def __init__(
        self,
        workload: str | Path | Layer | Network = "alexnet-conv",
        *,
        space: str = "archgym-timeloop",
        objective: str = "energy-delay",
        effort: int = FAST,
        within: float = 0.0,
        reuse: str = "physical",
        dims: str | Dims = "",
        partial: bool = False,
        output_bits: int = 0,
        threads: int | None = None,
    ) -> None:
        if space not in SPACES:
            raise UnknownNameError("accelerator design space", space, SPACES)
        if objective not in OBJECTIVES:
            raise UnknownNameError("mapper objective", objective, OBJECTIVES)
        if reuse not in REUSE:
            raise UnknownNameError("reuse convention", reuse, REUSE)
        self.network = resolve(workload, dims=dims, partial=partial)
        self._reading = reading(dims, partial, output_bits)
        self.hardware = SPACES[space]()
        self.space = self.hardware.space
        self.workload, self.workload_hash = self.network.name, self.network.content_hash
        self._mapper: dict[str, Any] = {
            "objective": objective,
            "effort": int(effort),
            "reuse": reuse,
        }
        self._proving: dict[str, Any] = {}
        if within:
            if objective == OBJECTIVES[TRAFFIC] or not 0.0 < within < 1.0:
                raise ArchgymError(
                    f"within is a share from 0 to below 1, of an objective that is certified; got {within!r} "
                    f"of {objective}"
                )
            # counted, not timed: a design's figures do not depend on the machine that works them out
            self._proving = {"within": float(within), "rounds": ROUNDS, "seconds": float("inf")}
        self._threads = None if threads is None else int(threads)

    @staticmethod
    def workload_names() -> list[str]:
        """Every network that has a name."""
        return names()

    @property
    def config(self) -> Mapping[str, Any]:
        """The space and the mapper's settings."""
        proving = {"within": self._proving["within"]} if self._proving else {}
        if proving:  # no source of the search is among those that the key follows
            proving["certificates"] = import_module(".optimal", __package__).VERSION
        return {"space": self.hardware.name, **self._mapper, **proving, **self._reading}

    @property
    def workload_notes(self) -> dict[str, Any]:
        """What is known of the workload besides its shapes: where from, the share of products read."""
        return {"products": self.network.macs, **self.network.notes}

    def default_design(self) -> dict[str, Any]:
        """The space's baseline; it maps every layer, since each of its memories holds a word."""
        return dict(self.hardware.default)

    def fidelities(self) -> tuple[Fidelity, ...]:
        """The mapper looks at fewer mappings of each layer, and proves none."""
        effort, out = int(self._mapper["effort"]), []
        for name, (parts, share) in LOWER_EFFORTS.items():
            if effort // parts < LEAST_EFFORT:
                continue
            rough = copy(self)
            rough._mapper, rough._proving = {**self._mapper, "effort": effort // parts}, {}
            text = f"{effort // parts:,} mappings a layer in place of {effort:,}"
            out.append(Fidelity(name, share, rough, {}, text))
        return tuple(out)

    def prepare(self) -> None:
        """Compile the kernels."""
        design = self.space.decode(np.zeros((1, len(self.space)), np.int64))[0]
        find_mapping(Layer("tiny"), self.hardware.build(design), effort=1)

    def architecture(self, design: Designs) -> Architecture:
        """The accelerator that one design stands for.

        Args:
            design: (d,) value indices.

        Returns:
            The architecture.

        Raises:
            TechnologyError: a component that the energy tables do not cover.
        """
        machine = self.hardware.build(self.space.decode(design[None])[0])
        bits = self._reading.get("output_bits", 0)
        return replace(machine, output_bits=bits) if bits else machine

    def _evaluate(self, x: Designs) -> Evaluation:
        rows = map_rows(self._one, x, self._threads)
        table = np.array([row[0] for row in rows])
        metrics = {m.name: table[:, i].copy() for i, m in enumerate(self.metrics)}
        reasons = [row[1] for row in rows]
        return Evaluation(metrics, np.array([not r for r in reasons]), reasons)

    def _one(self, design: Designs) -> tuple[list[float], str]:
        nothing = [np.nan] * len(self.metrics)
        try:
            hardware = self.architecture(design)
        except TechnologyError as error:
            return nothing, f"technology: {error}"
        groups = [GROUP_OF.get(level.name, "pe") for level in hardware.levels]
        energy = dict.fromkeys(GROUPS, 0.0)
        traffic = dict.fromkeys(GROUPS, 0.0)
        cycles = 0.0
        for layer, found in self._mapped(hardware):
            if isinstance(found, Refusal):
                return nothing, f"layer {layer.name}: {found}"
            cost = found.cost
            cycles += layer.count * cost.cycles
            energy["mac"] += layer.count * cost.mac_energy_pj
            per_level = cost.level_energy_pj.sum(axis=1).tolist()
            moved = (cost.traffic_bits(hardware) / 8).tolist()
            for group, pj, moved_bytes in zip(groups, per_level, moved):
                energy[group] += layer.count * pj
                traffic[group] += layer.count * moved_bytes
        joules = {k: 1e-12 * v for k, v in energy.items()}
        total, latency = sum(joules.values()), cycles / hardware.clock_hz
        return [
            total,
            latency,
            cycles,
            hardware.area_um2 * 1e-12,
            total / latency,
            self.network.macs / (cycles * hardware.macs),
            *(joules[g] for g in GROUPS),
            traffic["dram"],
            traffic["glb"],
        ], ""

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Energy by layer, level and tensor; time by layer and resource; area by level."""
        from .explaining import Account, account, breakdowns
        from .relief import RELIEFS, area_relief

        accounts = [Account() for _ in x]
        for i in np.flatnonzero(evaluation.feasible):
            mapped = [(a, f.mapping) for a, f in self.mappings(x[i]) if isinstance(f, Found)]
            accounts[i] = account(mapped, self.architecture(x[i]), str(self._mapper["reuse"]))
        name = self.hardware.name
        return breakdowns(accounts, evaluation, *RELIEFS[name](), area_relief(name))

    def _features(self, x: Designs) -> Features:
        """What each layer must cost at least, without a mapping."""
        from .network_features import columns, network_features

        names = columns(self.hardware.build(self.hardware.default))
        return network_features(self.network, names, self.architecture, x)

    def mappings(self, design: Designs) -> list[tuple[Layer, Found | Refusal]]:
        """Every layer of the network with the mapping it runs by on one design.

        Args:
            design: (d,) value indices.

        Returns:
            Layer and mapping, or why none fits, in the network's order.

        Raises:
            TechnologyError: a component that the energy tables do not cover.
        """
        return list(self._mapped(self.architecture(design)))

    def gaps(self, design: Designs) -> dict[str, float | None]:
        """How far each layer's mapping may be above the best, as a share of its own objective.

        Args:
            design: (d,) value indices.

        Returns:
            Layer's name -> gap; None for ``dram-traffic``, and where nothing fits.
        """
        return {
            layer.name: found.gap if isinstance(found, Found) else None
            for layer, found in self.mappings(design)
        }

    def _mapped(self, hardware: Architecture) -> Iterator[tuple[Layer, Found | Refusal]]:
        """Layer by layer, each shape mapped once."""
        known: dict[tuple[int, ...], Found | Refusal] = {}
        for layer in self.network.layers:
            if layer.shape not in known:  # equal shapes have equal mappings
                known[layer.shape] = find_mapping(
                    layer, hardware, moves="single", **self._mapper, **self._proving
                )
            yield layer, known[layer.shape]
