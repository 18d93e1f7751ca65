"""Batches on all cores: kernels release the GIL, so threads are enough."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def cores() -> int:
    """How many threads a simulator may use: ``ARCHGYM_THREADS``, else all cores."""
    return int(os.environ.get("ARCHGYM_THREADS") or os.cpu_count() or 1)


def map_rows(function: Callable[[Any], T], rows: NDArray[Any], threads: int | None) -> list[T]:
    """A function of every row, in order, on several threads.

    Args:
        function: of one row; it should release the GIL.
        rows: (n, ...).
        threads: how many at most; None uses :func:`cores`.

    Returns:
        The n results.
    """
    workers = min(len(rows), threads or cores())
    if workers <= 1:
        return [function(row) for row in rows]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, rows))


def split_rows(
    work: Callable[[slice], None], n: int, threads: int | None, smallest: int = 64
) -> None:
    """Do work on slices that together are 0..n, on several threads.

    Args:
        work: called with each slice.
        n: how many rows there are.
        threads: how many at most; None uses :func:`cores`.
        smallest: rows that a thread must have to be worth starting.
    """
    workers = min(threads or cores(), max(1, n // smallest))
    if workers <= 1:
        work(slice(0, n))
        return
    edges = np.linspace(0, n, 4 * workers + 1).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda ab: work(slice(*ab)), itertools.pairwise(edges)))
