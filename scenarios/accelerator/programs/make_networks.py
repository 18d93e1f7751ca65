"""Write ``networks/*.csv``, the layer tables that ship, equal layers merged by ``count``.

``simulators/accelerator/families`` makes them from published architecture parameters; its catalogue has
the sources.

Run: python scenarios/accelerator/programs/make_networks.py
"""

from __future__ import annotations

from pathlib import Path

from archgym.simulators.accelerator.families.catalogue import NETWORKS
from archgym.simulators.accelerator.workloads import write_csv

if __name__ == "__main__":
    for name, entry in NETWORKS.items():
        network = entry.make(name)
        write_csv(network, Path(__file__).parent.parent / "networks" / f"{name}.csv")
        print(f"{name}: {len(network.layers)} shapes, {network.macs / 1e9:.3f} GMAC")
