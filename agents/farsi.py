"""Annealing that reasons about the architecture, after FARSI.

Boroujerdian et al., ACM TECS 2023 (doi 10.1145/3544016): take the metric farthest from its budget, the
task and block that contribute most to it, and a move that should help; accept by annealing.  (FARSI's
own acceptance test is always true; this one is Metropolis'.)
"""

from __future__ import annotations

import numpy as np

from archgym.space import Designs, DesignSpace, ordinal

from .simulated_annealing import SimulatedAnnealing


class Farsi(SimulatedAnnealing):
    """Simulated annealing whose moves come, mostly, from the simulator's advice.

    Without an advisor (outside a study) it is plain annealing.
    """

    name = "farsi"
    hyperparameters = DesignSpace(
        (
            *SimulatedAnnealing.hyperparameters.parameters,
            ordinal(
                "reasoning", (0.0, 0.25, 0.5, 0.75, 0.9, 1.0), "share of moves that follow advice"
            ),
        )
    )
    defaults = {**SimulatedAnnealing.defaults, "chains": 2, "reasoning": 0.75}
    memory = 4096

    def _start(self) -> None:
        super()._start()
        self._advice: dict[bytes, Designs] = {}

    def _moved(self, x: Designs) -> Designs:
        out = super()._moved(x)
        if self.advise is None:
            return out
        for i in np.flatnonzero(self.rng.random(len(x)) < self.hyper["reasoning"]):
            moves = self._moves_from(x[i])
            if len(moves):
                # the first moves act on what contributes most
                out[i] = moves[min(int(self.rng.geometric(0.15)) - 1, len(moves) - 1)]
        return out

    def _moves_from(self, design: Designs) -> Designs:
        key = design.tobytes()
        if key not in self._advice:
            if len(self._advice) >= self.memory:
                self._advice.clear()
            assert self.advise is not None
            self._advice[key] = self.advise(design)
        return self._advice[key]
