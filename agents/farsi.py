"""Annealing that reasons about the architecture, after FARSI: ``guided``, whose parents are walks that cool.

Boroujerdian et al., ACM TECS 2023 (doi 10.1145/3544016): take the metric farthest from its budget, the
task and block that contribute most to it, and a move that should help; accept by annealing.  (FARSI's
own acceptance test is always true; this one is Metropolis'.)
"""

from __future__ import annotations

from collections.abc import Iterable

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal, powers_of_two

from .cooling import Cooling, accepts
from .guided import Guided, Origin
from .simulated_annealing import SimulatedAnnealing


class Farsi(Guided):
    """Walks whose moves come, mostly, from the simulator's explanations and advice.

    Where ``guided`` goes on from its best designs, each chain here goes on from where it stands, and accepts
    a worse design with a probability that falls.
    """

    name = "farsi"
    hyperparameters = DesignSpace(
        (
            *(p for p in Guided.hyperparameters.parameters if p.name in ("explained", "reach")),
            ordinal("chains", powers_of_two(1, 64), "walks side by side", scale="log"),
            *(
                p
                for p in SimulatedAnnealing.hyperparameters.parameters
                if p.name in ("hot", "cold", "restart")
            ),
        )
    )
    defaults = {
        "explained": 0.9, "reach": 2, "chains": 2, "hot": 0.2, "cold": 0.001, "restart": 0.05,
    }  # fmt: skip

    def _start(self) -> None:
        super()._start()
        budget = self.budget or SimulatedAnnealing.default_budget
        self._cooling = Cooling(self.hyper["hot"], self.hyper["cold"], budget)
        self._walks: list[tuple[Designs, float]] = []
        self._turn = 0

    @property
    def batch(self) -> int:
        """One move a chain."""
        return int(self.hyper["chains"])

    def _parent(self) -> tuple[Designs, float, int]:
        """Where the chain whose turn it is stands."""
        at = self._turn % len(self._walks)
        self._turn += 1
        return (*self._walks[at], at)

    def _settle(self, design: Designs, cost: float, origin: Origin | None) -> None:
        """Metropolis' test of the chain that proposed a design."""
        self._cooling.told += 1
        self._cooling.note(cost)
        here = design.copy(), cost
        if len(self._walks) < int(self.hyper["chains"]):
            self._walks.append(here)
        elif origin is None:  # recorded elsewhere: let it replace the worst chain if better
            worst = max(range(len(self._walks)), key=lambda i: self._walks[i][1])
            if cost < self._walks[worst][1]:
                self._walks[worst] = here
        elif accepts(self._walks[origin.walker][1], cost, self._cooling.temperature, self.rng):
            self._walks[origin.walker] = here
        elif self.rng.random() < self.hyper["restart"]:
            best = min(range(len(self._costs)), key=self._costs.__getitem__)
            self._walks[origin.walker] = self._designs[best], self._costs[best]

    def _note(self, x: Designs, costs: Floats, feedback: Feedback) -> None:
        """Nothing: walks compare designs by cost alone."""

    def _start_anew(self) -> None:
        """Not at all: walks go back to the best design by chance."""

    def _explained(self) -> Iterable[Designs]:
        """Where the chains stand, and the best design, to which they may go back."""
        best = min(range(len(self._costs)), key=self._costs.__getitem__)
        return [self._designs[best], *(design for design, _ in self._walks)]
