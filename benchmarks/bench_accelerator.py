"""The accelerator model: evaluations per second, a whole design, memory, the mapper against random search.

The last takes minutes: give --mapper, and --effort for its evaluations per layer.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

import numpy as np
from archgym.simulators import AcceleratorSimulator, MappingSimulator
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import FAST, Found, find_mapping
from archgym.simulators.accelerator.random_search import random_search
from archgym.simulators.accelerator.workloads import resolve
from common import best_of, show

ARCHITECTURES = ("archgym baseline", "eyeriss", "simba", "nvdla", "shidiannao", "tpu")
NETWORKS = ("alexnet", "resnet18", "mobilenet-v2")
TIMES = 100


def baseline():
    """ArchGym's Eyeriss-like baseline, with its own scratchpads of 12, 192 and 16 words."""
    from archgym.goals.scenario_file import load_scenario

    scenario = load_scenario("accelerator/alexnet-archgym")
    design = dict(scenario.reference)
    design |= {"ifmap_spad_depth": 12, "weights_spad_depth": 192, "psum_spad_depth": 16}
    return scenario.simulators[0].hardware.build(design)


def speed() -> list[dict[str, str]]:
    rows = []
    for workload, settings in (
        ("resnet18/conv2_1a", {"architecture": "eyeriss"}),
        ("resnet18/conv2_1a", {"architecture": "simba"}),
        ("resnet18/conv2_1a", {"space": "gamma"}),
        ("alexnet-conv", {"architecture": "eyeriss"}),
    ):
        one = MappingSimulator(workload, threads=1, **settings)
        many = MappingSimulator(workload, **settings)
        x = one.space.sample(20_000, np.random.default_rng(0))
        a, b = (
            best_of(lambda s=one, x=x: s.evaluate(x), 3),
            best_of(lambda s=many, x=x: s.evaluate(x), 3),
        )
        layers = len(one.network.layers) * len(x)
        name = f"mappings, {workload}, {settings.get('architecture', 'gamma')}"
        rows.append(
            {
                "what": name,
                "value": f"{layers / a:,.0f} layer mappings/s on one core",
                "all cores": f"{a / b:.2f} x on {os.cpu_count()}",
            }
        )
    one, many = AcceleratorSimulator(threads=1), AcceleratorSimulator()
    x = one.space.sample(16, np.random.default_rng(0))
    one.evaluate(x[:1])
    a, b = best_of(lambda: one.evaluate(x), 3), best_of(lambda: many.evaluate(x), 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one.evaluate(one.space.sample(200, np.random.default_rng(1)))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    rows.append(
        {
            "what": f"archgym-timeloop designs, AlexNet, mapper at {FAST} evaluations per layer",
            "value": f"{a / len(x) * 1e3:.1f} ms per design on one core",
            "all cores": f"{a / b:.2f} x on {os.cpu_count()}",
        }
    )
    rows.append(
        {
            "what": "memory, 200 more designs",
            "value": f"{grown / 1024:.1f} MB more",
            "all cores": "",
        }
    )
    return rows


def mapper(effort: int) -> list[dict[str, str]]:
    """Energy-delay of the mapper over that of random search with a hundred times its CPU time."""
    rows = []
    for name in ARCHITECTURES:
        machine = baseline() if name == "archgym baseline" else load_architecture(name)
        ratios, times, labels = [], [], []
        for network in NETWORKS:
            for layer in resolve(network).layers:
                find_mapping(layer, machine, effort=10)
                start = time.process_time()
                found = find_mapping(layer, machine, effort=effort)
                seconds = time.process_time() - start
                assert isinstance(found, Found)
                random, _, _ = random_search(layer, machine, TIMES * seconds)
                ratios.append(found.cost.energy_pj * found.cost.cycles / random)
                times.append(seconds)
                labels.append(f"{network}/{layer.name}")
        worst = sorted(zip(ratios, labels), reverse=True)
        rows.append(
            {
                "architecture": name,
                "layers": len(ratios),
                "ms per layer": f"{1e3 * float(np.mean(times)):.2f}",
                "median ratio": f"{float(np.median(ratios)):.3f}",
                "worse than random": sum(r > 1.001 for r in ratios),
                "worst": ", ".join(f"{label} {r:.3f}" for r, label in worst[:3]),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mapper", action="store_true", help="the mapper against random search")
    parser.add_argument("--effort", type=int, default=FAST)
    given = parser.parse_args()
    if given.mapper:
        title = (
            f"energy-delay at {given.effort} evaluations over random search with {TIMES} x the time"
        )
        show(title, mapper(given.effort), given.json)
    else:
        show("accelerators", speed(), given.json)


if __name__ == "__main__":
    main()
