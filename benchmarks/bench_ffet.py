"""Speed, memory and scaling of the block-PPA flow, one core.

    python benchmarks/bench_ffet.py

Prints the compile time from an empty cache, a placement from scratch, the rest of the flow with
placements cached, a batch on all cores over the same on one, memory, and how the cost grows with
the number of cells (copies of PicoRV32 side by side).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.buffering import buffered
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.flow import build
from archgym.simulators.ffet.library import library
from archgym.simulators.ffet.netlist import Netlist
from archgym.simulators.ffet.placed import Placed
from archgym.simulators.ffet.placement import place
from archgym.simulators.ffet.sides import pin_sides

from archgym.kernels.threads import cores

COMPILE = (
    "import time; t = time.perf_counter()\n"
    "from archgym.simulators.ffet import BlockPPASimulator\n"
    "BlockPPASimulator('mac16', placements=1, threads=1).prepare()\n"
    "print(time.perf_counter() - t)"
)


def seconds(action, repeat: int = 3) -> float:
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


def copies(netlist: Netlist, count: int) -> Netlist:
    """``count`` unconnected copies that share the clock."""
    shared = netlist.clock
    pins, ports = [], []
    for i in range(count):
        pins.append(np.where(netlist.pin_net == shared, shared, netlist.pin_net + i * netlist.nets))
        ports.append(netlist.port_net + i * netlist.nets)
    keep = [
        np.flatnonzero((p != shared + i * netlist.nets) | (i == 0)) for i, p in enumerate(ports)
    ]
    return Netlist(
        f"{netlist.name} x {count}",
        np.tile(netlist.function, count),
        np.concatenate(pins),
        np.concatenate([p[k] for p, k in zip(ports, keep)]),
        np.concatenate([netlist.port_input[k] for k in keep]),
        tuple(f"{netlist.port_names[j]}.{i}" for i, k in enumerate(keep) for j in k),
    )


def flow(netlist: Netlist, choices: Choices) -> tuple[float, float, int]:
    """Seconds of a placement from scratch and of the rest."""
    lib = library(choices.technology)
    made = []
    first = seconds(lambda: made.append(place(netlist, lib, 1.0, 0)), 1)
    net, x, y = buffered(netlist, made[0].x, made[0].y)
    placed = Placed(net, x, y)
    sides = pin_sides(placed, choices.back_pin_share)
    return first, seconds(lambda: build(placed, sides, choices)), len(net.function)


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as cache:
        told = subprocess.run(
            [sys.executable, "-c", COMPILE], env={**os.environ, "ARCHGYM_CACHE_DIR": cache},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        print(f"import, compile and one small block, empty cache: {float(told.stdout):.1f} s")
    simulator = BlockPPASimulator("picorv32", threads=1)
    simulator.prepare()
    dual = Choices(back_layers=12, back_pin_share=0.5)
    for name, choices in (("single-sided", Choices()), ("dual-sided", dual)):
        scratch, rest, cells = flow(simulator.netlist, choices)
        print(f"picorv32 {name}, {cells} cells: placement {scratch:.2f} s, the rest {rest:.3f} s")
    rng = np.random.default_rng(0)
    x = simulator.space.sample(4 * cores(), rng)
    x[:, 0], x[:, 2], x[:, 3], x[:, 5] = 1, 12, 4, 2
    simulator.evaluate(x[:1])
    one = seconds(lambda: simulator.evaluate(x), 1)
    simulator.threads = None
    every = seconds(lambda: simulator.evaluate(x), 1)
    print(f"{len(x)} designs of 4 cached placements: {one / len(x):.2f} s each on one core, "
          f"{one / every:.2f} times as fast on {cores()}")  # fmt: skip
    for count in (1, 2, 3, 4):
        netlist = copies(simulator.netlist, count)
        scratch, rest, cells = flow(netlist, Choices())
        print(f"{cells} cells: placement {scratch:.2f} s, the rest {rest:.3f} s; "
              f"{1e6 * (scratch + rest) / cells:.0f} us per cell")  # fmt: skip
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()
