"""``archgym accelerator map --certify --front``: the front of energy and cycles of every layer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from archgym.errors import ArchgymError
from archgym.terminal.output import print_json, print_table, steps_of

from .architecture import Architecture
from .layers import Layer, Network
from .mapper import find_mapping
from .mapping import Refusal
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
    with steps_of(len(network.layers), "layers", options.json) as step:
        for layer in network.layers:
            step(layer.name)
            found = find_mapping(
                layer, on(layer), objective=options.objective, effort=options.effort,
                reuse=options.reuse, certify=True, front=True,
                gap=0.0 if options.gap is None else options.gap,
                seconds=10.0 if options.time is None else options.time,
                threads=options.threads,
            )  # fmt: skip
            if isinstance(found, Refusal):
                raise ArchgymError(f"layer {layer.name!r} does not fit {machine.name}: {found}")
            assert found.front is not None
            traced.append((layer, on(layer), found.front))
    checked = [_checked(*one) if options.check else "" for one in traced]
    beyond = []
    if options.within is not None:
        beyond = [f"{x.name} ({f.gap:.2%})" for x, _, f in traced if f.gap > options.within + 1e-9]
    if options.plot:
        from .drawing import plot_fronts

        curves = [(x, *_curve(f, _speed(machine, ran_on))) for x, ran_on, f in traced]
        plot_fronts(curves, machine.name, options.plot)
    if options.json:
        rows = [_as_dict(x, f, _speed(machine, ran_on)) for x, ran_on, f in traced]
        for row, verdict in zip(rows, checked):
            if verdict:
                row["checked"] = verdict
        print_json({"layers": rows})
    else:
        for (layer, ran_on, f), verdict in zip(traced, checked):
            _show(layer, machine, ran_on, f, verdict)
        if beyond:
            within = f"{options.within:.2%}"
            print(f"fronts not shown to be within {within} of the exact ones: " + ", ".join(beyond))
    return int(any(x.startswith("fails") for x in checked) or bool(beyond))


def _speed(machine: Architecture, ran_on: Architecture) -> float:
    """Cycles of the machine's own clock per step; steps are faster where zeros are skipped."""
    return machine.clock_hz / ran_on.clock_hz


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
            f"{p.cycles * _speed(machine, ran_on):.0f}",
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


def _checked(layer: Layer, ran_on: Architecture, f: FrontCertificate) -> str:
    from .optimal.checking import check

    answer = check(layer, ran_on, f)
    return f"{answer.verdict}: {answer.reason}" if answer.reason else answer.verdict
