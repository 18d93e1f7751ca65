"""``archgym dram trace``: look at, make, convert and capture memory traces."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from archgym.terminal.output import print_json, print_table
from archgym.errors import ArchgymError
from archgym.units import format_quantity

from .devices import DEVICES, device_named
from .traces import Trace, resolve
from .traces.capture import Machine, capture
from .traces.formats import FORMATS, write_stl
from .traces.library import names
from .traces.packed import write_packed

UNITS = {
    "footprint_bytes": "B",
    "span_bytes": "B",
    "duration_s": "s",
    "demand_bytes_per_s": "B/s",
    "clock_ps": "",
}


def add_trace(parser: argparse.ArgumentParser) -> None:
    """The words ``list|info|convert|capture``."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("list", help="named workloads")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_list)
    p = verbs.add_parser("info", help="length, read share, footprint, intensity, row locality")
    p.add_argument("trace", help="a name, or a file")
    p.add_argument("--format", choices=[*FORMATS, "archgym"])
    p.add_argument(
        "--device", default="DDR4-2400", help=f"for rows and cycles: {', '.join(DEVICES)}"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)
    p = verbs.add_parser("convert", help="read any format, write .npz or .stl")
    p.add_argument("trace")
    p.add_argument("--format", choices=list(FORMATS))
    p.add_argument("--output", type=Path, required=True)
    p.set_defaults(go=_convert)
    p = verbs.add_parser("capture", help="record a program: capture [options] -- PROGRAM ARGS…")
    p.add_argument("--output", type=Path, help="file to write (default: PROGRAM.npz)")
    p.add_argument("--name", help="name in the file (default: the file's)")
    p.add_argument(
        "--requests", type=int, default=100_000, help="stop after this many (default 100,000)"
    )
    p.add_argument(
        "--skip", type=int, default=0, metavar="INSTRUCTIONS", help="pass over the start-up"
    )
    p.add_argument(
        "--cache", type=int, default=1024, metavar="KiB", help="last-level cache (default 1024)"
    )
    p.add_argument("--ways", type=int, default=16)
    p.add_argument("--clock", type=float, default=3.0, metavar="GHz")
    p.add_argument("--ipc", type=float, default=1.0, help="instructions a cycle between misses")
    p.add_argument("--json", action="store_true")
    p.add_argument("program", nargs=argparse.REMAINDER)
    p.set_defaults(go=_capture)


def _list(options: argparse.Namespace) -> None:
    if options.json:
        print_json(names())
    else:
        print_table(["workload"], [[n] for n in names()])


def _info(options: argparse.Namespace) -> None:
    _show(resolve(options.trace, options.format), options.device, options.json)


def _show(trace: Trace, device: str, as_json: bool) -> None:
    information = trace.information(device_named(device))
    if as_json:
        print_json(information)
        return
    rows = []
    for key, value in information.items():
        if key == "origin":
            rows += [[f"origin: {k}", v] for k, v in value.items()]
        elif key in UNITS and isinstance(value, int | float):
            rows.append([key, format_quantity(float(value), UNITS[key])])
        else:
            rows.append([key, f"{value:.4g}" if isinstance(value, float) else value])
    print_table(["trace", ""], rows)


def _write(trace: Trace, path: Path) -> None:
    try:
        if path.suffix == ".npz":
            write_packed(trace, path)
        elif path.suffix == ".stl":
            write_stl(trace, path)
        else:
            raise ArchgymError(f"--output {path}: expected .npz or .stl")
    except OSError as error:
        raise ArchgymError(f"cannot write {path}: {error.strerror}") from error


def _convert(options: argparse.Namespace) -> None:
    trace = resolve(options.trace, options.format)
    _write(trace, options.output)
    print(f"{len(trace)} requests written to {options.output}")


def _capture(options: argparse.Namespace) -> None:
    program = options.program[1:] if options.program[:1] == ["--"] else options.program
    if not program:
        raise ArchgymError("name a program: archgym dram trace capture [options] -- PROGRAM ARGS…")
    output = options.output or Path(f"{Path(program[0]).name}.npz")
    if output.suffix not in (".npz", ".stl"):
        raise ArchgymError(f"--output {output}: expected .npz or .stl")
    machine = Machine(options.cache << 10, options.ways, options.clock, options.ipc)
    from rich.console import Console

    with Console(stderr=True).status(f"running {shlex.join(program)} under valgrind …") as status:

        def tell(requests: int, instructions: int) -> None:
            status.update(
                f"{requests:,} of {options.requests:,} requests, {instructions / 1e6:,.0f} M instructions"
            )

        trace = capture(
            program,
            options.name or output.stem,
            machine=machine,
            limit=options.requests,
            skip=options.skip,
            on_progress=tell,
        )
    _write(trace, output)
    _show(trace, "DDR4-2400", options.json)
