"""Compiled: the queue of events, entries found by their key, and messages on links; ns.

An entry is found by four numbers. It holds the calls of an NPU that belong to one ns (key -1, NPU, ns, 0),
or receives that wait and messages that came before them (key tag, source, destination, bytes).
"""

from __future__ import annotations

from .compiled import inlined, part
from .message_state import (
    ARRIVE,
    CALL,
    FREE,
    FREE_CALLS,
    FREE_ENTRIES,
    FREE_POSTS,
    HOP,
    MESSAGES,
    NONE,
    NOW,
    SCHEDULED,
    WAITING,
    Ints,
    State,
    Tables,
)

FIRST, LAST, THERE = 5, 6, 7  # of an entry, after its key and the next of its bucket
NEXT = 7  # of a post: what it is, its key, its sender, where it is, the next on its link


@part
def at(s: State, time: int, what: int) -> None:
    """Schedule an event; those of one ns happen in the order in which they are scheduled.

    Args:
        s: state.
        time: ns.
        what: twice an entry, or twice a post and 1.
    """
    heap, clock = s.heap, s.clock
    i = clock[WAITING]
    count = clock[SCHEDULED]
    clock[WAITING] += 1
    clock[SCHEDULED] += 1
    while i > 0:
        up = (i - 1) // 2
        if heap[up, 0] < time or (heap[up, 0] == time and heap[up, 1] < count):
            break
        heap[i, 0], heap[i, 1], heap[i, 2] = heap[up, 0], heap[up, 1], heap[up, 2]
        i = up
    heap[i, 0], heap[i, 1], heap[i, 2] = time, count, what


@part
def next_event(s: State) -> int:
    """Take the next event; the clock goes on to it.

    Args:
        s: state, with an event that waits.

    Returns:
        Twice an entry, or twice a post and 1.
    """
    heap, clock = s.heap, s.clock
    clock[NOW] = heap[0, 0]
    what = heap[0, 2]
    clock[WAITING] -= 1
    n = clock[WAITING]
    time, count, last = heap[n, 0], heap[n, 1], heap[n, 2]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and (
            heap[child + 1, 0] < heap[child, 0]
            or (heap[child + 1, 0] == heap[child, 0] and heap[child + 1, 1] < heap[child, 1])
        ):
            child += 1
        if time < heap[child, 0] or (time == heap[child, 0] and count < heap[child, 1]):
            break
        heap[i, 0], heap[i, 1], heap[i, 2] = heap[child, 0], heap[child, 1], heap[child, 2]
        i = child
    heap[i, 0], heap[i, 1], heap[i, 2] = time, count, last
    return what


@part
def _bucket(s: State, a: int, b: int, c: int, d: int) -> int:
    h = a * 0x9E3779B1 + b * 0x85EBCA77 + c * 0xC2B2AE3D + d * 0x27D4EB2F
    h ^= h >> 29
    h *= 0x165667B1
    return (h ^ (h >> 32)) & (len(s.buckets) - 1)


@part
def entry_of(s: State, a: int, b: int, c: int, d: int) -> int:
    """The entry of a key; a new one, whose first call is NONE and whose messages are 0, if there is none.

    Args:
        s: state.
        a: of the key.
        b: of the key.
        c: of the key.
        d: of the key.

    Returns:
        Its place.
    """
    entries, at_ = s.entries, _bucket(s, a, b, c, d)
    e = s.buckets[at_]
    while e >= 0:
        if entries[e, 0] == a and entries[e, 1] == b and entries[e, 2] == c and entries[e, 3] == d:
            return e
        e = entries[e, 4]
    s.clock[FREE_ENTRIES] -= 1
    e = s.free[0, s.clock[FREE_ENTRIES]]
    entries[e, 0], entries[e, 1], entries[e, 2], entries[e, 3] = a, b, c, d
    entries[e, 4] = s.buckets[at_]
    s.buckets[at_] = e
    entries[e, FIRST], entries[e, LAST], entries[e, THERE] = NONE, NONE, 0
    return e


@inlined
def lay_out(s: State, there: Ints) -> None:
    """Put entries into their buckets.

    Args:
        s: state, with empty buckets.
        there: (m,) 1 for each entry that is in use.
    """
    for e in range(len(there)):
        if there[e]:
            at_ = _bucket(s, s.entries[e, 0], s.entries[e, 1], s.entries[e, 2], s.entries[e, 3])
            s.entries[e, 4] = s.buckets[at_]
            s.buckets[at_] = e


@part
def forget(s: State, e: int) -> None:
    """Remove an entry.

    Args:
        s: state.
        e: its place.
    """
    entries = s.entries
    at_ = _bucket(s, entries[e, 0], entries[e, 1], entries[e, 2], entries[e, 3])
    before = s.buckets[at_]
    if before == e:
        s.buckets[at_] = entries[e, 4]
    else:
        while entries[before, 4] != e:
            before = entries[before, 4]
        entries[before, 4] = entries[e, 4]
    s.free[0, s.clock[FREE_ENTRIES]] = e
    s.clock[FREE_ENTRIES] += 1


@part
def add_call(s: State, e: int, what: int, ref: int, number: int) -> None:
    """Put a call behind the others of an entry.

    Args:
        s: state.
        e: the entry.
        what: is called.
        ref: the chunk or node whose call it is.
        number: ns of a reduction, for those that need it.
    """
    s.clock[FREE_CALLS] -= 1
    c = s.free[1, s.clock[FREE_CALLS]]
    calls, entries = s.calls, s.entries
    calls[c, 0], calls[c, 1], calls[c, 2], calls[c, 3] = what, ref, number, NONE
    if entries[e, FIRST] < 0:
        entries[e, FIRST] = c
    else:
        calls[entries[e, LAST], 3] = c
    entries[e, LAST] = c


