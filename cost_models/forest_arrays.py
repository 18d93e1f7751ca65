"""Tree ensembles of scikit-learn as flat arrays, and their prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_model import Arrays
from archgym.evaluation import Floats

NAMES = ("roots", "feature", "threshold", "left", "right", "value")


def stack(trees: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Trees of local node numbers end to end in one set of arrays."""
    sizes = [len(t["feature"]) for t in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    out: dict[str, NDArray[Any]] = {"roots": roots}
    for name in ("feature", "threshold", "value"):
        out[name] = np.concatenate([t[name] for t in trees])
    for name in ("left", "right"):
        out[name] = np.concatenate([t[name] + r for t, r in zip(trees, roots)]).astype(np.int32)
    out["feature"] = out["feature"].astype(np.int32)
    return out


def of_decision_tree(tree: Any) -> dict[str, NDArray[Any]]:
    """A fitted ``sklearn.tree`` regressor of m targets."""
    t = tree.tree_
    leaf = t.children_left < 0
    return {
        "feature": np.where(leaf, -1, t.feature),
        "threshold": t.threshold.astype(np.float64),
        "left": np.maximum(t.children_left, 0),
        "right": np.maximum(t.children_right, 0),
        "value": np.ascontiguousarray(t.value[:, :, 0], np.float64),
    }


def of_boosted_tree(predictor: Any, column: int, columns: int) -> dict[str, NDArray[Any]]:
    """One ``TreePredictor`` of histogram gradient boosting, adding to one of several targets."""
    nodes = predictor.nodes
    value = np.zeros((len(nodes), columns))
    value[:, column] = nodes["value"]
    return {
        "feature": np.where(nodes["is_leaf"] == 1, -1, nodes["feature_idx"].astype(np.int64)),
        "threshold": nodes["num_threshold"].astype(np.float64),
        "left": nodes["left"].astype(np.int64),
        "right": nodes["right"].astype(np.int64),
        "value": value,
    }


def predict(
    arrays: Arrays, features: Floats, prefix: str = "", squares: bool = False
) -> tuple[Floats, Floats]:
    """Sums over trees of the leaf values (n, m) and, if asked for, of their squares."""
    from .trees import ensemble

    m = arrays[prefix + "value"].shape[1]
    total = np.zeros((len(features), m))
    second = np.zeros((len(features) if squares else 0, m))
    ensemble(features, *(arrays[prefix + n] for n in NAMES), total, second)  # type: ignore[call-arg]
    return total, second
