"""Compiled: how long a collective takes on an NPU that runs no other, by its chunks' phases; ns throughout.

An NPU has one collective in flight, so its queues are empty when it starts and its time depends on nothing
else.  The rules are those of :mod:`~.message_kernel`, with phases as wholes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@compiled
def collective_time(
    chunks: int, capacity: int, queue: Ints, time: Ints, busy: Floats, rest: Floats, bounded: bool
) -> tuple[int, int]:
    """How long a collective takes on an NPU that runs no other.

    Args:
        chunks: how many.
        capacity: phases that run at once in a queue.
        queue: (p,) of each phase, the dimension of the network whose queue it waits in.
        time: (p,) ns of each phase where it is alone.
        busy: (p,) ns for which each occupies its dimension's ports.
        rest: (p,) ns of each that are no sending.
        bounded: whether phases of a dimension share its ports.

    Returns:
        ns until the last of equal chunks has ended its phases, and until its last phase begins.
    """
    phases = len(queue)
    queues = queue.max() + 1
    waiting = np.empty((queues, chunks), np.int64)  # first in, first out
    head = np.zeros(queues, np.int64)
    tail = np.zeros(queues, np.int64)
    running = np.zeros(queues, np.int64)
    free = np.zeros(queues)  # when the ports of a dimension have sent all they have
    at = np.zeros(chunks, np.int64)  # phase of each chunk
    begins = np.empty(chunks, np.int64)  # of chunks whose phase runs
    ends = np.empty(chunks, np.int64)
    order = np.empty(chunks, np.int64)  # in which they were started
    live = np.empty(chunks, np.int64)
    lives = count = done = 0
    now = 0
    for chunk in range(chunks):
        waiting[queue[0], chunk] = chunk
    tail[queue[0]] = chunks
    first = second = queue[0]
    while True:
        for turn in range(2):
            q = first if turn == 0 else second
            while running[q] < capacity and head[q] < tail[q]:
                chunk = waiting[q, head[q] % chunks]
                head[q] += 1
                running[q] += 1
                p = at[chunk]
                takes = time[p]
                if bounded:
                    free[q] = max(free[q], float(now)) + busy[p]
                    takes = max(takes, int(free[q] - now + rest[p]))
                begins[chunk], ends[chunk] = now, now + takes
                order[chunk] = count
                count += 1
                live[lives] = chunk
                lives += 1
        best = 0  # the next to end; of one nanosecond, the one that was started first
        for i in range(1, lives):
            a, b = live[i], live[best]
            if ends[a] < ends[b] or (ends[a] == ends[b] and order[a] < order[b]):
                best = i
        chunk = live[best]
        lives -= 1
        live[best] = live[lives]
        now = ends[chunk]
        first = second = queue[at[chunk]]
        running[first] -= 1
        at[chunk] += 1
        if at[chunk] == phases:
            done += 1
            if done == chunks:
                return now, begins[chunk]
        else:
            second = queue[at[chunk]]
            waiting[second, tail[second] % chunks] = chunk
            tail[second] += 1
