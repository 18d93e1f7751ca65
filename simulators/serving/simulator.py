"""The serving simulator: latency, throughput, memory and cost of a deployment of a language model."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.drawing import Drawing
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError, UnknownNameError
from archgym.space import Designs, Setting, Value

from .arguments import Setups
from .batch import canonical_all, correct_all, fill, metrics_all, served, times_all
from .corrections import Corrections
from .devices import DEVICES, FORMATS, Device, Format, number_format, require
from .held import cache_per_sequence, weights_per_gpu
from .phases import Tables
from .pools import Pools
from .space import numbers, serving_space
from .tables import GPUS, devices, engines, models
from .tasks import NAMED, task

if TYPE_CHECKING:
    from archgym.figures.roofline import Dot

HOUR = 3600.0


class ServingSimulator(Simulator):
    """One replica of a model on GPUs of one kind, its requests always ``concurrency`` at once.

    ``corrected`` lets measured rows nearby correct the figures.  Prices are by GPU and hour, 1 where none is
    given, so that the cost counts GPU-hours.
    """

    name = "serving"
    version = "1.1"
    settings = (
        Setting("corrected", "switch", True, description="by measured rows nearby"),
        *(
            Setting(f"price_{gpu}", "number", 1.0, low=0.0, high=1e6, description=f"of a {gpu} and hour")
            for gpu in GPUS
        ),
    )  # fmt: skip
    metrics = (
        Metric("ttft", "s", "time to the first token"),
        Metric("tpot", "s", "time per further token"),
        Metric("throughput", "1/s", "tokens put out per second"),
        Metric("gpu_throughput", "1/s", "tokens put out per second and GPU"),
        Metric("gpus", "", "of the replica"),
        Metric("memory", "B", "held by a GPU"),
        Metric("gpu_time", "s", "GPU time per token put out"),
        Metric("cost", "", "price of a million tokens put out"),
        Metric("energy", "J", "per token put out, at most (at the limit of the boards' power)"),
    )

    def __init__(
        self, workload: str = "llama-3.1-70b-chat", *, corrected: bool = True, **prices: float
    ) -> None:
        for name in prices:
            if name.removeprefix("price_") not in GPUS or not name.startswith("price_"):
                raise UnknownNameError("setting", name, [s.name for s in self.settings])
        self.task = task(workload)
        self.workload = workload
        self.corrected = corrected
        self.prices = {gpu: float(prices.get(f"price_{gpu}", 1.0)) for gpu in GPUS}
        self.space = serving_space()
        shape = dataclasses.replace(self.task.shape, name="")
        text = repr((shape, self.task.inputs, self.task.outputs))
        self.workload_hash = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._pairs = [(self.task.shape, f) for f in FORMATS.values()]
        self._gpus = list(DEVICES.values())
        self._tables = Tables(models(self._pairs), devices(self._gpus), engines())
        self._prices = np.array([self.prices[g] for g in GPUS])
        self._numbers = numbers(self.space)
        self._lacks = np.array(
            [[bool(self._lack(g, f)) for f in FORMATS.values()] for g in self._gpus]
        )
        self._corrections = Corrections(self._pairs)

    @staticmethod
    def workload_names() -> list[str]:
        """Workloads by name."""
        return sorted(NAMED)

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything that the answers depend on."""
        return {"corrected": self.corrected, **{f"price_{g}": p for g, p in self.prices.items()}}

    def default_design(self) -> dict[str, Value]:
        """The fewest H200 that hold the model in 8 bits (or as it is published), 16 requests at once."""
        stored = self.task.shape.stored or "fp8"
        design: dict[str, Value] = {
            "gpu": "h200_sxm", "engine": "vllm", "precision": number_format(stored).name, "tensor": 8,
            "stages": 1, "expert_parallel": False, "data_attention": False, "concurrency": 16,
            "prefill_workers": 0, "prefill_tensor": 1, "decode_workers": 1,
        }  # fmt: skip
        for stages in (1, 2, 4):
            for tensor in (1, 2, 4, 8):
                design |= {"tensor": tensor, "stages": stages}
                if self.evaluate(self.space.encode([design])).feasible[0]:
                    return design
        return design

    def canonical(self, x: Designs) -> Designs:
        """Divisions that divide nothing are off."""
        out = np.array(x, np.int64, order="C")
        canonical_all(out, self.task.shape.experts > 0)
        return out

    def configurations(self, x: Designs) -> tuple[Setups, Pools]:
        """The kernel's columns of designs, and their pools of GPUs.

        Args:
            x: canonical designs (n, d), value indices.

        Returns:
            Configurations and pools, columns (n,).
        """
        n = len(x)
        ints, floats = np.empty((3, n), np.int64), np.empty((7, n))
        s = Setups(*ints, *floats)
        p = Pools(*(np.empty(n) for _ in Pools._fields))
        fill(x, self._numbers, float(self.task.inputs), float(self.task.outputs), s, p)
        return s, p

    def running(self, x: Designs) -> tuple[Tables, Setups, Pools, NDArray[np.float64]]:
        """What the kernels read of designs, and how many sequences run at once.

        Args:
            x: designs (n, d), value indices.

        Returns:
            The kernels' tables, configurations, pools, and sequences (n,).
        """
        s, p = self.configurations(self.canonical(x))
        out = np.empty((len(x), 4))
        times_all(*self._tables, s, p, out)
        return self._tables, s, p, out[:, 3]

    def _evaluate(self, x: Designs) -> Evaluation:
        x = self.canonical(x)
        s, p = self.configurations(x)
        n = len(x)
        out, feasible = np.empty((n, 4)), np.empty(n, np.bool_)
        times_all(*self._tables, s, p, out)
        served(s, p, self._lacks, float(self.task.shape.heads), out, feasible)
        if self.corrected:
            correct_all(*self._corrections(x, s), out)
        table = np.empty((len(self.metrics), n))
        metrics_all(s, p, out, feasible, self._tables.gpus.power, self._prices, table)
        metrics = {m.name: table[i] for i, m in enumerate(self.metrics)}
        reasons = () if feasible.all() else self._reasons(s, p, feasible)
        return Evaluation(metrics, feasible, reasons)

    def roofline(self, design: Designs) -> list[Dot]:
        """The parts of a design's passes that move bytes and do operations, by the constants alone.

        Args:
            design: (d,) value indices.

        Returns:
            A dot per part that takes time.

        Raises:
            ArchgymError: the design cannot run; says why.
        """
        from .roofline import dots_of

        e = self.evaluate(design[None])
        if not e.feasible[0]:
            raise ArchgymError(f"this deployment has no roofline: {e.reasons[0]}")
        t, s, p, running = self.running(design[None])
        return dots_of(t, s, p, float(running[0]))

    def draw(self, design: Designs) -> Iterable[Drawing]:
        """The roofline of its passes."""
        from .roofline import drawing

        return (drawing(self.roofline(design)),)

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Times by pass, part and resource; GPU time, cost and energy with them; memory by what is held."""
        from .explaining import Explained, breakdowns

        s, p = self.configurations(self.canonical(x))
        price, power = self._prices[s.device] / HOUR * 1e6, self._tables.gpus.power[s.device]
        gpus = evaluation.metrics["gpus"]
        return breakdowns(Explained(self._tables, s, p, evaluation, gpus, power, price))

    @staticmethod
    def _lack(gpu: Device, stored: Format) -> str:
        """Why a GPU does not serve a format; empty where it does."""
        try:
            require(gpu, stored)
        except ArchgymError as error:
            return str(error)
        return ""

    def _reasons(self, s: Setups, p: Pools, feasible: NDArray[np.bool_]) -> list[str]:
        """Why designs are infeasible; empty for the others."""
        bad = np.flatnonzero(~feasible)
        keys = (s.device * 8 + s.model) * 2 + s.data_attention.astype(np.int64)
        keys = (keys * 16 + s.tensor.astype(np.int64)) * 16 + s.stages.astype(np.int64)
        keys = (keys * 16 + p.prefill_tensor.astype(np.int64)) * 8 + p.prefill_workers.astype(
            np.int64
        )
        _, first, which = np.unique(keys[bad], return_index=True, return_inverse=True)
        texts = np.array([self._reason(s, p, int(i)) for i in bad[first]], dtype=object)
        out = np.full(len(feasible), "", dtype=object)
        out[bad] = texts[which]
        return list(out)

    def _reason(self, s: Setups, p: Pools, i: int) -> str:
        """Why one design is infeasible."""
        gpu, stored = self._gpus[s.device[i]], self._pairs[s.model[i]][1]
        lack = self._lack(gpu, stored)
        if lack:
            return lack
        split = [s.tensor[i], *([p.prefill_tensor[i]] if p.prefill_workers[i] else [])]
        for n in split:
            if self.task.shape.heads % n:
                return f"{self.task.shape.heads} heads are not divided by {n:.0f} GPUs"
        table, v = self._tables.models, int(s.model[i])
        place = (min(split), s.stages[i], s.data_attention[i])
        weights = weights_per_gpu(table, v, *place) / 1e9
        one = cache_per_sequence(table, v, *place, s.inputs[i] + s.outputs[i]) / 1e9
        return (
            f"does not fit: {weights:.1f} GB of weights and {one:.1f} GB of cache of one request on a GPU "
            f"of {gpu.memory / 1e9:.0f} GB, of which 90 % may be used"
        )
