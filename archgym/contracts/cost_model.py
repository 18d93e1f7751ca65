"""The contract of the regressor inside a proxy: features in, means and spreads out, arrays on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..space import DesignSpace, Setting, Value, check_settings, settings_of_space
from .evaluation import Floats

Arrays = Mapping[str, NDArray[Any]]


class CostModel(ABC):
    """Learns targets (n, m) from features (n, p), all at once; targets come standardised.

    An author sets ``name``, ``hyperparameters`` (a :class:`DesignSpace`, so that training can draw
    them) and ``defaults``, and writes :meth:`_fit`, :meth:`_predict`, :meth:`arrays` and
    :meth:`restore`.  A fitted model is nothing but arrays: it is loaded without running code.
    """

    name: ClassVar[str]
    hyperparameters: ClassVar[DesignSpace] = DesignSpace(())
    defaults: ClassVar[Mapping[str, Value]] = {}
    largest: ClassVar[int | None] = None  # more rows than these are thinned at random

    def __init__(self, *, seed: int = 0, **hyper: Value) -> None:
        self.seed = seed
        owner = f"cost model {self.name!r}"
        checked = check_settings(owner, self.declared_settings(), hyper, "hyperparameter")
        self.hyper: dict[str, Any] = {**self.defaults, **checked}

    @classmethod
    def declared_settings(cls) -> tuple[Setting, ...]:
        """The hyperparameters as settings: type, legal values or range, default.

        Returns:
            One setting per hyperparameter: type, legal values or range, default, unit.
        """
        return settings_of_space(cls.hyperparameters, cls.defaults)

    def fit(self, features: Floats, targets: Floats) -> None:
        """Learn from rows.

        Args:
            features: (n, p), finite.
            targets: (n, m), finite, one column per metric.
        """
        if self.largest is not None and len(targets) > self.largest:
            kept = np.random.default_rng(self.seed).permutation(len(targets))[: self.largest]
            features, targets = features[kept], targets[kept]
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # the same bits on any number of cores
            self._fit(np.ascontiguousarray(features, np.float64), np.asarray(targets, np.float64))

    def predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Predict rows.

        The spread orders predictions by trust. Its scale is set by conformal calibration.

        Args:
            features: (n, p), finite.

        Returns:
            Means (n, m), and spreads (n, m) above 0 that grow where the model knows less.
        """
        mean, spread = self._predict(np.ascontiguousarray(features, np.float64))
        return mean, np.maximum(spread, 1e-12)

    def mean(self, features: Floats) -> Floats:
        """Predict means alone, where that is faster.

        Args:
            features: (n, p), finite.

        Returns:
            Means (n, m), equal to those of :meth:`predict`.
        """
        return self._mean(np.ascontiguousarray(features, np.float64))

    def _mean(self, features: Floats) -> Floats:
        return self._predict(features)[0]

    @abstractmethod
    def _fit(self, features: Floats, targets: Floats) -> None:
        """Learn."""

    @abstractmethod
    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        """Means and spreads, (n, m) each."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What the model has learned, as numbers.

        Returns:
            Arrays by name: everything that :meth:`restore` needs.
        """

    @abstractmethod
    def restore(self, arrays: Arrays) -> None:
        """Become the model that the arrays came from.

        Args:
            arrays: what :meth:`arrays` returned.
        """
