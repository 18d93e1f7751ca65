"""Ridge regression on features, their squares and products: the baseline that others must beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.space import DesignSpace, ordinal

MOST_CROSSED = 60


class Ridge(CostModel):
    """A quadratic polynomial with shrunken coefficients; the spread is the leverage of a design.

    Products of two different features are left out where there are more than 60 features.
    """

    name = "ridge"
    hyperparameters = DesignSpace(
        (
            ordinal("degree", (1, 2), "of the polynomial"),
            ordinal(
                "penalty",
                (1e-6, 1e-4, 1e-2, 1.0),
                "weight of the coefficients' squares",
                scale="log",
            ),
        )
    )
    defaults = {"degree": 2, "penalty": 1e-4}

    def _fit(self, features: Floats, targets: Floats) -> None:
        terms = self._terms(features)
        gram = terms.T @ terms / len(terms) + float(self.hyper["penalty"]) * np.eye(terms.shape[1])
        inverse = np.linalg.pinv(gram, hermitian=True)
        self._arrays = {
            "weights": inverse @ (terms.T @ targets / len(terms)),
            "inverse": inverse,
            "rows": np.array([len(terms)]),
            "degree": np.array([int(self.hyper["degree"])]),
        }

    def _terms(self, features: Floats) -> Floats:
        ones = np.ones((len(features), 1))
        if int(self.hyper["degree"]) == 1:
            return np.concatenate([ones, features], axis=1)
        if features.shape[1] > MOST_CROSSED:
            return np.concatenate([ones, features, features**2], axis=1)
        i, j = np.triu_indices(features.shape[1])
        return np.concatenate([ones, features, features[:, i] * features[:, j]], axis=1)

    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        terms = self._terms(features)
        leverage = ((terms @ self._arrays["inverse"]) * terms).sum(axis=1)
        spread = np.sqrt(1 + np.maximum(leverage, 0) / self._arrays["rows"][0])
        mean = terms @ self._arrays["weights"]
        return mean, np.repeat(spread[:, None], mean.shape[1], axis=1)

    def _mean(self, features: Floats) -> Floats:
        return np.asarray(self._terms(features) @ self._arrays["weights"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Coefficients and the inverse of the Gram matrix."""
        return dict(self._arrays)

    def restore(self, arrays: Arrays) -> None:
        """From them."""
        self._arrays = dict(arrays)
        self.hyper["degree"] = int(arrays["degree"][0])
