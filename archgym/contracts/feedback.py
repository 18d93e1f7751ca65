"""What a search may know of designs that were paid for: nothing here evaluates anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..space import Designs
from .evaluation import Evaluation, Floats


@dataclass(frozen=True)
class Feedback:
    """Besides costs, what an agent is told of a batch of n designs.

    ``evaluation`` is what was paid for.  ``violations`` says by spec how far outside its bound each
    design is, as a share of the bound, (n,); 0 where met, NaN where infeasible.  ``penalty`` is their
    sum on the specs' own scales (``worst``), (n,); +inf where infeasible.
    """

    evaluation: Evaluation
    violations: Mapping[str, Floats]
    penalty: Floats
    _advice: Callable[[Designs, Evaluation], Designs]

    def __len__(self) -> int:
        return len(self.evaluation)

    def advise(self, design: Designs, i: int) -> Designs:
        """Moves (k, d) from a design (d,), row ``i`` of this batch, by the simulator's knowledge.

        They aim at the metric that is farthest outside its spec, or at the first objective where
        every spec is met, and are worked out from the evaluation alone.
        """
        return self._advice(design, self.evaluation.take([i]))

    def take(self, index: NDArray[np.intp]) -> Feedback:
        """Of a selection of the batch."""
        violations = {k: v[index] for k, v in self.violations.items()}
        return Feedback(self.evaluation.take(index), violations, self.penalty[index], self._advice)

    def joined(self, other: Feedback) -> Feedback:
        """Both batches, this one first."""
        return Feedback(
            Evaluation.joined([self.evaluation, other.evaluation], list(self.evaluation.metrics)),
            {k: np.concatenate([v, other.violations[k]]) for k, v in self.violations.items()},
            np.concatenate([self.penalty, other.penalty]),
            self._advice,
        )
