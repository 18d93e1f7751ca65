"""``archgym accelerator``: networks, architectures and mappings at the command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from archgym.terminal.output import print_json, print_table
from archgym.errors import ArchgymError
from archgym.units import format_quantity

from . import machines as hardware
from .architecture import Architecture, Level
from .certificate_options import add_certificates, check_certificates
from .layers import FIELDS, Network
from .readers.onnx_import import share_text
from .workloads import FORMATS, names, resolve
from .layout import JOINT, MOVES, OBJECTIVES, REUSE, TENSORS
from .least import most_above
from .map_layers import beyond, map_layers, speed_of, verdict_on
from .mapper import THOROUGH, Found
from .sparse_options import add_sparsity, sparsely
from .uneven.command import REUSE as ACCELFORGE
from .uneven.command import map_uneven


MACHINE = "a name or a .yaml file (the project's own, Timeloop v0.4, ZigZag)"
SHARE = ("products_read", "products_known", "share_read", "complete", "choices", "unread")
CERTIFICATE = ["proved", "mapper was", "CPU s"]
WHAT = "NAME, NAME@BATCH, NAME/LAYER or a file: " + ", ".join(FORMATS)


def add_layers(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator layers``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", nargs="?", help=WHAT)
    reading_options(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_layers)


def add_architectures(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator architectures``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("name", nargs="?", help=MACHINE)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_architectures)


def add_map(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator map``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", help=WHAT)
    reading_options(p)
    p.add_argument("--architecture", default="eyeriss", help=MACHINE)
    output_bits_option(p)
    p.add_argument(
        "--objective",
        default="energy-delay",
        choices=OBJECTIVES,
        type=lambda text: {"edp": "energy-delay", "latency": "delay"}.get(text, text),
        help="what is minimised (also: edp, latency)",
    )
    p.add_argument(
        "--effort", type=int, default=THOROUGH, metavar="MAPPINGS", help="evaluated per layer"
    )
    p.add_argument(
        "--moves",
        default=MOVES[JOINT],
        choices=MOVES,
        help="what the mapper changes at a time; with single moves simulators and their records are mapped",
    )
    p.add_argument(
        "--reuse",
        default="physical",
        choices=(*REUSE, ACCELFORGE),
        help="rules of reuse between loops; those of AccelForge search uneven mappings of whole factors",
    )
    p.add_argument(
        "--level-order",
        action="store_true",
        help="with --reuse accelforge: an outer level's tensors are held outside all of an inner level",
    )
    add_sparsity(p)
    p.add_argument("--nests", action="store_true", help="show every loop nest")
    add_certificates(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_map)
    p.add_argument(
        "--plot",
        type=Path,
        help="picture of energy by level and layer, or of fronts (.png, .svg, .pdf; default: none)",
    )


def _layers(options: argparse.Namespace) -> None:
    if options.workload is None:
        rows = [[n, len(resolve(n).layers), f"{resolve(n).macs / 1e9:.3f}"] for n in names()]
        if options.json:
            print_json([dict(zip(("network", "shapes", "gmacs"), row)) for row in rows])
        else:
            print_table(["network", "shapes", "GMAC"], rows)
        return
    network = network_of(options)
    if options.json:
        layers = [{f: getattr(x, f) for f in FIELDS} for x in network.layers]
        skipped = dict(network.notes.get("no_products", {}))
        document = {"network": network.name, "macs": network.macs, "layers": layers}
        print_json(document | {"skipped": skipped, "notes": dict(network.notes)})
        return
    rows = [
        [x.name, *x.shape[:8], f"{x.stride_h}x{x.stride_w}", x.count, f"{x.macs / 1e6:.2f}"]
        for x in network.layers
    ]
    columns = ["layer", *"NGKCPQRS", "stride", "count", "MMAC"]
    print_table(columns, rows, title=f"{network.name}: {network.macs / 1e9:.3f} GMAC")
    _print_notes(network)


def network_of(options: argparse.Namespace) -> Network:
    """The network that the options of :func:`reading_options` name.

    Args:
        options: parsed options with ``workload``, ``dims`` and ``partial``.

    Returns:
        The network.

    Raises:
        UnknownNameError: no network has that name.
        WorkloadError: the file cannot be read.
    """
    return resolve(options.workload, dims=options.dims, partial=options.partial)


def _print_notes(network: Network) -> None:
    """What of a model was read, and how."""
    notes = network.notes
    if "share_read" not in notes:
        return
    print(f"read: {share_text(notes)}")
    if notes["dims"]:
        print("symbolic axes: " + ", ".join(f"{k} = {v}" for k, v in notes["dims"].items()))
    for unread in notes["unread"]:
        print(f"not read: {unread['operator']} {unread['name']!r}: {unread['reason']}")
    for choice in notes["choices"]:
        print(choice)
    for key, text in (("constant", "computed before inference"), ("no_products", "skipped")):
        if notes[key]:
            print(f"{text}: " + ", ".join(f"{name} ({n})" for name, n in notes[key].items()))


def reading_options(p: argparse.ArgumentParser) -> None:
    """Add the options that say how a network is read: symbolic axes, and whether a part will do.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument(
        "--dims",
        default="",
        help="symbolic axes of an ONNX model: batch=8,sequence=128 (default: none)",
    )
    p.add_argument(
        "--partial", action="store_true", help="go on where some products cannot be read"
    )


