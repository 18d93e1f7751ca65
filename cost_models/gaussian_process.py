"""A Gaussian process with a Matern kernel, one length a feature (Rasmussen and Williams 2006)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.space import DesignSpace, ordinal


class GaussianProcess(CostModel):
    """Fitted by scikit-learn on at most 1,500 rows; the spread is the posterior's deviation."""

    name = "gaussian_process"
    hyperparameters = DesignSpace((ordinal("smoothness", (1.5, 2.5), "nu of the Matern kernel"),))
    defaults = {"smoothness": 2.5}
    largest = 1500

    def _fit(self, features: Floats, targets: Floats) -> None:
        self._arrays = {"x": features, "targets": np.array([targets.shape[1]])}
        for k in range(targets.shape[1]):
            one = self._one(features, targets[:, k])
            self._arrays |= {f"{k}.{name}": value for name, value in one.items()}

    def _one(self, features: Floats, target: Floats) -> dict[str, NDArray[Any]]:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        lengths = np.ones(features.shape[1])
        kernel = ConstantKernel(1.0) * Matern(
            lengths, (0.05, 100), nu=float(self.hyper["smoothness"])
        ) + WhiteKernel(1e-6, (1e-10, 1e-1))
        few = np.random.default_rng(self.seed).permutation(len(target))[:300]
        with warnings.catch_warnings():  # a length at its bound is a knob that does not matter
            warnings.simplefilter("ignore")
            tuned = GaussianProcessRegressor(kernel, random_state=self.seed)
            tuned.fit(features[few], target[few])  # lengths from few rows, the posterior from all
        whole = GaussianProcessRegressor(tuned.kernel_, optimizer=None).fit(features, target)
        k = whole.kernel_
        return {
            "alpha": np.asarray(whole.alpha_).reshape(-1),
            "factor": whole.L_,
            "lengths": np.asarray(k.k1.k2.length_scale, np.float64),
            "constant": np.array([k.k1.k1.constant_value, float(self.hyper["smoothness"])]),
        }

    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        shape = (len(features), int(self._arrays["targets"][0]))
        mean, spread = np.empty(shape), np.empty(shape)
        for start in range(0, len(features), 4096):
            part = slice(start, start + 4096)
            for k in range(shape[1]):
                mean[part, k], spread[part, k] = self._posterior(features[part], k)
        return mean, spread

    def _posterior(self, features: Floats, k: int) -> tuple[Floats, Floats]:
        from scipy.linalg import solve_triangular

        a = {n: self._arrays[f"{k}.{n}"] for n in ("alpha", "factor", "lengths", "constant")}
        constant, nu = a["constant"]
        cross = constant * _matern(features / a["lengths"], self._arrays["x"] / a["lengths"], nu)
        solved = solve_triangular(a["factor"], cross.T, lower=True)
        return cross @ a["alpha"], np.sqrt(np.maximum(constant - (solved**2).sum(axis=0), 0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Training rows, weights, Cholesky factor, kernel."""
        return dict(self._arrays)

    def restore(self, arrays: Arrays) -> None:
        """From them."""
        self._arrays = dict(arrays)


def _matern(a: Floats, b: Floats, nu: float) -> Floats:
    from scipy.spatial.distance import cdist

    distance = cdist(a, b) * np.sqrt(2 * nu)
    if nu == 1.5:
        return np.asarray((1 + distance) * np.exp(-distance))
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))
