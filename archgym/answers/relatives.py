"""Other workloads of a scenario's simulator in a store: their designs, costs and how alike they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation, Floats
from ..contracts.relative import Relative
from ..contracts.simulator import Simulator
from ..errors import ArchgymError, DesignError
from ..goals.scenario import Scenario
from ..space import Designs
from .store import EvaluationStore

OWN = ("workload", "workload_hash")  # what relatives may differ in


def relatives(scenario: Scenario, store: EvaluationStore) -> list[Relative]:
    """What a store knows of other workloads under the same simulator, settings and space.

    Nothing is evaluated, and what is read is charged to nobody.

    Args:
        scenario: of one workload; one of several has no relatives.
        store: where evaluations are kept.

    Returns:
        The others that have a feasible design of the scenario's space, in order of their names.

    Raises:
        StoreError: a row is damaged.
    """
    if len(scenario.simulators) != 1:
        return []
    (own,) = scenario.simulators
    wanted = json.loads(json.dumps(own.fingerprint(), default=str))
    found: list[tuple[str, str, Designs, Floats]] = []
    for key, fingerprint in store.simulators():
        same = all(fingerprint.get(k) == v for k, v in wanted.items() if k not in OWN)
        if not same or fingerprint["workload_hash"] == wanted["workload_hash"]:
            continue
        x, costs = _seen(scenario, store, key, [m.name for m in own.metrics])
        if np.isfinite(costs).any():
            found.append((fingerprint["workload"], fingerprint["workload_hash"], x, costs))
    found.sort(key=lambda one: one[:2])
    alike = similarities(own, [one[:2] for one in found])
    return [Relative(name, x, costs, s) for (name, _, x, costs), s in zip(found, alike)]


def _seen(
    scenario: Scenario, store: EvaluationStore, key: str, metrics: Sequence[str]
) -> tuple[Designs, Floats]:
    """Designs of the scenario's space that a simulator evaluated, and their costs."""
    designs, kept = [np.empty((0, len(scenario.space)), np.int64)], []
    for whole, e in store.rows_of(key, metrics):
        inside = []
        for i in range(len(whole)):
            try:
                designs.append(scenario.from_simulator(whole[i : i + 1]))
                inside.append(i)
            except DesignError:  # outside what the scenario narrows its knobs to
                continue
        kept.append(e.take(np.array(inside, np.intp)))
    x = np.concatenate(designs)
    if not len(x):
        return x, np.empty(0)
    return x, scenario.costs(Evaluation.joined(kept, metrics))[:, 0]


def similarities(own: Simulator, workloads: Sequence[tuple[str, str]]) -> list[float]:
    """How alike workloads are to a simulator's own by their features: 1 the same, 0 nothing alike.

    Features are compared by signed logarithms, each in units of its spread.  1 is given where a simulator
    declares none, and for a workload that its name alone does not give back (a file that is gone or was
    changed, a trace that was cut).

    Args:
        own: the simulator of the workload that is searched.
        workloads: name and hash of each of the others.

    Returns:
        One number from 0 to 1 for each of them.
    """
    mine = own.workload_features
    others = [_features(own, *one) if mine else {} for one in workloads]
    known = [f for f in others if f]
    names = [n for n in sorted(mine) if all(n in f for f in known)]
    table = np.array([[f[n] for n in names] for f in [mine, *known]], np.float64)
    table = np.sign(table) * np.log1p(np.abs(table))
    spread = table.std(axis=0) if len(known) else np.zeros(len(names))
    used = spread > 0
    if not used.any():
        return [1.0] * len(workloads)
    steps = (table[1:, used] - table[0, used]) / spread[used]
    alike = iter(np.exp(-np.sqrt(np.mean(steps**2, axis=1))).tolist())
    return [next(alike) if f else 1.0 for f in others]


def _features(own: Simulator, workload: str, content: str) -> Mapping[str, float]:
    """The features of another workload; none where its name does not lead to it."""
    settings = {s.name for s in own.declared_settings()}
    given: dict[str, Any] = {k: v for k, v in own.config.items() if k in settings}
    try:
        other = type(own)(workload, **given)  # type: ignore[call-arg]
    except (ArchgymError, OSError, TypeError):
        return {}
    return other.workload_features if other.workload_hash == content else {}
