"""Whether a proxy may stand for a simulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..contracts.simulator import Simulator
from .proxy import Proxy
from .rows import ProxyError


def require_trained_on(proxy: Proxy, simulator: Simulator) -> None:
    """Refuse a proxy of another space, simulator, setting or workload.

    A proxy that learnt from a simulator's features on several workloads answers for others too.

    Args:
        proxy: who would answer.
        simulator: whose place it would take.

    Raises:
        ProxyError: says which.
    """
    if proxy.description.space.parameters != simulator.space.parameters:
        raise ProxyError(
            f"the proxy was trained on another design space than that of simulator {simulator.name!r}"
        )
    if proxy.structure is not None:
        proxy.structure.require(simulator)
    if simulator.key not in proxy.keys and not _spans(proxy, simulator):
        raise ProxyError(
            f"the proxy was trained on other data than simulator {simulator.name!r} {simulator.version} "
            f"gives on workload {simulator.workload!r} with these settings; train one on this"
        )
    names = [m.name for m in simulator.metrics]
    if list(proxy.metrics) != names:
        raise ProxyError(f"the proxy predicts {list(proxy.metrics)}, the simulator gives {names}")


def _spans(proxy: Proxy, simulator: Simulator) -> bool:
    """Whether a proxy learnt from features of several workloads of the very same simulator."""
    if proxy.structure is None or len(proxy.workloads) < 2:
        return False
    own = _of_any_workload(simulator.fingerprint())
    return any(_of_any_workload(f) == own for f in proxy.description.fingerprints.values())


def _of_any_workload(fingerprint: Mapping[str, Any]) -> str:
    """A fingerprint less workload and space; data sets hold the space once, apart."""
    kept = {k: v for k, v in fingerprint.items() if k != "space" and not k.startswith("workload")}
    return json.dumps(kept, sort_keys=True, default=str)
