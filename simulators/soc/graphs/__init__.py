"""Readers of task graphs, one module a family of formats.

What each takes for work and bytes:

- ``.tasks.csv`` with ``.edges.csv`` beside it, ``.json``, ``.yaml``, ``.graphml``: the columns
  ``work_instructions`` and ``bytes``, and those of an accelerator.
- ``.dot``, ``.gv``: the same attributes; or ``size``, operations of a node and bytes of an edge, as
  SimGrid and daggen write it.  An edge with neither is a control edge of 0 bytes.
- WfCommons (``.json`` with ``workflow``): recorded runtime x cores x 2e9 instructions/s, which is one
  A53; an edge carries the files that its parent writes and its child reads (none: 0 bytes).
- Standard Task Graph Set (``.stg``): a unit of processing time is 1e6 instructions; the set has no
  communication, so every edge is a control edge.
- TGFF (``.tgff``): the time of the task's type, in s, in the first table that lists it, x 2e9
  instructions/s; the quantity of the arc's type, in bytes, in the first table without times.

Data that enters a graph at its first tasks or leaves it at its last belongs to no edge and is not
moved.  A graph is done when the last of its tasks without a child is, unless ``end`` marks others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..task_graph import Workload
from . import dot, plain, stg, tgff

READERS: dict[str, Callable[[Path], Workload]] = {
    ".tasks.csv": plain.read_csv,
    ".json": plain.read_json,
    ".yaml": plain.read_yaml_graph,
    ".yml": plain.read_yaml_graph,
    ".graphml": plain.read_graphml,
    ".dot": dot.read_dot,
    ".gv": dot.read_dot,
    ".stg": stg.read_stg,
    ".tgff": tgff.read_tgff,
}


def reader(path: str) -> Callable[[Path], Workload] | None:
    """The reader for a file, by the ending of its name.

    Args:
        path: the file's path.

    Returns:
        The reader; None where no format has the ending.
    """
    lower = path.lower()
    return next((read for ending, read in READERS.items() if lower.endswith(ending)), None)
