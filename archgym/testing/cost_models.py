"""The contract of a cost model, checked on small data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..contracts.cost_model import CostModel
from ..errors import ArchgymError
from .rules import ContractError, require


def check_cost_model(make: Callable[..., CostModel], *, rows: int = 300, seed: int = 0) -> None:
    """Check a cost model: shapes, repeatability, arrays that restore it bit for bit, better than the mean.

    Args:
        make: the class; called with ``seed`` and hyperparameters.
        rows: of the training data.
        seed: of the data and the model.

    Raises:
        ContractError: names the rule that is broken.
    """
    rng = np.random.default_rng(seed)
    features = rng.random((rows, 4))
    targets = np.stack([features @ [1.0, -2.0, 0.5, 0.0], np.sin(3 * features[:, 0])], axis=1)
    targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
    fresh = rng.random((50, 4))
    model, again = (make(seed=seed) for _ in range(2))
    for m in (model, again):
        m.fit(features, targets)
    mean, spread = model.predict(fresh)
    require(mean.shape == spread.shape == (50, 2), "predict must give (n, m) means and spreads")
    require(bool(np.isfinite(mean).all()), "means must be finite")
    require(bool((spread > 0).all()), "spreads must be positive")
    require(
        bool(np.array_equal(mean, again.predict(fresh)[0])),
        "one seed must give one model, bit for bit",
    )
    restored = make(seed=seed)
    restored.restore(model.arrays())
    require(
        bool(np.array_equal(mean, restored.predict(fresh)[0])),
        "a model restored from its arrays must predict the same bits",
    )
    require(
        bool(np.allclose(model.mean(fresh), mean, rtol=1e-9, atol=1e-9)),
        "mean must equal the means of predict",
    )
    known, _ = model.predict(features)
    error = float(np.mean((known - targets) ** 2))
    require(error < 0.5, f"on its own data a model must beat the mean; its error is {error:.2f}")
    try:
        make(no_such_hyperparameter=1)
    except ArchgymError:
        return
    raise ContractError("an unknown hyperparameter must be refused")
