"""What learning agents share: rewards on a steady scale, torch kept to one thread."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats


class RankedReward:
    """Turns costs into rewards on [-1, 1]: the rank of a cost among those of the recent past.

    Costs may span decades and jump where a spec is violated; ranks do not.  Infeasible is -1.
    """

    def __init__(self, window: int = 1024) -> None:
        self._recent: deque[float] = deque(maxlen=window)

    def __call__(self, costs: Floats) -> NDArray[np.float32]:
        """Rewards (n,) of costs (n, 1); the batch itself belongs to the past."""
        values = costs[:, 0]
        self._recent.extend(values[np.isfinite(values)].tolist())
        past = np.sort(np.array(self._recent))
        if not len(past):
            return np.full(len(values), -1.0, np.float32)
        low = np.searchsorted(past, values, side="left")
        high = np.searchsorted(past, values, side="right")
        rank = (low + high) / 2 / len(past)
        return np.where(np.isfinite(values), 1.0 - 2.0 * rank, -1.0).astype(np.float32)


def one_torch_thread() -> None:
    """Small networks run slower on several threads."""
    import torch

    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@contextmanager
def kept_globals() -> Iterator[None]:
    """Let libraries seed and draw from the global states of random, numpy and torch; put them back."""
    import torch

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])


@contextmanager
def seeded_globals(rng: np.random.Generator) -> Iterator[None]:
    """:func:`kept_globals`, with numpy's and torch's states seeded from ours in between.

    Args:
        rng: draws both seeds.

    Yields:
        Once, in between.
    """
    import torch

    with kept_globals():
        np.random.seed(int(rng.integers(1 << 31)))  # noqa: NPY002
        torch.manual_seed(int(rng.integers(1 << 31)))
        yield