def _architectures(options: argparse.Namespace) -> None:
    if options.name is None:
        machines = [hardware.load_architecture(n) for n in hardware.names()]
        rows = [[m.name, m.macs, f"{m.area_um2 * 1e-6:.3g}", m.description] for m in machines]
        if options.json:
            print_json([m.name for m in machines])
        else:
            print_table(["architecture", "MACs", "area in mm2", ""], rows)
        return
    machine = hardware.load_architecture(options.name)
    levels = [_level(level) for level in machine.levels]
    if options.json:
        print_json({"name": machine.name, "macs": machine.macs, "levels": levels})
        return
    print_table(list(levels[0]), [list(x.values()) for x in levels], title=machine.name)


def _level(level: Level) -> dict[str, Any]:
    return {
        "level": level.name,
        "KB": round(level.size_bits / 8192, 4),
        "fan-out": f"{level.fanout[0]}x{level.fanout[1]}",
        "keeps": level.must_keep + (f" ({level.may_keep})" if level.may_keep else ""),
        "read pJ": round(level.read_pj, 4),
        "write pJ": round(level.write_pj, 4),
        "words an access": level.block,
        "bits per cycle": min(level.read_bits, level.write_bits, level.shared_bits),
        "area um2": round(level.area_um2, 1),
    }


def output_bits_option(p: argparse.ArgumentParser) -> None:
    """Add ``--output-bits``, which :func:`with_output_bits` reads.

    Args:
        p: a subcommand's parser.
    """
    p.add_argument(
        "--output-bits",
        type=int,
        default=0,
        metavar="BITS",
        help="width of finished outputs (default: the architecture's)",
    )


def with_output_bits(machine: Architecture, bits: int) -> Architecture:
    """A machine whose finished outputs have as many bits as ``--output-bits`` says.

    Args:
        machine: any.
        bits: the option; 0 for the machine's own.

    Returns:
        The machine.

    Raises:
        ArchgymError: less than 0 bits.
    """
    if bits < 0:
        raise ArchgymError(f"--output-bits must be at least 0, got {bits}")
    return replace(machine, output_bits=bits) if bits else machine


def _machine(options: argparse.Namespace) -> Architecture:
    """The machine that the options of ``map`` name; they are checked."""
    machine = with_output_bits(
        hardware.load_architecture(options.architecture), options.output_bits
    )
    if options.effort < 1:
        raise ArchgymError(f"--effort must be at least 1, got {options.effort}")
    if options.level_order and options.reuse != ACCELFORGE:
        raise ArchgymError("--level-order is for --reuse accelforge, which is not given")
    check_certificates(options)
    return machine


