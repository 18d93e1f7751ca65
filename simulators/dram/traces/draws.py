"""One splitmix64 stream that all seeded traces draw from (Steele, Lea and Flood, OOPSLA 2014)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LINE = 64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Columns = tuple[I64, NDArray[np.bool_] | I64, I64]


class SplitMix:
    """A splitmix64 stream whose draws can be taken in blocks."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * int(_GOLDEN) + 0x1234567) % (1 << 64)

    def take(self, count: int) -> U64:
        """The next draws.

        Args:
            count: how many.

        Returns:
            (count,) uint64.
        """
        with np.errstate(over="ignore"):
            z = np.uint64(self._state) + _GOLDEN * np.arange(1, count + 1, dtype=np.uint64)
            self._state = (self._state + count * int(_GOLDEN)) % (1 << 64)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def below(self, n: int) -> int:
        """One whole number below another.

        Args:
            n: at least 1.

        Returns:
            A number in [0, n).
        """
        return int(self.take(1)[0] % np.uint64(n))

    def uniform(self) -> float:
        """One float in [0, 1)."""
        return float(unit(self.take(1))[0])


def unit(draws: U64) -> NDArray[np.float64]:
    """Draws as floats in [0, 1).

    Args:
        draws: uint64 of any shape.

    Returns:
        Floats of the same shape.
    """
    return (draws >> np.uint64(11)).astype(np.float64) * (1.0 / (1 << 53))


def geometric(draws: U64, mean: float) -> I64:
    """Draws as geometric variables of at least 1.

    Args:
        draws: (n,) uint64.
        mean: of the variables, above 1.

    Returns:
        (n,) whole numbers.
    """
    scale = math.log(1.0 - 1.0 / mean)
    # math.log, one by one: numpy's vector logarithm may differ in the last bit between machines
    return np.array([1 + int(math.log(1.0 - u) / scale) for u in unit(draws)], np.int64)


def table(rng: SplitMix, n: int, fixed: int, mean: float) -> tuple[U64, I64]:
    """Draws for every request, and the gap behind each.

    Args:
        rng: the stream.
        n: how many requests.
        fixed: draws per request.
        mean: of the geometric gap; 1 or less draws none.

    Returns:
        Draws (n, fixed), and gaps (n,) in cycles.
    """
    if mean <= 1:
        return rng.take(fixed * n).reshape(n, fixed), np.ones(n, np.int64)
    draws = rng.take((fixed + 1) * n).reshape(n, fixed + 1)
    return draws, geometric(draws[:, fixed], mean)


def lines_below(draws: U64, footprint: int) -> I64:
    """Draws as addresses of lines.

    Args:
        draws: (n,) uint64.
        footprint: bytes below which they lie.

    Returns:
        (n,) bytes.
    """
    return (draws % np.uint64(footprint // LINE)).astype(np.int64) * LINE


def starts(gaps: I64) -> I64:
    """Stamps from the gaps behind each request.

    Args:
        gaps: (n,) cycles.

    Returns:
        (n,) cycles; the first is 0.
    """
    out = np.zeros(len(gaps), np.int64)
    np.cumsum(gaps[:-1], out=out[1:])
    return out
