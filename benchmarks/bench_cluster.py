"""The cluster model: a step of GPT-3 175B on 1,024 NPUs, collectives per second, cost by NPUs and by phases.

    python benchmarks/bench_cluster.py

CPU seconds of one thread.  A collective counts once a pipeline stage, whose NPUs run alike.
"""

from __future__ import annotations

import os
import time

import numpy as np
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.chunk_kernel import collective_time
from archgym.simulators.cluster.events import simulate
from archgym.simulators.cluster.stages import quick
from archgym.simulators.cluster.system import KINDS, System
from archgym.simulators.cluster.workloads import collective
from common import best_of, options, show


def took(function, repeat: int = 15) -> float:
    return best_of(function, repeat, time.thread_time)


def issued(simulator, recipe) -> int:
    """Collectives that all stages issue."""
    from archgym.simulators.cluster.workloads import staged

    task, dims = simulator.task, recipe.dims
    programs = staged(
        recipe.system.npus, model=task.shape, mode=task.mode, batch=task.batch, seq=task.seq,
        tp=dims["tensor"], dp=dims["data"], pp=dims["pipeline"], sp=dims["sequence"],
        micro=recipe.micro, zero=recipe.zero, schedule=recipe.schedule,
    )  # fmt: skip
    first = {programs.stands_for(i) for i in range(recipe.system.size)}
    return sum(n["op"] == "coll" for i in first for n in programs.of(i))


def steps() -> list[dict[str, str]]:
    """Steps of GPT-3 175B, by how they are divided."""
    rows = []
    for npus, data, stages, micro, splits in (
        (1024, 128, 1, 1, 4),
        (1024, 16, 8, 8, 4),
        (1024, 16, 8, 8, 16),
        (1024, 8, 16, 16, 4),
        (128, 2, 8, 8, 4),
        (4096, 64, 8, 8, 4),
    ):
        name = f"tensor 8, data {data}, {stages} stages, {micro} micro-batches, {splits} chunks"
        change = {
            "npus0": 8, "role0": "tensor", "npus1": data, "role1": "data", "npus2": stages,
            "role2": "pipeline", "npus3": 1, "micro_batches": micro, "splits": splits,
        }  # fmt: skip
        simulator = ClusterSimulator("gpt3-175b-train", npus=npus, dimensions=4)
        design = simulator.default_design() | change
        recipe = simulator.knobs.recipe(design)
        assert quick(recipe, simulator.task) is not None
        x = simulator.space.encode([design])
        alone = took(lambda r=recipe, s=simulator: quick(r, s.task))
        whole = took(lambda s=simulator, x=x: s.evaluate(x))
        count = issued(simulator, recipe)
        rows.append(
            {
                "step": f"{npus} NPUs: {name}",
                "simulated": f"{alone * 1e3:.2f} ms",
                "evaluated": f"{whole * 1e3:.2f} ms",
                "collectives": f"{count:,}",
                "a second": f"{count / alone:,.0f}",
            }
        )
    return rows


def chunks() -> list[dict[str, str]]:
    """Collectives whose every chunk and phase is simulated: an all-reduce over 4 dimensions has 7 phases."""
    rows = []
    for count, capacity in ((1, 1), (4, 1), (4, 4), (16, 4)):
        queue = np.array([0, 1, 2, 3, 2, 1, 0])
        time_ = np.array([7000, 5000, 3000, 8000, 3000, 5000, 7000])
        busy, rest = time_ * 0.9, time_ * 0.1
        calls = 2000

        def go(c=count, k=capacity, q=queue, t=time_, b=busy, r=rest, n=calls):
            for _ in range(n):
                collective_time(c, k, q, t, b, r, True)

        each = took(go, 5) / calls
        rows.append(
            {
                "collective": f"{count} chunks of 7 phases, {capacity} at once in a dimension",
                "value": f"{1 / each:,.0f} a second",
                "phase": f"{each / (7 * count) * 1e9:.0f} ns",
            }
        )
    return rows


def messages() -> list[dict[str, str]]:
    """Collectives that have no closed form: every message of every NPU; 64 one after another are a run."""
    rows = []
    for name, change in (
        ("double binary tree of 8", {"algorithms": "doubleBinaryTree"}),
        ("double binary tree of 64", {"algorithms": "doubleBinaryTree", "npus": (64,)}),
        ("direct, ring of 8, links shared", {"algorithms": "direct", "aware": True}),
        (
            "ring of 64, links shared, 4 chunks",
            {"npus": (64,), "aware": True, "splits": 4, "active_chunks": 4},
        ),
    ):  # fmt: skip
        algorithm = change.pop("algorithms", "ring")
        base = {"topology": ("Ring",), "npus": (8,), "bandwidth": (100.0,), "latency": (500.0,)}
        system = System(**base | change, algorithms=dict.fromkeys(KINDS, (algorithm,)))
        repeat = 64
        task = collective(system.npus, "all_reduce", 1 << 20, repeat=repeat)
        sent = simulate(system, task, whole=False).messages / repeat
        each = took(lambda s=system, t=task: simulate(s, t, whole=False), 3) / repeat
        rows.append(
            {
                "all-reduce": name,
                "value": f"{1 / each:,.0f} a second",
                "messages": f"{sent:,.0f}",
                "messages a second": f"{sent / each:,.0f}",
            }
        )
    return rows


def archgym() -> list[dict[str, str]]:
    """Designs of ArchGym's spaces, 4 layers."""
    rows = []
    for space in ("archgym-workload", "archgym-network"):
        for semantics in ("astra-sim", "physical"):
            s = ClusterSimulator(
                "archgym-gpt3-175b", space=space, npus=1024, semantics=semantics,
                peak_tflops=10, memory_gbps=50,
            )  # fmt: skip
            x = s.space.sample(300, np.random.default_rng(0))
            each = took(lambda s=s, x=x: s.evaluate(x), 3) / len(x)
            rows.append(
                {"space": f"{space}, {semantics}", "value": f"{each * 1e3:.2f} ms per design"}
            )
    return rows


if __name__ == "__main__":
    given = options(__doc__)
    if not given.json:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for title, table in (
        ("steps of GPT-3 175B", steps()),
        ("collectives, every chunk", chunks()),
        ("designs of ArchGym's spaces", archgym()),
        ("collectives, every message", messages()),
    ):
        show(title, table, given.json)
