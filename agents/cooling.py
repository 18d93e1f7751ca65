"""When a walk accepts a worse design: Metropolis' test at a temperature that falls over the budget."""

from __future__ import annotations

import numpy as np


class Cooling:
    """A geometric fall from ``hot`` to ``cold``, in units of the spread of the first costs seen.

    Args:
        hot: first temperature over the costs' spread.
        cold: last temperature over the costs' spread.
        budget: evaluations to come.
    """

    FIRST = 64  # costs that the spread is taken of

    def __init__(self, hot: float, cold: float, budget: int) -> None:
        self.hot, self.cold, self.budget = hot, cold, budget
        self.told = 0
        self._first: list[float] = []

    def note(self, cost: float) -> None:
        """A cost that may tell the scale of costs.

        Args:
            cost: of a design; +inf where infeasible.
        """
        if np.isfinite(cost) and len(self._first) < self.FIRST:
            self._first.append(float(cost))

    @property
    def temperature(self) -> float:
        """The present temperature, in the costs' unit."""
        progress = min(1.0, self.told / self.budget)
        finite = np.array(self._first)
        # a robust spread: violated specs may sit decades above the rest
        spread = float(np.quantile(finite, 0.75) - finite.min()) if len(finite) > 1 else 1.0
        return self.hot * (self.cold / self.hot) ** progress * (spread or 1.0)


def accepts(here: float, there: float, temperature: float, rng: np.random.Generator) -> bool:
    """Metropolis' test: always downhill, uphill with probability exp(-difference / T).

    Args:
        here: cost of the design at hand.
        there: cost of the proposed one.
        temperature: in units of the cost.
        rng: that decides uphill.

    Returns:
        Whether to move there.
    """
    if there <= here:
        return True
    if not np.isfinite(there) or temperature <= 0:
        return False
    return bool(rng.random() < np.exp(-(there - here) / temperature))
