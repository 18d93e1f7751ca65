"""Arrays that the search for a certificate works in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def forms_room(levels: int) -> tuple[Any, ...]:
    """The arrays that :func:`.forms.prepare` fills.

    Args:
        levels: of the machine.

    Returns:
        The arrays, in its order.
    """
    return (
        np.ones((levels, 8), np.int64), np.ones((levels + 1, 8), np.int64),
        np.ones((levels + 1, 8), np.int64), np.ones(levels + 1, np.int64),
        np.full((levels + 1, 3), -1, np.int64), np.zeros((levels + 1, 3, 2)), np.ones(levels + 1),
        np.zeros(levels + 2), np.ones(levels + 1), np.zeros((levels + 1, 4)),
    )  # fmt: skip


def scratch_room(levels: int) -> tuple[Any, ...]:
    """Arrays that are overwritten.

    Args:
        levels: of the machine.

    Returns:
        The arrays, in the order in which the kernels take them.
    """

    def whole(n: int = 8) -> NDArray[np.int64]:
        return np.ones(n, np.int64)

    return (
        whole(), np.zeros((levels, 4)),
        np.ones(3), np.ones(3), np.ones(3), whole(), whole(),
        np.ones((levels + 1, 8), np.int64), np.zeros((8 * levels, 4), np.int64),
        np.zeros(levels + 1, np.int64), np.zeros((3, 5), np.int64), whole(), whole(), whole(), whole(),
        whole(), whole(), whole(), np.ones(3), np.ones(3), whole(), np.ones(8), np.zeros(2),
        np.zeros((levels + 1, 4)),
    )  # fmt: skip


def stack_room(levels: int, n: int) -> tuple[Any, ...]:
    """An empty stack of open nodes.

    Args:
        levels: of the machine.
        n: nodes that it has room for.

    Returns:
        The arrays, see the package.
    """
    return (
        np.empty((n, levels, 8), np.int64), np.empty((n, levels, 8), np.int64),
        np.empty((n, levels + 1, 3)), np.empty((n, levels + 1)), np.empty(n),
        np.empty(n, np.int64), np.arange(n)[::-1].copy(), np.empty(n, np.int64), np.empty((n, 2)),
    )  # fmt: skip


def state_room(levels: int) -> tuple[Any, ...]:
    """The best mapping and what a node is unpacked into.

    Args:
        levels: of the machine.

    Returns:
        (factor, order and keep of the best mapping, then scratch).
    """
    return (
        np.ones((levels, 3, 8), np.int64), np.tile(np.arange(8), (levels, 1)),
        np.ones((levels, 3), np.bool_), np.ones((levels, 3, 8), np.int64),
        np.tile(np.arange(8), (levels, 1)), np.ones((levels, 8), np.int64),
        np.tile(np.arange(8), (levels, 1)), np.ones((levels + 1, 3)), np.ones(levels + 1),
    )  # fmt: skip


def front_room(levels: int, points: int) -> tuple[Any, ...]:
    """A front without points.

    Args:
        levels: of the machine.
        points: that it has room for.

    Returns:
        The arrays, see ``standing``.
    """
    return (
        np.zeros((points, 2)), np.zeros(2, np.int64), np.ones((points, levels, 3, 8), np.int64),
        np.ones((points, levels, 8), np.int64), np.ones((points, levels, 3), np.bool_),
    )  # fmt: skip
