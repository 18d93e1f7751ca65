"""A proxy in a simulator's place: ``--simulator proxy:PATH``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..contracts.wrappers import Wrapper
from ..proxies.proxy import Proxy, reasons
from ..proxies.rows import ProxyError
from ..space import Designs


class ProxySimulator(Wrapper):
    """Answers with the means of a proxy that was trained on this simulator.

    Its fingerprint names the proxy, so guesses and evaluations never mix in a store; ``truth`` is the
    simulator.

    Raises:
        ProxyError: trained on another space, another simulator or another workload.
    """

    def __init__(self, inner: Simulator, proxy: Proxy) -> None:
        super().__init__(inner)
        require_trained_on(proxy, inner)
        self.proxy = proxy

    @property
    def truth(self) -> Simulator:
        """The simulator itself."""
        return self.inner

    @property
    def config(self) -> Mapping[str, Any]:
        """The simulator's, and which proxy answers."""
        return {**self.inner.config, "proxy": self.proxy.digest}

    def prepare(self) -> None:
        """Compile the model; the simulator itself is not needed."""
        self.proxy.means(np.zeros((1, len(self.space)), np.int64), self.workload)

    def _evaluate(self, x: Designs) -> Evaluation:
        metrics, chance = self.proxy.means(x, self.workload)
        feasible = chance >= 0.5
        return Evaluation(metrics, feasible, reasons(feasible))


def require_trained_on(proxy: Proxy, inner: Simulator) -> None:
    """Refuse a proxy of another space, simulator, setting or workload."""
    if proxy.description.space.parameters != inner.space.parameters:
        raise ProxyError(
            f"the proxy was trained on another design space than that of simulator {inner.name!r}"
        )
    if inner.key not in proxy.keys:
        raise ProxyError(
            f"the proxy was trained on other data than simulator {inner.name!r} {inner.version} gives on "
            f"workload {inner.workload!r} with these settings; train one on this"
        )
    names = [m.name for m in inner.metrics]
    if list(proxy.metrics) != names:
        raise ProxyError(f"the proxy predicts {list(proxy.metrics)}, the simulator gives {names}")


def stand_in(
    simulator: Simulator, argument: str, parameters: Mapping[str, Sequence[object]]
) -> ProxySimulator:
    """The proxy in the folder ``argument`` in a simulator's place."""
    if not argument:
        raise ProxyError("name the proxy's folder: --simulator proxy:PATH")
    return ProxySimulator(simulator, Proxy.load(Path(argument)))
