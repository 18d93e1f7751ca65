"""``archgym ffet netlist``: bring another Verilog core, or look at a packed one."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from archgym.terminal.output import busy, print_json, print_table, settings

from .functions import DFF, FUNCTIONS
from .netlist import Netlist, write_netlist
from .simulator import load_netlist
from .synthesis import synthesise


def add_netlist(parser: argparse.ArgumentParser) -> None:
    """The words ``import|info``."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("import", help="synthesise Verilog with yosys into a packed netlist")
    p.add_argument("sources", nargs="+", type=Path, help="Verilog files")
    p.add_argument("--top", required=True, help="the top module")
    p.add_argument("--name", help="the netlist's name (default: the top module's)")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter")
    p.add_argument("--to", type=Path, help="the file (default: NAME.npz)")
    p.set_defaults(go=_import)
    p = verbs.add_parser("info", help="cells, nets, pins and where it comes from")
    p.add_argument("netlist", help="a name, or a packed file")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)


def _import(options: argparse.Namespace) -> None:
    name = options.name or options.top
    given = {k: str(v) for k, v in settings(options.set, "--set").items()}
    with busy(f"yosys synthesises {options.top} …", False):
        netlist = synthesise(options.sources, options.top, name, given)
    target = options.to or Path(f"{name}.npz")
    write_netlist(netlist, target)
    _table(netlist)
    print(f"Written to {target}; use it as a scenario's workload.")


def _about(netlist: Netlist) -> dict[str, object]:
    kinds = np.bincount(netlist.function, minlength=len(FUNCTIONS))
    return {
        "name": netlist.name,
        "cells": len(netlist.function),
        "flip_flops": int(kinds[DFF]),
        "nets": netlist.nets,
        "pins": len(netlist.pin_net),
        "ports": len(netlist.port_names),
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
