"""Gradient boosting by LightGBM (Ke et al., NeurIPS 2017): an extra; predicted by compiled code."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archgym.contracts.evaluation import Floats

from .binning import Binned
from .forest_arrays import Tree, of_lightgbm_tree, stack
from .gradient_boosting import GradientBoosting


class LightgbmBoosting(GradientBoosting):
    """Boosted trees grown by LightGBM; needs the extra ``lightgbm`` to train, nothing to predict."""

    name = "lightgbm"
    beside: ClassVar[bool] = False

    def _grow(self, table: Binned, target: Floats, trees: int) -> Tree:
        import lightgbm

        booster = lightgbm.train(
            {
                "objective": "regression",
                "num_leaves": int(self.hyper["leaves"]),
                "learning_rate": float(self.hyper["rate"]),
                "min_data_in_leaf": int(self.hyper["min_leaf"]),
                "seed": self.seed,
                "deterministic": True,
                "force_row_wise": True,
                "num_threads": 1,
                "verbosity": -1,
            },
            lightgbm.Dataset(table.features, target),
            trees,
        )
        whole = booster.dump_model()["tree_info"]
        return stack([of_lightgbm_tree(t["tree_structure"]) for t in whole]) | {"base": np.zeros(1)}
