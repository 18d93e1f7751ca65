"""DRAMSys' simulation JSON as a workload: every trace player of its set-up is an initiator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import WorkloadError

from ..documents import Numbers, beside, read_json, section
from .formats import read_text
from .merging import shared
from .options import TraceOptions
from .trace import Trace

MOST_INITIATORS = 64
FOLDERS = ("traces", "../traces")
PLAIN = TraceOptions()  # a player says everything itself


def read_simulation(path: Path, options: TraceOptions, limit: int | None = None) -> Trace:
    """The requests that a DRAMSys simulation's initiators make.

    Each player's stamps count its ``clkMhz`` (a period of whole picoseconds, as in SystemC).
    ``dataLength`` is the length of requests that state none. ``AddressOffset`` of the simulation's
    ``simconfig`` is subtracted. Of the document nothing else is used here: its memory specification is
    read by the setting ``device``, its controller is what a design says.

    Args:
        path: of the file.
        options: clock, core, folding and device.
        limit: the most requests to read; None for all.

    Returns:
        The trace.

    Raises:
        WorkloadError: no such document, or initiators other than trace players.
    """
    if (options.clock is not None or options.ipc is not None) and not options.several:
        raise WorkloadError(
            f"{path}: a DRAMSys simulation says the clock of its players itself (clkMhz): leave "
            "clock and ipc out"
        )
    document = read_json(path)
    simulation = document.get("simulation", document)
    if not isinstance(simulation, Mapping):
        raise WorkloadError(f"{path}: key simulation: expected an object")
    players = section(simulation, "tracesetup", path, "tracesetup")
    if not isinstance(players, list) or not 1 <= len(players) <= MOST_INITIATORS:
        raise WorkloadError(
            f"{path}: expected a DRAMSys simulation with a tracesetup of 1 to {MOST_INITIATORS} "
            "initiators; its traces are the workload"
        )
    offset = _offset(simulation, path)
    traces = [
        _player(player, f"tracesetup[{i}]", path, options, limit)
        for i, player in enumerate(players)
    ]
    merged = replace(shared(traces, options.device), name=path.name)
    if not offset:
        return merged
    if int(merged.address.min()) < offset:
        raise WorkloadError(
            f"{path}: simconfig.AddressOffset is {offset:#x}, beyond the address "
            f"{int(merged.address.min()):#x} of a request"
        )
    return replace(merged, address=merged.address - offset)


def _offset(simulation: Mapping[str, Any], path: Path) -> int:
    configuration = section(simulation, "simconfig", path, "simconfig")
    if configuration is None:
        return 0
    faults: list[str] = []
    offset = Numbers(configuration, "simconfig", faults).whole("AddressOffset", 0, 1 << 60, 0)
    if faults:
        raise WorkloadError(f"{path}: {'; '.join(faults)}")
    return offset


def _player(player: Any, where: str, path: Path, options: TraceOptions, limit: int | None) -> Trace:
    kind = player.get("type", "player") if isinstance(player, Mapping) else None
    generates = isinstance(player, Mapping) and any(
        k in player for k in ("numRequests", "states", "rowIncrement")
    )
    if kind != "player" or generates:
        raise WorkloadError(
            f"{path}: {where} is {'a generator' if generates else repr(kind)}; only trace players "
            "can be read: write its traffic as a trace, or use a seeded generator of "
            "`archgym dram trace list`"
        )
    faults: list[str] = []
    numbers = Numbers(player, where, faults)
    mhz = numbers.whole("clkMhz", 1, 1_000_000)
    length = numbers.whole("dataLength", 0, 1 << 20, 0)
    name = player.get("name")
    if not isinstance(name, str) or not name:
        faults.append(f"{where}.name: expected the name of a trace file, got {name!r}")
    if faults:
        raise WorkloadError(f"{path}: {'; '.join(faults)}")
    file = beside(path, str(name), f"{where}.name", *FOLDERS)
    chosen = {".stl": "dramsys", ".rstl": "dramsys-relative"}.get(file.suffix)
    if chosen is None:
        raise WorkloadError(f"{file}: DRAMSys plays .stl and .rstl files ({where} of {path.name})")
    trace = read_text(file, chosen, PLAIN, limit=limit, default_size=length)
    if trace.clock_ps is not None:
        raise WorkloadError(f"{file}: says its clock itself, and {path.name} says clkMhz: {mhz}")
    trace = replace(trace, clock_ps=max(1, int(np.rint(1e6 / mhz))))
    return replace(trace, origin={**trace.origin, "clkMhz": mhz})
