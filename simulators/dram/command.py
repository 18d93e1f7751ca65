"""``archgym dram trace``: look at, make, convert and capture memory traces."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

from archgym.terminal.output import print_json, print_table
from archgym.errors import ArchgymError
from archgym.units import format_quantity

from .devices import DEVICES
from .memspec import device_named
from .traces import Trace, resolve
from .traces.capture import Machine, capture, part_of
from .traces.convert import WRITTEN, check_output, converted, write_trace
from .traces.formats import FORMATS
from .traces.library import names
from .traces.options import FOLDS, TraceOptions

UNITS = {
    "footprint_bytes": "B",
    "span_bytes": "B",
    "duration_s": "s",
    "demand_bytes_per_s": "B/s",
    "clock_ps": "",
}


def add_trace(parser: argparse.ArgumentParser) -> None:
    """Add the words ``list|info|convert|capture``.

    Args:
        parser: of the command.
    """
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("list", help="named workloads")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_list)
    p = verbs.add_parser("info", help="length, read share, footprint, intensity, row locality")
    _add_reading(p)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)
    p = verbs.add_parser("convert", help=f"read any format, write {', '.join(WRITTEN)}")
    _add_reading(p)
    p.add_argument("--output", type=Path, required=True, help="file to write")
    p.add_argument(
        "--cycles-of",
        metavar="DEVICE",
        help="rescale stamps to cycles of this device, for tools without a clock (default: none)",
    )
    p.add_argument("--force", action="store_true", help="overwrite a file")
    p.set_defaults(go=_convert)
    _add_capture(
        verbs.add_parser("capture", help="record a program: capture [options] -- PROGRAM ARGS…")
    )


def _add_reading(p: argparse.ArgumentParser) -> None:
    """The options that say what a trace file does not say itself."""
    p.add_argument(
        "trace", help="a name or a file; A@N: its first N requests; A+B: initiators that share"
    )
    p.add_argument(
        "--format", choices=[*FORMATS, "archgym"], help="of the file (default: told by its name)"
    )
    p.add_argument(
        "--clock",
        help="what stamps count in files without one: 200MHz, 1.25ns (a number: MHz; default: none)",
    )
    p.add_argument(
        "--ipc", help="instructions per cycle, for formats that count them (default: none)"
    )
    p.add_argument(
        "--fold",
        nargs="?",
        const="modulo",
        default="none",
        choices=FOLDS,
        help="addresses beyond the device: modulo its capacity (default), or pages by first touch",
    )
    p.add_argument("--word-bytes", help="bytes of a word in SCALE-Sim traces (default 1)")
    p.add_argument(
        "--device",
        help=f"for rows, cycles, folding: {', '.join(DEVICES)} (default DDR4-2400), or a DRAMSys "
        "memory specification",
    )


def _add_capture(p: argparse.ArgumentParser) -> None:
    p.add_argument("--output", type=Path, help="file to write (default: PROGRAM.npz)")
    p.add_argument("--name", help="name in the file (default: the file's)")
    p.add_argument(
        "--requests",
        type=int,
        default=100_000,
        metavar="REQUESTS",
        help="to stop after (default 100,000)",
    )
    p.add_argument(
        "--skip", type=int, default=0, metavar="INSTRUCTIONS", help="pass over the start-up"
    )
    p.add_argument(
        "--from-marker",
        metavar="TEXT",
        help="begin after a line of the program's output with this text, and --skip from there "
        "(default: begin at the start)",
    )
    p.add_argument(
        "--cache", type=int, default=1024, metavar="KiB", help="last-level cache (default 1024)"
    )
    p.add_argument("--ways", type=int, default=16, metavar="WAYS", help="of that cache")
    p.add_argument("--clock", type=float, default=3.0, metavar="GHz", help="of the core")
    p.add_argument(
        "--ipc", type=float, default=1.0, metavar="INSTRUCTIONS", help="per cycle, between misses"
    )
    p.add_argument("--force", action="store_true", help="overwrite a file")
    p.add_argument("--json", action="store_true")
    p.add_argument("program", nargs=argparse.REMAINDER)
    p.set_defaults(go=_capture)


def _list(options: argparse.Namespace) -> None:
    if options.json:
        print_json(names())
    else:
        print_table(["workload"], [[n] for n in names()])


def _reading(options: argparse.Namespace) -> TraceOptions:
    device = None if options.device is None else device_named(options.device)
    return TraceOptions(
        options.format, options.clock, options.ipc, options.fold, options.word_bytes, device
    )


def _info(options: argparse.Namespace) -> None:
    reading = _reading(options)
    reading = replace(reading, device=reading.device or device_named("DDR4-2400"))
    _show(resolve(options.trace, options=reading), reading, options.json)


def _show(trace: Trace, reading: TraceOptions, as_json: bool) -> None:
    information = trace.information(reading.device or device_named("DDR4-2400"))
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


def _convert(options: argparse.Namespace) -> None:
    check_output(options.output, options.force)
    reading = _reading(options)
    target = None if options.cycles_of is None else device_named(options.cycles_of)
    trace = resolve(options.trace, options=reading)
    print(converted(trace, options.output, target))


def _capture(options: argparse.Namespace) -> None:
    program = options.program[1:] if options.program[:1] == ["--"] else options.program
    if not program:
        raise ArchgymError("name a program: archgym dram trace capture [options] -- PROGRAM ARGS…")
    output = options.output or Path(f"{Path(program[0]).name}.npz")
    check_output(output, options.force)
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
            from_marker=options.from_marker,
            on_progress=tell,
        )
    write_trace(trace, output)
    _show(trace, TraceOptions(), options.json)
    if not options.json:
        print(f"{len(trace)} requests written to {output}: {part_of(trace)}")
