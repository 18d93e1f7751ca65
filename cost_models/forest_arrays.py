"""Tree ensembles of scikit-learn and LightGBM as flat arrays, and their prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays
from archgym.contracts.evaluation import Floats

NAMES = ("roots", "depth", "column", "feature", "threshold", "child", "value")
Tree = dict[str, NDArray[Any]]


def stack(trees: Sequence[Tree], columns: Sequence[int] | None = None) -> Tree:
    """Trees end to end in one set of arrays; tree i adds to the targets from ``columns[i]`` on.

    Args:
        trees: m of them.
        columns: (m,); None: all begin at target 0.

    Returns:
        Arrays of all nodes, with ``roots``, ``depth`` and ``column`` (m,).
    """
    laid = [_siblings_together(t) for t in trees]
    roots = np.concatenate([[0], np.cumsum([len(t["feature"]) for t in laid])[:-1]])
    out: Tree = {n: np.concatenate([t[n] for t in laid]) for n in ("feature", "threshold", "value")}
    out["child"] = np.concatenate([t["child"] + r for t, r in zip(laid, roots)]).astype(np.int32)
    out["roots"] = roots.astype(np.int32)
    out["depth"] = np.array([t["depth"] for t in laid], np.int32)
    out["column"] = np.array(columns if columns is not None else [0] * len(laid), np.int32)
    return out


def join(ensembles: Sequence[Tree]) -> Tree:
    """Ensembles of one target each as one of all.

    Args:
        ensembles: arrays of :func:`stack`, each with its ``base`` (1,).

    Returns:
        The same arrays of all nodes, in order; trees of ensemble k add to target k.
    """
    nodes = np.cumsum([0, *(len(e["feature"]) for e in ensembles)])[:-1]
    out: Tree = {
        n: np.concatenate([e[n] for e in ensembles])
        for n in ("feature", "threshold", "value", "depth", "base")
    }
    for n in ("child", "roots"):
        out[n] = np.concatenate([e[n] + at for e, at in zip(ensembles, nodes)]).astype(np.int32)
    out["column"] = np.repeat(
        np.arange(len(ensembles), dtype=np.int32), [len(e["roots"]) for e in ensembles]
    )
    return out


def _siblings_together(tree: Tree) -> dict[str, Any]:
    """A tree level by level: a right child follows its left one, leaves point to themselves."""
    order, parents, level, depth = [0], [], [0], 0
    while True:
        inner = [k for k in level if tree["feature"][k] >= 0]
        if not inner:
            break
        depth += 1
        parents += inner
        level = [int(c) for k in inner for c in (tree["left"][k], tree["right"][k])]
        order += level
    at = np.array(order)
    place = np.empty(len(at), np.int64)
    place[at] = np.arange(len(at))
    child = np.arange(len(at))
    child[place[parents]] = place[tree["left"][parents]]
    leaf = tree["feature"][at] < 0
    return {
        "feature": np.where(leaf, 0, tree["feature"][at]).astype(np.int32),
        "threshold": np.where(leaf, np.float32(np.inf), next_lower(tree["threshold"][at])),
        "child": child,
        "value": tree["value"][at],
        "depth": depth,
    }


def next_lower(thresholds: Floats) -> NDArray[np.float32]:
    """Thresholds in single precision, above which the same numbers of single precision lie.

    Args:
        thresholds: any shape.

    Returns:
        The nearest number that is not higher.
    """
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def of_decision_tree(tree: Any) -> Tree:
    """A fitted ``sklearn.tree`` regressor of m targets.

    Args:
        tree: a fitted regressor.

    Returns:
        Arrays by node; ``value`` is (nodes, m).
    """
    t = tree.tree_
    return {
        "feature": np.where(t.children_left < 0, -1, t.feature),
        "threshold": t.threshold,
        "left": t.children_left,
        "right": t.children_right,
        "value": np.ascontiguousarray(t.value[:, :, 0], np.float64),
    }


def of_lightgbm_tree(structure: dict[str, Any]) -> Tree:
    """One tree of LightGBM's ``dump_model``; features are numbers, none is missing.

    Args:
        structure: ``tree_structure`` of the dump.

    Returns:
        Arrays by node; ``value`` is (nodes, 1).
    """
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []

    def add(node: dict[str, Any]) -> int:
        at = len(feature)
        leaf = "leaf_value" in node
        feature.append(-1 if leaf else int(node["split_feature"]))
        threshold.append(0.0 if leaf else float(node["threshold"]))
        value.append(float(node["leaf_value"]) if leaf else 0.0)
        left.append(0)
        right.append(0)
        if not leaf:
            left[at] = add(node["left_child"])
            right[at] = add(node["right_child"])
        return at

    add(structure)
    return {
        "feature": np.array(feature), "threshold": np.array(threshold), "left": np.array(left),
        "right": np.array(right), "value": np.array(value)[:, None],
    }  # fmt: skip


def predict(
    arrays: Arrays, features: Floats, targets: int, prefix: str = "", squares: bool = False
) -> tuple[Floats, Floats]:
    """Sums over trees of the leaf values (n, targets) and, if asked for, of their squares.

    Args:
        arrays: as of :func:`stack`, each name after ``prefix``.
        features: (n, k).
        targets: columns of the result.
        prefix: of the names.
        squares: whether squares are added up too.

    Returns:
        Sums (n, targets), and sums of squares (n, targets) or (0, targets).
    """
    from .trees import ensemble

    total = np.zeros((len(features), targets))
    second = np.zeros((len(features) if squares else 0, targets))
    seen = np.ascontiguousarray(features, np.float32)
    ensemble(seen, *(arrays[prefix + n] for n in NAMES), total, second)  # type: ignore[call-arg]
    return total, second
