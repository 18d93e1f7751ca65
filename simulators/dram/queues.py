"""Requests queued a bank: doubly linked lists in arrays, and the compact list of banks with work."""

from __future__ import annotations

from .compiled import compiled


@compiled
def enqueue(k, bank, head, tail, after, before, working, place, n_working):
    """Put request ``k`` at the end of a bank's queue; returns the number of working banks."""
    if tail[bank] >= 0:
        after[tail[bank]] = k
        before[k] = tail[bank]
    else:
        head[bank] = k
        place[bank] = n_working
        working[n_working] = bank
        n_working += 1
    tail[bank] = k
    return n_working


@compiled
def dequeue(k, bank, head, tail, after, before, working, place, n_working):
    """Take request ``k`` out of a bank's queue; returns the number of working banks."""
    earlier = before[k]
    later = after[k]
    if earlier >= 0:
        after[earlier] = later
    else:
        head[bank] = later
    if later >= 0:
        before[later] = earlier
    else:
        tail[bank] = earlier
    if head[bank] < 0:
        n_working -= 1
        moved = working[n_working]
        working[place[bank]] = moved
        place[moved] = place[bank]
    return n_working
