"""Training a proxy: rows apart, models fitted, intervals calibrated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..contracts.cost_model import CostModel
from ..contracts.evaluation import Floats
from ..contracts.simulator import Simulator
from ..space import DesignSpace
from .features import FeatureMap
from .hooks import gathered
from .proxy import REFERENCE_ROWS, Proxy
from .rows import ProxyError, Rows
from .shrinking import Shrinking
from .structure import Structure
from .targets import Targets, constant_metrics

CALIBRATION = 0.15
MOST_CALIBRATION = 5000
KEPT_ROWS = 50_000


def train(
    rows: Rows,
    model: str = "gradient_boosting",
    *,
    seed: int = 0,
    hyperparameters: Mapping[str, Any] | None = None,
    simulators: Sequence[Simulator] = (),
) -> Proxy:
    """Train a proxy of all metrics.

    A metric that is the same in every row is predicted to stay so, and named in ``facts``. Fifteen
    percent of the designs (at most 5,000) calibrate the intervals and are not learnt from.

    Args:
        rows: designs with their evaluations.
        model: a registered cost model, or ``FILE.py:Class``.
        seed: of the choice of rows and of the model.
        hyperparameters: of the model, by name.
        simulators: whose features the model sees beside the knobs, one a workload; none: knobs alone. What
            metrics differ from their estimates by is learnt (:class:`.targets.Targets`), and shrunk
            towards the scaled estimate (:class:`.shrinking.Shrinking`).

    Returns:
        The trained proxy.

    Raises:
        ProxyError: too few feasible rows for the knobs, or no metric that ever changes.
    """
    space = rows.description.space
    works = np.flatnonzero(rows.feasible)
    if len(works) < least_rows(space):
        raise ProxyError(
            f"{len(works)} feasible rows are too few for this space of {len(space)} knobs: give at least "
            f"{least_rows(space)}"
        )
    structure, table, estimates = _seen(rows, simulators)
    inside, outside = _apart(rows.canonical, works, seed)
    make: type[CostModel] = registry.load("cost_models", model)
    learnt = Targets.of(rows, works, inside, estimates)
    centre, scale = learnt.values[inside].mean(axis=0), learnt.values[inside].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    targets = (learnt.values - centre) / scale
    regressor = make(seed=seed, **(hyperparameters or {}))
    regressor.fit(table[inside], targets[inside])
    mean, spread = regressor.predict(table[outside])
    shrinking = None
    if estimates:
        sizes = learnt.sizes[outside]
        shrinking, mean = Shrinking.of(
            targets[outside],
            mean,
            (learnt.right - centre) / scale,
            (sizes / sizes.max(axis=0)) ** 2,
            rows.canonical[outside],
        )
    scores = np.abs(targets[outside] - mean) / spread
    classifier = None
    if not rows.feasible.all():
        classifier = make(seed=seed)
        classifier.fit(table, rows.feasible.astype(np.float64)[:, None])
    reference = table[inside][np.random.default_rng(seed).permutation(len(inside))[:REFERENCE_ROWS]]
    return Proxy(
        description=dataclasses.replace(rows.description, sources=(), notes=""),
        model=model,
        keys=rows.keys,
        workloads=rows.workloads,
        regressor=regressor,
        centre=centre,
        scale=scale,
        logarithmic=learnt.logarithmic,
        scores=np.sort(scores.T, axis=1),
        reference=reference,
        distance=_usual_distance(reference, table[outside]),
        classifier=classifier,
        rows=rows.thinned(KEPT_ROWS, seed),
        facts={
            "rows": len(inside),
            "calibration": len(outside),
            "seed": seed,
            "constant": constant_metrics(rows),
        },
        structure=structure,
        shrinking=shrinking,
        departures=learnt.departures,
        simulators={s.workload: s for s in simulators},
    )


def least_rows(space: DesignSpace) -> int:
    """How many feasible rows a proxy needs.

    Args:
        space: the design space.

    Returns:
        Two for each knob that moves, and at least 20.
    """
    return max(2 * sum(len(p) > 1 for p in space.parameters), 20)


def _seen(
    rows: Rows, simulators: Sequence[Simulator]
) -> tuple[Structure | None, Floats, Mapping[str, Floats]]:
    """What models see, (n, p): knobs, then features of simulators; and estimates of metrics, (n,) each."""
    space = rows.description.space
    if not simulators:
        features = FeatureMap(space, rows.workloads, rows.description.workloads)
        return None, features(rows.x, rows.workload), {}
    found = gathered(rows, simulators)
    structure = Structure.of(simulators[0], found)
    table = np.concatenate([FeatureMap(space)(rows.x), structure.table(found)], axis=1)
    return structure, table, found.estimates


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
