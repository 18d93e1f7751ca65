"""The simulators whose features a proxy learns from, made from what a data set says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import registry
from ..contracts.features import Features
from ..contracts.making import make_simulators
from ..contracts.simulator import Simulator
from ..errors import ArchgymError
from .rows import ProxyError, Rows

CHOICES = ("auto", "knobs", "structure")


def simulators_for(features: str, rows: Rows) -> tuple[Simulator, ...]:
    """Whose features a model may see beside the knobs.

    Args:
        features: ``knobs`` for none, ``structure`` for the simulators', ``auto`` for those where the
            simulators give some and can be made from the data.
        rows: the data.

    Returns:
        One simulator a workload, in order; none where knobs alone are learnt from.

    Raises:
        ProxyError: ``structure`` is asked for and not to be had, with the reason; or another word.
    """
    if features not in CHOICES:
        raise ProxyError(f"features are one of {', '.join(CHOICES)}, not {features!r}")
    if features == "knobs":
        return ()
    try:
        return simulators_of(rows)
    except ArchgymError as error:
        if features == "structure":
            raise ProxyError(f"no structural features: {error}") from error
        return ()


def simulators_of(rows: Rows) -> tuple[Simulator, ...]:
    """The simulators of a data set's workloads, made from their fingerprints.

    Only registered simulators that give features and start no programs are made. One counts if it has
    the very key that its rows are filed under.

    Args:
        rows: the data.

    Returns:
        One simulator a workload, in the order of ``rows.workloads``.

    Raises:
        ProxyError: a workload without one, with the reason.
    """
    present = sorted(set(rows.workload.tolist())) or range(len(rows.workloads))
    known = rows.description.fingerprints
    return tuple(_simulator(rows.workloads[w], rows.keys, known) for w in present)


def _simulator(workload: str, keys: Sequence[str], known: Mapping[str, Any]) -> Simulator:
    found = {k: known[k] for k in keys if k in known and known[k].get("workload") == workload}
    if len(found) != 1:
        raise ProxyError(
            f"workload {workload!r} has rows of {len(found)} simulators whose settings are known, expected 1"
        )
    ((key, fingerprint),) = found.items()
    name = str(fingerprint.get("simulator"))
    make = registry.load("simulators", name, registered_only=True)
    if not getattr(make, "features_version", "") or make.starts_programs:
        raise ProxyError(f"simulator {name!r} gives no features")
    config = dict(fingerprint.get("config", {}))
    names = {s.name for s in make.declared_settings() if s.type != "any"}
    for settings in (config, {k: v for k, v in config.items() if k in names}):
        try:
            (simulator,) = make_simulators(name, [workload], settings)
        except ArchgymError:
            continue
        if simulator.key == key and not simulator.features_version:
            raise ProxyError(f"simulator {name!r} gives no features with these settings")
        if simulator.key == key:
            return simulator
    raise ProxyError(
        f"simulator {name!r} on workload {workload!r} cannot be made as the data has it: its version, "
        "its settings or the workload's content differ"
    )


def gathered(rows: Rows, simulators: Sequence[Simulator]) -> Features:
    """Features of all rows, each by the simulator of its workload.

    Args:
        rows: designs of these simulators' workloads.
        simulators: one a workload.

    Returns:
        The features, in the order of the rows.

    Raises:
        ProxyError: a workload that has rows and no simulator, or simulators whose features differ.
    """
    named = {s.workload: s for s in simulators}
    parts, places = [], []
    for w in np.unique(rows.workload).tolist():
        if rows.workloads[w] not in named:
            raise ProxyError(f"no simulator gives features of workload {rows.workloads[w]!r}")
        at = np.flatnonzero(rows.workload == w)
        parts.append(named[rows.workloads[w]].features(rows.x[at]))
        places.append(at)
    kinds = {(p.names, tuple(p.estimates)) for p in parts}
    if len(kinds) > 1:
        raise ProxyError("the workloads' simulators name different features; train a proxy of each")
    order = np.argsort(np.concatenate(places), kind="stable")
    estimates = {
        k: np.concatenate([p.estimates[k] for p in parts])[order] for k in parts[0].estimates
    }
    return Features(parts[0].names, np.concatenate([p.values for p in parts])[order], estimates)
