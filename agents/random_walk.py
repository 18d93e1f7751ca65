"""Uniform random search: the baseline on every chart."""

from __future__ import annotations

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs


class RandomWalk(Agent):
    """Draws every design uniformly from the valid ones (ArchGym's "random walker")."""

    name = "random_walk"
    adaptive = False

    def _ask(self, n: int) -> Designs:
        return self.space.sample(n, self.rng)

    def _tell(self, x: Designs, costs: Floats) -> None:
        pass
