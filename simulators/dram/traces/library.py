"""From a workload name or path to a trace.

Names: ``stream`` (ArchGym's, regenerated), ``random``, ``cloud-1``, ``cloud-2`` (ArchGym's files,
not ours to ship: read from the folder in ``ARCHGYM_TRACES``), ``generator[:key=value,…]``, and the
captured programs that ship with the package.  What exists as a file, or has a known suffix, is a
path.  ``A@N`` is the first N requests of A; ``A+B`` are initiators that share the controller.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np

from archgym.errors import UnknownNameError, WorkloadError

from ..devices import DDR4_2400
from .dialects import COUNT_INSTRUCTIONS, SUFFIXES
from .folding import folded
from .formats import read_text, suffix_of, timed
from .generators import GENERATORS, generate
from .merging import shared
from .options import TraceOptions
from .packed import read_packed
from .simulation import read_simulation
from .trace import MAX_REQUESTS, Trace

ARCHGYM_REQUESTS = 10_000
ARCHGYM_FILES = ("random", "cloud-1", "cloud-2")
TRACES_VARIABLE = "ARCHGYM_TRACES"
# a plus sign that is not the sign of an exponent, as in mean=1e+2
BETWEEN_INITIATORS = re.compile(r"(?<![0-9][eE])\+|\+(?![0-9])")
MOST_INITIATORS = 64

Workload = str | Path | Trace | Sequence[str | Path | Trace]


def captured() -> dict[str, Path]:
    """The captured programs that ship, by name."""
    folder = Path(str(resources.files("archgym.scenarios") / "dram" / "traces"))
    return {path.stem: path for path in sorted(folder.glob("*.npz"))}


def names() -> list[str]:
    """Every workload name."""
    return ["stream", *ARCHGYM_FILES, *captured(), *GENERATORS]


def resolve(
    workload: Workload,
    chosen_format: str | None = None,
    options: TraceOptions | None = None,
) -> Trace:
    """The trace that a name, a path, a trace or several of them stand for.

    A name or path may end in ``@N``: its first N requests; nothing behind them is read.  Several,
    as a list or joined by ``+``, are initiators that share the controller.

    Args:
        workload: names, paths or traces.
        chosen_format: the dialect of text files; overrides ``options.format``.
        options: clock, core, folding and device; see :class:`TraceOptions`.

    Returns:
        One trace; several initiators are merged by stamp.

    Raises:
        UnknownNameError: no such name.
        WorkloadError: a file that cannot be read.
    """
    options = options or TraceOptions()
    if chosen_format is not None:
        options = replace(options, format=chosen_format)
    if isinstance(workload, Trace):
        parts: list[str | Path | Trace] = [workload]
    elif isinstance(workload, str | Path):
        parts = list(_initiators(str(workload)))
    else:
        parts = list(workload)
    if not 1 <= len(parts) <= MOST_INITIATORS:
        raise WorkloadError(f"a workload has 1 to {MOST_INITIATORS} initiators, got {len(parts)}")
    options = replace(options, several=len(parts) > 1)
    traces = [timed(p, options) if isinstance(p, Trace) else _one(str(p), options) for p in parts]
    if options.several:
        _check_used(traces, options)
    trace = shared(traces, options.device)
    return folded(trace, options.device or DDR4_2400, options.fold)


def _initiators(text: str) -> list[str]:
    if "+" not in text or _is_file(text):
        return [text]
    parts = [part.strip() for part in BETWEEN_INITIATORS.split(text)]
    if not all(parts):
        raise WorkloadError(
            f"workload {text!r}: expected initiators joined by +, such as a.stl+b.stl"
        )
    return parts


def _check_used(traces: Sequence[Trace], options: TraceOptions) -> None:
    """Refuse a setting that fits none of several initiators."""
    if options.ipc is not None and not any(
        trace.origin.get("format") in COUNT_INSTRUCTIONS for trace in traces
    ):
        raise WorkloadError("ipc: none of the initiators counts instructions: leave it out")
    period = options.period_ps
    if period is not None:
        ticks = 1 if period.denominator > 1 else int(period)
        if not any(trace.clock_ps == ticks for trace in traces):
            raise WorkloadError("clock: every initiator says its own clock: leave it out")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def _one(text: str, options: TraceOptions) -> Trace:
    """The trace of one name or path, its clock set."""
    base, at, cut = text.rpartition("@")
    limit = None
    if at and re.fullmatch(r"[0-9]{1,12}", cut) and not _is_file(text):
        text, limit = base, int(cut)
        if limit < 1:
            raise WorkloadError(f"cannot cut trace {base!r} to {cut} requests; at least 1")
        if limit > MAX_REQUESTS:
            raise WorkloadError(f"{base}@{cut}: at most {MAX_REQUESTS:,} requests are read")
    path = Path(text)
    suffix = suffix_of(path)
    named_format = options.format not in (None, "archgym")
    if _is_file(text) or named_format or suffix in (*SUFFIXES, ".npz", ".json"):
        if not _is_file(text):
            raise WorkloadError(
                f"trace file {text[:200]!r} does not exist, or is no file (from {Path.cwd()})"
            )
        return _file(path, suffix, options, limit)
    trace = _named(text)
    if options.ipc is not None and not options.several:
        raise WorkloadError(f"workload {text!r}: ipc is for text files that count instructions")
    return timed(trace if limit is None else trace.head(limit), options)


def _file(path: Path, suffix: str, options: TraceOptions, limit: int | None) -> Trace:
    if suffix == ".npz" or options.format == "archgym":
        if options.ipc is not None and not options.several:
            raise WorkloadError(f"{path}: ipc is for text files that count instructions")
        return timed(read_packed(path, limit), options)
    if suffix == ".json" and options.format is None:
        trace = read_simulation(path, options, limit)
        return trace if limit is None or limit >= len(trace) else trace.head(limit)
    return read_text(path, options=options, limit=limit)


def _named(text: str) -> Trace:
    name, _, arguments = text.partition(":")
    if name == "stream" and not arguments:
        i = np.arange(ARCHGYM_REQUESTS, dtype=np.int64)
        return Trace(
            "stream", i, np.zeros(len(i), np.uint8), 64 * i, None, {"archgym": "stream.stl"}
        )
    if name in ARCHGYM_FILES:
        return _archgym_file(name)
    if name in GENERATORS:
        return _generated(name, arguments)
    shipped = captured()
    if name in shipped:
        return read_packed(shipped[name])
    raise UnknownNameError("workload", text[:200], names(), "(nor is there a file of that name)")


def _archgym_file(name: str) -> Trace:
    folder = os.environ.get(TRACES_VARIABLE)
    path = Path(folder or ".") / f"{name}.stl"
    if not path.is_file():
        raise WorkloadError(
            f"workload {name!r} is ArchGym's file {name}.stl, which archgym may not ship: set "
            f"{TRACES_VARIABLE} to the folder that holds it (in ArchGym: "
            "sims/DRAM/DRAMSys/library/resources/traces), or name another workload; "
            f"looked for {path}"
        )
    return replace(read_text(path), name=name)


def _generated(name: str, arguments: str) -> Trace:
    values: dict[str, float] = {}
    for item in filter(None, arguments.split(",")):
        key, equals, value = item.partition("=")
        try:
            values[key.strip()] = float(value) if "." in value or "e" in value else int(value)
        except ValueError:
            equals = ""
        if not equals:
            raise WorkloadError(f"workload {name}:{arguments}: {item!r} is not key=number")
    n, seed = values.pop("n", 20_000), values.pop("seed", None)
    for key, number in (("n", n), ("seed", seed)):
        if isinstance(number, float) and not number.is_integer():
            raise WorkloadError(
                f"workload {name}:{arguments}: {key} must be a whole number, got {number}"
            )
    return generate(name, int(n), None if seed is None else int(seed), **values)
