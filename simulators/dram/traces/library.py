"""From a workload name or path to a trace.

Names: ``stream`` (ArchGym's, regenerated), ``random``, ``cloud-1``, ``cloud-2`` (ArchGym's files,
not ours to ship: read from the folder in ``ARCHGYM_TRACES``), ``generator[:key=value,…]``, and the
captured programs that ship with the package.  Anything with a known suffix is a path.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import numpy as np

from archgym.errors import UnknownNameError, WorkloadError

from .formats import SUFFIXES, read_text
from .generators import GENERATORS, generate
from .packed import read_packed
from .trace import Trace

ARCHGYM_REQUESTS = 10_000
ARCHGYM_FILES = ("random", "cloud-1", "cloud-2")
TRACES_VARIABLE = "ARCHGYM_TRACES"


def captured() -> dict[str, Path]:
    """The captured programs that ship, by name."""
    folder = Path(str(resources.files("archgym.scenarios") / "dram" / "traces"))
    return {path.stem: path for path in sorted(folder.glob("*.npz"))}


def names() -> list[str]:
    """Every workload name."""
    return ["stream", *ARCHGYM_FILES, *captured(), *GENERATORS]


def resolve(workload: str | Path | Trace, chosen_format: str | None = None) -> Trace:
    """The trace that a name, a path or a trace stands for.

    A name or path may end in ``@N``: its first N requests.

    Raises:
        UnknownNameError: no such name; WorkloadError: a file that cannot be read.
    """
    if isinstance(workload, Trace):
        return workload
    text = str(workload)
    base, at, cut = text.rpartition("@")
    if at and cut.isdigit():
        return resolve(base, chosen_format).head(int(cut))
    path = Path(text)
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if chosen_format not in (None, "archgym") or suffix in SUFFIXES or suffix == ".npz":
        if not path.is_file():
            raise WorkloadError(f"trace file {text!r} does not exist (from {Path.cwd()})")
        return read_packed(path) if suffix == ".npz" else read_text(path, chosen_format)
    return _named(text)


def _named(text: str) -> Trace:
    name, _, arguments = text.partition(":")
    if name == "stream":
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
    raise UnknownNameError(
        "workload", text, names(), "(a path needs a known suffix, or say --format)"
    )


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
    trace = read_text(path)
    return Trace(name, trace.stamp, trace.is_write, trace.address, None, trace.origin)


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
    n = int(values.pop("n", 20_000))
    seed = int(values.pop("seed")) if "seed" in values else None
    return generate(name, n, seed, **values)
