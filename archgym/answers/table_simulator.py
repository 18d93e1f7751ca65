"""A table in a simulator's place: the same answers, bit for bit, at the price of a lookup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..contracts.wrappers import Wrapper
from ..errors import ArchgymError, DesignError
from ..space import Designs
from ..tables.coverage import Coverage, default_root, folder_name
from ..tables.table import DESCRIPTION, Table, read_description


class TableSimulator(Wrapper):
    """Looks designs up in a :class:`Table` of the simulator that it stands for.

    It has that simulator's fingerprint, since its answers are the same.

    Raises:
        ArchgymError: the table is of another simulator, version, workload or setting.
    """

    computes = False

    def __init__(self, inner: Simulator, table: Table) -> None:
        super().__init__(inner)
        if table.key != inner.key:
            raise ArchgymError(
                f"the table was made by another version or setting of simulator {inner.name!r} "
                f"(workload {inner.workload!r}); make it again with archgym enumerate"
            )
        self.table = table
        self._coverage = Coverage(inner.space, table.parameters)
        self._index = np.asarray(table.index)
        self._values = np.asarray(table.values)
        self._feasible = np.asarray(table.feasible)
        self._all_feasible = bool(self._feasible.all())

    @property
    def truth(self) -> Simulator:
        """The simulator itself."""
        return self.inner

    def evaluate(self, x: ArrayLike) -> Evaluation:
        """Metrics of designs (n, d), looked up.

        Raises:
            DesignError: a design outside the space, or outside the part that the table covers.
        """
        designs = np.asarray(x)
        if designs.dtype != np.int64 or designs.ndim != 2 or designs.shape[1] != len(self.space):
            designs = self.space.check(designs)
        values = np.empty((len(self.metrics), len(designs)))
        rows = np.empty(len(designs), np.int64)
        coverage = self._coverage
        bad = _kernel()(
            designs, self.space.nvec, coverage.start, coverage.contribution, self._index,
            self._values, values, rows,
        )  # fmt: skip
        if bad >= 0:
            self.space.check(designs)
            raise DesignError(
                f"design {bad} lies outside the part of the space that the table covers "
                f"({', '.join(f'{k}: {list(v)}' for k, v in self.table.parameters.items())})"
            )
        metrics = {m.name: values[i] for i, m in enumerate(self.metrics)}
        if self._all_feasible:
            return Evaluation(metrics, np.ones(len(designs), np.bool_))
        feasible = self._feasible[rows]
        reasons = (
            [self.table.reasons.get(r, "") for r in rows.tolist()] if not feasible.all() else ()
        )
        return Evaluation(metrics, feasible, reasons)

    def _evaluate(self, x: Designs) -> Evaluation:
        return self.evaluate(x)

    def prepare(self) -> None:
        """Compile the lookup; the simulator itself is not needed."""
        self.evaluate(np.empty((0, len(self.space)), np.int64))


@cache
def _kernel() -> Any:
    from ..tables.lookup import lookup

    return lookup


def stand_in(
    simulator: Simulator, argument: str, parameters: Mapping[str, Sequence[object]]
) -> TableSimulator:
    """The table of a simulator: from the folder ``argument``, of one table or of many.

    Raises:
        ArchgymError: there is none that covers the scenario.
    """
    root = Path(argument) if argument else default_root()
    folder = covering(root, simulator, parameters)
    if folder is None:
        raise ArchgymError(
            f"no table of simulator {simulator.name!r} on workload {simulator.workload!r} under {root} covers "
            "the scenario; make it with archgym enumerate SCENARIO"
        )
    return TableSimulator(simulator, Table.load(folder, simulator.space))


def covering(
    root: Path, simulator: Simulator, parameters: Mapping[str, Sequence[object]]
) -> Path | None:
    """A finished table of a simulator over at least that part of its space: ``root`` or one under it."""
    folders = [root, root / folder_name(simulator, parameters)]
    folders += [path.parent for path in sorted(root.glob(f"*/{DESCRIPTION}"))]
    wanted = simulator.space.narrowed(parameters) if parameters else simulator.space
    for folder in folders:
        if not (folder / DESCRIPTION).exists():
            continue
        description = read_description(folder)
        if description["key"] != simulator.key:
            continue
        there = simulator.space.narrowed(description["parameters"])
        if all(set(w.values) <= set(t.values) for w, t in zip(wanted.parameters, there.parameters)):
            return folder
    return None
