"""What columns of evaluations are called, in every file and data frame that holds them.

A knob's physical value and a metric stand under their own names, a knob's value index under
``index.KNOB``.  Bookkeeping keeps its names.  So a metric that is called like a column of bookkeeping
is ``metric.NAME``, and a knob that is called like one, or like a metric, is ``knob.NAME``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KNOB, INDEX, METRIC = "knob.", "index.", "metric."
BOOKKEEPING = frozenset(
    {
        "step", "trial", "feasible", "reason", "specs_met", "cost", "canonical", "simulator", "scenario",
        "workload", "workload_hash", "agent", "hyperparameters", "run", "seed", "computed",
    }
)  # fmt: skip


@dataclass(frozen=True)
class ColumnNames:
    """The columns of one design space: by knob its value and its index, by metric its value."""

    knobs: dict[str, str]
    indices: dict[str, str]
    metrics: dict[str, str]

    @classmethod
    def of(cls, knobs: Iterable[str], metrics: Iterable[str]) -> ColumnNames:
        """The names for some knobs and metrics.

        Args:
            knobs: names of the knobs, in order.
            metrics: names of the metrics, in order.

        Returns:
            Their columns; no two are alike.
        """
        measured = tuple(metrics)
        names = {m: METRIC + m if _taken(m, BOOKKEEPING) else m for m in measured}
        taken = BOOKKEEPING.union(measured)
        values = {k: KNOB + k if _taken(k, taken) else k for k in knobs}
        return cls(values, {k: INDEX + k for k in values}, names)


def _taken(name: str, names: frozenset[str]) -> bool:
    """Whether a name is another column's, or could be taken for a prefixed one."""
    return name in names or name.startswith((KNOB, INDEX, METRIC))
