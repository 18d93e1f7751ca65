"""The course of a run as plain values: what the dashboard draws, made without any simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats, Metric
from ..figures.base import fitted, in_view, thinned
from ..goals.convergence import best_so_far
from ..goals.objectives import Expression

MOST_DRAWN = 500  # trials of a kind that a browser draws within a second
Told = Mapping[str, Any]  # objectives, specs, units and reference, as result.json holds them


def course(
    told: Told, metrics: Mapping[str, Floats], met: NDArray[np.bool_], front: NDArray[np.intp]
) -> dict[str, Any]:
    """Objectives over the trials, and the front over two quantities, thinned for drawing.

    Args:
        told: of the run: ``objectives``, ``specs``, ``units``, ``reference``.
        metrics: of all trials in order, (n,) each, NaN where infeasible.
        met: which trials meet every spec, (n,).
        front: positions of the trials on the front.

    Returns:
        ``trials``, ``panels`` (one per objective) and ``front`` (None where there is one quantity
        alone), of plain values.
    """
    units = [Metric(n, u) for n, u in told["units"].items()]
    axes = _axes(told, units)
    return {
        "trials": len(met),
        "panels": [_panel(o, told, units, metrics, met) for o in told["objectives"]],
        "front": _front(axes, told, units, metrics, met, front) if len(axes) > 1 else None,
    }


def _panel(
    objective: Mapping[str, Any],
    told: Told,
    units: Sequence[Metric],
    metrics: Mapping[str, Floats],
    met: NDArray[np.bool_],
) -> dict[str, Any]:
    expression = Expression.parse(objective["name"], units)
    target = objective.get("target")

    def value(of: Mapping[str, Floats]) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = expression(of)
        return found if target is None else np.abs(found - target)

    values = value(metrics)
    lower = target is not None or objective["goal"] == "minimize"
    best = best_so_far(values, met, lower)
    before = np.concatenate([[np.nan], best[:-1]]) if len(best) else best
    improved = np.flatnonzero(np.isfinite(best) & (best != before))
    bends = np.append(improved, len(best) - 1) if len(improved) else improved
    there = (told["reference"] or {}).get("metrics")
    away = "distance from target of " if target is not None else ""
    reference = _finite(value(_one(there))[0]) if there else None
    return {
        "name": away + objective["name"],
        "unit": objective["unit"],
        "reference": reference,
        "best": _points(bends + 1, best[bends]),
        "view": fitted(in_view(values, met, lower, _known(reference)), log=False),
        "met": _drawn(values, met, improved),
        "missed": _drawn(values, ~met, improved),
    }


def _front(
    axes: Sequence[str],
    told: Told,
    units: Sequence[Metric],
    metrics: Mapping[str, Floats],
    met: NDArray[np.bool_],
    front: NDArray[np.intp],
) -> dict[str, Any]:
    found = [Expression.parse(a, units) for a in axes[:2]]
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = (e(metrics) for e in found)
        at = thinned(np.asarray(front, np.intp), most=MOST_DRAWN)
        there = (told["reference"] or {}).get("metrics")
        reference = [_finite(e(_one(there))[0]) for e in found] if there else None
    limits = [_limits(told, axis) for axis in axes[:2]]
    good = np.isfinite(x) & np.isfinite(y)
    at = at[good[at]]
    at = at[np.argsort(x[at], kind="stable")]
    return {
        "names": list(axes[:2]),
        "units": [e.unit(units) for e in found],
        "reference": reference,
        "front": _points(x[at], y[at]),
        "met": _points(*(v[thinned(np.flatnonzero(good & met), most=MOST_DRAWN)] for v in (x, y))),
        "missed": _points(
            *(v[thinned(np.flatnonzero(good & ~met), most=MOST_DRAWN)] for v in (x, y))
        ),
        "limits": limits,
        "view": [
            fitted(in_view(v, met, _least(told, axis), _known(r, *bounds)), log=False)
            for v, axis, r, bounds in zip((x, y), axes, reference or (None, None), limits)
        ],
    }


def _axes(told: Told, units: Sequence[Metric]) -> list[str]:
    """What a front is drawn over: objectives, else metrics of objectives, then of specs, then any other."""
    names = [o["name"] for o in told["objectives"]]
    if len(names) > 1:
        return names
    wanted = [n for name in names for n, _ in Expression.parse(name, units).factors]
    wanted += [s["metric"] for s in told["specs"]]
    return list(dict.fromkeys([*wanted, *(m.name for m in units)]))[:2]


def _least(told: Told, axis: str) -> bool:
    """Whether less of a quantity is better: as an objective or spec of it says, else so."""
    for objective in told["objectives"]:
        if objective["name"] == axis:
            return bool(objective["goal"] == "minimize")
    return not any(s["metric"] == axis and s.get("lower") is not None for s in told["specs"])


def _known(*values: float | None) -> list[float]:
    return [v for v in values if v is not None]


def _limits(told: Told, axis: str) -> list[float]:
    of = [s for s in told["specs"] if s["metric"] == axis]
    return [float(s[k]) for s in of for k in ("lower", "upper") if s.get(k) is not None]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _one(metrics: Mapping[str, float]) -> dict[str, Floats]:
    return {n: np.array([v], np.float64) for n, v in metrics.items()}


def _drawn(values: Floats, which: NDArray[np.bool_], keep: NDArray[np.intp]) -> dict[str, Any]:
    at = thinned(np.flatnonzero(which & np.isfinite(values)), keep, MOST_DRAWN)
    return _points(at + 1, values[at])


def _points(x: Any, y: Any) -> dict[str, Any]:
    return {"x": np.asarray(x).tolist(), "y": np.asarray(y).tolist()}
