"""Gradient boosting on histograms (Ke et al., LightGBM, NeurIPS 2017), as scikit-learn has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.space import DesignSpace, ordinal

from .forest_arrays import NAMES, Tree, of_boosted_tree, predict, stack
from .leaf_masks import masks

FOLDS = 3
PREFIXES = ("", "spread.")  # of the ensembles of means and of spreads
FEW_ROWS = 5000  # below, threads wait for each other longer than they work
STOPPED_ROWS = 1000  # below, boosting ends once it only learns the training rows by heart
FEW_TREES = 60  # then, of ensembles that only say how large errors are
STILL, PATIENCE = (
    1e-4,
    10,
)  # it does where the loss falls by less in so many rounds; targets have variance 1


class GradientBoosting(CostModel):
    """Boosted trees; a second, smaller ensemble learns how large out-of-fold errors are where."""

    name = "gradient_boosting"
    hyperparameters = DesignSpace(
        (
            ordinal("trees", (200, 400, 800), "how many", scale="log"),
            ordinal("leaves", (15, 31, 63, 127), "leaves a tree", scale="log"),
            ordinal("rate", (0.05, 0.1, 0.2), "learning rate", scale="log"),
            ordinal("min_leaf", (1, 5, 20), "rows a leaf holds at least", scale="log"),
        )
    )
    defaults = {"trees": 400, "leaves": 63, "rate": 0.1, "min_leaf": 5}

    def _fit(self, features: Floats, targets: Floats) -> None:
        trees = int(self.hyper["trees"])
        error = np.abs(self._out_of_fold(features, targets))
        floor = np.maximum(np.quantile(error, 0.1, axis=0), 1e-9)
        self._arrays = self._grown(features, targets, trees, "")
        self._arrays |= self._grown(features, np.log(np.maximum(error, floor)), 60, "spread.")
        self._quick = {prefix: masks(self._arrays, prefix) for prefix in PREFIXES}

    def _grown(
        self, features: Floats, targets: Floats, trees: int, prefix: str
    ) -> dict[str, NDArray[Any]]:
        """Boosted trees of every target, flat."""
        flat: list[Tree] = []
        columns: list[int] = []
        base: list[float] = []
        for k in range(targets.shape[1]):
            grown, start = self._trees_of(self._grow(features, targets[:, k], trees))
            flat += grown
            columns += [k] * len(grown)
            base.append(start)
        whole = stack(flat, columns) | {"base": np.array(base)}
        return {prefix + k: v for k, v in whole.items()}

    def _grow(self, features: Floats, target: Floats, trees: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        few = len(target) < STOPPED_ROWS
        booster = HistGradientBoostingRegressor(
            max_iter=trees,
            max_leaf_nodes=int(self.hyper["leaves"]),
            learning_rate=float(self.hyper["rate"]),
            min_samples_leaf=int(self.hyper["min_leaf"]),
            early_stopping=few,
            validation_fraction=None,  # the training loss decides: no row is kept aside
            scoring="loss",
            tol=STILL,
            n_iter_no_change=PATIENCE,
            random_state=self.seed,
        )
        with threadpool_limits(1 if len(target) < FEW_ROWS else None, user_api="openmp"):
            return booster.fit(features, target)

    def _trees_of(self, booster: Any) -> tuple[list[Tree], float]:
        """Its trees, and what they are added to."""
        grown = [of_boosted_tree(p) for stage in booster._predictors for p in stage]
        return grown, float(np.asarray(booster._baseline_prediction).reshape(-1)[0])

    def _out_of_fold(self, features: Floats, targets: Floats) -> Floats:
        """Errors of ensembles that did not see the row, (n, m)."""
        trees = int(self.hyper["trees"]) // 2
        if len(targets) < STOPPED_ROWS:
            trees = min(trees, FEW_TREES)
        fold = np.random.default_rng(self.seed).integers(0, FOLDS, len(targets))
        error = np.empty(targets.shape)
        for k in range(FOLDS):
            inside = fold != k
            for m in range(targets.shape[1]):
                booster = self._grow(features[inside], targets[inside, m], trees)
                error[~inside, m] = targets[~inside, m] - booster.predict(features[~inside])
        return error

    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        return self._mean(features), np.exp(self._sum(features, "spread."))

    def _mean(self, features: Floats) -> Floats:
        return self._sum(features, "")

    def _sum(self, features: Floats, prefix: str) -> Floats:
        base, quick = self._arrays[prefix + "base"], self._quick[prefix]
        if quick is None:
            return predict(self._arrays, features, len(base), prefix)[0] + base
        return quick.sums(features, len(base)) + base

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Nodes of both ensembles, flat."""
        return dict(self._arrays)

    def restore(self, arrays: Arrays) -> None:
        """From the nodes."""
        names = [p + n for p in PREFIXES for n in (*NAMES, "base")]
        self._arrays = {n: np.ascontiguousarray(arrays[n]) for n in names}
        self._quick = {prefix: masks(self._arrays, prefix) for prefix in PREFIXES}
