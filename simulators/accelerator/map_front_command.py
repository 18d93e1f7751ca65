"""``archgym accelerator map --certify --front``: the front of energy and cycles of every layer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from archgym.terminal.output import print_json, print_table

from .architecture import Architecture
from .layers import Layer, Network
from .map_layers import beyond, map_layers, speed_of, verdict_on
from .optimal.certificate import FrontCertificate

Traced = tuple[Layer, Architecture, FrontCertificate]


def map_front(
    options: argparse.Namespace,
    network: Network,
    machine: Architecture,
    on: Callable[[Layer], Architecture],
) -> int:
    """Search the front of every layer, print it, draw it, check it.

    Args:
        options: of ``map``.
        network: whose layers.
        machine: on what.
        on: the machine as it runs a layer.

    Returns:
        The exit code: 1 where a check fails, or ``--within`` is not reached.

    Raises:
        ArchgymError: a layer that does not fit.
    """
    traced: list[Traced] = []
    for layer, found in map_layers(options, network, machine, on):
        assert found.front is not None
        traced.append((layer, on(layer), found.front))
    checked = [verdict_on(*one) if options.check else "" for one in traced]
    far = beyond([(layer, f.gap) for layer, _, f in traced], options.within)
    if options.plot:
        from .drawing import plot_fronts

        curves = [(x, *_curve(f, speed_of(machine, ran_on))) for x, ran_on, f in traced]
        plot_fronts(curves, machine.name, options.plot)
    if options.json:
        rows = [_as_dict(x, f, speed_of(machine, ran_on)) for x, ran_on, f in traced]
        for row, verdict in zip(rows, checked):
            if verdict:
                row["checked"] = verdict
        print_json({"layers": rows})
    else:
        for (layer, ran_on, f), verdict in zip(traced, checked):
            _show(layer, machine, ran_on, f, verdict)
        if far:
            within = f"{options.within:.2%}"
            print(f"fronts not shown to be within {within} of the exact ones: " + ", ".join(far))
    return int(any(x.startswith("fails") for x in checked) or bool(far))


def _curve(f: FrontCertificate, speed: float) -> tuple[list[float], list[float], float]:
    return [p.cycles * speed for p in f.points], [p.energy_pj for p in f.points], f.gap


def _as_dict(layer: Layer, f: FrontCertificate, speed: float) -> dict[str, Any]:
    document = f.summary()
    for point in document["points"]:
        point["cycles"] *= speed
        point["energy"] = point.pop("energy_pj") * 1e-12
        point["least_energy_within_cycles"] = point.pop("least_energy_pj_within_cycles") * 1e-12
    return {"layer": layer.name, "count": layer.count} | document


def _show(
    layer: Layer, machine: Architecture, ran_on: Architecture, f: FrontCertificate, verdict: str
) -> None:
    count = f"{len(f.points)} point" + "s" * (len(f.points) != 1)
    told = "the exact front" if f.proved else f"within {f.gap:.2%} of every mapping"
    rows = [
        [
            f"{p.energy_pj * 1e-6:.6g}",
            f"{p.cycles * speed_of(machine, ran_on):.0f}",
            f"{f.least_energy_within(p.cycles) * 1e-6:.6g}",
            " | ".join(" ".join(filter(None, row[1:])) for row in p.mapping.format()),
        ]
        for p in f.points
    ]
    print_table(
        ["uJ", "cycles", "uJ at least, as fast", "loops, outermost level first"],
        rows,
        title=f"{layer.name} on {machine.name}: {count}, {told}, {f.seconds:.2f} CPU s"
        + (f", check: {verdict}" if verdict else ""),
    )
