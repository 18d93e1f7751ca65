"""Gradient boosting on histograms (Ke et al., LightGBM, NeurIPS 2017), grown by compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.kernels.threads import cores
from archgym.space import DesignSpace, ordinal

from .binning import Binned
from .forest_arrays import NAMES, Tree, join, predict
from .leaf_masks import masks

FOLDS = 3
PREFIXES = ("", "spread.")  # of the ensembles of means and of spreads
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

    beside: ClassVar[bool] = True  # whether ensembles grow beside each other, in threads

    def _fit(self, features: Floats, targets: Floats) -> None:
        trees, metrics = int(self.hyper["trees"]), range(targets.shape[1])
        table = Binned.of(features)
        fold = np.random.default_rng(self.seed).integers(0, FOLDS, len(targets))
        error = np.empty(targets.shape)

        def out_of_fold(k: int, m: int) -> None:
            """Errors of an ensemble that did not see the rows of a fold."""
            inside, outside = table.take(fold != k), fold == k
            few = trees // 2 if len(targets) >= STOPPED_ROWS else min(trees // 2, FEW_TREES)
            grown = self._grow(inside, targets[fold != k, m], few)
            mean = predict(grown, table.features[outside], 1)[0][:, 0] + grown["base"][0]
            error[outside, m] = targets[outside, m] - mean

        grown: list[Tree] = [{} for _ in metrics]

        def whole(m: int) -> None:
            grown[m] = self._grow(table, targets[:, m], trees)

        # the longest first, so that no core waits for one at the end
        self._do(
            [partial(whole, m) for m in metrics]
            + [partial(out_of_fold, k, m) for m in metrics for k in range(FOLDS)]
        )
        size = np.abs(error)
        size = np.log(np.maximum(size, np.maximum(np.quantile(size, 0.1, axis=0), 1e-9)))
        spread: list[Tree] = [{} for _ in metrics]

        def width(m: int) -> None:
            spread[m] = self._grow(table, size[:, m], FEW_TREES)

        self._do([partial(width, m) for m in metrics])
        self._arrays = {
            prefix + name: array
            for prefix, parts in zip(PREFIXES, (grown, spread))
            for name, array in join(parts).items()
        }
        self._quick = {prefix: masks(self._arrays, prefix) for prefix in PREFIXES}

    def _do(self, work: Sequence[Callable[[], None]]) -> None:
        """Calls in threads; which thread does what changes no bit of the results."""
        workers = min(cores(), len(work)) if self.beside else 1
        if workers < 2:
            for call in work:
                call()
            return
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(call) for call in work]:
                done.result()

    def _grow(self, table: Binned, target: Floats, trees: int) -> Tree:
        """An ensemble of one target: flat arrays, and ``base``, what the trees are added to.

        Args:
            table: n rows.
            target: (n,).
            trees: how many at most; fewer of few rows, once the loss stands still.

        Returns:
            The arrays of ``forest_arrays.stack``, and ``base`` (1,).
        """
        from .boosting import boost

        leaves, rate = int(self.hyper["leaves"]), float(self.hyper["rate"])
        limits = (trees, leaves, int(self.hyper["min_leaf"]))
        stop = (PATIENCE if len(target) < STOPPED_ROWS else 0, STILL)
        most = trees * (2 * leaves - 1)
        roots, depth = np.empty(trees, np.int32), np.empty(trees, np.int32)
        nodes: Tree = {n: np.empty(most, np.int32) for n in ("feature", "child")}
        nodes |= {"threshold": np.empty(most, np.float32), "value": np.empty(most)}
        base, grown, used = boost(  # type: ignore[call-arg]
            table.codes, table.starts, table.bins, table.thresholds,
            np.ascontiguousarray(target), limits, rate, stop, roots, depth,
            nodes["feature"], nodes["threshold"], nodes["child"], nodes["value"],
        )  # fmt: skip
        out: Tree = {name: array[:used].copy() for name, array in nodes.items()}
        out["value"] = out["value"][:, None]
        out |= {"roots": roots[:grown], "depth": depth[:grown], "column": np.zeros(grown, np.int32)}
        return out | {"base": np.array([base])}

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
