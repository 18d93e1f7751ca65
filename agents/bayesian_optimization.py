"""Bayesian optimisation with scikit-optimize's surrogates and acquisition functions.

Mockus (1975); Jones, Schonlau and Welch, EGO (1998, doi 10.1023/A:1008306431147); forests as in SMAC
(Hutter, Hoos and Leyton-Brown, 2011).  scikit-optimize's own loop proposes known designs of a finite
space again and refuses infinite costs; here candidates are unknown designs, and infeasible ones are
told a spread above the worst.  Its gradient-boosted and dummy estimators, broken on today's
scikit-learn, are not offered.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, categorical, ordinal

from .generation import finite
from .surrogate import Features, History, candidates, fresh_designs


class BayesianOptimization(Agent):
    """Fit a surrogate to all that was told, propose the candidates of best acquisition.

    The Gaussian process is fitted to at most ``LOCAL`` designs, the best and the latest, so that a
    proposal stays below a second at any number of observations; forests take all.
    """

    name = "bayesian_optimization"
    LOCAL = 120
    hyperparameters = DesignSpace(
        (
            categorical(
                "surrogate", ("ET", "RF", "GP"), "extra trees, random forest, Gaussian process"
            ),
            categorical(
                "acquisition", ("EI", "LCB", "PI"), "expected improvement, lower bound, probability"
            ),
            ordinal(
                "initial", (5, 10, 20, 40), "random designs before the first model", scale="log"
            ),
            ordinal("candidates", (200, 500, 1000, 2000), "designs ranked a proposal", scale="log"),
            ordinal("kappa", (0.5, 1.0, 1.96, 3.0), "exploration of LCB"),
            ordinal("xi", (0.0, 0.001, 0.01, 0.1), "exploration of EI and PI"),
            ordinal("points", (1, 2, 4, 8, 16), "designs a model", scale="log"),
        )
    )
    defaults = {
        "surrogate": "ET",
        "acquisition": "EI",
        "initial": 20,
        "candidates": 500,
        "kappa": 0.5,
        "xi": 0.01,
        "points": 4,
    }
    # ArchGym's 15 points, with scikit-optimize's Gaussian process
    grids = {
        "archgym-grid": {
            "surrogate": ("GP",),
            "points": (1,),
            "budget": (16, 32, 64),
            "seed": (1, 2, 3, 4, 5),
        }
    }

    @property
    def batch(self) -> int:
        """Designs a model."""
        return int(self.hyper["points"])

    def _start(self) -> None:
        self._features = Features(self.space)
        self._history = History(len(self.space), 1)

    def _ask(self, n: int) -> Designs:
        history = self._history
        if len(history) < self.hyper["initial"]:
            return fresh_designs(self.space, history, n, self.rng)
        y = squash(finite(history.costs)[:, 0])
        leaders = history.x[np.argsort(y, kind="stable")[:4]]
        pool = candidates(self.space, history, leaders, self.hyper["candidates"], self.rng)
        if len(pool) <= n:
            return (
                np.concatenate([pool, fresh_designs(self.space, history, n - len(pool), self.rng)])
                if len(pool) < n
                else pool
            )
        scores = self._acquisition(self._fit(history.x, y), pool, float(y.min()))
        return self._spread(pool, scores, n)

    def _fit(self, x: Designs, y: NDArray[np.float64]) -> Any:
        from skopt.utils import cook_estimator

        kind = self.hyper["surrogate"]
        if kind == "GP":
            if len(x) > self.LOCAL:
                half = self.LOCAL // 2
                pick = np.unique(
                    np.concatenate(
                        [np.argsort(y, kind="stable")[:half], np.arange(len(y) - half, len(y))]
                    )
                )
                x, y = x[pick], y[pick]
            d = self._features(x[:1]).shape[1]
            model = cook_estimator(
                "GP",
                space=[(0.0, 1.0)] * d,
                random_state=int(self.rng.integers(1 << 31)),
                noise="gaussian",
                n_restarts_optimizer=0,
            )
        else:
            model = cook_estimator(
                kind,
                random_state=int(self.rng.integers(1 << 31)),
                n_estimators=60,
                min_samples_leaf=1,
                n_jobs=1,
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bounds of length scales on flat costs
            model.fit(self._features(x), y)
        return model

    def _acquisition(self, model: Any, pool: Designs, best: float) -> NDArray[np.float64]:
        from skopt.acquisition import gaussian_ei, gaussian_lcb, gaussian_pi

        features = self._features(pool)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.hyper["acquisition"] == "LCB":
                return -np.asarray(gaussian_lcb(features, model, kappa=self.hyper["kappa"]))
            function = gaussian_ei if self.hyper["acquisition"] == "EI" else gaussian_pi
            return np.asarray(function(features, model, y_opt=best, xi=self.hyper["xi"]))

    def _spread(self, pool: Designs, scores: NDArray[np.float64], n: int) -> Designs:
        """The best by acquisition, each at least two parameters away from those before it, if it can be."""
        order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
        chosen = [int(order[0])]
        for i in order[1:]:
            if len(chosen) == n:
                break
            if ((pool[chosen] != pool[i]).sum(axis=1) >= 2).all():
                chosen.append(int(i))
        for i in order:
            if len(chosen) == n:
                break
            if int(i) not in chosen:
                chosen.append(int(i))
        return pool[chosen]

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._history.add(x, costs)


def squash(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Costs on a scale a model can fit: standardised, with the far upper tail compressed.

    Violated specs sit decades above the rest; beyond three quartile spreads above the median, a
    cost counts logarithmically.

    Args:
        y: costs (n,), finite.

    Returns:
        (n,) with mean 0 and standard deviation 1.
    """
    low, middle, high = np.quantile(y, [0.0, 0.5, 0.75])
    spread = float(max(high - low, 1e-12))
    knee = middle + 3 * spread
    out = np.where(y > knee, knee + spread * np.log1p(np.maximum(y - knee, 0) / spread), y)
    scale = float(out.std()) or 1.0
    return (out - out.mean()) / scale