def _map(options: argparse.Namespace) -> int:
    network = network_of(options)
    machine = _machine(options)
    on = sparsely(options, machine)
    if options.reuse == ACCELFORGE:
        map_uneven(options, network, machine)
        _print_notes(network)
        return 0
    if options.front:
        from .map_front_command import map_front

        return map_front(options, network, machine, on)
    found = map_layers(options, network, machine, on)
    energy = sum(layer.count * f.cost.energy_pj for layer, f in found) * 1e-12
    latency = sum(x.count * _cycles(f, machine, on(x)) for x, f in found) / machine.clock_hz
    checked = [
        verdict_on(layer, on(layer), f.certificate) if options.check else "" for layer, f in found
    ]
    far = beyond([(layer, f.gap) for layer, f in found], options.within)
    if options.plot:
        from .drawing import plot_energy

        plot_energy(found, machine, options.plot)
    if options.json:
        rows = [
            _as_dict(layer, f, machine, on(layer))
            | {
                "above_best_at_most": most_above(
                    layer, on(layer), f.cost, options.objective, options.reuse
                )
            }
            for layer, f in found
        ]
        for document, verdict in zip(rows, checked):
            if verdict:
                document["certificate"]["checked"] = verdict
        notes = {k: network.notes[k] for k in SHARE if k in network.notes}
        print_json({"energy": energy, "latency": latency, "layers": rows} | notes)
        return int(any(x.startswith("fails") for x in checked) or bool(far))
    table = [
        [
            layer.name,
            layer.count,
            f"{f.cost.energy_pj * 1e-6:.4g}",
            f"{_cycles(f, machine, on(layer)):.0f}",
            f"{f.cost.utilisation:.0%}",
            " | ".join(" ".join(filter(None, row[1:])) for row in f.mapping.format()),
        ]
        for layer, f in found
    ]
    columns = ["layer", "count", "uJ", "cycles", "utilisation", "loops, outermost level first"]
    if options.certify:
        columns[5:5] = CERTIFICATE
        for row, (_, f) in zip(table, found):
            row[5:5] = _proof(f)
    else:
        columns[5:5] = ["above best"]
        for row, (layer, f) in zip(table, found):
            above = most_above(layer, on(layer), f.cost, options.objective, options.reuse)
            row[5:5] = ["-" if above is None else f"at most {above:.1%}"]
    if options.check:
        columns[8:8] = ["check"]
        for row, verdict in zip(table, checked):
            row[8:8] = [verdict]
    print_table(columns, table, title=f"{network.name} on {machine.name}")
    if options.nests:
        for layer, f in found:
            print(f"\n{layer.name}\n{f.mapping.describe(machine)}")
    print(f"energy {format_quantity(energy, 'J')}, latency {format_quantity(latency, 's')}")
    _print_notes(network)
    if far:
        print(f"not shown to be within {options.within:.2%} of the best: " + ", ".join(far))
    return int(any(x.startswith("fails") for x in checked) or bool(far))


def _cycles(f: Found, machine: Architecture, ran_on: Architecture) -> float:
    return f.cost.cycles * speed_of(machine, ran_on)


def _proof(f: Found) -> list[str]:
    """The cells of a certificate: is it an optimum, how far may it be from one, what did that take."""
    c = f.certificate
    assert c is not None
    told = "optimum" if c.proved else f"within {c.gap:.2%}"
    before = f"{c.start / c.value - 1:+.2%}" + ("" if c.start_inside else " (outside)")
    return [told, before, f"{c.seconds:.2f}"]


def _as_dict(layer: Any, f: Found, machine: Architecture, ran_on: Architecture) -> dict[str, Any]:
    proved = {} if f.certificate is None else {"certificate": f.certificate.summary()}
    return proved | {
        "layer": layer.name,
        "count": layer.count,
        "energy": f.cost.energy_pj * 1e-12,
        "cycles": _cycles(f, machine, ran_on),
        "utilisation": f.cost.utilisation,
        "mapping": f.mapping.format(),
        "traffic_bits": dict(
            zip([x.name for x in machine.levels], f.cost.traffic_bits(ran_on).tolist())
        ),
        "traffic_words": {
            level.name: dict(zip(TENSORS, row.tolist()))
            for level, row in zip(machine.levels, f.cost.traffic)
        },
    }
