"""The second budget of a study: costly parts of evaluations, counted where they were used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..contracts.query import Query
from ..errors import ArchgymError, UnknownNameError
from ..goals.scenario import Scenario
from ..space import Designs


class Queries:
    """Counts the queries of a study, of every simulator's kinds (:class:`~archgym.contracts.query.Query`).

    A design uses a query if it is feasible.  For an agent that declares ``costly_only_if_met`` it does so
    only if it meets every spec that can be judged without the query; the agent then never sees the others'
    answers (:meth:`hide`).

    Args:
        scenario: what is searched.
        only_if_met: whether the agent uses queries only of designs that meet the other specs.
        limits: the most queries by name; the study ends before the design that would exceed one.

    Raises:
        UnknownNameError: a limit names no query of the simulator; ArchgymError: a limit below 1.
    """

    def __init__(self, scenario: Scenario, only_if_met: bool, limits: Mapping[str, int]) -> None:
        self.scenario, self.only_if_met, self.limits = scenario, only_if_met, dict(limits)
        self._kinds: tuple[Query, ...] = scenario.simulators[0].queries()
        names = [q.name for q in self._kinds]
        for name, limit in limits.items():
            if name not in names:
                raise UnknownNameError(f"query of simulator {scenario.simulator!r}", name, names)
            if limit < 1:
                raise ArchgymError(f"at least 1 {name} query is needed, got a limit of {limit}")
        self._seen: dict[str, set[bytes]] = {name: set() for name in names}

    @property
    def counts(self) -> dict[str, int]:
        """How many different queries were used, by name."""
        return {name: len(seen) for name, seen in self._seen.items()}

    @property
    def spent(self) -> bool:
        """Whether a limit is reached."""
        return any(len(self._seen[name]) >= limit for name, limit in self.limits.items())

    def take(self, x: Designs, e: Evaluation) -> int:
        """Count the queries of designs.

        Args:
            x: designs (n, d) of the scenario.
            e: their evaluation.

        Returns:
            How many of the designs, from the first on, the limits allow.
        """
        if not self._kinds:
            return len(x)
        canonical = self.scenario.simulators[0].canonical(self.scenario.to_simulator(x))
        keys = {q.name: np.ascontiguousarray(q.key(canonical)) for q in self._kinds}
        used = {q.name: self._used(q, e) for q in self._kinds}
        for i in range(len(x)):
            new = {n: keys[n][i].tobytes() for n in keys if used[n][i]}
            new = {n: key for n, key in new.items() if key not in self._seen[n]}
            if any(len(self._seen[n]) >= self.limits.get(n, np.inf) for n in new):
                return i
            for name, key in new.items():
                self._seen[name].add(key)
        return len(x)

    def hide(self, e: Evaluation, costs: Floats) -> tuple[Evaluation, Floats]:
        """What the agent may see.

        Args:
            e: the evaluation of a batch.
            costs: of the batch, (n, k).

        Returns:
            The evaluation with NaN for queries that were not made, and +inf as cost of these
            designs.
        """
        if not self._kinds or not self.only_if_met:
            return e, costs
        metrics, seen = dict(e.metrics), np.ones(len(e), np.bool_)
        for query in self._kinds:
            used = self._used(query, e)
            seen &= used
            metrics |= {n: np.where(used, metrics[n], np.nan) for n in query.metrics}
        hidden = np.where(seen[:, None], costs, np.inf)
        return Evaluation(metrics, e.feasible, e.reasons), hidden

    def _used(self, query: Query, e: Evaluation) -> NDArray[np.bool_]:
        """Which designs (n,) use a query."""
        used = e.feasible.copy()
        if self.only_if_met:
            for spec in self.scenario.resolved[1]:
                if spec.metric not in query.metrics:
                    used &= spec.violation(e.metrics) <= 0
        return used
