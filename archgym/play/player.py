"""The agent of a game: its designs come from outside."""

from __future__ import annotations

from collections import deque

from ..contracts.agent import Agent
from ..contracts.evaluation import Floats
from ..errors import AgentError
from ..space import Designs

NAME = "player"  # what manifests call this agent; it is in no registry, since nothing can ask it by itself


class Player(Agent):
    """Proposes what was put into its queue, one design at a time."""

    name = NAME
    multi_objective = True

    def _start(self) -> None:
        self.queue: deque[Designs] = deque()

    @property
    def batch(self) -> int:
        """One: a design is charged, or it is not."""
        return 1

    def _ask(self, n: int) -> Designs:
        if not self.queue:
            raise AgentError("no design was given to the player")
        return self.queue.popleft()[None]

    def _tell(self, x: Designs, costs: Floats) -> None:
        pass
