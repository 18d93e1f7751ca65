"""``archgym accelerator info``: work, weights, intensity and the roofline of networks and layers."""

from __future__ import annotations

import argparse
from typing import Any

from archgym.terminal.output import print_json, print_table
from archgym.units import format_quantity

from . import machines as hardware
from .architecture import Architecture
from .command import MACHINE, WHAT, network_of, reading_options
from .layers import Network
from .roofline import Roofline, ridge, roofline, total
from .workloads import names, resolve


def add_info(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator info``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", nargs="?", help=f"{WHAT} (default: every network that ships)")
    reading_options(p)
    p.add_argument("--architecture", default="eyeriss", help=MACHINE)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)


def _info(options: argparse.Namespace) -> None:
    machine = hardware.load_architecture(options.architecture)
    if options.workload is None:
        _networks(machine, options.json)
    else:
        _layers(network_of(options), machine, options.json)


def parameters(network: Network) -> int:
    """Words of weights that a network brings along; keys and values of attention are none.

    Args:
        network: any network.

    Returns:
        Words.
    """
    return sum(x.tensor_sizes()[0] * x.count for x in network.layers if not x.own_weights)


def _bounds(r: Roofline) -> dict[str, Any]:
    return {
        "products": r.products,
        "bytes": r.moved_bytes,
        "products_per_byte": r.intensity,
        "compute_seconds": r.compute_seconds,
        "dram_seconds": r.dram_seconds,
        "least_seconds": r.seconds,
        "limit": r.limit,
    }


def _size(n: Network) -> list[str]:
    return [n.name, f"{n.macs / 1e9:.4g}", f"{parameters(n) / 1e6:.4g}"]


def _cells(r: Roofline) -> list[str]:
    return [
        format_quantity(r.moved_bytes, "B", 3),
        f"{r.intensity:.3g}",
        format_quantity(r.seconds, "s", 3),
        r.limit,
    ]


def _told(machine: Architecture) -> str:
    return (
        f"{machine.name}: {machine.macs} multipliers at {machine.clock_hz / 1e6:g} MHz; they wait for "
        f"DRAM below {ridge(machine):.3g} MAC per byte"
    )


def _networks(machine: Architecture, as_json: bool) -> None:
    from .families.catalogue import NETWORKS

    found = [(resolve(name), NETWORKS[name].source) for name in names()]
    if as_json:
        rows = [
            {"network": n.name, "source": source, "weights": parameters(n)}
            | _bounds(total(n.layers, machine))
            for n, source in found
        ]
        print_json({"architecture": machine.name, "networks": rows})
        return
    table = [[*_size(n), *_cells(total(n.layers, machine)), source] for n, source in found]
    columns = [
        "network",
        "GMAC",
        "M weights",
        "moved",
        "MAC per byte",
        "at least",
        "limit",
        "source",
    ]
    print_table(columns, table, title=_told(machine))


def _layers(network: Network, machine: Architecture, as_json: bool) -> None:
    whole = total(network.layers, machine)
    bounds = [(x, roofline(x, machine)) for x in network.layers]
    if as_json:
        rows = [{"layer": x.name, "count": x.count} | _bounds(r) for x, r in bounds]
        document = {"network": network.name, "architecture": machine.name, "layers": rows}
        print_json(document | {"weights": parameters(network)} | _bounds(whole))
        return
    table = [[x.name, x.count, f"{x.macs / 1e6:.4g}", *_cells(r)] for x, r in bounds]
    columns = ["layer", "count", "MMAC", "moved", "MAC per byte", "at least", "limit"]
    print_table(columns, table, title=f"{network.name} on {_told(machine)}")
    waiting = sum(x.count * r.seconds for x, r in bounds if r.limit == "DRAM")
    print(
        f"{network.macs / 1e9:.4g} GMAC, {parameters(network) / 1e6:.4g} M weights, "
        f"{whole.intensity:.3g} MAC per byte; at least {format_quantity(whole.seconds, 's')}, "
        f"of which DRAM limits {waiting / whole.seconds:.0%}"
    )
