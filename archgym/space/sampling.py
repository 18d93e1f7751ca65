"""Valid designs by chance: drawn evenly, or a few knobs away from designs that break a constraint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DesignError
from .constraint import Constraint, Designs


class Space(Protocol):
    """What is used of a design space, see :class:`archgym.DesignSpace`."""

    @property
    def nvec(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def constraints(self) -> Sequence[Constraint]: ...  # noqa: D102
    def __len__(self) -> int: ...
    def is_valid(self, x: Designs) -> NDArray[np.bool_]: ...  # noqa: D102


def drawn(space: Space, n: int, rng: np.random.Generator) -> Designs:
    """See :meth:`DesignSpace.sample`.

    Args:
        space: to draw from.
        n: how many.
        rng: the generator to draw from.

    Returns:
        Valid designs (n, d).

    Raises:
        DesignError: hardly a design is valid.
    """
    x = rng.integers(0, space.nvec, size=(n, len(space)), dtype=np.int64)
    if not space.constraints:
        return x
    for _ in range(200):
        bad = np.flatnonzero(~space.is_valid(x))
        if not len(bad):
            return x
        size = (max(512, 2 * len(bad)), len(space))
        tries = rng.integers(0, space.nvec, size=size, dtype=np.int64)
        good = tries[space.is_valid(tries)][: len(bad)]
        x[bad[: len(good)]] = good
    raise DesignError(
        f"found no valid design in {200 * 512:,} random draws; constraints: "
        + ", ".join(c.name for c in space.constraints)
    )


def repaired(space: Space, x: Designs, rng: np.random.Generator) -> Designs:
    """See :meth:`DesignSpace.repair`.

    Args:
        space: whose constraints are kept.
        x: designs (n, d) within range.
        rng: the generator to draw from.

    Returns:
        Valid designs (n, d).
    """
    if not space.constraints:
        return x
    out = x.copy()
    bad = np.flatnonzero(~space.is_valid(out))
    for changes in range(1, len(space) + 1):
        for _ in range(8):
            if not len(bad):
                return out
            trial = x[bad].copy()
            for _ in range(changes):
                column = rng.integers(0, len(space), len(bad))
                trial[np.arange(len(bad)), column] = rng.integers(0, space.nvec[column])
            good = space.is_valid(trial)
            out[bad[good]] = trial[good]
            bad = bad[~good]
    out[bad] = drawn(space, len(bad), rng)
    return out
