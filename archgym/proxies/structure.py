"""A simulator's features between 0 and 1, and the estimates that metrics are measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..contracts.features import Features
from ..contracts.simulator import Simulator
from ..space import Designs
from .rows import ProxyError

DECADE = 10.0
BEYOND = 1.0  # ranges of the training rows by which a column lies outside of them at most


@dataclass(frozen=True)
class Structure:
    """How the features of a simulator become columns of a model; numbers and names only.

    A column that is never negative and spans a decade is learnt as a logarithm, for which what is less
    than its ``least`` positive value counts as that.

    Attributes:
        simulator: name of the simulator.
        version: its ``features_version``.
        names: of the features, in order.
        estimates: metrics that have an estimate, in order.
        least: the least positive value of each column that is learnt as a logarithm; 0 for others, (p,).
        low: of each column, after its logarithm, (p,).
        high: likewise.
    """

    simulator: str
    version: str
    names: tuple[str, ...]
    estimates: tuple[str, ...]
    least: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, simulator: Simulator, features: Features) -> Structure:
        """The scales of a simulator's features, as they are seen on training rows.

        Args:
            simulator: whose features they are.
            features: of the training rows.

        Returns:
            The structure.
        """
        estimates = tuple(features.estimates)
        values = _columns(features, estimates)
        positive = np.where(values > 0, values, np.inf)
        least = positive.min(axis=0, initial=np.inf)
        decades = (values.min(axis=0) >= 0) & (values.max(axis=0) > DECADE * least)
        least = np.where(decades, least, 0.0)
        found = _logarithms(values, least)
        return cls(
            simulator.name, simulator.features_version, features.names, estimates, least,
            found.min(axis=0), found.max(axis=0),
        )  # fmt: skip

    def table(self, features: Features) -> Floats:
        """Columns of a model, (n, p): the features, then the estimates.

        Args:
            features: of n designs.

        Returns:
            Numbers between 0 and 1 on training rows; elsewhere at most ``BEYOND`` outside, for a model
            that extrapolates makes nonsense of more.
        """
        found = _logarithms(_columns(features, self.estimates), self.least)
        spread = self.high - self.low
        scaled = (found - self.low) / np.where(spread > 0, spread, 1.0)
        return np.clip(scaled, -BEYOND, 1 + BEYOND)

    def of_designs(self, simulator: Simulator, x: Designs) -> tuple[Floats, Mapping[str, Floats]]:
        """What a model sees of designs.

        Args:
            simulator: of the kind that this was made with.
            x: designs (n, d).

        Returns:
            Columns (n, p), and estimates by metric, (n,).

        Raises:
            ProxyError: the simulator names other features than those that were learnt from.
        """
        features = simulator.features(x)
        if features.names != self.names or tuple(features.estimates) != self.estimates:
            raise ProxyError(
                f"simulator {simulator.name!r} on workload {simulator.workload!r} gives other features than "
                f"those that the proxy learnt from ({len(features.names)} in place of {len(self.names)}); "
                "train it again"
            )
        return self.table(features), features.estimates

    def require(self, simulator: Simulator) -> None:
        """Refuse a simulator whose features mean something else.

        Args:
            simulator: who would describe designs.

        Raises:
            ProxyError: another simulator, or another version of its features.
        """
        if (simulator.name, simulator.features_version) != (self.simulator, self.version):
            raise ProxyError(
                f"the proxy learnt from features {self.version!r} of simulator {self.simulator!r}; "
                f"simulator {simulator.name!r} gives {simulator.features_version or 'none'!r}: train it again"
            )

    # ---- on disk
    def document(self) -> dict[str, Any]:
        """What of it is words."""
        return {
            "simulator": self.simulator,
            "version": self.version,
            "names": list(self.names),
            "estimates": list(self.estimates),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What of it is numbers."""
        return {"least": self.least, "low": self.low, "high": self.high}

    @classmethod
    def restored(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Structure:
        """The structure whose :meth:`document` and :meth:`arrays` these are.

        Args:
            document: words.
            arrays: numbers.

        Returns:
            The structure.
        """
        return cls(
            str(document["simulator"]), str(document["version"]), tuple(document["names"]),
            tuple(document["estimates"]), arrays["least"], arrays["low"], arrays["high"],
        )  # fmt: skip


def _columns(features: Features, estimates: tuple[str, ...]) -> Floats:
    """Features and estimates side by side, (n, p)."""
    more = [features.estimates[name][:, None] for name in estimates]
    return np.concatenate([np.asarray(features.values, np.float64), *more], axis=1)


def _logarithms(values: Floats, least: Floats) -> Floats:
    """The logarithm of the columns that have a least value, (n, p)."""
    logarithmic = least > 0
    out = values.copy()
    out[:, logarithmic] = np.log(np.maximum(values[:, logarithmic], least[logarithmic]))
    return out
