"""The anonymous twin of a design space: the same designs under names and values that tell nothing.

What an agent remembers of papers does not help it there, and what it learns does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..space import Constraint, Designs, DesignSpace, Parameter
from .agent import Agent
from .evaluation import Floats
from .feedback import Feedback


class Twin:
    """A space in which knobs are shuffled and called ``k0``, ``k1`` …, their values 0, 1, 2 ….

    An ordinal knob keeps its order or is turned round. The values of a categorical one are shuffled. Knobs of
    one value are left out. Units, scales and descriptions are gone, and so are the reasons of constraints.

    Args:
        space: the space with its names.
        seed: of the shuffling.

    ``columns`` says which knob each of the twin's is, ``back`` which value each of its values is.
    """

    def __init__(self, space: DesignSpace, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, len(space)])
        self.original = space
        free = [i for i, p in enumerate(space.parameters) if len(p) > 1]
        self.columns = rng.permutation(np.array(free, np.int64))
        self._forth: list[NDArray[np.int64]] = []  # by twin's column: original index -> twin's
        self.back: list[NDArray[np.int64]] = []
        parameters = []
        for k, column in enumerate(self.columns.tolist()):
            p = space.parameters[column]
            back = np.arange(len(p), dtype=np.int64)
            if p.kind == "categorical":
                back = rng.permutation(back)
            elif rng.random() < 0.5:
                back = back[::-1].copy()
            self.back.append(back)
            self._forth.append(np.argsort(back))
            parameters.append(Parameter(f"k{k}", tuple(range(len(p))), p.kind))
        rule = Constraint("valid", self._holds, "this combination is not valid")
        self.space = DesignSpace(parameters, [rule] if space.constraints else [])

    def _holds(self, columns: Mapping[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
        x = np.stack([np.asarray(columns[n], np.int64) for n in self.space.names], axis=1)
        return self.original.is_valid(self.named(x))

    def named(self, x: Designs) -> Designs:
        """Designs of the twin as designs of the space that it was made from.

        Args:
            x: (n, k) value indices of the twin.

        Returns:
            (n, d) value indices of the original.
        """
        out = np.zeros((len(x), len(self.original)), np.int64)
        for k, column in enumerate(self.columns.tolist()):
            out[:, column] = self.back[k][x[:, k]]
        return out

    def hidden(self, x: Designs) -> Designs:
        """Designs of the original as designs of the twin.

        Args:
            x: (n, d) value indices of the original.

        Returns:
            (n, k) value indices of the twin.
        """
        columns = [f[x[:, c]] for f, c in zip(self._forth, self.columns.tolist())]
        return np.stack(columns, axis=1) if columns else np.zeros((len(x), 0), np.int64)


class AnonymousAgent(Agent):
    """Lets another agent search the twin, and translates.

    It is told costs alone: no metrics, no specs, no advice.

    Args:
        space: the space with its names.
        make: makes the agent that searches, given the twin's space.
        seed: of the shuffling; the same for all agents, so that they search the same twin.
    """

    name = "anonymous"

    def __init__(
        self, space: DesignSpace, make: Callable[[DesignSpace], Agent], seed: int = 0
    ) -> None:
        self.twin = Twin(space, seed)
        self.inner = make(self.twin.space)
        self.multi_objective = self.inner.multi_objective  # type: ignore[misc]
        super().__init__(
            space,
            seed=self.inner.seed,
            objectives=self.inner.objectives,
            budget=self.inner.budget,
        )
        self.hyper = self.inner.hyper

    @property
    def batch(self) -> int:
        """The inner agent's."""
        return self.inner.batch

    def _ask(self, n: int) -> Designs:
        return self.twin.named(self.inner.ask(n))

    def _tell(self, x: Designs, costs: Floats) -> None:
        self.inner.tell(self.twin.hidden(x), costs)

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        self._tell(x, costs)
