"""``archgym accelerator map --reuse accelforge``: the best nest found of every layer."""

from __future__ import annotations

import argparse
from typing import Any

from archgym.errors import ArchgymError
from archgym.terminal.output import print_json, print_table, steps_of
from archgym.units import format_quantity

from ..architecture import Architecture
from ..layers import Layer, Network
from .nest import describe_nest, written_nest
from .product import of_layer
from .searching import SEARCHED, FoundNest, find_nest

REUSE = "accelforge"
DENSE = "1"


def faults_of_options(options: argparse.Namespace) -> list[str]:
    """What of the options of ``map`` does not go with these rules.

    Args:
        options: as parsed.

    Returns:
        One sentence a fault.
    """
    faults = []
    for name in ("certify", "front", "check", "plot", "gap", "time", "threads"):
        if getattr(options, name):
            faults.append(f"--{name.replace('_', '-')} does not go with --reuse {REUSE}")
    if options.weights != DENSE or options.inputs != DENSE:
        faults.append(f"--weights and --inputs do not go with --reuse {REUSE}")
    if options.objective not in SEARCHED:
        faults.append(f"--objective {options.objective} does not go with --reuse {REUSE}")
    return faults


def map_uneven(options: argparse.Namespace, network: Network, machine: Architecture) -> None:
    """Search every layer's nests, uneven ones included, and print the best.

    Args:
        options: effort, objective, level_order, nests, json.
        network: whose layers.
        machine: on what.

    Raises:
        ArchgymError: options that do not go together; a layer of which not even single words fit.
    """
    faults = faults_of_options(options)
    if faults:
        raise ArchgymError("; ".join(faults))
    found: list[tuple[Layer, FoundNest]] = []
    with steps_of(len(network.layers), "layers", options.json) as step:
        for layer in network.layers:
            step(layer.name)
            best = find_nest(
                of_layer(layer), machine, objective=options.objective, effort=options.effort,
                ordered=options.level_order,
            )  # fmt: skip
            if best is None:
                raise ArchgymError(
                    f"layer {layer.name!r} does not fit {machine.name}: not even single words do"
                )
            found.append((layer, best))
    energy = sum(layer.count * f.cost.energy_pj for layer, f in found) * 1e-12
    latency = sum(layer.count * f.cost.cycles for layer, f in found) / machine.clock_hz
    if options.json:
        rows = [_as_dict(layer, f, machine) for layer, f in found]
        print_json({"energy": energy, "latency": latency, "reuse": REUSE, "layers": rows})
        return
    table = []
    for layer, f in found:
        cells = [
            f"{f.cost.energy_pj * 1e-6:.4g}",
            f"{f.cost.cycles:.0f}",
            _short(layer, f, machine),
        ]
        table.append([layer.name, layer.count, *cells])
    columns = ["layer", "count", "uJ", "cycles", "nest, outermost first"]
    print_table(columns, table, title=f"{network.name} on {machine.name}, AccelForge's counting")
    if options.nests:
        for layer, f in found:
            print(f"\n{layer.name}\n{describe_nest(f.items, of_layer(layer), machine)}")
    print(f"energy {format_quantity(energy, 'J')}, latency {format_quantity(latency, 's')}")


def _short(layer: Layer, found: FoundNest, machine: Architecture) -> str:
    """A nest in a line: ``[GLB WI] K4 [RF O] C16``; unrolled loops as ``K4x``."""
    words, left = [], dict(of_layer(layer).extents)
    for kind, *rest in written_nest(found.items, of_layer(layer), machine):
        if kind == "S":
            words.append(f"[{rest[0]} {rest[1]}]")
            continue
        dimension, tile = rest[-2:]
        words.append(
            f"{dimension}{left[dimension] // tile}{rest[0][-1].lower() if kind == 'X' else ''}"
        )
        left[dimension] = tile
    return " ".join(words)


def _as_dict(layer: Layer, found: FoundNest, machine: Architecture) -> dict[str, Any]:
    product, cost = of_layer(layer), found.cost
    words = {
        level.name: {
            t: {"read": cost.counts[i, j, 0], "written": cost.counts[i, j, 1], "held": int(cost.held[i, j])}
            for j, t in enumerate(product.tensors)
        }
        for i, level in enumerate(machine.levels)
    }  # fmt: skip
    return {
        "layer": layer.name,
        "count": layer.count,
        "energy": cost.energy_pj * 1e-12,
        "cycles": cost.cycles,
        "evaluated": found.evaluated,
        "nest": written_nest(found.items, product, machine),
        "words": words,
    }
