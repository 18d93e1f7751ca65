"""Collective algorithms message by message, as each NPU carries them out.

A phase asks its NPU (``host``) for three things: ``later(delay, call)``, ``send(destination, size)`` and
``receive(source, size, call)``; it says ``host.done()`` when it ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from archgym.simulators.cluster.algorithms import halving_steps, log2, tree_of
from archgym.simulators.cluster.phases import Phase
from archgym.simulators.cluster.system import System


class Host(Protocol):
    """What a phase may ask of its NPU."""

    def later(self, delay: int, call: Callable[[], None]) -> None:
        """Call in ``delay`` ns.

        Args:
            delay: ns from now.
            call: what to do then.
        """

    def send(self, destination: int, size: int) -> None:
        """Send a message to another NPU.

        Args:
            destination: number of the NPU.
            size: bytes.
        """

    def receive(self, source: int, size: int, call: Callable[[], None]) -> None:
        """Call when a message has come.

        Args:
            source: number of the NPU that sends it.
            size: bytes.
            call: what to do then.
        """

    def done(self) -> None:
        """The phase has ended."""


class Packets:
    """Ring, direct and halving-doubling: packets become ready, are sent, and each reception makes another.

    Packets come in groups: the first ``parallel`` unreduced, then ``reduced`` that are reduced (in a
    reduce-scatter always, in an all-reduce in every other pair of groups), and so on.
    """

    def __init__(self, system: System, phase: Phase, host: Host) -> None:
        self.system, self.phase, self.host = system, phase, host
        n = len(phase.members)
        name, kind = phase.algorithm, phase.kind
        self.parallel, self.window = 1, 0
        if name.startswith("direct"):
            self.parallel = min(int(name[6:] or n), n - 1)
            self.sends = (2 if kind == "all_reduce" else 1) * (n - 1)
            self.reduced = self.parallel
        elif name == "halvingDoubling":
            self.sends = (2 if kind == "all_reduce" else 1) * log2(n)
            self.reduced = log2(n) - 1
        else:
            rounds = {"all_reduce": 2 * (n - 1), "all_to_all": n * (n - 1) // 2}
            self.sends = rounds.get(kind, n - 1)
            self.reduced = n - 1
        self._steps = halving_steps(kind, n, phase.size) if name == "halvingDoubling" else []
        self._half = n - 1 if name.startswith("direct") and kind == "all_reduce" else 0
        self._received = self._made = self.credits = 0
        self._unreduced_left = self._reduced_left = 0
        self._odd = False
        self._waiting: deque[tuple[int, int, int]] = deque()

    def start(self) -> None:
        """Make the first packets."""
        for _ in range(self.parallel):
            self._make()

    def _make(self) -> None:
        if not self._unreduced_left and not self._reduced_left:
            self._unreduced_left, self._reduced_left = self.parallel, self.reduced
            self._odd = not self._odd
        reduce = False
        if self._unreduced_left:
            self._unreduced_left -= 1
        else:
            self._reduced_left -= 1
            kind = self.phase.kind
            reduce = kind == "reduce_scatter" or (kind == "all_reduce" and self._odd)
        packet = self._next()
        self._waiting.append(packet)
        delay = self.phase.endpoint_delay
        if reduce:
            charge = self.system.reduction(packet[2])
            self.host.later(delay, lambda: self.host.later(charge, self._ready))
        else:
            self.host.later(delay, self._ready)

    def _next(self) -> tuple[int, int, int]:
        """Destination, source and bytes of the next packet."""
        phase, made = self.phase, self._made
        members, n, s = phase.members, len(phase.members), phase.size
        self._made += 1
        if phase.algorithm == "halvingDoubling":
            # packets beyond the last message are made and never sent
            step, size = self._steps[min(made, len(self._steps) - 1)]
            partner = phase.me + (step if phase.me // step % 2 == 0 else -step)
            partner %= n
            return members[partner], members[partner], size
        size = s if phase.kind == "all_gather" else s // n
        if phase.algorithm.startswith("direct"):
            away = made % (n - 1) + 1
            return members[(phase.me + away) % n], members[(phase.me - away) % n], size
        way = phase.direction
        return members[(phase.me + way) % n], members[(phase.me - way) % n], size

    def _ready(self) -> None:
        self.credits += 1
        if self._half and self.sends <= self._half:  # the second half waits for all of the first
            if self._received < self._half:
                return
            for _ in range(self.parallel):
                self._send()
        else:
            self._send()
        if self.sends == 0 and self.credits == self.parallel:
            self.host.done()

    def _send(self) -> None:
        if not self._waiting or self.sends == 0 or self.credits == 0:
            return
        destination, source, size = self._waiting.popleft()
        self.host.send(destination, size)
        self.host.receive(source, size, self._arrived)
        self.credits -= 1
        self.sends -= 1

    def _arrived(self) -> None:
        self._received += 1
        self._make()


class Tree:
    """One of the two trees of the double binary tree; always an all-reduce."""

    def __init__(self, system: System, phase: Phase, host: Host) -> None:
        self.system, self.phase, self.host = system, phase, host
        n, me = len(phase.members), phase.me
        parent, children = tree_of(n, phase.variant)
        self.parent = None if parent[me] is None else phase.members[parent[me]]  # type: ignore[index]
        self.children = [phase.members[c] for c in children[me]]
        self._reduced = 0

    def start(self) -> None:
        """Leaves send up, the others wait for their children."""
        if not self.children:
            self.host.later(self.phase.endpoint_delay, self._up)
        for child in self.children:
            self.host.receive(child, self.phase.size, self._from_child)

    def _after_reduction(self, call: Callable[[], None]) -> None:
        charge = self.system.reduction(self.phase.size)
        self.host.later(self.phase.endpoint_delay, lambda: self.host.later(charge, call))

    def _from_child(self) -> None:
        self._after_reduction(self._one_reduced)

    def _one_reduced(self) -> None:
        self._reduced += 1
        if self._reduced == len(self.children):
            if self.parent is None:
                self._down()
            else:
                self._up()

    def _up(self) -> None:
        assert self.parent is not None
        self.host.send(self.parent, self.phase.size)
        self.host.receive(self.parent, self.phase.size, self._from_parent)

    def _from_parent(self) -> None:
        if self.children:
            self._after_reduction(self._down)
        else:
            self.host.later(self.phase.endpoint_delay, self.host.done)

    def _down(self) -> None:
        for child in self.children:
            self.host.send(child, self.phase.size)
        self.host.done()


def algorithm(system: System, phase: Phase, host: Host) -> Packets | Tree:
    """The algorithm that carries out a phase.

    Args:
        system: the cluster.
        phase: what is to be done.
        host: the NPU, or its chunk, that does it.

    Returns:
        The algorithm, not started.
    """
    kind = Tree if phase.algorithm == "doubleBinaryTree" else Packets
    return kind(system, phase, host)
