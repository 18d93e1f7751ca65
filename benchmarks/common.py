"""What every benchmark shares: best of several repetitions, a table, JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from typing import Any


def best_of(function: Callable[[], Any], repeat: int = 5) -> float:
    """Seconds of the fastest of several calls, after one to warm up."""
    function()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def options(description: str) -> argparse.Namespace:
    """Every benchmark takes ``--json``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows for people or for scripts."""
    if as_json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        print(json.dumps({"benchmark": title, "machine": machine, "rows": rows}, indent=2))
        return
    from archgym.terminal.output import print_table

    print_table(list(rows[0]), [list(r.values()) for r in rows], title=title)