@part
def take_call(s: State, e: int) -> int:
    """Take the first call of an entry that has one.

    Args:
        s: state.
        e: the entry.

    Returns:
        Its place, which is free again and stays as it is until the next is added.
    """
    c = s.entries[e, FIRST]
    s.entries[e, FIRST] = s.calls[c, 3]
    s.free[1, s.clock[FREE_CALLS]] = c
    s.clock[FREE_CALLS] += 1
    return c


@part
def _post(s: State, what: int, a: int, b: int, c: int, d: int, sent: int) -> int:
    s.clock[FREE_POSTS] -= 1
    p = s.free[2, s.clock[FREE_POSTS]]
    posts = s.posts
    posts[p, 0], posts[p, 1], posts[p, 2], posts[p, 3], posts[p, 4] = what, a, b, c, d
    posts[p, 5], posts[p, 6], posts[p, NEXT] = sent, b, NONE
    return p


@part
def drop_post(s: State, p: int) -> None:
    """A post is over.

    Args:
        s: state.
        p: its place.
    """
    s.free[2, s.clock[FREE_POSTS]] = p
    s.clock[FREE_POSTS] += 1


@part
def receive(s: State, tag: int, source: int, npu: int, size: int, what: int, ref: int) -> None:
    """Call when the next message of a key has come, or in this ns if it is there.

    Args:
        s: state.
        tag: of the key.
        source: NPU that sends.
        npu: NPU that receives.
        size: bytes.
        what: is called.
        ref: the chunk or node whose call it is.
    """
    e = entry_of(s, tag, source, npu, size)
    if s.entries[e, THERE] > 0:
        s.entries[e, THERE] -= 1
        if s.entries[e, THERE] == 0:
            forget(s, e)
        at(s, s.clock[NOW], 2 * _post(s, CALL, what, ref, 0, 0, NONE) + 1)
    else:
        add_call(s, e, what, ref, 0)


@part
def _delay(t: Tables, source: int, destination: int, size: int) -> int:
    """As :meth:`~.system.System.delay` tells: the first dimension in which the two differ counts."""
    for d in range(len(t.dims)):
        n = t.dims[d, 0]
        a, b = source % n, destination % n
        if a != b:
            hops = 2
            if t.dims[d, 1] == 0:
                away = abs(a - b) * t.dims[d, 3]
                hops = min(away, t.dims[d, 2] - away)
            elif t.dims[d, 1] == 1:
                hops = 1
            return int(hops * t.latency[d] + size / t.rate[d])
        source, destination = source // n, destination // n
    return 0


@part
def _depart(t: Tables, s: State, p: int, link: int) -> None:
    """A message enters a free link."""
    posts, time = s.posts, s.posts[p, 4] / t.rate[0]
    n, to = t.rules[6], posts[p, 3]
    if t.rules[5] == 0:
        here = posts[p, 6]
        posts[p, 6] = (here + 1) % n if link % 2 == 0 else (here - 1 + n) % n
    else:
        posts[p, 6] = n if link < n and t.rules[5] == 2 else to
    posts[p, 0] = ARRIVE if posts[p, 6] == to else HOP
    at(s, s.clock[NOW] + int(t.latency[0] + time), 2 * p + 1)
    at(s, s.clock[NOW] + int(time), 2 * _post(s, FREE, link, 0, 0, 0, NONE) + 1)


@part
def forward(t: Tables, s: State, p: int) -> None:
    """A message goes on to its next link, or waits for it.

    Args:
        t: tables.
        s: state.
        p: the message.
    """
    n, here, source, to = t.rules[6], s.posts[p, 6], s.posts[p, 2], s.posts[p, 3]
    if t.rules[5] == 0:  # a ring, the shorter way
        ahead = (to - source + n) % n
        link = 2 * here + (0 if ahead <= n - ahead else 1)
    elif t.rules[5] == 1:
        link = here * n + to
    else:
        link = here if here < n else n + to
    links = s.links
    if links[link, 2] == 0:
        links[link, 2] = 1
        _depart(t, s, p, link)
    elif links[link, 0] < 0:
        links[link, 0] = links[link, 1] = p
    else:
        s.posts[links[link, 1], NEXT] = p
        links[link, 1] = p


@part
def free_link(t: Tables, s: State, link: int) -> None:
    """A link is free: the next message enters it.

    Args:
        t: tables.
        s: state.
        link: its number.
    """
    p = s.links[link, 0]
    if p < 0:
        s.links[link, 2] = 0
        return
    s.links[link, 0] = s.posts[p, NEXT]
    s.posts[p, NEXT] = NONE
    _depart(t, s, p, link)


@part
def send(t: Tables, s: State, tag: int, npu: int, to: int, size: int, sent: int) -> None:
    """Send a message.

    Args:
        t: tables.
        s: state.
        tag: of its key.
        npu: NPU that sends.
        to: NPU that receives.
        size: bytes.
        sent: node that ends when it arrives, NONE for none.
    """
    s.clock[MESSAGES] += 1
    p = _post(s, ARRIVE, tag, npu, to, size, sent)
    if t.rules[4]:
        forward(t, s, p)
    else:
        at(s, s.clock[NOW] + _delay(t, npu, to, size), 2 * p + 1)
