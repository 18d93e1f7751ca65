"""The simulation of a cluster: every message of every NPU in the order of ASTRA-sim, or phases as a whole.

Events of one nanosecond happen in the order in which they were scheduled.  What one NPU's system layer has
to do in one nanosecond is done together, at the place of the first.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .algorithms import Packets, Tree, algorithm
from .durations import duration
from .faults import closed, used
from .phases import Phase, Planner, chunks
from .system import System
from .workloads import Programs

Call = Callable[[], None]
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Of each NPU: when its last node ended in ns (None: never) and how long it computed in ns."""

    finish: list[int | None]
    compute: list[int]


class Clock:
    """The one queue of events."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Call]] = []
        self._count = 0

    def at(self, time: int, call: Call) -> None:
        """Call at a time."""
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
        self.system, self.clock = system, clock
        self._sent: dict[Any, deque[list[Any]]] = defaultdict(deque)
        self._expected: dict[Any, deque[Call]] = defaultdict(deque)

    def send(self, key: tuple[Any, int, int, int], sent: Call | None) -> None:
        """A message of key (tag, source, destination, bytes); ``sent`` is called when it has arrived."""
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
        """Call when the next message of this key has come, or now if it is there."""
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
        return list(zip(path, path[1:]))

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


class Chunk:
    """One chunk of a collective on one NPU: goes through its phases, each in the queue of a dimension."""

    def __init__(self, npu: Npu, tag: int, phases: list[Phase], last: Call) -> None:
        self.npu, self.tag, self.phases = npu, tag, deque(phases)
        self.finished, self.started = last, False
        self.phase: Phase | None = None
        self._running: Packets | Tree | None = None

    def start(self) -> None:
        """Begin the present phase."""
        assert self.phase is not None
        self.started = True
        self._running = algorithm(self.npu.system, self.phase, self)
        self._running.start()

    def later(self, delay: int, call: Call) -> None:
        """Of :class:`~.algorithms.Host`."""
        self.npu.later(delay, call)

    def send(self, destination: int, size: int) -> None:
        """Of :class:`~.algorithms.Host`."""
        self.npu.network.send((self.tag, self.npu.id, destination, size), None)

    def receive(self, source: int, size: int, call: Call) -> None:
        """Of :class:`~.algorithms.Host`."""
        self.npu.network.receive((self.tag, source, self.npu.id, size), call)

    def done(self) -> None:
        """Of :class:`~.algorithms.Host`."""
        self.npu.advance(self)


class WholeChunk(Chunk):
    """A chunk whose phases take what their closed forms say."""

    def start(self) -> None:
        """Begin the present phase."""
        assert self.phase is not None
        self.started = True
        self.npu.later(duration(self.npu.system, self.phase), self.done)


class Npu:
    """One NPU: its nodes, its three resources, and the queues of its dimensions."""

    def __init__(
        self, system: System, clock: Clock, network: Network, number: int, chunk: type[Chunk]
    ) -> None:
        self.system, self.clock, self.network, self.id = system, clock, network, number
        self._chunk = chunk
        self.planner = Planner(system, number)
        self.capacity = -(-system.active_chunks // system.queues)
        self.finish, self.compute = 0, 0
        self._events: dict[int, list[Call]] = {}
        self._queues: dict[tuple[int, int], list[Chunk]] = defaultdict(list)
        self._tags = 0
        self._busy = {"comp": False, "comm": False}

    # ---- time
    def later(self, delay: int, call: Call) -> None:
        """Call in ``delay`` ns, together with what else this NPU does then."""
        time = self.clock.now + delay
        if time in self._events:
            self._events[time].append(call)
        else:
            self._events[time] = [call]
            self.clock.at(time, self._run_events)

    def _run_events(self) -> None:
        calls = self._events[self.clock.now]
        for call in calls:  # grows while it runs
            call()
        del self._events[self.clock.now]

    # ---- nodes
    def load(self, nodes: Sequence[Node]) -> None:
        """Take a program."""
        self.nodes = {n["id"]: n for n in nodes}
        self._waits = {n["id"]: len(n["deps"]) for n in nodes}
        self._children: dict[int, list[int]] = defaultdict(list)
        for n in nodes:
            for d in n["deps"]:
                self._children[d].append(n["id"])
        self._ready = [i for i, count in self._waits.items() if count == 0]
        heapq.heapify(self._ready)
        self.left = len(nodes)

    def issue(self) -> None:
        """Start every ready node whose resource is free, in order of number."""
        held = []
        while self._ready:
            i = heapq.heappop(self._ready)
            node = self.nodes[i]
            resource = {"comp": "comp", "coll": "comm", "send": "comm", "recv": ""}[node["op"]]
            if resource and self._busy[resource]:
                held.append(i)
                continue
            if resource:
                self._busy[resource] = True
            self._start(node, resource)
        for i in held:
            heapq.heappush(self._ready, i)

    def _start(self, node: Node, resource: str) -> None:
        def end() -> None:
            self._release(node, resource)
            self.issue()

        if node["op"] == "comp":
            if self.system.roofline:
                time = self.system.compute_time(node["flops"], node["bytes"])
            else:
                time = int(node["us"] * 1000) or 1
            if time == 0 and self.system.roofline and node["flops"] == 0:
                self._release(node, resource)
                return
            self.compute += time
            self.later(time, end)
        elif node["op"] == "coll":
            self._collective(node, end)
        elif node["op"] == "send":
            tag = ("p2p", node["tag"])
            self.network.send((tag, self.id, node["dst"], node["size"]), end)
        else:
            tag = ("p2p", node["tag"])
            self.network.receive((tag, node["src"], self.id, node["size"]), end)

    def _release(self, node: Node, resource: str) -> None:
        if resource:
            self._busy[resource] = False
        self.finish = self.clock.now
        self.left -= 1
        for child in self._children[node["id"]]:
            self._waits[child] -= 1
            if self._waits[child] == 0:
                heapq.heappush(self._ready, child)

    # ---- collectives
    def _collective(self, node: Node, end: Call) -> None:
        size, count = chunks(self.system, node["kind"], node["size"])
        left = [count]

        def finished() -> None:
            left[0] -= 1
            if left[0] == 0:
                end()

        for _ in range(count):
            phases = self.planner.phases(node["kind"], size, node["dims"])
            chunk = self._chunk(self, self._tags, phases, finished)
            self._tags += 1
            self._join(chunk)

    def _join(self, chunk: Chunk) -> None:
        chunk.phase = chunk.phases.popleft()
        chunk.started = False
        self._queues[chunk.phase.queue].append(chunk)
        self._start_heads(chunk.phase.queue)

    def _start_heads(self, queue: tuple[int, int]) -> None:
        """Start waiting chunks of a queue as far as its capacity allows."""
        line = self._queues[queue]
        running = sum(c.started for c in line)
        for chunk in list(line):
            if running >= self.capacity:
                break
            if not chunk.started:
                running += 1
                chunk.start()

    def advance(self, chunk: Chunk) -> None:
        """A chunk has ended a phase: tell the workload if it was the last, else join the next queue."""
        assert chunk.phase is not None
        old = chunk.phase.queue
        if not chunk.phases:
            chunk.finished()
            self._queues[old].remove(chunk)
            self._start_heads(old)
            return
        self._queues[old].remove(chunk)
        chunk.phase = chunk.phases.popleft()
        chunk.started = False
        self._queues[chunk.phase.queue].append(chunk)
        self._start_heads(old)
        self._start_heads(chunk.phase.queue)


def simulate(system: System, programs: Programs, whole: bool | None = None) -> Outcome:
    """Run the program of every NPU.

    Args:
        system: what it runs on.
        programs: what it runs.
        whole: whether phases are taken as a whole and one NPU stands for all of its stage (default: where
            that gives the same times).
    """
    if whole is None:
        whole = programs.stands_for is not None and closed(system, used(system, programs))
    stands_for = programs.stands_for if whole else None
    every = range(system.size)
    named = [stands_for(i) for i in every] if stands_for is not None else list(every)
    clock = Clock()
    network = (ContendedNetwork if system.aware else Network)(system, clock)
    chunk = WholeChunk if whole else Chunk
    npus = {i: Npu(system, clock, network, i, chunk) for i in dict.fromkeys(named)}
    for i, npu in npus.items():
        npu.load(programs.of(i))
    for npu in npus.values():
        npu.issue()
    clock.run()
    ends = {i: n.finish if n.left == 0 else None for i, n in npus.items()}
    return Outcome([ends[i] for i in named], [npus[i].compute for i in named])
