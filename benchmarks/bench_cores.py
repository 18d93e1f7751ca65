"""A proxy of some cores asked about another: block PPA, each core that ships left out in turn.

    python benchmarks/bench_cores.py [--rows 80] [--placements 4] [--json]

Each core has designs of its own, drawn uniformly among the square ones that can be built. The default model
learns from all cores but one, from knobs and features, and is asked about that one. ``estimate alone`` is the
estimate of the simulator, scaled by its median ratio on the cores learnt from.
"""

from __future__ import annotations

import argparse

import numpy as np
from archgym.simulators.ffet.space import unbuildable
from archgym.simulators.ffet.technology import devices
from bench_unseen import left_out
from common import show

from archgym.contracts.making import make_simulators
from archgym.contracts.simulator import Simulator
from archgym.datasets.blocks import hash_designs
from archgym.datasets.schema import Description
from archgym.proxies.rows import Rows
from archgym.space import Designs

CORES = ("mac16", "serv", "picorv32", "vexriscv")
METRICS = ("frequency", "power", "core_area", "wirelength_front", "wirelength_back")


def buildable(simulator: Simulator, n: int, seed: int) -> Designs:
    """Designs (n, d) of square cores that break no rule of layers and sides."""
    rng, found = np.random.default_rng(seed), []
    names = simulator.space.names
    square = simulator.space.encode([{**simulator.default_design(), "aspect_ratio": 1.0}])[0]
    while len(found) < n:
        x = simulator.canonical(simulator.space.sample(1, rng))
        x[0, names.index("aspect_ratio")] = square[names.index("aspect_ratio")]
        design = dict(zip(names, simulator.space.decode(x)[0].values()))
        rule = unbuildable(
            devices()[design["technology"]].dual_sided, design["front_layers"],
            design["back_layers"], design["back_pin_share"],
        )  # fmt: skip
        if not rule:
            found.append(x[0])
    return np.array(found)


def rows_of(simulators: tuple[Simulator, ...], n: int) -> Rows:
    """Evaluations of n designs a core."""
    x = [buildable(s, n, seed) for seed, s in enumerate(simulators)]
    answers = [s.evaluate(own) for s, own in zip(simulators, x)]
    first, designs = simulators[0], np.concatenate(x)
    return Rows(
        Description(first.space, tuple(m for m in first.metrics if m.name in METRICS)),
        designs,
        {m: np.concatenate([e.metrics[m] for e in answers]) for m in METRICS},
        np.concatenate([e.feasible for e in answers]),
        hash_designs(designs),
        np.repeat(np.arange(len(simulators)), n),
        tuple(s.workload for s in simulators),
        tuple(s.key for s in simulators),
    )


def main() -> None:
    """Print one row a core and metric."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=80, help="designs a core")
    parser.add_argument("--placements", type=int, default=4, help="averaged in each evaluation")
    parser.add_argument("--cores", nargs="+", default=CORES)
    given = parser.parse_args()
    settings = {"threads": 1, "placements": given.placements}
    simulators = tuple(make_simulators("ffet", list(given.cores), settings))
    rows = rows_of(simulators, given.rows)
    found = [r for k in range(len(simulators)) for r in left_out(simulators, rows, k)]
    show("cores that were not seen", found, given.json)


if __name__ == "__main__":
    main()
