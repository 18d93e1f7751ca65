"""``archgym accelerator systolic``: layers on a systolic array, by closed forms."""

from __future__ import annotations

import argparse

from archgym.terminal.output import print_json, print_table

from .command import WHAT, network_of, reading_options
from .sparsity import parse_pattern
from .systolic import DATAFLOWS, systolic


def add_systolic(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator systolic``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", help=WHAT)
    reading_options(p)
    p.add_argument(
        "--rows", type=int, default=128, metavar="PES", help="processing elements per column"
    )
    p.add_argument(
        "--columns", type=int, default=128, metavar="PES", help="processing elements per row"
    )
    p.add_argument(
        "--dataflow",
        default="ws",
        choices=DATAFLOWS,
        help="which operand stays in place",
    )
    p.add_argument(
        "--weights", default="1", metavar="N:M", help="weights that are not zero (default: all)"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_systolic)


def _systolic(options: argparse.Namespace) -> None:
    network = network_of(options)
    weights = parse_pattern(options.weights, "--weights")
    runs = [
        (x, systolic(x, options.rows, options.columns, options.dataflow, weights))
        for x in network.layers
    ]
    if options.json:
        print_json([{"layer": x.name, "count": x.count, **run.__dict__} for x, run in runs])
        return
    rows = [
        [
            x.name,
            x.count,
            r.cycles,
            f"{r.utilisation:.1%}",
            r.input_reads,
            r.weight_reads,
            r.output_writes,
        ]
        for x, r in runs
    ]
    title = f"{network.name}, {options.rows} x {options.columns}, {options.dataflow}"
    columns = [
        "layer",
        "count",
        "cycles",
        "utilisation",
        "inputs read",
        "weights read",
        "outputs written",
    ]
    print_table(columns, rows, title=title)
    print(f"{sum(x.count * r.cycles for x, r in runs)} cycles in all")
