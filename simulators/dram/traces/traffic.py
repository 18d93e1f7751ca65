"""Traffic of accelerators, seeded: tiles of a product, key-value caches, embeddings, agents together.

Requests are 64 B lines; what is longer is read line by line.  ``gap`` is the distance of two lines in
cycles, so that 64 B over ``gap`` cycles is what the accelerator asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .draws import I64, LINE, Columns, SplitMix, lines_below, starts, table, unit

ELEMENT = 2  # bytes of a number: bfloat16


def matmul_tiles(
    n: int, seed: int, *, size: int = 2048, tile: int = 128, gap: int = 2, pause: int = 200
) -> Columns:
    """Square product C = A B in tiles: a tile of A, one of B, and after the last of a row, one of C.

    Args:
        n: how many requests.
        seed: of all draws.
        size: rows and columns of each matrix.
        tile: rows and columns of a tile.
        gap: cycles between requests.
        pause: cycles after every tile of C.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    tile = min(tile, size)
    steps = -(-size // tile)
    matrix = -(-size * size * ELEMENT // (1 << 21)) << 21
    start = SplitMix(seed).below(64) * 4096

    def blocks() -> Iterator[tuple[I64, bool]]:
        while True:
            for i in range(steps):
                for j in range(steps):
                    for k in range(steps):
                        yield _tile(start, i, k, size, tile), False
                        yield _tile(start + matrix, k, j, size, tile), False
                    yield _tile(start + 2 * matrix, i, j, size, tile), True

    return _in_turn(n, blocks(), gap, pause)


def _tile(base: int, row: int, column: int, size: int, tile: int) -> I64:
    """Line addresses of a tile of a matrix stored row by row."""
    first = base + (row * tile * size + column * tile) * ELEMENT
    lines = -(-tile * ELEMENT // LINE)
    rows = np.arange(min(tile, size - row * tile), dtype=np.int64) * size * ELEMENT
    return np.asarray((first + rows[:, None] + LINE * np.arange(lines)).ravel())


def kv_cache(
    n: int,
    seed: int,
    *,
    batch: int = 16,
    context: int = 1024,
    page: int = 16,
    entry: int = 256,
    gap: int = 2,
    footprint: int = 1 << 29,
) -> Columns:
    """Decoding of a language model: every sequence reads its keys and values, and adds those of a token.

    Sequences are read side by side, a page of each in turn. A page lies in one piece, pages lie anywhere.

    Args:
        n: how many requests.
        seed: of all draws.
        batch: sequences.
        context: tokens of each before the first step.
        page: tokens of a page.
        entry: bytes of a token's keys (or values) of a head.
        gap: cycles between requests.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    page_bytes = page * entry
    pages = -(-(context + 1) // page)
    slots = 1 << max(0, (footprint // page_bytes).bit_length() - 1)
    # an odd factor visits every slot once before it comes back
    factor, first = 2 * rng.below(1 << 30) + 1, rng.below(slots)
    at = np.arange(batch * 2 * pages, dtype=np.int64).reshape(batch, 2, pages)
    place = (first + at % slots * factor) % slots * page_bytes

    def lines(where: int, nbytes: int) -> I64:
        return where + LINE * np.arange(-(-nbytes // LINE), dtype=np.int64)

    def blocks() -> Iterator[tuple[I64, bool]]:
        length = context
        while True:
            for part in range(2):  # keys, then values
                for p in range(-(-length // page)):
                    for sequence in range(batch):
                        tokens = min(page, length - p * page)
                        yield lines(int(place[sequence, part, p]), tokens * entry), False
                for sequence in range(batch):
                    own = int(place[sequence, part, length // page]) + length % page * entry
                    yield lines(own, entry), True
            length = length + 1 if length + 1 < pages * page else context

    return _in_turn(n, blocks(), gap, 0)


def embedding_gather(
    n: int,
    seed: int,
    *,
    vector: int = 128,
    rows: int = 1 << 16,
    s: float = 1.05,
    gap: int = 3,
    footprint: int = 1 << 28,
) -> Columns:
    """Vectors from a table, rows of Zipf popularity at places of their own.

    Args:
        n: how many requests.
        seed: of all draws.
        vector: bytes of a vector.
        rows: of the table.
        s: exponent of the Zipf distribution.
        gap: cycles between requests.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    rng = SplitMix(seed)
    lines = -(-vector // LINE)
    count = -(-n // lines)
    # powers one by one: numpy's may differ in the last bit between machines
    weight = np.cumsum(np.array([1.0 / i**s for i in range(1, rows + 1)]))
    place = lines_below(rng.take(rows), footprint // lines) // LINE * (LINE * lines)
    rank = np.searchsorted(weight, unit(rng.take(count)) * weight[-1], side="right")
    first = place[np.minimum(rank, rows - 1)]
    address = (first[:, None] + LINE * np.arange(lines)).ravel()[:n]
    return np.arange(n, dtype=np.int64) * gap, np.zeros(n, np.int64), address


def mixed_agents(
    n: int, seed: int, *, gap: int = 8, mean: float = 24, tile: int = 128, footprint: int = 1 << 28
) -> Columns:
    """A display that reads a frame evenly, a processor at random, and an accelerator's tiles, together.

    Args:
        n: how many requests.
        seed: of all draws.
        gap: cycles between requests of the display.
        mean: mean cycles between requests of the processor.
        tile: rows and columns of a tile.
        footprint: bytes below which addresses lie.

    Returns:
        Stamps in cycles, directions and addresses in bytes, (n,) each.
    """
    display = np.arange(n, dtype=np.int64)
    parts = [(display * gap, np.zeros(n, np.int64), display * LINE)]
    draws, gaps = table(SplitMix(seed), n, 2, mean)
    write = (unit(draws[:, 0]) < 0.3).astype(np.int64)
    parts.append((starts(gaps), write, lines_below(draws[:, 1], footprint)))
    stamp, writes, address = matmul_tiles(n, seed, size=1024, tile=tile, gap=2, pause=16 * tile)
    parts.append((stamp, np.asarray(writes, np.int64), address))
    stamp = np.concatenate([p[0] for p in parts])
    order = np.argsort(stamp, kind="stable")[:n]
    write = np.concatenate([np.asarray(p[1], np.int64) for p in parts])
    base = np.repeat(np.array([0, 1, 2], np.int64) << 28, n)
    return stamp[order], write[order], (base + np.concatenate([p[2] for p in parts]))[order]


def _in_turn(n: int, blocks: Iterator[tuple[I64, bool]], gap: int, pause: int) -> Columns:
    """Blocks of lines one after the other, and ``pause`` cycles after each that is written."""
    address: list[I64] = []
    write: list[NDArray[np.int64]] = []
    stamp: list[I64] = []
    have, now = 0, 0
    while have < n:
        lines, writes = next(blocks)
        lines = lines[: n - have]
        i = np.arange(len(lines), dtype=np.int64)
        address.append(lines)
        write.append(np.full(len(lines), int(writes), np.int64))
        stamp.append(now + gap * i)
        have += len(lines)
        now += gap * len(lines) + (int(pause) if writes else 0)
    return np.concatenate(stamp), np.concatenate(write), np.concatenate(address)
