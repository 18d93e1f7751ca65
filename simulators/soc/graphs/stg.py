"""The Standard Task Graph Set (kasahara.cs.waseda.ac.jp/schedule).

The first line is the number of tasks, without the entry and the exit that the set adds. Then there
is one line per task: its number, its processing time, how many tasks come before it, and which. The
set has no communication, so edges are control edges of 0 bytes. One unit of time is 1e6
instructions.
"""

from __future__ import annotations

from pathlib import Path

from ..task_graph import Workload
from .tables import Row, build, read_text, short

INSTRUCTIONS = 1e6  # of one unit of processing time: 0.5 ms on the A53


def read_stg(path: Path) -> Workload:
    """The workload of a ``.stg`` file; tasks go by their numbers.

    Args:
        path: the file.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults, with their lines.
    """
    faults: list[str] = []
    lines = []
    for at, text in enumerate(read_text(path).splitlines(), 1):
        if words := text.split("#")[0].split():
            lines.append((at, words))
    count = _whole(lines[0][1][0]) if lines and len(lines[0][1]) == 1 else None
    if count is None:
        faults.append("line 1: expected the number of tasks alone")
    elif len(lines) - 1 != count + 2:
        faults.append(
            f"line {lines[0][0]} says {count} tasks, so {count + 2} lines with entry and exit; got "
            f"{len(lines) - 1}"
        )
    tasks, edges = [], []
    for at, words in lines[1:]:
        where = f"line {at}"
        numbers = [_whole(w) for w in words]
        if len(words) < 3 or any(n is None for n in (numbers[0], *numbers[2:])):
            faults.append(
                f"{where}: expected task, processing time, number of predecessors, predecessors; "
                f"got {short(' '.join(words))}"
            )
            continue
        if numbers[2] != len(words) - 3:
            faults.append(f"{where}: says {words[2]} predecessors, lists {len(words) - 3}")
        try:
            work: float | str = float(words[1]) * INSTRUCTIONS
        except ValueError:
            work = words[1]  # named by the table
        tasks.append(Row(where, {"task": numbers[0], "work_instructions": work}))
        edges += [Row(where, {"parent": p, "child": numbers[0], "bytes": 0}) for p in numbers[3:]]
    return build(path, tasks, edges, faults)


def _whole(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None
