"""Random forest (Breiman, Machine Learning 2001): grown by scikit-learn, predicted by compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.space import DesignSpace, ordinal

from .forest_arrays import NAMES, of_decision_tree, predict, stack
from .packed_trees import PackedTrees


class RandomForest(CostModel):
    """Trees on bootstrap samples, all targets in one tree; the spread is the deviation between trees.

    A tenth of the out-of-bag error is added to it, since trees that agree may err together.
    """

    name = "random_forest"
    hyperparameters = DesignSpace(
        (
            ordinal("trees", (20, 50, 100), "how many", scale="log"),
            ordinal("min_leaf", (1, 2, 5), "rows a leaf holds at least"),
            ordinal("max_features", (0.33, 0.66, 1.0), "share of features a split looks at"),
        )
    )
    defaults = {"trees": 50, "min_leaf": 1, "max_features": 1.0}

    def _fit(self, features: Floats, targets: Floats) -> None:
        from sklearn.ensemble import RandomForestRegressor

        features = features.astype(np.float32)  # as scikit-learn's trees see them
        forest = RandomForestRegressor(
            int(self.hyper["trees"]),
            min_samples_leaf=int(self.hyper["min_leaf"]),
            max_features=float(self.hyper["max_features"]),
            random_state=self.seed,
            oob_score=True,
            n_jobs=1,
        ).fit(features, targets[:, 0] if targets.shape[1] == 1 else targets)
        error = forest.oob_prediction_.reshape(targets.shape) - targets
        self._arrays = stack([of_decision_tree(t) for t in forest.estimators_])
        self._arrays["floor"] = np.maximum(0.1 * np.sqrt(np.nanmean(error**2, axis=0)), 1e-9)
        self._packed = PackedTrees.of(self._arrays)

    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        m = len(self._arrays["floor"])
        total, squares = self._sums(features, m, squares=True)
        n = len(self._arrays["roots"])
        mean = total / n
        variance = np.maximum(squares / n - mean**2, 0)
        return mean, np.sqrt(variance + self._arrays["floor"] ** 2)

    def _mean(self, features: Floats) -> Floats:
        m = len(self._arrays["floor"])
        return self._sums(features, m)[0] / len(self._arrays["roots"])

    def _sums(self, features: Floats, targets: int, squares: bool = False) -> tuple[Floats, Floats]:
        if self._packed is None:
            return predict(self._arrays, features, targets, squares=squares)
        return self._packed.sums(features, targets, squares)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Nodes of all trees, flat."""
        return dict(self._arrays)

    def restore(self, arrays: Arrays) -> None:
        """From the nodes."""
        self._arrays = {n: np.ascontiguousarray(arrays[n]) for n in (*NAMES, "floor")}
        self._packed = PackedTrees.of(self._arrays)
