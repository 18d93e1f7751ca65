"""The co-design simulator: networks and sub-accelerators in; score, latency, energy and area out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation, Floats, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.query import Query
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError, UnknownNameError
from archgym.space import Designs, DesignSpace, Parameter, Setting, Value, categorical, ordinal

from .accuracy import accuracy, digest, measured
from .area import units as units_of
from .budget import BUDGETS, MOST_BANDWIDTH, MOST_PES, reasons, repaired
from .networks import family, layers_of
from .planned import Schedule
from .tables import BANDWIDTHS, DATAFLOWS, PES, CostTables
from .workloads import WORKLOADS
from .workloads import workload as workload_of

TESTED = "test_accuracy"
Choice = tuple[int, ...]


class CoDesignSimulator(Simulator):
    """One design is a network for every task and one to three sub-accelerators that run them.

    Layers of a network run in order, networks in parallel; which sub-accelerator runs which layer is
    the scheduler's choice: least energy within ``limit`` cycles (default: the workload's published
    one).  ``budget`` of 4096 PEs and 64 GB/s in all: ``repaired`` scales both down to it, ``penalised``
    calls what exceeds it infeasible.  ``identical`` copies the first sub-accelerator's choice to all.
    """

    name = "codesign"
    version = "1.1"
    settings = (
        Setting(
            "accuracy",
            "text",
            "",
            description="where accuracies come from (default: the workload's)",
        ),
        Setting("units", "text", "paper", description="costs of operations, by name or YAML file"),
        Setting(
            "subaccelerators", "whole", 2, low=1, high=3, description="how many run the networks"
        ),
        Setting("identical", "switch", False, description="whether all are alike"),
        Setting(
            "budget",
            "choice",
            "repaired",
            BUDGETS,
            description="what happens above 4096 PEs, 64 GB/s",
        ),
        Setting(
            "limit",
            "number",
            0.0,
            low=0.0,
            unit="",
            description="cycles allowed; 0: the workload's own",
        ),
        Setting("l1_bytes", "whole", 704, low=1, high=1 << 40, description="bytes of L1 a PE"),
    )

    def __init__(
        self,
        workload: str = "w1",
        *,
        accuracy: str = "",
        units: str = "paper",
        subaccelerators: int = 2,
        identical: bool = False,
        budget: str = "repaired",
        limit: float = 0.0,
        l1_bytes: int = 704,
    ) -> None:
        self.tasks = workload_of(workload)
        self.workload, self.workload_hash = workload, digest(accuracy or self.tasks.accuracy)
        if subaccelerators not in (1, 2, 3):
            raise ArchgymError(f"subaccelerators is 1, 2 or 3, got {subaccelerators!r}")
        if budget not in BUDGETS:
            raise UnknownNameError("budget", budget, BUDGETS)
        if not (np.isfinite(limit) and limit >= 0) or not l1_bytes > 0:
            raise ArchgymError(f"limit {limit} cycles and L1 of {l1_bytes} B must be positive")
        self.source = accuracy or self.tasks.accuracy
        self.units = units_of(units)
        self.subaccelerators, self.identical, self.budget = subaccelerators, identical, budget
        self.limit = float(limit) or self.tasks.latency
        self._families = [family(t).parameters() for t in self.tasks.tasks]
        self._splits = np.cumsum([len(p) for p in self._families])
        self.space = DesignSpace((*self._network_knobs(), *self._hardware_knobs()))
        self.metrics = self._metrics()  # type: ignore[misc]
        self.tables = CostTables(self.units, int(l1_bytes))
        self._networks: list[dict[Choice, tuple[NDArray[np.int64], float]]] = [
            {} for _ in self.tasks.tasks
        ]

    @staticmethod
    def workload_names() -> list[str]:
        """Workloads by name."""
        return sorted(WORKLOADS)

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything that the answers depend on."""
        return {
            "accuracy": self.source, "units": self.units.name, "budget": self.budget,
            "subaccelerators": self.subaccelerators, "identical": self.identical,
            "limit": self.limit, "l1_bytes": self.tables.l1_bytes,
        }  # fmt: skip

    def _network_knobs(self) -> list[Parameter]:
        out = []
        for i, (task, knobs) in enumerate(zip(self.tasks.tasks, self._families), 1):
            for p in knobs:
                text = f"{task}: {p.description}"
                out.append(ordinal(f"net{i}.{p.name}", p.values, text, p.unit, p.scale))
        return out

    def _hardware_knobs(self) -> list[Parameter]:
        out: list[Parameter] = []
        for k in range(1, (1 if self.identical else self.subaccelerators) + 1):
            out.append(categorical(f"acc{k}.dataflow", DATAFLOWS, "what stays in place"))
            out.append(ordinal(f"acc{k}.pes", PES, "processing elements; 0 leaves it out"))
            out.append(ordinal(f"acc{k}.bandwidth", BANDWIDTHS[1:], "of its network", "GB/s"))
        return out

    def _metrics(self) -> tuple[Metric, ...]:
        kind = {
            "surrogate": "surrogate, not measured",
            "measured": "networks trained here, mean on validation images",
        }[self.source]
        scores = tuple(
            Metric(f"accuracy{i}", "", f"score on {t} ({kind})")
            for i, t in enumerate(self.tasks.tasks, 1)
        )
        tested = Metric(
            TESTED, "", "the same on test images: to report of a design, not to search by"
        )
        return (
            Metric("accuracy", "", f"weighted mean of the scores ({kind})"),
            *scores,
            *([tested] if self.source == "measured" else []),
            Metric("latency", "cycle", "all networks, once each"),
            Metric("energy", "J", "of one inference of each network; nominal under units: paper"),
            Metric("area", "m2", "of all sub-accelerators; nominal under units: paper"),
            Metric("utilisation", "", "busiest sub-accelerator's share of the latency"),
            Metric("macs", "", "products of all networks"),
            Metric("weights", "", "weights of all networks"),
        )

    # ---- designs
    def default_design(self) -> dict[str, Value]:
        """Networks of middle size on sub-accelerators that share the budget evenly, by name.

        The dataflows are the first on which every layer finds a place; where there are none, the
        first ones.
        """
        design: dict[str, Value] = {
            p.name: p.values[len(p.values) // 2] for p in self.space.parameters
        }
        copies = 1 if self.identical else self.subaccelerators
        pes = max(p for p in PES if p * self.subaccelerators <= MOST_PES)
        width = max(b for b in BANDWIDTHS if b * self.subaccelerators <= MOST_BANDWIDTH)
        for k in range(1, copies + 1):
            design |= {f"acc{k}.pes": pes, f"acc{k}.bandwidth": width}
        networks = self.choices(self.space.encode([design])[0])
        rows = np.concatenate([self.network(i, c)[0] for i, c in enumerate(networks)])
        fits = np.isfinite(self.tables.latency[rows, :, PES.index(pes), BANDWIDTHS.index(width)])
        first = list(DATAFLOWS[:copies])
        found = first
        for flows in (first, *map(list, combinations(DATAFLOWS, copies))):
            if fits[:, [DATAFLOWS.index(f) for f in flows]].any(axis=1).all():
                found = flows
                break
        return design | {f"acc{k}.dataflow": f for k, f in enumerate(found, 1)}

    def choices(self, x: Designs) -> list[Choice]:
        """The network choices of one design, by task.

        Args:
            x: value indices (d,).

        Returns:
            The values of each network's knobs.
        """
        values = [p.values[v] for p, v in zip(self.space.parameters, x.tolist())]
        ends = self._splits.tolist()
        return [
            tuple(int(v) for v in values[start:end])  # type: ignore[call-overload]
            for start, end in zip([0, *ends[:-1]], ends)
        ]

    def subs(self, x: Designs) -> NDArray[np.int64]:
        """Positions of dataflow, PEs and bandwidth in the tables; within the budget if repaired.

        Args:
            x: value indices (n, d).

        Returns:
            (n, k, 3), all 0 for a sub-accelerator that is left out.
        """
        first = int(self._splits[-1])
        out = x[:, first:].reshape(len(x), (x.shape[1] - first) // 3, 3).copy()
        if self.identical:
            out = np.repeat(out, self.subaccelerators, axis=1)
        out[:, :, 2] += 1
        out[out[:, :, 1] == 0] = 0
        return repaired(out) if self.budget == "repaired" else out

    def canonical(self, x: Designs) -> Designs:
        """Filters beyond a U-Net's height, and hardware beyond the budget, at what they stand for."""
        out = x.copy()
        start = 0
        for knobs in self._families:
            if knobs[0].name == "height":
                height = np.array(knobs[0].values)[x[:, start]]
                for i in range(sum(p.name.startswith("filters") for p in knobs)):
                    out[height <= i, start + 1 + i] = 0
            start += len(knobs)
        hardware = self.subs(x)[:, : 1 if self.identical else None]
        hardware[:, :, 2] = np.maximum(hardware[:, :, 2] - 1, 0)
        out[:, start:] = hardware.reshape(len(x), x.shape[1] - start)
        return out

    def queries(self) -> tuple[Query, ...]:
        """The accuracy of a design's networks: each has to be trained to be known, whatever the hardware."""
        ends = int(self._splits[-1])
        names = tuple(m.name for m in self.metrics if "accuracy" in m.name)
        text = "networks, one for every task, that would have to be trained"
        return (Query("accuracy", names, lambda x: x[:, :ends], text),)

    # ---- evaluation
    def prepare(self) -> None:
        """Compile the kernels."""
        self.evaluate(self.space.sample(1, np.random.default_rng(0)))

    def network(self, i: int, choice: Choice) -> tuple[NDArray[np.int64], float]:
        """Table rows of a network's layers and its score; kept for the next call.

        Args:
            i: the task, counted from 0.
            choice: the values of its network's knobs.

        Returns:
            Rows of the tables (layers,), and the score.
        """
        known = self._networks[i]
        if choice not in known:
            task = self.tasks.tasks[i]
            layers = layers_of(task, choice)
            rows = np.array([self.tables.row(layer) for layer in layers], np.int64)
            known[choice] = rows, accuracy(self.source, task, choice)
        return known[choice]

    def gathered(self, x: Designs) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """The networks of a batch, as the scheduler takes them.

        Args:
            x: value indices (n, d).

        Returns:
            Table rows (n, most), -1 beyond the end; where each network's layers start (n, c + 1);
            scores (n, c).
        """
        found = [
            [self.network(i, c) for i, c in enumerate(self.choices(row))]
            for row in self.canonical(x)
        ]
        lengths = np.array([[len(rows) for rows, _ in each] for each in found])
        chains = np.concatenate([np.zeros((len(x), 1), np.int64), lengths.cumsum(axis=1)], axis=1)
        layers = np.full((len(x), int(chains[:, -1].max())), -1, np.int64)
        for d, each in enumerate(found):
            layers[d, : chains[d, -1]] = np.concatenate([rows for rows, _ in each])
        return layers, chains, np.array([[score for _, score in each] for each in found])

    def tested(self, x: Designs) -> Floats:
        """Scores of trained networks on test images.

        Args:
            x: value indices (n, d).

        Returns:
            (n, c), by task.
        """
        rows = map(self.choices, self.canonical(x))
        return np.array([[measured(*n).test for n in zip(self.tasks.tasks, row)] for row in rows])

    def layer_costs(self, rows: NDArray[np.int64], x: Designs) -> tuple[Floats, Floats]:
        """Cycles and joules of layers on a design's sub-accelerators.

        Args:
            rows: of the tables, (n,).
            x: value indices (d,).

        Returns:
            Cycles (n, k) and joules (n, k); infinite where a layer does not run.
        """
        f, p, b = self.subs(x[None])[0].T
        at = (rows[:, None], f, p, b)
        return self.tables.latency[at], self.tables.energy[at]

    def schedule(self, x: Designs) -> Schedule:
        """Who runs what when, of one design.

        Args:
            x: value indices (d,).

        Returns:
            The schedule that the design's latency and energy are of.

        Raises:
            ArchgymError: it is infeasible.
        """
        from .schedule import solve

        reason = self.evaluate(x[None]).reason(0)
        if reason:
            raise ArchgymError(f"this design has no schedule: {reason}")
        layers, chains, _ = self.gathered(x[None])
        latency, energy = self.layer_costs(layers[0], x)
        assign, start = np.empty(len(latency), np.int64), np.empty(len(latency))
        length, joules = solve(latency, energy, chains[0], self.limit, assign, start)  # type: ignore[call-arg]
        names = [
            (i, layer.name)
            for i, (t, c) in enumerate(zip(self.tasks.tasks, self.choices(x)))
            for layer in layers_of(t, c)
        ]
        return Schedule(names, assign, start, latency, energy, float(length), float(joules))

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Latency by layer of the critical chain; energy by layer; area by sub-accelerator."""
        from .explaining import Account, account, breakdowns

        accounts = [Account() for _ in x]
        scores = self.gathered(x)[2]
        for i in np.flatnonzero(evaluation.feasible):
            pes, bandwidth = self._built(self.subs(x[i][None]))
            area = self.units.area_um2(pes[0].astype(np.float64), bandwidth[0].astype(np.float64))
            accounts[i] = account(self.schedule(x[i]), area, self.tasks, scores[i])
        nets = [p.name for p in self.space.parameters if p.name.startswith("net")]
        own = range(1, self.subaccelerators + 1)
        knobs = {f"acc{k}": f"acc{1 if self.identical else k}" for k in own}
        return breakdowns(accounts, evaluation, nets, knobs)

    @staticmethod
    def _built(subs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """PEs and GB/s (n, k) of sub-accelerators."""
        return np.array(PES)[subs[:, :, 1]], np.array(BANDWIDTHS)[subs[:, :, 2]]

    def _evaluate(self, x: Designs) -> Evaluation:
        from .schedule import solve_all

        n, k = len(x), self.subaccelerators
        layers, chains, scores = self.gathered(x)
        counts = np.append(self.tables.counts, [[0.0, 0.0]], axis=0)[layers].sum(axis=1)
        subs = self.subs(x)
        length, energy, busy = np.empty(n), np.empty(n), np.zeros((n, k))
        solve_all(  # type: ignore[call-arg]
            self.tables.latency, self.tables.energy, layers, chains, subs, self.limit, length,
            energy, busy,
        )  # fmt: skip
        pes, bandwidth = self._built(subs)
        area = self.units.area_um2(pes.astype(np.float64), bandwidth.astype(np.float64))
        why = reasons(pes, bandwidth, length, self.tables.l1_bytes)
        feasible = np.array([not r for r in why], np.bool_)
        metrics = {
            "accuracy": scores @ np.array(self.tasks.weights),
            **{f"accuracy{i}": scores[:, i - 1] for i in range(1, scores.shape[1] + 1)},
            "latency": length,
            "energy": energy,
            "area": area.sum(axis=1) * 1e-12,
            "utilisation": busy.max(axis=1) / length,
            "macs": counts[:, 0],
            "weights": counts[:, 1],
        }
        if self.source == "measured":
            metrics[TESTED] = self.tested(x) @ np.array(self.tasks.weights)
        metrics = {name: np.where(feasible, v, np.nan) for name, v in metrics.items()}
        return Evaluation(metrics, feasible, [] if feasible.all() else why)
