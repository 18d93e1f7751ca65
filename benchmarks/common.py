"""What every benchmark shares: best of several repetitions, kept runs, a table, JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def best_of(
    function: Callable[[], Any], repeat: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds of the fastest of several calls, after one to warm up.

    ``time.thread_time`` as ``clock`` counts CPU time, which other processes disturb less.
    """
    function()
    times = []
    for _ in range(repeat):
        start = clock()
        function()
        times.append(clock() - start)
    return min(times)


def options(description: str) -> argparse.Namespace:
    """Every benchmark takes ``--json``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def study_options(
    description: str, seeds: int, scenarios: Sequence[str] = (), **switches: str
) -> argparse.Namespace:
    """Studies of agents also take how many seeds, how many processes, and where runs are kept.

    Of several scenarios, ``--only`` takes some. ``switches`` are further options by name, with their help.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"default {seeds}")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="side by side")
    parser.add_argument(
        "--kept", type=Path, help="file of finished runs; those in it are not repeated"
    )
    for name, text in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    if scenarios:
        parser.add_argument(
            "--only", nargs="+", choices=scenarios, default=list(scenarios), help="default: all"
        )
    return parser.parse_args()


def kept_runs(
    jobs: Sequence[tuple[Any, ...]],
    function: Callable[[tuple[Any, ...]], Any],
    given: argparse.Namespace,
) -> dict[tuple[Any, ...], Any]:
    """What a function makes of each job: read where it is kept, else computed and then kept.

    Args:
        jobs: tuples of texts, numbers and truth values, in the order of their start.
        function: of one job; a function of a module, since other processes call it.
        given: what :func:`study_options` read.

    Returns:
        The result of each job.
    """
    done: dict[tuple[Any, ...], Any] = {}
    if given.kept is not None and given.kept.exists():
        for line in given.kept.read_text().splitlines():
            job, result = json.loads(line)
            done[tuple(job)] = result
    left = [job for job in jobs if job not in done]
    if not left:
        return {job: done[job] for job in jobs}
    with multiprocessing.get_context("spawn").Pool(min(given.processes, len(left))) as pool:
        for job, result in zip(left, pool.imap(function, left)):
            done[job] = result
            print(*job, result, file=sys.stderr, flush=True)
            if given.kept is not None:
                with given.kept.open("a") as file:
                    file.write(json.dumps([job, result]) + "\n")
    return {job: done[job] for job in jobs}


def show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows for people or for scripts."""
    if as_json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        print(json.dumps({"benchmark": title, "machine": machine, "rows": rows}, indent=2))
        return
    from archgym.terminal.output import print_table

    print_table(list(rows[0]), [list(r.values()) for r in rows], title=title)
