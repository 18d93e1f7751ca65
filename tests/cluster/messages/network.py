"""Time and messages: one queue of events, and networks with and without contention."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from archgym.simulators.cluster.system import System

Call = Callable[[], None]


class Clock:
    """The one queue of events."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Call]] = []
        self._count = 0

    def at(self, time: int, call: Call) -> None:
        """Call something at a time; calls of one time happen in the order in which they were made.

        Args:
            time: ns, not before now.
            call: what to do then.
        """
        heapq.heappush(self._heap, (time, self._count, call))
        self._count += 1

    def run(self) -> None:
        """Until nothing is left to do."""
        while self._heap:
            self.now, _, call = heapq.heappop(self._heap)
            call()


class Network:
    """Messages that never meet: any number at once at full bandwidth each (congestion unaware)."""

    def __init__(self, system: System, clock: Clock) -> None:
        self.system, self.clock, self.messages = system, clock, 0
        self._sent: dict[Any, deque[list[Any]]] = defaultdict(deque)
        self._expected: dict[Any, deque[Call]] = defaultdict(deque)

    def send(self, key: tuple[Any, int, int, int], sent: Call | None) -> None:
        """Send a message.

        Args:
            key: tag, source, destination, bytes.
            sent: called when the message has arrived; None for nothing.
        """
        self.messages += 1
        self._deliver(key, lambda: self._arrive(key, sent))

    def _deliver(self, key: tuple[Any, int, int, int], arrived: Call) -> None:
        self.clock.at(self.clock.now + self.system.delay(*key[1:]), arrived)

    def _arrive(self, key: Any, sent: Call | None) -> None:
        # the receiver that was waiting when the message came is served, whatever the sender does next
        waiting = self._expected.get(key)
        call = waiting.popleft() if waiting else None
        if sent is not None:
            sent()
        if call is not None:
            call()
        else:
            self._sent[key].append([])

    def receive(self, key: tuple[Any, int, int, int], call: Call) -> None:
        """Call when the next message of this key has come, or now if it is there.

        Args:
            key: tag, source, destination, bytes.
            call: what to do then.
        """
        if self._sent.get(key):
            self._sent[key].popleft()
            self.clock.at(self.clock.now, call)
        else:
            self._expected[key].append(call)


class ContendedNetwork(Network):
    """Messages of one dimension wait for links, store and forward, first in first out (congestion aware)."""

    def __init__(self, system: System, clock: Clock) -> None:
        super().__init__(system, clock)
        self._waiting: dict[tuple[int, int], deque[tuple[int, Call]]] = {}

    def _deliver(self, key: tuple[Any, int, int, int], arrived: Call) -> None:
        self._forward(self._route(key[1], key[2]), key[3], arrived)

    def _route(self, source: int, destination: int) -> list[tuple[int, int]]:
        n, kind = self.system.size, self.system.topology[0]
        if kind == "FullyConnected":
            return [(source, destination)]
        if kind == "Switch":
            return [(source, n), (n, destination)]
        forward = (destination - source) % n
        step = 1 if forward <= n - forward else -1
        path = [(source + step * i) % n for i in range(min(forward, n - forward) + 1)]
        return list(pairwise(path))

    def _forward(self, links: list[tuple[int, int]], size: int, arrived: Call) -> None:
        link = links[0]

        def go() -> None:
            time = size / self.system.bytes_per_ns(0)
            rest = links[1:]
            then = (lambda: self._forward(rest, size, arrived)) if rest else arrived
            self.clock.at(self.clock.now + int(self.system.latency[0] + time), then)
            self.clock.at(self.clock.now + int(time), lambda: self._free(link))

        if link in self._waiting:
            self._waiting[link].append((size, go))
        else:
            self._waiting[link] = deque()
            go()

    def _free(self, link: tuple[int, int]) -> None:
        if self._waiting[link]:
            self._waiting[link].popleft()[1]()
        else:
            del self._waiting[link]
