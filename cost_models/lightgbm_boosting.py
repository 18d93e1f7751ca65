"""Gradient boosting by LightGBM (Ke et al., NeurIPS 2017): an extra; predicted by compiled code."""

from __future__ import annotations

from typing import Any

from archgym.contracts.evaluation import Floats

from .forest_arrays import Tree, of_lightgbm_tree
from .gradient_boosting import GradientBoosting


class LightgbmBoosting(GradientBoosting):
    """Boosted trees grown by LightGBM; needs the extra ``lightgbm`` to train, nothing to predict."""

    name = "lightgbm"

    def _grow(self, features: Floats, target: Floats, trees: int) -> Any:
        import lightgbm

        return lightgbm.train(
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
            lightgbm.Dataset(features, target),
            trees,
        )

    def _trees_of(self, booster: Any) -> tuple[list[Tree], float]:
        whole = booster.dump_model()
        return [of_lightgbm_tree(t["tree_structure"]) for t in whole["tree_info"]], 0.0
