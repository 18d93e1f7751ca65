"""Notes of a run, asked for and read: when every request got on, and every refresh (``noting``)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .commands import REFAB, REFP2B, REFSB
from .layout import (
    BANK, BANKS, D_BANKS_GROUP, D_BANKS_RANK, D_CHANNELS, D_PAIR_OFFSET, D_READ_END, D_RFC_ALL,
    D_RFC_BANK, D_RFC_SET, D_WRITE_END, K_BANKS, K_BURSTS, K_LOG, K_NOTED, K_NOTES, NOTE,
    NOTED_REFRESH, N_ACCESSED, N_ARRIVED, N_BANK, N_ENTERED, N_OPENED, READ_ONLY,
)  # fmt: skip

I64 = NDArray[np.int64]


class Notes(NamedTuple):
    """What was noted, in cycles; requests stand for their bursts that end last."""

    channel: I64  # (n,) of each request
    bank: I64  # (n,) its number through all channels
    arrived: I64  # (n,) it reached its controller's door
    entered: I64  # (n,) it entered its bank's queue
    opened: I64  # (n,) the first command for it
    accessed: I64  # (n,) its RD or WR
    ended: I64  # (n,) its data ended
    served: tuple[I64, I64, I64]  # (m,) of every burst: its bank, its access, the end of its data
    refreshed: tuple[I64, I64, I64]  # (k,) bank, cycle and length of every refresh of a bank
    lost: bool  # the log had no room for all refreshes


def ask(d: I64, requests: int, log: int) -> None:
    """Have a run noted.

    Args:
        d: what :func:`.packing.packed` gives; changed.
        requests: of the trace.
        log: refreshes that there is room for.
    """
    first = BANKS + int(_of(d, K_BANKS) * _of(d, D_CHANNELS)) * BANK
    words = 1 + log * NOTED_REFRESH
    d[K_LOG - READ_ONLY] = first
    d[K_NOTES - READ_ONLY] = first + words
    d[K_NOTED - READ_ONLY] = words + requests * int(_of(d, K_BURSTS)) * NOTE


def read(d: I64, words: I64, is_write: NDArray[np.uint8]) -> Notes:
    """The notes of a run.

    Args:
        d: what the kernel read.
        words: what it wrote behind its counters.
        is_write: (n,) of the requests.

    Returns:
        When each request got on, how every burst was served, and every refresh.
    """
    log = int(_of(d, K_NOTES) - _of(d, K_LOG))
    bursts = int(_of(d, K_BURSTS))
    table = words[log:].reshape(-1, bursts, NOTE)
    last = table[..., N_ACCESSED].argmax(axis=1)
    row = table[np.arange(len(table)), last]
    accessed, every = row[:, N_ACCESSED], table.reshape(-1, NOTE)
    opened = np.where(row[:, N_OPENED] >= 0, row[:, N_OPENED], accessed)
    ends = np.where(is_write.astype(bool), _of(d, D_WRITE_END), _of(d, D_READ_END))
    done = every[:, N_ACCESSED]
    served = every[:, N_BANK], done, done + np.repeat(ends, bursts)
    count, room = int(words[0]), (log - 1) // NOTED_REFRESH
    refreshes = words[1:log].reshape(-1, NOTED_REFRESH)[:count]
    return Notes(
        row[:, N_BANK] // int(_of(d, K_BANKS)), row[:, N_BANK], row[:, N_ARRIVED], row[:, N_ENTERED],
        opened, accessed, accessed + ends, served,
        _refreshed(d, refreshes), count > room,
    )  # fmt: skip


def _of(d: I64, field: int) -> np.int64:
    return np.int64(d[field - READ_ONLY])


def _refreshed(d: I64, refreshes: I64) -> tuple[I64, I64, I64]:
    """Bank, cycle and length of each refresh of each bank."""
    of_rank, of_group = int(_of(d, D_BANKS_RANK)), int(_of(d, D_BANKS_GROUP))
    offset = int(_of(d, D_PAIR_OFFSET))
    when, command, rank, unit = refreshes.T
    banks, starts, lengths = [], [], []
    for x in np.unique(command):
        rows = np.flatnonzero(command == x)
        u = unit[rows, None]
        if x == REFAB:
            members, cycles = np.arange(of_rank)[None], D_RFC_ALL
        elif x == REFSB:
            members, cycles = np.arange(of_rank // of_group)[None] * of_group + u, D_RFC_SET
        elif x == REFP2B:
            members, cycles = u // offset * 2 * offset + u % offset + [[0, offset]], D_RFC_BANK
        else:
            members, cycles = u, D_RFC_BANK
        found = rank[rows, None] * of_rank + members
        banks.append(found.ravel())
        starts.append(np.repeat(when[rows], found.shape[1]))
        lengths.append(np.full(found.size, _of(d, cycles)))
    nothing = np.empty(0, np.int64)
    return (
        np.concatenate([nothing, *banks]),
        np.concatenate([nothing, *starts]),
        np.concatenate([nothing, *lengths]),
    )
