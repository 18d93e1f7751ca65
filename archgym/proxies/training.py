"""Training a proxy: rows apart, models fitted, intervals calibrated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..cost_model import CostModel
from ..datasets.reader import Dataset
from ..datasets.schema import Description
from ..evaluation import Floats
from ..space import Designs
from .features import FeatureMap
from .proxy import REFERENCE_ROWS, Proxy, ProxyError

DECADE = 10.0
CALIBRATION = 0.15
MOST_CALIBRATION = 5000


@dataclass(frozen=True)
class Rows:
    """Rows of a data set in memory."""

    description: Description
    x: Designs
    metrics: Mapping[str, Floats]
    feasible: NDArray[np.bool_]
    canonical: NDArray[np.uint64]
    workload: NDArray[np.int64]
    workloads: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, data: Dataset) -> Rows:
        """Everything a model may see of a data set.

        Raises:
            ProxyError: a metric that is NaN or infinite in a row that is marked feasible.
        """
        d = data.description
        feasible = data.feasible
        metrics = {m.name: data.metric(m.name) for m in d.metrics}
        for name, values in metrics.items():
            bad = feasible & ~np.isfinite(values)
            if bad.any():
                row = int(np.argmax(bad))
                raise ProxyError(
                    f"{data.path}, row {row + 1}: metric {name!r} is {values[row]} though the row is marked feasible"
                )
        names, position = np.unique(data.column("workload").astype(str), return_inverse=True)
        keys = tuple(dict.fromkeys(data.column("simulator").astype(str).tolist()))
        return cls(
            d,
            data.x,
            metrics,
            feasible,
            data.canonical,
            position.reshape(-1).astype(np.int64),
            tuple(names),
            keys,
        )

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """A selection of rows."""
        return Rows(
            self.description, self.x[rows], {k: v[rows] for k, v in self.metrics.items()}, self.feasible[rows],
            self.canonical[rows], self.workload[rows], self.workloads, self.keys,
        )  # fmt: skip


def train(
    rows: Rows,
    model: str = "gradient_boosting",
    *,
    seed: int = 0,
    hyper: Mapping[str, Any] | None = None,
) -> Proxy:
    """A proxy of all metrics.

    Fifteen percent of the designs (at most 5,000) calibrate the intervals and are not learnt from.

    Raises:
        ProxyError: fewer feasible rows than knobs, or a metric that never changes.
    """
    start = time.perf_counter()
    space = rows.description.space
    moving = sum(len(p) > 1 for p in space.parameters)
    works = np.flatnonzero(rows.feasible)
    if len(works) < max(2 * moving, 20):
        raise ProxyError(
            f"{len(works)} feasible rows are too few for {moving} knobs: give at least {max(2 * moving, 20)}"
        )
    features = FeatureMap(space, rows.workloads)
    table = features(rows.x, rows.workload)
    inside, outside = _apart(rows.canonical, works, seed)
    make: type[CostModel] = registry.load("cost_models", model)
    targets, logarithmic = _targets(rows, works)
    centre, scale = targets[inside].mean(axis=0), targets[inside].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    regressor = make(seed=seed, **(hyper or {}))
    regressor.fit(table[inside], (targets[inside] - centre) / scale)
    mean, spread = regressor.predict(table[outside])
    scores = np.abs((targets[outside] - centre) / scale - mean) / spread
    classifier = None
    if not rows.feasible.all():
        classifier = make(seed=seed)
        classifier.fit(table, rows.feasible.astype(np.float64)[:, None])
    reference = table[inside][np.random.default_rng(seed).permutation(len(inside))[:REFERENCE_ROWS]]
    return Proxy(
        description=Description(space, rows.description.metrics, rows.description.fingerprints),
        model=model,
        keys=rows.keys,
        workloads=rows.workloads,
        regressor=regressor,
        centre=centre,
        scale=scale,
        logarithmic=logarithmic,
        scores=np.sort(scores.T, axis=1),
        reference=reference,
        distance=_usual_distance(reference, table[outside]),
        classifier=classifier,
        facts={
            "rows": len(inside),
            "calibration": len(outside),
            "seed": seed,
            "seconds": time.perf_counter() - start,
        },
    )


def _targets(rows: Rows, works: NDArray[np.intp]) -> tuple[Floats, tuple[str, ...]]:
    """What is learnt, (n, m), and the metrics that are learnt as logarithms: positive, over a decade."""
    columns, logarithmic = [], []
    for metric in rows.description.metrics:
        values = rows.metrics[metric.name]
        seen = values[works]
        if np.ptp(seen) == 0:
            raise ProxyError(
                f"metric {metric.name!r} is {seen[0]:g} in every row: there is nothing to learn; leave it out"
            )
        if seen.min() > 0 and seen.max() > DECADE * seen.min():
            logarithmic.append(metric.name)
            values = np.log(np.where(rows.feasible, values, 1.0))
        columns.append(values)
    return np.stack(columns, axis=1), tuple(logarithmic)


def _apart(
    canonical: NDArray[np.uint64], works: NDArray[np.intp], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Training and calibration rows; designs that behave alike stay together."""
    groups, inverse = np.unique(canonical[works], return_inverse=True)
    share = min(CALIBRATION, MOST_CALIBRATION / len(groups))
    chosen = np.random.default_rng(seed).random(len(groups)) < share
    aside = chosen[inverse.reshape(-1)]
    if not aside.any() or aside.all():
        aside = np.zeros(len(works), np.bool_)
        aside[: max(1, len(works) // 5)] = True
    return works[~aside], works[aside]


def _usual_distance(reference: Floats, fresh: Floats) -> float:
    from scipy.spatial import cKDTree

    nearest, _ = cKDTree(reference).query(fresh)
    return max(float(np.quantile(nearest, 0.95)), 1e-6)
