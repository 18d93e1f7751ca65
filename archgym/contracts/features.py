"""Numbers that a simulator's physics suggests of designs, for models to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import EvaluationError
from .evaluation import Floats


@dataclass(frozen=True)
class Features:
    """What a simulator tells a model of n designs without evaluating them.

    Attributes:
        names: of the columns, each once.
        values: (n, p), finite; in whatever units, of any size.
        estimates: rough figures of metrics by their names, (n,) each, positive and in the metric's unit.
            A model learns by what a metric exceeds its estimate. A bound will do.
    """

    names: tuple[str, ...]
    values: Floats
    estimates: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def none(cls, n: int) -> Features:
        """No features.

        Args:
            n: how many designs there are.

        Returns:
            No columns, no estimates.
        """
        return cls((), np.zeros((n, 0)))


def check_features(features: Features, n: int, owner: str) -> Features:
    """Refuse features that a model cannot learn from.

    Args:
        features: what a simulator gave.
        n: how many designs it was asked about.
        owner: its name.

    Returns:
        The features.

    Raises:
        EvaluationError: names twice, another shape, a number that is not finite, an estimate that is not
            positive; all faults at once.
    """
    names, values = features.names, np.asarray(features.values)
    faults = []
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults.append(f"features are named twice: {', '.join(twice)}")
    if values.shape != (n, len(names)):
        faults.append(f"values have shape {values.shape}, expected {(n, len(names))}")
    elif not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
        faults.append(f"not finite: {', '.join(names[i] for i in bad)}")
    for metric, estimate in features.estimates.items():
        if estimate.shape != (n,):
            faults.append(f"estimate of {metric!r} has shape {estimate.shape}, expected {(n,)}")
        elif not (np.isfinite(estimate) & (estimate > 0)).all():
            faults.append(f"estimate of {metric!r} is not positive and finite")
    if faults:
        raise EvaluationError(f"features of simulator {owner!r}: " + "; ".join(faults))
    return features
