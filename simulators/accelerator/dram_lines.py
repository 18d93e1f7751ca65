"""Runs of bytes in whole lines, and places for pieces that lie packed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple


class Run(NamedTuple):
    """Bytes in one piece, first and last + 1."""

    is_write: bool
    first: int
    end: int


class Request(NamedTuple):
    """One run of bytes; ``step`` is the step of the outer loops that asks for it."""

    step: int
    is_write: bool
    address: int
    size: int


class Places:
    """Where packed pieces lie: each behind those that were used before it."""

    def __init__(self) -> None:
        self.free = 0
        self._first: dict[Any, int] = {}

    def of(self, piece: Any, nbytes: int) -> int:
        """Where a piece lies; a new piece is put behind all others.

        Args:
            piece: a key of the piece.
            nbytes: its size in bytes.

        Returns:
            The address of its first byte.
        """
        if piece not in self._first:
            self._first[piece] = self.free
            self.free += nbytes
        return self._first[piece]


class Mover:
    """Moves runs of bytes in whole lines; the line moved last, in each direction, is at hand."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._last = {False: -1, True: -1}

    def requests(self, step: int, runs: Iterable[Run]) -> Iterator[Request]:
        """The requests of one step. Lines that touch become one request, and none comes twice.

        Args:
            step: of the outer loops.
            runs: bytes to move, in order.

        Yields:
            Requests of whole lines.
        """
        line = self._line
        for write, group in groupby(runs, key=lambda run: run.is_write):
            spans = sorted((r.first // line, -(-r.end // line)) for r in group)
            joined = [list(spans[0])]
            for a, b in spans[1:]:
                if a <= joined[-1][1] and line > 1:
                    joined[-1][1] = max(joined[-1][1], b)
                else:
                    joined.append([a, b])
            for a, b in joined:
                if a == self._last[write] and line > 1:
                    a += 1
                self._last[write] = b - 1
                if a < b:
                    yield Request(step, write, a * line, (b - a) * line)
