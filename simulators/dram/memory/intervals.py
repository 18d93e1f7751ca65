"""Intervals by key (a bank, a channel): how much of the time before a moment they cover."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]


class Covered:
    """Cycles that intervals of a key cover before a moment; intervals of one key do not overlap.

    Args:
        keys: (m,) not negative.
        starts: (m,) cycles, less than ``span``.
        lengths: (m,) cycles.
        span: more than any moment asked for.

    The amount is relative to a constant of the key: differences are what counts.
    """

    def __init__(self, keys: I64, starts: I64, lengths: I64, span: int) -> None:
        self._span = max(span, int(starts.max(initial=0)) + 1)
        codes = keys * self._span + starts
        order = np.argsort(codes, kind="stable")
        self._codes, self._lengths = codes[order], lengths[order]
        self._before = np.concatenate([[0], np.cumsum(self._lengths)])

    def __call__(self, key: I64, moment: I64) -> I64:
        """Cycles (n,) for keys and moments (n,)."""
        if not len(self._codes):
            return np.zeros(len(moment), np.int64)
        wanted = key * self._span + moment
        at = np.searchsorted(self._codes, wanted, side="right") - 1
        code = self._codes[np.maximum(at, 0)]
        same = (at >= 0) & (code // self._span == key)
        inside = np.minimum(wanted - code, self._lengths[np.maximum(at, 0)])
        return np.asarray(
            np.where(same, self._before[np.maximum(at, 0)] + inside, self._before[at + 1])
        )


def last_before(keys: I64, moments: I64, key: I64, moment: I64) -> I64:
    """The last moment of the same key before each moment asked for.

    Args:
        keys: (m,) not negative.
        moments: (m,) cycles.
        key: (n,) keys asked for.
        moment: (n,) cycles asked for.

    Returns:
        (n,) cycles; -1 where there is none.
    """
    span = int(max(moments.max(), moment.max())) + 2
    codes = np.sort(keys * span + moments)
    at = np.searchsorted(codes, key * span + moment, side="left") - 1
    found = codes[np.maximum(at, 0)]
    same = (at >= 0) & (found // span == key)
    return np.asarray(np.where(same, found % span, -1))


def merged(keys: I64, starts: I64, ends: I64) -> tuple[I64, I64, I64]:
    """Intervals of keys, those that overlap made one.

    Args:
        keys: (m,) not negative.
        starts: (m,) cycles.
        ends: (m,) cycles.

    Returns:
        Keys, starts and lengths of what is left, (k,) each, in order of key and start.
    """
    order = np.lexsort((starts, keys))
    key, start = keys[order], starts[order]
    shift = key * (
        int(ends.max(initial=0)) + 1
    )  # a later key ends later than any of an earlier one
    latest = np.maximum.accumulate(ends[order] + shift)
    fresh = np.ones(len(key), np.bool_)
    fresh[1:] = start[1:] + shift[1:] > latest[:-1]
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(key)) - 1
    return key[first], start[first], (latest - shift)[last] - start[first]
