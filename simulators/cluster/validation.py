"""``archgym validate cluster``: cycles and exposed cycles of every NPU against runs of ASTRA-sim."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archgym.documents import read_json
from archgym.errors import ArchgymError
from archgym.terminal.output import busy
from archgym.validation import Validation, equal, reference_file

from .events import Outcome, simulate
from .faults import closed, used
from .system import System
from .workloads import programs

SOURCE = "ASTRA-sim"
SYSTEM = (
    "scheduling-policy", "endpoint-delay", "active-chunks-per-dimension", "preferred-dataset-splits",
    "all-reduce-implementation", "all-gather-implementation", "reduce-scatter-implementation",
    "all-to-all-implementation", "collective-optimization", "local-mem-bw", "peak-perf", "roofline-enabled",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give ``archgym validate cluster`` its options.

    Args:
        parser: of the command.
    """
    parser.description = __doc__
    parser.add_argument(
        "--reference",
        type=Path,
        help="reference rows in JSON (default: the part that is installed)",
    )
    parser.add_argument(
        "--closed-only",
        action="store_true",
        help="leave out rows that need every message (seconds instead of minutes)",
    )
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    with busy("simulating the reference rows …", options.json):
        file = options.reference or reference_file("cluster_rows.json")
        return validate(file, options.closed_only)


def system_of(row: Mapping[str, Any]) -> System:
    """The system of a reference row.

    Args:
        row: by column.

    Returns:
        The system.
    """
    s, extra = dict(zip(SYSTEM, row["system"])), row["extra"] or {}
    kinds = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
    return System(
        topology=tuple(row["topology"]),
        npus=tuple(row["npus"]),
        bandwidth=tuple(row["bandwidth"]),
        latency=tuple(row["latency"]),
        algorithms={k: s[f"{k.replace('_', '-')}-implementation"] for k in kinds},
        endpoint_delay=s["endpoint-delay"],
        active_chunks=s["active-chunks-per-dimension"],
        splits=s["preferred-dataset-splits"],
        optimization=s["collective-optimization"],
        local_mem_bw=s["local-mem-bw"],
        peak_perf=s["peak-perf"],
        roofline=bool(s["roofline-enabled"]),
        queues=extra.get("cli", {}).get("num-queues-per-dim", 1),
        groups=list(extra.get("groups", {}).values()),
        aware=row["backend"] == "aware",
    )


def same(found: Sequence[int | None], given: Any) -> bool:
    """Whether figures of all NPUs are those of a reference row.

    Args:
        found: a figure per NPU; None where it never ends.
        given: one number for all NPUs, a list, or their extremes as ``min`` and ``max``.

    Returns:
        Whether they are.
    """
    if None in found:
        return False
    numbers = [v for v in found if v is not None]
    if isinstance(given, int | float):
        return all(v == given for v in numbers)
    if isinstance(given, list):
        return numbers == given
    return max(numbers) == given["max"] and min(numbers) == given["min"]


def agrees(outcome: Outcome, row: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether a simulation gives what a reference row says of every NPU.

    Args:
        outcome: of the simulation.
        row: by column.

    Returns:
        Whether cycles agree, and whether exposed cycles do.
    """
    exposed = [None if f is None else f - c for f, c in zip(outcome.finish, outcome.compute)]
    return same(outcome.finish, row["cycles"]), same(exposed, row["exposed"])


def validate(reference: Path, closed_only: bool = False) -> Validation:
    """Compare with a reference file.

    Args:
        reference: the file of rows, in JSON.
        closed_only: leave out rows that need every message.

    Returns:
        Two checks per group of rows: cycles and exposed cycles.

    Raises:
        ArchgymError: there is no such file, or it is no reference file of clusters.
    """
    try:
        data = read_json(reference)
        rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
        systems = [system_of(row) for row in rows]
        tasks = [programs(row["npus"], row["workload"]) for row in rows]
    except FileNotFoundError:
        raise ArchgymError(f"{reference} does not exist") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ArchgymError(
            f"{reference}: not a cluster reference file ({type(error).__name__}: {error})"
        ) from error
    counts, cycles, exposed = Counter[str](), Counter[str](), Counter[str]()
    for row, system, task in zip(rows, systems, tasks):
        whole = task.stands_for is not None and closed(system, used(system, task))
        if closed_only and not whole:
            continue
        group = f"{row['backend']}, {'closed forms' if whole else 'every message'}"
        counts[group] += 1
        first, second = agrees(simulate(system, task, whole), row)
        cycles[group] += first
        exposed[group] += second
    checks = [
        equal(what, SOURCE, found[group], n, case=group)
        for group, n in sorted(counts.items())
        for what, found in (("cycles", cycles), ("exposed cycles", exposed))
    ]
    return Validation(checks, reference=str(reference))
