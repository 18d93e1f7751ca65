"""A simulator whose features are what one of its cheaper fidelities answers, for proxies that escalate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..contracts.evaluation import Floats
from ..contracts.features import Features
from ..contracts.fidelity import FULL
from ..contracts.lowered import LowerFidelity, at_fidelity, declared
from ..contracts.simulator import Simulator
from ..contracts.wrappers import Wrapper
from ..errors import UnknownNameError
from .fidelity import RoughAnswers
from .store import EvaluationStore


class Glanced(Wrapper):
    """Beside the simulator's own features: rough metrics as estimates, and whether the rough answer is feasible.

    A metric has an estimate where the default design's is above 0. A design whose rough answer has none is
    given the default design's.

    Raises:
        UnknownNameError: the simulator declares no such fidelity.
    """

    def __init__(
        self, simulator: Simulator, fidelity: str, store: EvaluationStore | None = None
    ) -> None:
        super().__init__(simulator)
        rough = at_fidelity(simulator, fidelity)
        if not isinstance(rough, LowerFidelity):
            known = list(declared(simulator))
            raise UnknownNameError(f"fidelity cheaper than {FULL!r}", fidelity, known)
        self.answers = RoughAnswers(rough, store)
        self.features_version = f"{simulator.features_version} and {fidelity}"  # type: ignore[misc]
        default = simulator.space.encode([simulator.default_design()])
        usual = self.answers(default)
        self._usual = {n: float(v[0]) for n, v in usual.metrics.items() if v[0] > 0}

    def features(self, x: ArrayLike) -> Features:
        """As :meth:`Simulator.features`; the designs are evaluated at the cheaper fidelity, and counted there.

        Args:
            x: designs (n, d) of value indices.

        Returns:
            Columns, and an estimate of every metric that is positive.
        """
        designs = self.space.check(x)
        own, e = self.inner.features(designs), self.answers(designs)
        name = f"feasible at {self.answers.fidelity.name}"
        values = np.concatenate([own.values, e.feasible[:, None].astype(np.float64)], axis=1)
        rough: dict[str, Floats] = {
            n: np.where(e.metrics[n] > 0, e.metrics[n], usual) for n, usual in self._usual.items()
        }
        return Features((*own.names, name), values, {**own.estimates, **rough})
