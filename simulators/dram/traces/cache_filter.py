"""A last-level cache between a program and the memory it is traced at; numba, one pass.

Reads valgrind lackey's text (``I  addr,size``, `` L addr,size``, `` S …``, `` M …``), keeps a
set-associative write-back write-allocate LRU cache and emits what goes to memory: a read a miss, a
write a dirty eviction.  Pages get physical frames in order of first touch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..compiled import compiled

LINE_BITS, PAGE_BITS = 6, 12

# ---- state that outlives one block of text (positions in an int64 vector)
S_INSTRUCTIONS, S_FRAMES, S_CLOCK, S_REFERENCES, S_MISSES = range(5)
N_STATE = 5


@compiled
def filter_block(
    text, length, tags, dirty, used, sets, ways, pages, frames, s, skip, stamp, write, line, count
):
    """Run one block of whole lines through the cache.

    Before ``skip`` instructions the cache is warmed and nothing is emitted.

    Args:
        text: (length,) uint8, output of lackey.
        length: bytes of it.
        tags: (sets * ways,) line of each entry, -1 for none.
        dirty: (sets * ways,) bool.
        used: (sets * ways,) when each entry was last used.
        sets: of the cache.
        ways: of the cache.
        pages: virtual pages, an open-addressing hash.
        frames: frame of each page, by place in the hash.
        s: state that outlives a block, ``S_*``.
        skip: instructions.
        stamp: instructions before each request, to be filled.
        write: 1 for a write, to be filled.
        line: line of memory, to be filled.
        count: requests that are filled already.

    Returns:
        Requests that are filled now; it stops early when the output is full, and is negative where pages
        are more than the hash holds.
    """
    room = stamp.shape[0]
    i = 0
    while i < length:
        kind = text[i]
        if kind == 61:  # '==': valgrind's own words
            while i < length and text[i] != 10:
                i += 1
            i += 1
            continue
        if kind == 32:
            i += 1
            kind = text[i]
        i += 1
        while i < length and text[i] == 32:
            i += 1
        address = np.int64(0)
        valid = False
        while i < length:
            c = text[i]
            if 48 <= c <= 57:
                address = (address << 4) | (c - 48)
            elif 97 <= c <= 102:
                address = (address << 4) | (c - 87)
            else:
                valid = c == 44  # ','
                break
            i += 1
        size = 0
        i += 1
        while i < length and text[i] != 10:
            if 48 <= text[i] <= 57:
                size = size * 10 + (text[i] - 48)
            i += 1
        i += 1
        if not valid or size == 0:
            continue
        if kind == 73:  # I
            s[S_INSTRUCTIONS] += 1
        elif kind != 76 and kind != 83 and kind != 77:  # L, S, M
            continue
        s[S_REFERENCES] += 1
        first = address >> LINE_BITS
        last = (address + size - 1) >> LINE_BITS
        for virtual_line in range(first, last + 1):
            # translate: first touch takes the next frame
            page = virtual_line >> (PAGE_BITS - LINE_BITS)
            # unsigned, since a signed product that overflows is undefined once compiled
            mixed = np.uint64(page) * np.uint64(0x9E3779B97F4A7C1)
            slot = np.int64(mixed & np.uint64(pages.shape[0] - 1))
            while pages[slot] != page and pages[slot] != -1:
                slot = (slot + 1) & (pages.shape[0] - 1)
            if pages[slot] == -1:
                if s[S_FRAMES] * 2 >= pages.shape[0]:
                    return -1
                pages[slot] = page
                frames[slot] = s[S_FRAMES]
                s[S_FRAMES] += 1
            inside = virtual_line & ((1 << (PAGE_BITS - LINE_BITS)) - 1)
            physical = (frames[slot] << (PAGE_BITS - LINE_BITS)) | inside
            # look up
            base = (physical % sets) * ways
            s[S_CLOCK] += 1
            hit = -1
            victim = base
            for w in range(base, base + ways):
                if tags[w] == physical:
                    hit = w
                    break
                if used[w] < used[victim]:
                    victim = w
            if hit < 0:
                s[S_MISSES] += 1
                emit = s[S_INSTRUCTIONS] >= skip
                if emit and count + 2 > room:
                    return count
                if emit:
                    stamp[count] = s[S_INSTRUCTIONS]
                    write[count] = 0
                    line[count] = physical
                    count += 1
                    if tags[victim] >= 0 and dirty[victim]:
                        stamp[count] = s[S_INSTRUCTIONS]
                        write[count] = 1
                        line[count] = tags[victim]
                        count += 1
                tags[victim] = physical
                dirty[victim] = False
                hit = victim
            used[hit] = s[S_CLOCK]
            if kind == 83 or kind == 77:
                dirty[hit] = True
    return count


class CacheFilter:
    """The cache and its page table, fed with blocks of lackey text."""

    def __init__(self, capacity_bytes: int, ways: int, limit: int, skip: int) -> None:
        self.sets = capacity_bytes // (ways << LINE_BITS)
        self.ways = ways
        self.limit, self.skip = limit, skip
        size = self.sets * ways
        self._tags = np.full(size, -1, np.int64)
        self._dirty = np.zeros(size, np.bool_)
        self._used = np.zeros(size, np.int64)
        self._pages = np.full(1 << 21, -1, np.int64)
        self._frames = np.zeros(1 << 21, np.int64)
        self.state = np.zeros(N_STATE, np.int64)
        self.stamp = np.zeros(limit + 2, np.int64)
        self.write = np.zeros(limit + 2, np.uint8)
        self.line = np.zeros(limit + 2, np.int64)
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether as many requests as wanted have been collected."""
        return self.count >= self.limit

    def feed(self, text: bytes) -> None:
        """Take in whole lines of lackey output.

        Args:
            text: the lines.

        Raises:
            OverflowError: the program touches more than 4 GiB of pages.
        """
        block = np.frombuffer(text, np.uint8)
        count = filter_block(
            block,
            len(block),
            self._tags,
            self._dirty,
            self._used,
            self.sets,
            self.ways,
            self._pages,
            self._frames,
            self.state,
            self.skip,
            self.stamp,
            self.write,
            self.line,
            self.count,
        )
        if count < 0:
            raise OverflowError("the program touches more than 4 GiB of pages")
        self.count = int(count)

    def requests(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
        """Stamps in instructions, directions, line numbers."""
        n = min(self.count, self.limit)
        return self.stamp[:n].copy(), self.write[:n].copy(), self.line[:n].copy()
