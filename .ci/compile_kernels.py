"""Compile the kernels of every domain into the cache, two scenarios at a time.

Run before the tests.  Their workers would otherwise compile the same kernels side by side, and under
coverage, which makes a compilation nearly twice as slow.  With a warm cache this takes seconds.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import numpy as np

from archgym.domains import domains
from archgym.errors import ArchgymError

DESIGNS = 2
# other kernels than those of the environments' scenarios: another kind of workload, or of question
MORE = (
    "soc/all-budgets", "cluster/archgym-gpt3-13b", "mapping/resnet18-conv2-gamma",
    "serving/deepseek-r1-disaggregation",
)  # fmt: skip


def compile_kernels(name: str) -> str:
    """Evaluate a few designs of a scenario; returns a line that says how long that took."""
    from archgym.goals.scenario_file import load_scenario

    start = time.perf_counter()
    for simulator in load_scenario(name).simulators:
        x = simulator.space.sample(DESIGNS, np.random.default_rng(0))
        x = simulator.repair(x, np.random.default_rng(0))
        simulator.explain(x, simulator.evaluate(x))
        simulator.features(x)
    return f"kernels of {name}: {time.perf_counter() - start:.0f} s"


def compile_certificates() -> str:
    """Prove a mapping of a small layer: no scenario does."""
    from archgym.simulators.accelerator.layers import Layer
    from archgym.simulators.accelerator.machines import load_architecture
    from archgym.simulators.accelerator.optimal.certifying import certify

    start = time.perf_counter()
    certify(Layer("small", K=2, C=2, P=2), load_architecture("eyeriss"), gap=0.5, seconds=1.0)
    return f"kernels of certificates: {time.perf_counter() - start:.0f} s"


def compile_fused() -> str:
    """Fuse two small products: no scenario does."""
    from archgym.simulators.accelerator.architecture import Architecture, Level
    from archgym.simulators.accelerator.fusing.exact import prove_pair
    from archgym.simulators.accelerator.fusing.links import link
    from archgym.simulators.accelerator.fusing.searching import find_chain
    from archgym.simulators.accelerator.layers import Layer

    start = time.perf_counter()
    dram = Level("DRAM", read_pj=100, write_pj=120, shared_bits=32, must_keep="WIO")
    buffer = Level("GLB", 512, (2, 1), 3, 5, 5, shared_bits=96, may_keep="WIO")
    machine = Architecture("one-buffer", (dram, buffer), 1.0)
    linked = link([Layer("first", K=2, C=2, P=2), Layer("second", K=2, C=2, P=2)])
    prove_pair(linked.chain, machine)
    find_chain(linked.chain, machine, letters=linked.letters, objective="energy", effort=100)
    return f"kernels of fused layers: {time.perf_counter() - start:.0f} s"


def compile_models() -> str:
    """Fit the two models of trees to a few rows, and ask them: kernels of the proxies."""
    from archgym import registry
    from archgym.testing.cost_models import check_cost_model

    start = time.perf_counter()
    for name in ("gradient_boosting", "random_forest"):
        check_cost_model(registry.load("cost_models", name), rows=60)
    return f"kernels of trees: {time.perf_counter() - start:.0f} s"


def scenarios() -> list[str]:
    """The scenario of every environment; those of one domain, which share kernels, far apart."""
    by_turn = [
        (turn, scenario)
        for domain in domains().values()
        for turn, scenario in enumerate(domain.environments.values())
    ]
    return [scenario for _, scenario in sorted(by_turn, key=lambda pair: pair[0])]


def main() -> int:
    """Print a line for each scenario; 1 where one cannot be evaluated."""
    failed = 0
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        running = {pool.submit(compile_kernels, name): name for name in (*scenarios(), *MORE)}
        running[pool.submit(compile_certificates)] = "certificates"
        running[pool.submit(compile_fused)] = "fused layers"
        running[pool.submit(compile_models)] = "trees"
        for done in as_completed(running):
            try:
                print(done.result(), flush=True)
            except ArchgymError as error:
                failed = 1
                print(f"kernels of {running[done]}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
