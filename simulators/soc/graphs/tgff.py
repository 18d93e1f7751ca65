"""Task Graphs For Free (R. Dick, D. Rhodes, W. Wolf, CODES 1998), and E3S, which is written in it.

A task's work is the time of its type in the first table that lists it (a block with the header
``# type … time …``; rows with ``valid`` 0 are passed over), in seconds, at the A53's 2e9 instructions a
second.  An arc's bytes are the quantity of its type, in the first table without a time (such as
``@COMMUN_QUANT``).  Several task graphs of a file run at once.  Periods and deadlines are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..task_graph import Workload
from ..technology import A53_RATE
from .tables import Row, build, number, read_text, short

Line = tuple[int, list[str]]  # where it stands, its words
Table = dict[str, float]  # by type


def read_tgff(path: Path) -> Workload:
    """The workload of a ``.tgff`` file.

    Args:
        path: the file.

    Returns:
        The workload; each task graph of the file is done by itself.

    Raises:
        WorkloadError: all faults, with their lines.
    """
    faults: list[str] = []
    times: Table = {}
    quantities: Table = {}
    graphs: list[tuple[str, list[Line]]] = []
    for title, lines in _blocks(read_text(path), faults):
        if title[0].upper() == "@TASK_GRAPH":
            graphs.append((f"{path.stem}.{title[1] if len(title) > 1 else len(graphs)}", lines))
        else:
            timed, table = _table(title, lines, faults)
            for kind, value in table.items():
                (times if timed else quantities).setdefault(kind, value)
    if not graphs:
        faults.append("no @TASK_GRAPH block")
    tasks: list[Row] = []
    edges: list[Row] = []
    members: dict[str, list[str]] = {}
    for name, lines in graphs:
        found = _graph(lines, times, quantities, faults)
        tasks += found[0]
        edges += found[1]
        members[name] = [row.values["task"] for row in found[0]]
    return build(path, tasks, edges, faults, {k: v for k, v in members.items() if v})


def _blocks(text: str, faults: list[str]) -> Iterator[tuple[list[str], list[Line]]]:
    """Each ``@NAME number { … }``: its title and lines, comments included."""
    title: list[str] | None = None
    lines: list[Line] = []
    for at, line in enumerate(text.splitlines(), 1):
        words = line.replace("{", " { ").replace("}", " } ").split()
        if not words:
            continue
        if title is None:
            if words[0].startswith("@") and "{" in words:
                title, lines = words[: words.index("{")], []
            elif not words[0].startswith(("@", "#")):  # @HYPERPERIOD and its like have no block
                faults.append(f"line {at}: {short(line.strip())} stands outside of a block")
            continue
        if "}" in words and not words[0].startswith("#"):
            if before := words[: words.index("}")]:
                lines.append((at, before))
            yield title, lines
            title = None
        else:
            lines.append((at, words))
    if title is not None:
        faults.append(f"block {' '.join(title)} is not closed")


def _table(title: list[str], lines: list[Line], faults: list[str]) -> tuple[bool, Table]:
    """Whether a block's table holds times, and its figures by type."""
    columns = ["type", "quantity"] if title[0].upper() == "@COMMUN_QUANT" else []
    out: Table = {}
    timed = False
    for at, words in lines:
        if words[0].startswith("#"):
            header = " ".join(words).lstrip("# ").lower().split()
            if header and header[0] == "type":
                columns = header
            continue
        if not columns:  # figures of the block itself, such as a price
            continue
        chosen = next((i for i, c in enumerate(columns) if "time" in c), None)
        timed = chosen is not None
        column = 1 if chosen is None else chosen
        if len(words) != len(columns):
            faults.append(f"line {at}: {len(words)} figures; expected {' '.join(columns)}")
            continue
        row = dict(zip(columns, words))
        if row.get("valid", "1") in ("0", "0.0"):
            continue
        try:
            value = number(words[column])
        except ValueError as error:
            faults.append(f"line {at}, column {columns[column]!r}: {error}")
            continue
        if value is not None:
            out.setdefault(words[0], value)
    return timed, out


def _graph(
    lines: list[Line], times: Table, quantities: Table, faults: list[str]
) -> tuple[list[Row], list[Row]]:
    """Tasks and arcs of one graph."""
    tasks, edges = [], []
    for at, words in lines:
        where, kind = f"line {at}", words[0].upper()
        keys = {w.upper(): v for w, v in zip(words[2::2], words[3::2])}
        if kind == "TASK" and len(words) > 1:
            if (time := times.get(keys.get("TYPE", ""))) is None:
                faults.append(
                    f"{where}, task {short(words[1])}: no table gives a time of type "
                    f"{short(keys.get('TYPE', ''))}"
                )
            work = 0.0 if time is None else time * A53_RATE
            tasks.append(Row(where, {"task": words[1], "work_instructions": work}))
        elif kind == "ARC":
            if (amount := quantities.get(keys.get("TYPE", ""))) is None:
                faults.append(
                    f"{where}, arc {short(words[1:2])}: no table gives a quantity of type "
                    f"{short(keys.get('TYPE', ''))}"
                )
            columns = {"parent": keys.get("FROM"), "child": keys.get("TO"), "bytes": amount or 0.0}
            edges.append(Row(where, columns))
        elif (
            kind not in ("PERIOD", "HARD_DEADLINE", "SOFT_DEADLINE", "DEADLINE") and kind[0] != "#"
        ):
            faults.append(
                f"{where}: expected TASK, ARC, PERIOD or a deadline, got {short(words[0])}"
            )
    return tasks, edges
