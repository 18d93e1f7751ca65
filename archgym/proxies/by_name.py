"""``archgym.train_proxy``: a proxy of a data set from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..datasets.reader import Dataset
from ..datasets.shipped import found
from .hooks import simulators_for
from .proxy import Proxy
from .report import hyperparameters as checked
from .rows import Rows
from .training import train


def train_proxy(
    data: str | Path | Dataset,
    model: str = "gradient_boosting",
    *,
    hyperparameters: Mapping[str, Any] | None = None,
    features: str = "auto",
    seed: int = 0,
    output: str | Path | None = None,
) -> Proxy:
    """Train a proxy of all metrics on a data set.

    Args:
        data: a data set, or the path or name of its Parquet file.
        model: a registered cost model (``archgym list cost-models``).
        hyperparameters: of the cost model.
        features: ``knobs``; ``structure``: the simulators' features too; ``auto``: these where there are some.
        seed: of the training.
        output: folder to save the proxy in; ``answers="proxy:FOLDER"`` uses it.

    Returns:
        The proxy; ``predict`` gives means, intervals and the probability that a design is feasible.

    Raises:
        ProxyError: too few feasible rows; DatasetError: the file cannot be used.
    """
    rows = Rows.of(data if isinstance(data, Dataset) else Dataset(found(Path(data))))
    texts = {k: str(v) for k, v in (hyperparameters or {}).items()}
    simulators = simulators_for(features, rows)
    proxy = train(
        rows, model, seed=seed, hyperparameters=checked(texts, model), simulators=simulators
    )
    if output is not None:
        proxy.save(Path(output))
    return proxy
