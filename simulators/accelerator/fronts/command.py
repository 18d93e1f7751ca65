"""``archgym accelerator front``: a front of hardware and mapping, with what is proved of it."""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from archgym.errors import ArchgymError, resumable
from archgym.goals.scenario_file import load_scenario
from archgym.terminal.output import bar_of, print_json, print_table
from archgym.units import format_quantity

from .boxes import Boxes
from .closing import Progress, close
from .corners import Space, corners_of
from .document import default_path, document_of, keep, make_folder, resumed, save, state_path

SHOWN = 12
SAVING = 0.05  # share of the time that goes into saving at most
GOES_ON = ("gap", "time", "rounds", "threads")  # options that whoever goes on wants again


def add_front(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym accelerator front``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("scenario", help="name or .yaml file, of the simulator 'accelerator'")
    p.add_argument(
        "--gap", type=float, default=0.01, metavar="SHARE",
        help="that is enough: 0.01 is 1 %% (default: 0.01)",
    )  # fmt: skip
    p.add_argument(
        "--time", type=float, default=600.0, metavar="SECONDS",
        help="after which it ends with what is proved so far (default: 600)",
    )  # fmt: skip
    p.add_argument(
        "--rounds", type=int, metavar="NUMBER",
        help="of 32 designs at most, for the same answer on every machine (default: no limit)",
    )  # fmt: skip
    p.add_argument("--threads", type=int, metavar="NUMBER", help="at most (default: all cores)")
    p.add_argument(
        "--output", type=Path, metavar="FILE.json",
        help="the certificate; beside it, what it goes on from (default: fronts/SCENARIO.json)",
    )  # fmt: skip
    p.add_argument(
        "--check",
        type=Path,
        metavar="FILE.json",
        help="verify this certificate, search nothing (default: search)",
    )
    p.add_argument(
        "--sample", type=int, default=20, metavar="NUMBER",
        help="of a certificate that --check works out again (default: 20)",
    )  # fmt: skip
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_front)


def _front(options: argparse.Namespace) -> int:
    faults = []
    if not 0.0 <= options.gap < float("inf"):
        faults.append(f"--gap is a share of at least 0, got {options.gap}; 0.01 is 1 %")
    if not 0.0 < options.time < float("inf"):
        faults.append(f"--time must be positive, got {options.time}")
    for name in ("rounds", "threads", "sample"):
        value = getattr(options, name)
        if value is not None and value < 1:
            faults.append(f"--{name} must be at least 1, got {value}")
    if faults:
        raise ArchgymError("; ".join(faults))
    space = Space.of(load_scenario(options.scenario))
    if options.check:
        from .checking import check

        answer = check(space, options.check, options.sample)
        if options.json:
            print_json(answer)
        else:
            print_table(["checked", "", "verdict"], answer["rows"], title=str(options.check))
        return int(not answer["holds"])
    path = options.output or default_path(space)
    with resumable(goes_on(options, path)):
        boxes, progress = _search(space, path, options)
    if options.json:
        print_json({"certificate": str(path), **document_of(boxes, progress)})
    else:
        _show(boxes, progress, path)
    return 0


def goes_on(options: argparse.Namespace, path: Path) -> str:
    """The command that goes on after an interruption, with the same options.

    Args:
        options: as parsed.
        path: of the certificate.

    Returns:
        What to type.
    """
    words = ["accelerator", "front", options.scenario, "--output", str(path)]
    for name in GOES_ON:
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name}", str(value)]
    for name in ("json", "trust", "plain"):
        words += [f"--{name}"] if getattr(options, name, False) else []
    return f"archgym {shlex.join(words)}"


def _search(space: Space, path: Path, options: argparse.Namespace) -> tuple[Boxes, Progress]:
    began = time.monotonic()
    make_folder(path)  # before the work, not after it
    state = state_path(path)
    if state.exists():
        boxes, progress = resumed(space, state)
    else:
        whole = space.scenario.space.cardinality
        with bar_of(whole, "lower bounds", options.json) as bar:
            corners = corners_of(space, _step(bar))
        boxes = Boxes(space, corners)
        progress = Progress.new(boxes)
        keep(boxes, progress, state)
    saved, cost = time.monotonic(), 0.0
    first = progress.rounds
    with bar_of(len(boxes.gap), "designs closed", options.json) as bar:

        def go_on() -> bool:
            nonlocal saved, cost
            now = time.monotonic()
            if (now - saved) * SAVING > cost:  # between rounds, where boxes and progress agree
                keep(boxes, progress, state)
                saved = time.monotonic()
                cost = saved - now
            if bar is not None:
                closed = int((boxes.gap <= options.gap).sum())
                bar(closed, f"gap {boxes.gap.max(initial=0.0):.2%}, {len(boxes.points)} points")
            if options.rounds is not None and progress.rounds - first >= options.rounds:
                return False
            return now - began < options.time

        close(boxes, progress, gap=options.gap, go_on=go_on, threads=options.threads)
    keep(boxes, progress, state)
    save(document_of(boxes, progress), path)
    return boxes, progress


def _step(bar: Callable[..., None] | None) -> Callable[[int, str], None] | None:
    return None if bar is None else lambda done, note: bar(done, note)


def _show(boxes: Boxes, progress: Progress, path: Path) -> None:
    document = document_of(boxes, progress)
    gap = "-" if document["gap"] is None else f"{document['gap']:.2%}"
    best = document["energy_delay"]
    rows = [
        ["designs", f"{document['designs']:,}"],
        ["left out (specs on area, no energy table)", f"{document['left_out']:,}"],
        ["mapped", f"{document['mapped']:,}"],
        ["layers certified", f"{document['certified']:,}"],
        ["may be on the front", f"{document['open']:,}"],
        ["gap", gap],
    ]
    if best is not None:
        rows.append(["energy x latency, best found", f"{best['value']:.6g} J s"])
        rows.append(["its gap", f"{best['gap']:.2%}"])
    print_table([document["scenario"], ""], rows)
    shown = [
        [
            " ".join(map(str, p["design"].values())),
            *(format_quantity(p["metrics"][n], unit) for n, unit in UNITS.items()),
            format_quantity(p["least"]["energy"], "J"),
            format_quantity(p["least"]["latency"], "s"),
        ]
        for p in document["front"]
    ]
    print_table(
        ["design", *UNITS, "energy at least", "latency at least"],
        shown[:SHOWN],
        title=f"{len(shown)} points are attained"
        + (f", {SHOWN} shown" if len(shown) > SHOWN else ""),
    )
    print(
        f"No design of the space, under any mapping, lies below the staircase of "
        f"{len(document['staircase'])} lower corners. "
        + (
            "Nothing is mapped yet."
            if gap == "-"
            else f"Every one has a point that is at most {gap} "
            "above it in energy, latency and area."
        )
    )
    print(f"Certificate: {path}")


UNITS = {"energy": "J", "latency": "s", "area": "m2"}
