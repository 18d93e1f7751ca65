"""A table of every design: the simulator's answers, bit for bit, at the price of a lookup."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import ArchgymError, DesignError
from ..goals.scenario import Scenario
from ..space import Designs
from ..tables.coverage import Coverage, covering, default_root
from ..tables.table import Table
from .answers import Answers
from .evaluator import Evaluator
from .store import EvaluationStore


class TableAnswers(Answers):
    """Looks designs up in a :class:`Table` of the simulator.

    Raises:
        ArchgymError: the table is of another simulator, version, workload or setting.
    """

    exact = True

    def __init__(self, simulator: Simulator, table: Table) -> None:
        super().__init__(simulator)
        if table.key != simulator.key:
            raise ArchgymError(
                f"the table was made by another version or setting of simulator {simulator.name!r} "
                f"(workload {simulator.workload!r}); make it again with archgym enumerate"
            )
        self.table = table
        self._coverage = Coverage(simulator.space, table.parameters)
        self._index = np.asarray(table.index)
        self._values = np.asarray(table.values)
        self._feasible = np.asarray(table.feasible)
        self._all_feasible = bool(self._feasible.all())

    def __call__(self, x: Designs) -> Evaluation:
        """Metrics of designs (n, d), looked up.

        Raises:
            DesignError: a design outside the space, or outside the part that the table covers.
        """
        space = self.simulator.space
        designs = np.asarray(x)
        if designs.dtype != np.int64 or designs.ndim != 2 or designs.shape[1] != len(space):
            designs = space.check(designs)
        values = np.empty((len(self.simulator.metrics), len(designs)))
        rows = np.empty(len(designs), np.int64)
        coverage = self._coverage
        bad = _kernel()(
            designs, space.nvec, coverage.start, coverage.contribution, self._index,
            self._values, values, rows,
        )  # fmt: skip
        if bad >= 0:
            space.check(designs)
            raise DesignError(
                f"design {bad} lies outside the part of the space that the table covers "
                f"({', '.join(f'{k}: {list(v)}' for k, v in self.table.parameters.items())})"
            )
        metrics = {m.name: values[i] for i, m in enumerate(self.simulator.metrics)}
        if self._all_feasible:
            return Evaluation(metrics, np.ones(len(designs), np.bool_))
        feasible = self._feasible[rows]
        reasons = (
            [self.table.reasons.get(r, "") for r in rows.tolist()] if not feasible.all() else ()
        )
        return Evaluation(metrics, feasible, reasons)

    def _answer(self, x: Designs) -> Evaluation:
        return self(x)

    def prepare(self) -> None:
        """Compile the lookup; the simulator itself is not needed."""
        self(np.empty((0, len(self.simulator.space)), np.int64))


@cache
def _kernel() -> Any:
    from ..tables.lookup import lookup

    return lookup


def open_answers(scenario: Scenario, argument: str, store: EvaluationStore | None) -> Evaluator:
    """The tables of a scenario's simulators: from the folder ``argument``, of one table or of many.

    Args:
        scenario: whose designs are looked up.
        argument: a folder of one table or of many; '' for the usual place.
        store: of the simulators' evaluations, which tables do not add to.

    Returns:
        The evaluator.

    Raises:
        ArchgymError: there is none that covers the scenario.
    """
    root = Path(argument) if argument else default_root()
    return Evaluator(scenario, [_table(scenario, s, root) for s in scenario.simulators], store)


def _table(scenario: Scenario, simulator: Simulator, root: Path) -> TableAnswers:
    folder = covering(root, simulator, scenario.parameters)
    if folder is None:
        raise ArchgymError(
            f"no table of simulator {simulator.name!r} on workload {simulator.workload!r} under {root} "
            "covers the scenario; make it with archgym enumerate SCENARIO"
        )
    return TableAnswers(simulator, Table.load(folder, simulator.space))
