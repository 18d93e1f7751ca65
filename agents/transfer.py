"""A search that begins with what other workloads liked, and goes on as ``guided`` does.

Of every other workload of the same simulator a surrogate of ranks is learned: which designs were good there,
whatever the scale of its costs.  Workloads count by how alike their features are, and, once a few designs
were paid for, by how well their ranks agree with what was found (after Wistuba et al., 2018, "Scalable
Gaussian process-based transfer surrogates for hyperparameter optimization").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.relative import Relative
from archgym.space import Designs, DesignSpace, ordinal

from .guided import Guided
from .surrogate import Features

KEPT = 64  # the best designs of each workload that may be proposed
LEARNED = 3000  # rows of each workload that its surrogate is grown on, the best half of them first
AGREED = 6  # designs paid for before agreement counts
TREES = 50


class Transfer(Guided):
    """``guided`` with a start from other workloads; without any it is ``guided``."""

    name = "transfer"
    inherits = True
    hyperparameters = DesignSpace(
        (
            *Guided.hyperparameters.parameters,
            ordinal(
                "inherited", (2, 4, 8, 16, 32), "proposals from other workloads first", scale="log"
            ),
            ordinal("later", (0.0, 0.1, 0.2, 0.4), "share of later proposals from them"),
        )
    )
    defaults = {**Guided.defaults, "starts": 1, "inherited": 8, "later": 0.1}

    def _start(self) -> None:
        super()._start()
        self._models: list[Any] = []
        self._alike = np.empty(0)
        self._pool = np.empty((0, len(self.space)), np.int64)
        self._first: list[Designs] = []
        self._ranks = np.empty((0, 0))  # predicted, by workload and design of the pool
        self._given = 0

    def inherit(self, relatives: Sequence[Relative]) -> None:
        """Learn which designs other workloads liked."""
        relatives = [r for r in relatives if len(np.unique(r.costs)) > 1]
        if not relatives:
            return
        self._features = Features(self.space)
        self._models = [self._grown(r) for r in relatives]
        self._alike = np.array([r.similarity for r in relatives])
        best = [r.x[np.argsort(r.costs, kind="stable")[:KEPT]] for r in relatives]
        self._pool = np.unique(np.concatenate(best), axis=0)
        self._ranks = np.array([m.predict(self._features(self._pool)) for m in self._models])
        # each workload's own best, the most alike first
        order = np.argsort(-self._alike, kind="stable")
        self._first = [best[i][0] for i in order]

    def _grown(self, r: Relative) -> Any:
        """A forest that tells the rank of a design on a workload, 0 the best and 1 the worst."""
        from sklearn.ensemble import ExtraTreesRegressor

        order = np.argsort(r.costs, kind="stable")
        ranks = np.empty(len(order))
        ranks[order] = np.arange(len(order)) / max(1, len(order) - 1)
        ranks[~np.isfinite(r.costs)] = 1.0
        half = order[: LEARNED // 2]
        others = order[LEARNED // 2 :]
        rest = self.rng.permutation(others)[: LEARNED - len(half)]
        rows = np.concatenate([half, rest])
        forest = ExtraTreesRegressor(
            TREES, min_samples_leaf=2, random_state=int(self.rng.integers(1 << 31)), n_jobs=1
        )
        return forest.fit(self._features(r.x[rows]), ranks[rows])

    def _weights(self) -> Floats:
        """How much each workload counts: alike by features, then by agreement of ranks."""
        costs = np.array(self._costs)
        if len(costs) < AGREED or len(np.unique(costs)) < AGREED:
            return self._alike
        from scipy.stats import rankdata

        own = rankdata(costs)  # infeasible designs share the worst rank
        x = self._features(np.array(self._designs))
        agreement = np.array([np.corrcoef(own, rankdata(m.predict(x)))[0, 1] for m in self._models])
        found = np.maximum(np.nan_to_num(agreement), 0.0) ** 2
        return np.asarray(found if found.max() > 0 else self._alike)

    def _inherited(self) -> Designs | None:
        """The design that other workloads like best and that is new; None where none is left."""
        while self._first and self._given < int(self.hyper["inherited"]) // 2:
            design = self._first.pop(0)
            if self._is_new(design):
                self._given += 1
                return design
        scores = self._weights() @ self._ranks
        for i in np.argsort(scores, kind="stable"):
            if self._is_new(self._pool[i]):
                self._given += 1
                return self._pool[i].copy()
        return None

    def _next(self) -> Designs:
        if len(self._pool):
            early = self._given < int(self.hyper["inherited"])
            if early or self.rng.random() < self.hyper["later"]:
                found = self._inherited()
                if found is not None:
                    return found
        return super()._next()
