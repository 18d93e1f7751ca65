"""One NPU: its nodes, its three resources, and the chunks of its collectives.

What an NPU's system layer has to do in one nanosecond is done together, at the place of the first.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Sequence

from archgym.simulators.cluster.durations import duration, least_port_time, port_time, sending_time
from archgym.simulators.cluster.events import Span
from archgym.simulators.cluster.phases import Phase, Planner, chunks
from archgym.simulators.cluster.system import System
from archgym.simulators.cluster.workloads import Node

from .algorithms import Packets, Tree, algorithm
from .network import Call, Clock, Network


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
        """Call something later on its NPU, as :class:`~.algorithms.Host` wants it.

        Args:
            delay: ns from now.
            call: what to do then.
        """
        self.npu.later(delay, call)

    def send(self, destination: int, size: int) -> None:
        """Send a message under the chunk's tag, as :class:`~.algorithms.Host` wants it.

        Args:
            destination: number of the NPU.
            size: bytes.
        """
        self.npu.network.send((self.tag, self.npu.id, destination, size), None)

    def receive(self, source: int, size: int, call: Call) -> None:
        """Wait for a message under the chunk's tag, as :class:`~.algorithms.Host` wants it.

        Args:
            source: number of the NPU that sends.
            size: bytes.
            call: what to do when the message has come.
        """
        self.npu.network.receive((self.tag, source, self.npu.id, size), call)

    def done(self) -> None:
        """End the present phase, as :class:`~.algorithms.Host` wants it."""
        self.npu.advance(self)


class WholeChunk(Chunk):
    """A chunk whose phases take what their closed forms say."""

    def start(self) -> None:
        """Begin the present phase."""
        assert self.phase is not None
        self.started = True
        self.npu.later(self.npu.phase_time(self.phase), self.done)


class Npu:
    """One NPU: its nodes, its three resources, and the queues of its dimensions."""

    def __init__(
        self, system: System, clock: Clock, network: Network, number: int, chunk: type[Chunk]
    ) -> None:
        self.system, self.clock, self.network, self.id = system, clock, network, number
        self._chunk = chunk
        self.planner = Planner(system, number)
        self.capacity = -(-system.active_chunks // system.queues)
        self.finish, self.compute, self.communication = 0, 0, 0
        self._events: dict[int, list[Call]] = {}
        self._queues: dict[tuple[int, int], list[Chunk]] = defaultdict(list)
        self._tags = 0
        # when a dimension's ports have sent all they have, in ns from the begin of the collective: one is in
        # flight at a time, and where it ends the ports are free
        self._port_free: dict[int, float] = {}
        self._began = 0
        self.least: dict[int, float] = defaultdict(
            float
        )  # ns that each dimension's ports need at least
        self._busy = {"comp": False, "comm": False}
        self.spans: list[Span] = []  # nodes that ended, in that order

    # ---- time
    def later(self, delay: int, call: Call) -> None:
        """Call something later, together with what else this NPU does then.

        Args:
            delay: ns from now.
            call: what to do then.
        """
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
        """Take a program; none of its nodes starts before :meth:`issue`.

        Args:
            nodes: of the program; see :mod:`~.workloads`.
        """
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
        begun = self.clock.now

        def end() -> None:
            self.spans.append(Span(node, begun, self.clock.now))
            if node["op"] == "coll":
                self.communication += self.clock.now - begun
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
    def phase_time(self, phase: Phase) -> int:
        """How long a phase takes that is taken as a whole and starts now.

        Args:
            phase: its algorithm has a closed form.

        Returns:
            ns.
        """
        time = duration(self.system, phase)
        if not self.system.bounded:
            return time
        busy, now = port_time(self.system, phase), self.clock.now - self._began
        free = max(self._port_free.get(phase.queue[0], 0.0), now) + busy
        self._port_free[phase.queue[0]] = free
        rest = time - sending_time(self.system, phase)  # latencies and reductions
        return max(time, int(free - now + rest))

    def _collective(self, node: Node, end: Call) -> None:
        size, count = chunks(self.system, node["kind"], node["size"])
        left = [count]
        self._began = self.clock.now
        self._port_free.clear()

        def finished() -> None:
            left[0] -= 1
            if left[0] == 0:
                end()

        for _ in range(count):
            phases = self.planner.phases(node["kind"], size, node["dims"])
            for phase in phases:
                self.least[phase.queue[0]] += least_port_time(self.system, phase)
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
        """A chunk has ended a phase: tell the workload if it was the last, else join the next queue.

        Args:
            chunk: one of this NPU's.
        """
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
