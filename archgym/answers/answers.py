"""Who answers for the designs of one workload."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..space import Designs


class Answers(ABC):
    """Answers for one workload; the simulator behind them is the truth.

    ``exact`` says whether the answers are the simulator's own, to the last bit.  ``computed`` counts
    designs that the simulator itself evaluated for this object; what a store or a table held is not
    among them.
    """

    exact: ClassVar[bool]

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.computed = 0

    def __call__(self, x: Designs) -> Evaluation:
        """Metrics of designs (n, d) of the simulator's space; alike designs are answered once."""
        canonical = self.simulator.canonical(x)
        if len(x) < 2:
            return self._answer(canonical)
        unique, back = np.unique(canonical, axis=0, return_inverse=True)
        return self._answer(unique).take(back.reshape(-1))

    @abstractmethod
    def _answer(self, x: Designs) -> Evaluation:
        """Metrics of different canonical designs (n, d)."""

    def observe(self, x: Designs, e: Evaluation) -> None:
        """The simulator's evaluations of canonical designs, for those that learn; called between batches.

        Args:
            x: canonical designs (n, d), value indices.
            e: the simulator's evaluation of them.
        """

    def fresh(self) -> Answers:
        """Answers as they were at the start: a study begins with its own."""
        return self

    def prepare(self) -> None:
        """Do what the first call would otherwise do silently (compile kernels, load data)."""
        self.simulator.prepare()

    def learnt(self) -> tuple[Designs, Evaluation] | None:
        """Evaluations of the simulator that these answers were learnt from, where they were."""
        return None

    def simulated(self, x: Designs) -> NDArray[np.bool_]:
        """Which canonical designs (n, d) the simulator has answered here, so that no guess is left, (n,).

        Args:
            x: canonical designs (n, d), value indices.

        Returns:
            (n,) bool.
        """
        return np.full(len(x), self.exact)

    @property
    def glances(self) -> Mapping[str, tuple[float, int]]:
        """What these answers evaluated below full fidelity, by its name: declared cost and count."""
        return {}

    @property
    def facts(self) -> Mapping[str, Any]:
        """What tells these answers from others of the simulator, for manifests; {} where exact."""
        return {}
