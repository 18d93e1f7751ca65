"""``archgym accelerator trace``: what mapped layers ask of DRAM, as a memory trace."""

from __future__ import annotations

import argparse
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.terminal.output import busy, print_json
from archgym.units import format_quantity

from ..dram.traces.convert import WRITTEN, check_output, write_trace
from . import machines as hardware
from .command import MACHINE, WHAT, network_of, reading_options
from .dram_trace import traffic
from .dram_traffic import LAYOUTS
from .layout import OBJECTIVES
from .mapper import FAST, find_mapping
from .mapping import Refusal

MOST = 1_000_000


def add_trace(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator trace``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", help=WHAT)
    reading_options(p)
    p.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"file to write: {', '.join(WRITTEN)}",
    )
    p.add_argument("--architecture", default="eyeriss", help=MACHINE)
    p.add_argument(
        "--objective", default="energy-delay", choices=OBJECTIVES, help="what is minimised"
    )
    p.add_argument(
        "--effort", type=int, default=FAST, metavar="MAPPINGS", help="evaluated per layer"
    )
    p.add_argument(
        "--layout",
        default="packed",
        choices=LAYOUTS,
        help="packed: what moves together lies together; rows: NCHW",
    )
    p.add_argument(
        "--requests",
        type=int,
        default=100_000,
        metavar="REQUESTS",
        help="the most that are written",
    )
    p.add_argument("--force", action="store_true", help="overwrite a file")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_trace)


def _trace(options: argparse.Namespace) -> None:
    check_output(options.to, options.force, "--to")
    if not 1 <= options.requests <= MOST:
        raise ArchgymError(f"--requests: expected 1 to {MOST:,}, got {options.requests}")
    if options.effort < 1:
        raise ArchgymError(f"--effort must be at least 1, got {options.effort}")
    network = network_of(options)
    machine = hardware.load_architecture(options.architecture)
    mapped = []
    with busy("mapping …", options.json):
        for layer in network.layers:
            found = find_mapping(
                layer, machine, objective=options.objective, effort=options.effort, moves="single"
            )
            if isinstance(found, Refusal):
                raise ArchgymError(f"layer {layer.name!r} does not fit {machine.name}: {found}")
            mapped.append((layer, found.mapping))
        trace, complete = traffic(mapped, machine, options.requests, options.layout)
    write_trace(trace, options.to)
    assert trace.size is not None
    nbytes, written = int(trace.size.sum()), int(trace.size[trace.is_write == 1].sum())
    seconds = float(trace.stamp[-1]) / machine.clock_hz
    facts = {
        "file": str(options.to), "requests": len(trace), "complete": complete,
        "bytes": nbytes, "written": written, "seconds": seconds,
    }  # fmt: skip
    if options.json:
        print_json(facts)
        return
    print(
        f"{options.to}: {len(trace):,} requests, {format_quantity(nbytes, 'B')} "
        f"({format_quantity(written, 'B')} written) in "
        f"{format_quantity(seconds, 's')} of {machine.name}"
    )
    if not complete:
        print(f"the first {options.requests:,} requests; --requests N writes more")
