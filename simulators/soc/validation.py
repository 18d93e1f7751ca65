"""``archgym validate soc``: the simulator under ``farsi`` semantics against runs of FARSI."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError
from archgym.terminal.output import busy
from archgym.validation import Validation, equal, reference_file

from .simulator import SoCSimulator
from .system import Element, System
from .task_graph import Task, Workload

TOLERANCE = 1e-9
SOURCE = "FARSI"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym validate soc``.

    Args:
        parser: the subcommand's parser.
    """
    parser.description = __doc__
    parser.add_argument(
        "--reference",
        type=Path,
        help="reference rows, JSON (default: soc_reference.json, 575 runs of FARSI, which is installed)",
    )
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    with busy("simulating the reference rows …", options.json):
        return validate(options.reference or reference_file("soc_reference.json"))


def validate(reference: Path) -> Validation:
    """Compare with a reference file.

    Args:
        reference: the file, in JSON.

    Returns:
        One check per quantity, with its largest relative error.

    Raises:
        ArchgymError: the file cannot be read or is of another form.
    """
    try:
        data = json.loads(reference.read_text(encoding="utf-8"))
        workloads = {n: workload_of(n, d) for n, d in data["workloads"].items()}
        rows, rejects = data["rows"], data.get("designs_farsi_rejects", [])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchgymError(
            f"{reference}: not a SoC reference file ({type(error).__name__}: {error})"
        ) from error
    simulators = {n: SoCSimulator(w, semantics="farsi") for n, w in workloads.items()}
    errors: dict[str, list[tuple[float, int]]] = {}
    for row in rows:
        simulator = simulators[row["workload"]]
        outcome = simulator.simulate(system_of(row["design"]))
        r = outcome.results
        mine = {
            "latency_s": dict(zip(simulator.graph.ends, simulator.latencies(outcome))),
            "energy_J": r["energy"],
            "power_W": r["power"],
            "area_m2": r["pe_area"] + r["sram_area"] + r["dram_area"],
            "area_non_dram_m2": r["pe_area"] + r["sram_area"],
            "area_dram_m2": r["dram_area"],
            "dev_cost": r["development_cost"],
            "phases": r["phases"],
            "task_start_s": outcome.start,
            "task_finish_s": outcome.finish,
        }
        for name, value in mine.items():
            theirs = row["result"].get(name)
            if theirs is not None:
                off = np.inf if outcome.reason else _error(value, theirs)
                errors.setdefault(name, []).append((off, row.get("id", -1)))
    checks = []
    for name, found in errors.items():
        worst, row_id = max(found)
        exact = sum(e <= TOLERANCE for e, _ in found)
        checks.append(
            equal(
                name,
                SOURCE,
                exact,
                len(found),
                f"all, within {TOLERANCE:g}",
                measured=f"{exact} of {len(found)} equal, largest error {worst:.1e} (row {row_id})",
                figures={"largest_error": worst, "worst_row": row_id},
            )
        )
    rejected = 0
    for row in rejects:
        outcome = simulators[row["workload"]].simulate(system_of(row["design"]))
        rejected += bool(outcome.reason)
    if rejects:
        checks.append(
            equal("designs that FARSI rejects are rejected", SOURCE, rejected, len(rejects))
        )
    return Validation(checks, reference=str(reference))


def _error(mine: Any, theirs: Any) -> float:
    if isinstance(theirs, dict):
        return max((_error(mine[k], v) for k, v in theirs.items()), default=0.0)
    a, b = np.atleast_1d(np.asarray(mine, float)), np.atleast_1d(np.asarray(theirs, float))
    difference = np.abs(a - b)
    return float(np.max(np.where(difference == 0, 0, difference / np.maximum(np.abs(b), 1e-300))))


def workload_of(name: str, described: dict[str, Any]) -> Workload:
    """A workload as the reference file describes it.

    Args:
        name: of the workload.
        described: its entry in the file.

    Returns:
        The workload.
    """
    tasks = [
        Task(
            t["name"],
            float(t["work_instructions"]),
            t.get("ip_cycles_at_100MHz"),
            t.get("ip_energy_J_unscaled"),
            t.get("ip_area_m2_unscaled"),
            int(t.get("loop_iterations") or 1),
        )
        for t in described["tasks"]
    ]
    edges = [(int(p), int(c), float(b)) for p, c, b in described["edges"]]
    return Workload(name, tasks, edges, described["last_task"])


def system_of(design: dict[str, Any]) -> System:
    """A system as the reference file describes it.

    Args:
        design: the entry.

    Returns:
        The system.
    """
    elements = [
        Element() if e[0] == "cpu" else Element(int(e[1]), int(e[2]), float(e[3]))
        for e in design["pes"]
    ]
    return System(
        elements,
        [(str(t), int(w), float(f)) for t, w, f in design["mems"]],
        [(int(w), float(f)) for w, f in design["buses"]],
        design["pe_bus"],
        design["mem_bus"],
        [(int(a), int(b)) for a, b in design["bus_bus"]],
        design["task_pe"],
        design["edge_mem"],
        bool(design["prune"]),
    )
