"""What cheap metrics tell of measured accuracy: alone, combined with learned weights, learned by rank.

    python benchmarks/cheap_metrics.py

Of a task's trained networks a few are known (10, 30, 100, drawn 50 times); the others are ranked.

- *alone*: the most telling metric in hindsight, which nobody knows beforehand;
- *weights, squares*: a ridge regression on the cheap metrics (RoBoT, arXiv 2403.07591, learns such weights);
- *weights, ranks*: the same weights by the logistic loss of pairs (ParZC, arXiv 2402.02105, has a rank loss);
- *knobs, squares*, *knobs, ranks*: the network's own choices in place of the metrics.

Precision at T is the share of the best tenth among the tenth that is ranked first; tau is Kendall's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from archgym.simulators.codesign.accuracy import table
from archgym.simulators.codesign.networks import family, layers_of, macs, parameters
from common import options, show
from numpy.typing import NDArray
from scipy.stats import kendalltau
from sklearn.linear_model import LogisticRegression, RidgeCV

Floats = NDArray[np.float64]
TASKS = ("pairs", "strokes")
KNOWN, DRAWS, TOP = (10, 30, 100), 50, 0.1


def cheap(task: str, choice: tuple[int, ...]) -> list[float]:
    """Metrics of a network that need no training."""
    layers = layers_of(task, choice)
    widths = [layer.K for layer in layers[:-1]]
    maps = [layer.K * layer.P * layer.Q for layer in layers]
    return [
        np.log(macs(layers)), np.log(parameters(layers)), float(len(layers)), np.log(min(widths)),
        np.log(max(widths)), np.log(sum(maps)),
    ]  # fmt: skip


NAMES = ("MACs", "weights", "layers", "least width", "greatest width", "activations")


def knobs(task: str, choice: tuple[int, ...]) -> list[float]:
    """The choices on their own scales."""
    scales = [p.scale for p in family(task).parameters()]
    return [float(np.log(c)) if s == "log" else float(c) for c, s in zip(choice, scales)]


def by_squares(x: Floats, y: Floats) -> Floats:
    """Weights (p,) of least squares, shrunk as leaving one out advises."""
    return np.asarray(RidgeCV(np.geomspace(1e-3, 1e3, 13)).fit(x, y).coef_)


def by_ranks(x: Floats, y: Floats) -> Floats:
    """Weights (p,) that put the better network of every pair first."""
    a, b = np.triu_indices(len(y), 1)
    differ = y[a] != y[b]
    a, b = a[differ], b[differ]
    first = np.where((np.arange(len(a)) % 2 == 0)[:, None], x[a] - x[b], x[b] - x[a])
    better = np.where(np.arange(len(a)) % 2 == 0, y[a] > y[b], y[b] > y[a])
    model = LogisticRegression(fit_intercept=False, C=1.0, max_iter=500)
    return np.asarray(model.fit(first, better).coef_[0])


def judged(score: Floats, truth: Floats) -> tuple[float, float]:
    """Precision at the top tenth, and tau."""
    n = max(1, round(TOP * len(truth)))
    limit = np.partition(truth, -n)[-n]
    first = np.argsort(-score, kind="stable")[:n]
    return float((truth[first] >= limit).mean()), float(kendalltau(score, truth).statistic)


def scores(task: str) -> dict[tuple[int, ...], float]:
    """Mean validation scores of a task's networks."""
    return {choice: found.validation for (of, choice), found in table().items() if of == task}


def study(task: str) -> list[dict[str, Any]]:
    """A row a method and number of known networks."""
    known = scores(task)
    truth = np.array(list(known.values()))
    metrics, own = (np.array([f(task, c) for c in known]) for f in (cheap, knobs))
    metrics, own = ((x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9) for x in (metrics, own))
    alone = [judged(metrics[:, i], truth) for i in range(len(NAMES))]
    best = int(np.argmax([p for p, _ in alone]))
    rows = [_row(f"alone: {NAMES[best]}", "all", [alone[best]])]
    rng = np.random.default_rng(0)
    for n in KNOWN:
        drawn = [rng.permutation(len(truth)) for _ in range(DRAWS)]
        for name, x in (("weights", metrics), ("knobs", own)):
            for loss, learn in (("squares", by_squares), ("ranks", by_ranks)):
                found = [
                    judged(x[p[n:]] @ learn(x[p[:n]], truth[p[:n]]), truth[p[n:]]) for p in drawn
                ]
                rows.append(_row(f"{name}, {loss}", str(n), found))
    return rows


def _row(method: str, known: str, found: list[tuple[float, float]]) -> dict[str, Any]:
    precision, tau = np.mean(found, axis=0)
    return {
        "method": method,
        "known": known,
        "precision at T": f"{precision:.2f}",
        "tau": f"{tau:.3f}",
    }


def main() -> None:
    given = options(__doc__ or "")
    for task in TASKS:
        show(task, study(task), given.json)


if __name__ == "__main__":
    main()
