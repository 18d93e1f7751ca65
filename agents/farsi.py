"""Annealing that reasons about the architecture, after FARSI.

Boroujerdian et al., ACM TECS 2023 (doi 10.1145/3544016): take the metric farthest from its budget, the
task and block that contribute most to it, and a move that should help; accept by annealing.  (FARSI's
own acceptance test is always true; this one is Metropolis'.)
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .simulated_annealing import SimulatedAnnealing


class Farsi(SimulatedAnnealing):
    """Simulated annealing whose moves come, mostly, from the simulator's advice.

    Advice comes with the evaluations that a study paid for; without, this is plain annealing.
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
        # what was told of a design, by its bytes: its moves, or the feedback and row they follow from
        self._told_of: dict[bytes, Designs | tuple[Feedback, int]] = {}

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        super()._tell_with(x, costs, feedback)
        if feedback is None:
            return
        if len(self._told_of) + len(x) > self.memory:
            self._told_of.clear()
        for i, design in enumerate(x):
            self._told_of.setdefault(design.tobytes(), (feedback, i))

    def _moved(self, x: Designs) -> Designs:
        out = super()._moved(x)
        if not self._told_of:  # no advice so far: plain annealing, draw for draw
            return out
        for i in np.flatnonzero(self.rng.random(len(x)) < self.hyper["reasoning"]):
            moves = self._moves_from(x[i])
            if len(moves):
                # the first moves act on what contributes most
                out[i] = moves[min(int(self.rng.geometric(0.15)) - 1, len(moves) - 1)]
        return out

    def _moves_from(self, design: Designs) -> Designs:
        """Advised moves (k, d) from a design that was told; none from another."""
        key = design.tobytes()
        known = self._told_of.get(key)
        if known is None:
            return design[None][:0]
        if isinstance(known, tuple):
            feedback, row = known
            known = self._told_of[key] = feedback.advise(design, row)
        return known
