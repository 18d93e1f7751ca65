"""``archgym accelerator fuse``: a network cut into fused groups, and what that saves."""

from __future__ import annotations

import argparse
from typing import Any

from archgym.errors import ArchgymError
from archgym.terminal.output import print_json, print_table, steps_of
from archgym.units import format_quantity

from .. import machines as hardware
from ..architecture import Architecture
from ..command import (
    MACHINE, WHAT, network_of, output_bits_option, reading_options, with_output_bits,
)  # fmt: skip
from ..layers import Network
from ..uneven.fused import Entry, FusedNest, Holder
from ..uneven.searching import SEARCHED
from .exact import why_not_on
from .network import Fused, FusedNetwork, Way, fuse_network, layers_of
from .partition import Group

PROVED, SEARCH, ALONE = "proved", "found", "alone"


def add_fuse(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator fuse``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", help=WHAT)
    reading_options(p)
    p.add_argument("--architecture", "--machine", default="tpuv4i", help=MACHINE)
    output_bits_option(p)
    p.add_argument(
        "--objective",
        default="energy-delay",
        choices=SEARCHED,
        help="what is minimised (default: energy-delay)",
    )
    p.add_argument(
        "--effort", type=int, default=400_000, metavar="NESTS", help="evaluated per layer and chain"
    )
    p.add_argument(
        "--longest", type=int, default=3, choices=(2, 3), metavar="LAYERS",
        help="of a group at most, 2 or 3 (default: 3)",
    )  # fmt: skip
    p.add_argument(
        "--softmax-macs", type=float, default=4.0, metavar="PRODUCTS",
        help="energy of a softmax's arithmetic per score (default: that of 4 products)",
    )  # fmt: skip
    p.add_argument(
        "--certify", action="store_true", help="prove pairs on machines of DRAM and one buffer"
    )
    p.add_argument(
        "--nests", action="store_true", help="show every fused nest, and what is not fused"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_fuse)


def _fuse(options: argparse.Namespace) -> None:
    faults = []
    if options.effort < 1:
        faults.append(f"--effort must be at least 1, got {options.effort}")
    if not 0 <= options.softmax_macs < float("inf"):
        faults.append(f"--softmax-macs must be 0 or more, got {options.softmax_macs}")
    if faults:
        raise ArchgymError("; ".join(faults))
    network = network_of(options)
    machine = with_output_bits(
        hardware.load_architecture(options.architecture), options.output_bits
    )
    if options.certify and why_not_on(machine):
        raise ArchgymError(f"--certify proves nothing here: {why_not_on(machine)}")
    with steps_of(options.longest * len(network.layers), "searches", options.json) as step:
        fused = fuse_network(
            network, machine, objective=options.objective, effort=options.effort,
            longest=options.longest, softmax_macs=options.softmax_macs, certify=options.certify, step=step,
        )  # fmt: skip
    if options.json:
        print_json(_document(fused, network, machine))
        return
    print_table(
        ["layers", "count", "uJ", "alone", "cycles", "alone ", ""],
        [_row(g, fused, network) for g in fused.groups],
        title=f"{network.name} on {machine.name}, AccelForge's counting",
    )
    if options.nests:
        for group in fused.groups:
            if isinstance(group.what, Fused):
                print(f"\n{group.what.linked.name}\n{written(group.what.found.nest, machine)}")
        for reason in fused.unlinked:
            print(f"not fused: {reason}")
    for reason in fused.unproved:
        print(f"not proved: {reason}")
    (pj, cycles), (pj0, cycles0) = _sums(fused.groups), _sums(fused.alone)
    print(
        f"energy {format_quantity(pj * 1e-12, 'J')} ({pj / pj0 - 1:+.1%}), latency "
        f"{format_quantity(cycles / machine.clock_hz, 's')} ({cycles / cycles0 - 1:+.1%} by fusion)"
    )


def _sums(groups: tuple[Group[Way], ...]) -> tuple[float, float]:
    return sum(g.energy_pj for g in groups), sum(g.cycles for g in groups)


def _alone(group: Group[Way], fused: FusedNetwork) -> tuple[float, float]:
    return _sums(fused.alone[group.first : group.first + group.size])


def _how(group: Group[Way]) -> str:
    if not isinstance(group.what, Fused):
        return ALONE
    return PROVED if group.what.found.proved else SEARCH


def _row(group: Group[Way], fused: FusedNetwork, network: Network) -> list[Any]:
    layers = layers_of(group, network)
    pj, cycles = _alone(group, fused)
    return [
        " + ".join(x.name for x in layers), layers[0].count, f"{group.energy_pj * 1e-6:.4g}",
        f"{pj * 1e-6:.4g}", f"{group.cycles:.0f}", f"{cycles:.0f}", _how(group),
    ]  # fmt: skip


def _document(fused: FusedNetwork, network: Network, machine: Architecture) -> dict[str, Any]:
    """Energies in joules and cycles of all occurrences, with and without fusion."""
    groups = []
    for g in fused.groups:
        pj, cycles = _alone(g, fused)
        more = {}
        if isinstance(g.what, Fused):
            more = {"nest": written(g.what.found.nest, machine).splitlines()}
        groups.append(
            {
                "layers": [x.name for x in layers_of(g, network)],
                "count": layers_of(g, network)[0].count,
                "energy": g.energy_pj * 1e-12,
                "energy_alone": pj * 1e-12,
                "cycles": g.cycles,
                "cycles_alone": cycles,
                "how": _how(g),
            }
            | more
        )
    (pj, cycles), (pj0, cycles0) = _sums(fused.groups), _sums(fused.alone)
    return {
        "network": network.name,
        "machine": machine.name,
        "energy": pj * 1e-12,
        "energy_alone": pj0 * 1e-12,
        "latency": cycles / machine.clock_hz,
        "latency_alone": cycles0 / machine.clock_hz,
        "groups": groups,
        "not_fused": list(fused.unlinked),
        "not_proved": list(fused.unproved),
    }


def written(nest: FusedNest, machine: Architecture) -> str:
    """A fused nest as people read it.

    Args:
        nest: shared entries and those of each product.
        machine: names levels.

    Returns:
        Lines of text, indented by depth.
    """
    lines: list[str] = []
    depth = _lines(nest.shared, 0, machine, lines)
    for number, inside in enumerate(nest.inside, 1):
        lines.append(f"{'  ' * depth}product {number}")
        _lines(inside, depth + 1, machine, lines)
    return "\n".join(lines)


def _lines(entries: tuple[Entry, ...], depth: int, machine: Architecture, lines: list[str]) -> int:
    for x in entries:
        if isinstance(x, Holder):
            text = f"{machine.levels[x.level].name} keeps {', '.join(x.tensors)}"
        elif x.axis:
            text = f"parallel ({x.axis.lower()}, below {machine.levels[x.level].name}) "
            text += f"{x.dimension} in 0..{x.iterations}"
        else:
            text = f"for {x.dimension} in 0..{x.iterations}"
        lines.append("  " * depth + text)
        depth += not isinstance(x, Holder)
    return depth
