"""How good a proxy is: errors with their denominators, order, extremes, coverage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..contracts.evaluation import Floats
from .proxy import Proxy
from .rows import Rows

TAU_ROWS = 4000
NEXT_TO_ZERO = 1e-6  # of the mean size


@dataclass(frozen=True)
class Quality:
    """One metric on rows that were held out.

    Attributes:
        metric: its name.
        rows: how many.
        zeros: true values that are 0 or next to it, against which no error is a share.
        relative_rmse: root mean squared error over the mean of the true values.
        mape: mean of |error| / |truth|; NaN where there are ``zeros``.
        median_ape: median of |error| / |truth|; NaN where there are ``zeros``.
        log_rmse: root mean squared logarithm of guess / truth; NaN where either is not positive.
        r2: coefficient of determination.
        tau: Kendall's rank correlation.
        top_recall: share of the 1 % least true values among the 1 % least predicted.
        coverage: share inside the 90 % interval.
        width: mean full width of that interval over the RMSE.
    """

    metric: str
    rows: int
    zeros: int
    relative_rmse: float
    mape: float
    median_ape: float
    log_rmse: float
    r2: float
    tau: float
    top_recall: float
    coverage: float
    width: float

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


def evaluate(proxy: Proxy, rows: Rows) -> list[Quality]:
    """How good a proxy is on rows that it did not see.

    Args:
        proxy: the proxy.
        rows: the held-out rows; infeasible ones count for feasibility alone.

    Returns:
        One quality for each metric that changes.
    """
    from scipy.stats import kendalltau

    works = np.flatnonzero(rows.feasible)
    out = []
    mean = {n: np.empty(len(works)) for n in proxy.metrics}
    low = {n: np.empty(len(works)) for n in proxy.metrics}
    high = {n: np.empty(len(works)) for n in proxy.metrics}
    known = {*proxy.workloads, *proxy.simulators}
    for w, name in enumerate(rows.workloads):
        here = np.flatnonzero(rows.workload[works] == w)
        if len(here):
            p = proxy.predict(rows.x[works[here]], name if name in known else "")
            for n in proxy.metrics:
                mean[n][here], low[n][here], high[n][here] = p.mean[n], p.low[n], p.high[n]
    few = np.random.default_rng(0).permutation(len(works))[:TAU_ROWS]
    for name in proxy.metrics:
        if name in proxy.facts["constant"]:
            continue
        truth, guess = rows.metrics[name][works], mean[name]
        error = guess - truth
        rmse = float(np.sqrt(np.mean(error**2)))
        zeros = _zeros(truth)
        ape = np.abs(error) / np.abs(truth) if not zeros else np.full(len(truth), np.nan)
        top = max(1, len(works) // 100)
        out.append(
            Quality(
                metric=name,
                rows=len(works),
                zeros=zeros,
                relative_rmse=rmse / abs(float(truth.mean())) if truth.mean() else np.inf,
                mape=float(ape.mean()),
                median_ape=float(np.median(ape)),
                log_rmse=_log_rmse(truth, guess),
                r2=1 - float(np.mean(error**2)) / float(truth.var()) if truth.var() > 0 else 0.0,
                tau=float(kendalltau(truth[few], guess[few]).statistic),
                top_recall=_top_recall(truth, guess, top),
                coverage=float(((low[name] <= truth) & (truth <= high[name])).mean()),
                width=float(np.mean(high[name] - low[name])) / max(rmse, 1e-300),
            )
        )
    return out


def _zeros(truth: Floats) -> int:
    """How many values are 0, or so near to it that a share of them says nothing."""
    size = np.abs(truth)
    return int((size <= NEXT_TO_ZERO * size.mean()).sum())


def _log_rmse(truth: Floats, guess: Floats) -> float:
    if truth.min() <= 0 or guess.min() <= 0:
        return float("nan")
    return float(np.sqrt(np.mean(np.log(guess / truth) ** 2)))


def _top_recall(truth: Floats, guess: Floats, top: int) -> float:
    """Ties count: any design as good as the worst of the best is one of the best."""
    limit = np.partition(truth, top - 1)[top - 1]
    chosen = np.argsort(guess, kind="stable")[:top]
    return float((truth[chosen] <= limit).mean())
