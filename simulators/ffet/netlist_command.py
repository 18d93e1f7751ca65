"""``archgym ffet netlist``: bring another Verilog core, or look at a packed one."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError
from archgym.terminal.output import busy, print_json, print_table, settings

from .admission import Admission, Refused
from .equivalence import prove
from .functions import FUNCTIONS, REGISTER
from .macros.abstract import Files
from .netlist import Netlist, write_netlist
from .simulator import load_netlist
from .source import Source
from .synthesis import SCRIPTS, synthesise
from .variants import FOLDER
from .yosys import TIMEOUT_S


def add_netlist(parser: argparse.ArgumentParser) -> None:
    """Add the words ``import|info`` of ``archgym ffet netlist``.

    Args:
        parser: the subcommand's parser.
    """
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("import", help="synthesise Verilog with yosys into a packed netlist")
    p.add_argument("sources", nargs="+", type=Path, help="Verilog files")
    p.add_argument("--top", required=True, help="the top module")
    p.add_argument("--name", help="the netlist's name (default: the top module's)")
    p.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter; repeatable (default: the source's)",
    )
    p.add_argument("--to", type=Path, help="the file (default: NAME.npz)")
    p.add_argument(
        "--include",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="where included files lie; repeatable (default: none)",
    )
    p.add_argument(
        "--define",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a macro; repeatable (default: none)",
    )
    p.add_argument("--tie-undriven", action="store_true", help="tie nets without driver to 0")
    p.add_argument(
        "--macro-lib",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="macros' Liberty; repeatable (default: none)",
    )
    p.add_argument(
        "--macro-lef",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="macros' LEF; repeatable (default: none)",
    )
    p.add_argument(
        "--macro-at", action="append", default=[], metavar="INSTANCE=X,Y",
        help="a macro's lower left corner in um (default: near its logic)",
    )  # fmt: skip
    p.add_argument(
        "--variants", action="store_true",
        help=f"write netlists of other scripts too ({', '.join(filter(None, SCRIPTS))})",
    )  # fmt: skip
    p.add_argument("--prove", action="store_true", help="prove it equal to the source, by yosys")
    p.add_argument(
        "--timeout", type=float, default=TIMEOUT_S, metavar="SECONDS", help="for each run of yosys"
    )
    p.add_argument("--json", action="store_true", help="print the admission report as JSON")
    p.set_defaults(go=_import)
    p = verbs.add_parser("info", help="cells, nets, pins and where it comes from")
    p.add_argument("netlist", help="a name, or a packed file")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)


def _import(options: argparse.Namespace) -> None:
    name = options.name or options.top
    given = {k: str(v) for k, v in settings(options.set, "--set").items()}
    target = options.to or Path(f"{name}.npz")
    report = target.with_suffix(".admission.json")
    macros = Files.read(options.macro_lib, options.macro_lef)
    at = _corners(options.macro_at)
    try:
        with busy(f"yosys synthesises {options.top} …", options.json):
            imported = synthesise(
                options.sources, options.top, name, given, include=options.include,
                define=options.define, tie_undriven=options.tie_undriven, macros=macros, macro_at=at,
                timeout_s=options.timeout,
            )  # fmt: skip
    except Refused as error:
        error.admission.write(report)
        _report(error.admission, options.json)
        raise
    netlist, admission = imported.netlist, imported.admission
    proved = None
    if options.prove:
        source = Source(
            tuple(options.sources),
            options.top,
            given,
            tuple(options.include),
            tuple(options.define),
            macros,
        )
        with busy("yosys proves it equal to its source …", options.json):
            proved = prove(netlist, source, admission.registers, timeout_s=options.timeout)
    write_netlist(netlist, target)
    others = _variants(options, name, given, macros, at, target) if options.variants else []
    admission.write(report)
    _report(admission, options.json)
    if options.json:
        return
    if proved is not None:
        print(f"Equal to its source: {proved} points proved.")
    _table(netlist)
    print(f"Written to {target}; use it as a scenario's workload.  Admission: {report}")
    for path, cells in others:
        print(f"Variant of {cells} cells: {path}")


def _variants(
    options: argparse.Namespace, name: str, given: dict[str, str], macros: Files,
    at: dict[str, tuple[float, float]], target: Path,
) -> list[tuple[Path, int]]:  # fmt: skip
    """Write a netlist of every other script; their files, and how many cells they have."""
    (target.parent / FOLDER).mkdir(parents=True, exist_ok=True)
    out = []
    for script in filter(None, SCRIPTS):
        with busy(f"yosys synthesises {options.top}, {script} …", options.json):
            netlist = synthesise(
                options.sources, options.top, name, given, include=options.include,
                define=options.define, tie_undriven=options.tie_undriven, macros=macros, macro_at=at,
                timeout_s=options.timeout, script=script,
            ).netlist  # fmt: skip
        path = target.parent / FOLDER / f"{target.stem}.{script}.npz"
        write_netlist(netlist, path)
        out.append((path, len(netlist.function)))
    return out


def _corners(given: list[str]) -> dict[str, tuple[float, float]]:
    """``INSTANCE=X,Y`` words.

    Raises:
        ArchgymError: one is none.
    """
    out = {}
    for word in given:
        name, _, place = word.partition("=")
        parts = place.split(",")
        try:
            x, y = (float(p) for p in parts)
        except ValueError:
            x = y = float("nan")
        if not name or not 0 <= min(x, y) <= max(x, y) < 1e6:
            raise ArchgymError(
                f"--macro-at {word[:80]!r}: expected INSTANCE=X,Y in um, such as mem=0,2.5"
            )
        out[name] = x, y
    return out


def _report(admission: Admission, as_json: bool) -> None:
    if as_json:
        print_json(admission.document())
    else:
        print_table(["admission", ""], admission.rows())


def _about(netlist: Netlist) -> dict[str, object]:
    kinds = np.bincount(netlist.function, minlength=len(FUNCTIONS))
    return {
        "name": netlist.name,
        "cells": len(netlist.function),
        "flip_flops": int(kinds[REGISTER].sum()),
        "nets": netlist.nets,
        "pins": len(netlist.pin_net),
        "ports": netlist.block_ports,
        "macros": len(netlist.macros.instances) if netlist.macros else 0,
        "hash": netlist.content_hash,
        "origin": netlist.origin,
        "functions": {f.name: int(k) for f, k in zip(FUNCTIONS, kinds) if k},
    }


def _table(netlist: Netlist) -> None:
    about = _about(netlist)
    functions = about.pop("functions")
    assert isinstance(functions, dict)
    counts = sorted(functions.items(), key=lambda f: -f[1])
    print_table(["netlist", ""], list(about.items()))
    print_table(["cell", "instances"], counts)


def _info(options: argparse.Namespace) -> None:
    netlist = load_netlist(options.netlist)
    if options.json:
        print_json(_about(netlist))
    else:
        _table(netlist)
