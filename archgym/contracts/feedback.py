"""What a search may know of designs that were paid for: nothing here evaluates anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space import Designs
from .evaluation import Evaluation, Floats
from .fidelity import FULL


@dataclass(frozen=True)
class Relief:
    """Steps of single knobs from one design, and why they should help.

    Attributes:
        moves: designs (k, d), each with one knob stepped.
        weights: (k,) for what matters most: the share of the metric that the relieved part or resource
            holds, over the number of moves that it has. Less where the step is likely to break a spec that
            is close.
        guards: (k,) the same for specs that are met and close: worth nothing alone, they make room for a step
            that would break one.
    """

    moves: Designs
    weights: Floats
    guards: Floats

    @classmethod
    def none(cls, knobs: int) -> Relief:
        """No steps.

        Args:
            knobs: of the space.

        Returns:
            Empty arrays.
        """
        return cls(np.empty((0, knobs), np.int64), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Feedback:
    """Besides costs, what an agent is told of a batch of n designs.

    ``evaluation`` is what was paid for.  ``violations`` says by spec how far outside its bound each
    design is, as a share of the bound, (n,); 0 where met, NaN where infeasible.  ``penalty`` is their
    sum on the specs' own scales (``worst``), (n,); +inf where infeasible.  ``objectives`` are the costs of
    each objective, (n, k), +inf where infeasible or a spec is missed; None where there is one.  ``fidelity``
    names the cheaper fidelity that answered, ``full`` the simulator itself.
    """

    evaluation: Evaluation
    violations: Mapping[str, Floats]
    penalty: Floats
    _advice: Callable[[Designs, Evaluation], Designs]
    _relief: Callable[[Designs, Evaluation], Relief] | None = None
    fidelity: str = FULL
    objectives: Floats | None = None

    def __len__(self) -> int:
        return len(self.evaluation)

    def advise(self, design: Designs, i: int) -> Designs:
        """Moves from a design by the simulator's knowledge.

        They aim at the metric that is farthest outside of its spec, or at the first objective where
        every spec is met. They are worked out from the evaluation alone: nothing is simulated.

        Args:
            design: (d,) value indices.
            i: its row in this batch.

        Returns:
            Moved designs (k, d), best first.
        """
        return self._advice(design, self.evaluation.take([i]))

    def relieve(self, design: Designs, i: int) -> Relief:
        """Steps of single knobs that should relieve what limits a design, by the simulator's explanation.

        What is relieved are the resources behind the metric that is farthest outside of its spec, or behind
        the objectives where every spec is met. The design was paid for; nothing else is evaluated.

        Args:
            design: (d,) value indices.
            i: its row in this batch.

        Returns:
            Moved designs and their weights. None where the design is infeasible, or was answered at a
            cheaper fidelity.
        """
        if self._relief is None or not self.evaluation.feasible[i]:
            return Relief.none(len(design))
        return self._relief(design, self.evaluation.take([i]))

    def take(self, index: NDArray[np.intp]) -> Feedback:
        """A selection of the batch.

        Args:
            index: positions, or a slice.

        Returns:
            Feedback on the chosen designs, in that order.
        """
        violations = {k: v[index] for k, v in self.violations.items()}
        return Feedback(
            self.evaluation.take(index), violations, self.penalty[index], self._advice, self._relief,
            self.fidelity, None if self.objectives is None else self.objectives[index],
        )  # fmt: skip

    def joined(self, other: Feedback) -> Feedback:
        """Two batches as one.

        Args:
            other: the batch that follows this one.

        Returns:
            Feedback on both, this one first.
        """
        objectives = [f.objectives for f in (self, other) if f.objectives is not None]
        return Feedback(
            Evaluation.joined([self.evaluation, other.evaluation], list(self.evaluation.metrics)),
            {k: np.concatenate([v, other.violations[k]]) for k, v in self.violations.items()},
            np.concatenate([self.penalty, other.penalty]),
            self._advice,
            self._relief,
            self.fidelity,
            np.concatenate(objectives) if objectives else None,
        )
