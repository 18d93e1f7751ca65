"""A proxy's guesses in place of the simulator's answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..goals.scenario import Scenario
from ..proxies.matching import require_trained_on
from ..proxies.prediction import reasons
from ..proxies.proxy import Proxy
from ..proxies.rows import ProxyError
from ..space import Designs
from .answers import Answers
from .evaluator import Evaluator
from .store import EvaluationStore


class ProxiedAnswers(Answers):
    """The means of a proxy that was trained on this simulator; guesses are kept nowhere.

    Raises:
        ProxyError: trained on another space, another simulator or another workload.
    """

    exact = False

    def __init__(self, simulator: Simulator, proxy: Proxy) -> None:
        super().__init__(simulator)
        require_trained_on(proxy, simulator)
        self.proxy = proxy.bound(simulator)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which proxy answers."""
        return {"proxy": self.proxy.digest}

    def learnt(self) -> tuple[Designs, Evaluation] | None:
        """The rows that the proxy was trained on, of this workload."""
        return self.proxy.training_rows(self.simulator)

    def prepare(self) -> None:
        """Compile the model; the simulator itself is needed for its features at most."""
        self._answer(np.zeros((1, len(self.simulator.space)), np.int64))

    def _answer(self, x: Designs) -> Evaluation:
        metrics, chance = self.proxy.means(x, self.proxy.named(self.simulator))
        feasible = chance >= 0.5
        return Evaluation(metrics, feasible, reasons(feasible))


def open_answers(scenario: Scenario, argument: str, store: EvaluationStore | None) -> Evaluator:
    """The proxy in the folder ``argument`` for every workload of a scenario.

    Args:
        scenario: the proxy answers for all its workloads.
        argument: the folder of the proxy.
        store: of the simulators' evaluations, which a proxy does not add to.

    Returns:
        The evaluator.

    Raises:
        ProxyError: no folder named, or a proxy of something else.
    """
    if not argument:
        raise ProxyError("name the proxy's folder: --answers proxy:PATH")
    proxy = Proxy.load(Path(argument))
    return Evaluator(scenario, [ProxiedAnswers(s, proxy) for s in scenario.simulators], store)
