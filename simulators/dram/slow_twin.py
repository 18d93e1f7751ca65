"""The obvious twin of the compiled controller: every cycle, every command ever issued, plain Python.

DRAMSys 5.5's rules without power-down.  Legality is checked against the whole command history by the
constraint list, queues are lists, nothing is incremental.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.simulator import Simulator
from archgym.space import Designs

from . import timing
from .addresses import decode_address
from .commands import NAMES
from .devices import Device
from .simulator import DRAMSimulator
from .space import to_kernel

CAS = ("RD", "WR", "RDA", "WRA")
HEAD = 200  # requests of a trace that are played: the twin takes a few seconds for so many

# stamp [cycles], is_write, bank, row, address
Request = tuple[int, int, int, int, int]


def compare(simulator: Simulator, x: Designs) -> dict[str, tuple[Floats, Floats]]:
    """The response to every request at the head of the trace, by the kernel and by the twin.

    Args:
        simulator: a :class:`DRAMSimulator`.
        x: designs (n, d) of its space.

    Returns:
        One quantity: for each design and request in turn the cycle of its response, of the kernel and of
        the twin. None under rules that the twin does not know: power-down, those of DRAMSys 4.0, and
        semantics ``jedec``.
    """
    assert isinstance(simulator, DRAMSimulator)
    designs = simulator.space.decode(x)
    if (simulator.semantics, simulator.device.rules) != ("dramsys", "5.5") or any(
        d["power_down_policy"] != "NoPowerDown" for d in designs
    ):
        return {}
    trace = simulator.trace.head(HEAD)
    played = trace.played(simulator.device)
    fast, slow = [], []
    for design, codes in zip(designs, to_kernel(x, simulator._codes)):
        mapping = simulator.device.mappings[str(design["address_mapping"])]
        bank, row = decode_address(played.address, mapping)
        columns = (played.stamp, played.is_write, bank, row, played.address)
        requests: list[Any] = list(zip(*(c.tolist() for c in columns)))
        fast.append(simulator.simulate(codes, trace)[1] + played.stamp)
        slow.append(Twin(requests, design, simulator.device).run())
    name = f"the responses to the first {len(played.stamp)} bursts"
    return {name: (np.concatenate(fast).astype(float), np.concatenate(slow).astype(float))}


class Twin:
    """One controller, one trace; :meth:`run` gives the cycle of each response."""

    def __init__(
        self, requests: Sequence[Request], design: Mapping[str, Any], device: Device
    ) -> None:
        """``requests``: (stamp, is_write, bank, row, address); ``design``: names to values."""
        self.requests, self.d, self.device = requests, design, device
        self.constraints: dict[tuple[str, str, str], int] = {}
        for scope, first, second, cycles in timing.constraints(device):
            key = (scope, NAMES[first], NAMES[second])
            self.constraints[key] = max(self.constraints.get(key, 0), cycles)
        # commands further back than this cannot hold one up
        self.longest = max(*self.constraints.values(), device.t["FAW"])
        self.history: list[tuple[int, str, int | None]] = []  # (cycle, command, bank)
        self.queues: dict[int, list[int]] = {b: [] for b in range(device.banks)}
        self.open: dict[int, int] = {}
        self.admitted = 0
        self.last_bank, self.last_write = 0, 0
        self.response: dict[int, int] = {}
        self.finish: dict[int, int] = {}
        self.flex, self.due = 0, device.t["REFI"]
        self.pulled_in = self.blocked = False

    # ---- timing by history
    def legal(self, now: int, command: str, bank: int | None) -> bool:
        """Whether no earlier command forbids one in this cycle.

        Args:
            now: the cycle.
            command: its name.
            bank: which it is for; None for all.

        Returns:
            Whether it may be issued.
        """
        size = self.device.banks // self.device.bank_groups
        for cycle, earlier, other in reversed(self.history):
            if now - cycle > self.longest:
                break
            scopes = ["rank"]
            if other is not None and bank is not None:
                scopes += ["group"] * (other // size == bank // size)
                scopes += ["bank"] * (other == bank)
            for scope in scopes:
                if now - cycle < self.constraints.get((scope, earlier, command), 0):
                    return False
            if cycle == now:
                return False
        if command == "ACT":
            acts = [c for c, name, _ in self.history if name == "ACT"]
            if len(acts) >= 4 and now - acts[-4] < self.device.t["FAW"]:
                return False
        return True

    # ---- what a bank would do
    def pick(self, bank: int) -> int:
        """The request that a bank would serve next.

        Args:
            bank: one with requests.

        Returns:
            The request's number.
        """
        queue = self.queues[bank]
        if self.d["scheduler"] == "Fifo" or bank not in self.open:
            return queue[0]
        hits = [k for k in queue if self.requests[k][3] == self.open[bank]]
        if self.d["scheduler"] == "FrFcfsGrp":
            for i, k in enumerate(hits):
                same = any(self.requests[j][4] == self.requests[k][4] for j in hits[:i])
                if self.requests[k][1] == self.last_write and not same:
                    return k
        return hits[0] if hits else queue[0]

    def command(self, bank: int, k: int) -> str:
        """What a bank must be told next for a request.

        Args:
            bank: the bank.
            k: the request's number.

        Returns:
            The command's name.
        """
        if bank not in self.open:
            return "ACT"
        row, queue, policy = self.open[bank], self.queues[bank], self.d["page_policy"]
        if self.requests[k][3] != row:
            return "PREPB"
        if self.d["scheduler"] == "Fifo":
            further = len(queue) > 1 and self.requests[queue[1]][3] == row
        else:
            further = sum(self.requests[j][3] == row for j in queue) > 1
        close = {
            "Open": False,
            "Closed": True,
            "OpenAdaptive": len(queue) > 1 and not further,
            "ClosedAdaptive": not further,
        }[policy]
        return ("WR" if self.requests[k][1] else "RD") + ("A" if close else "")

    def room(self) -> bool:
        """Whether the buffer takes another request."""
        size, kind = self.d["request_buffer_size"], self.d["scheduler_buffer"]
        waiting = [k for q in self.queues.values() for k in q]
        writes = sum(self.requests[k][1] for k in waiting)
        if kind == "Bankwise":
            return len(self.queues[self.last_bank]) < size
        if kind == "ReadWrite":
            return writes < size and len(waiting) - writes < size
        return len(waiting) < size

    # ---- refresh
    def want_refresh(self, now: int) -> str | None:
        """What the refresh manager wants issued.

        Args:
            now: the cycle.

        Returns:
            A refresh, the precharge before it, or None.
        """
        if self.d["refresh_policy"] == "NoRefresh" or now < self.due:
            return None
        busy = any(self.queues.values())
        if self.pulled_in:
            if busy:
                self.pulled_in, self.due = False, self.due + self.device.t["REFI"]
                return None
            return "REFAB"
        if self.flex == self.d["refresh_max_postponed"]:
            self.blocked = True
        elif busy:
            self.flex, self.due = self.flex + 1, self.due + self.device.t["REFI"]
            return None
        return "PREAB" if self.open else "REFAB"

    def refreshed(self) -> None:
        """A refresh was issued."""
        self.blocked = False
        if self.pulled_in:
            self.flex -= 1
        else:
            self.pulled_in = True
        if self.flex == -self.d["refresh_max_pulled_in"]:
            self.pulled_in, self.due = False, self.due + self.device.t["REFI"]

    # ---- the way in and out
    def arrival_time(self, accepted: int, acknowledged: int) -> tuple[int | None, int]:
        """When the next request reaches the controller.

        Args:
            accepted: the cycle when the arbiter took the one before.
            acknowledged: the cycle when the controller did.

        Returns:
            The cycle, or None while the arbiter has no slot; and when the arbiter takes it.
        """
        k, simple = self.admitted, self.d["arbiter"] == "Simple"
        if k == len(self.requests):
            return None, accepted
        stamp = self.requests[k][0] if k else 0
        if simple:
            return max(stamp, acknowledged) + 1, accepted
        slots = self.d["max_active_transactions"]
        accepted = max(accepted, stamp)
        if k >= slots:
            ends = sorted(self.response.values())
            if len(ends) <= k - slots:
                return None, accepted
            accepted = max(accepted, ends[k - slots] + 1)
        return max(accepted, acknowledged + 1 if k else 0) + 1, accepted

    def answer(self) -> None:
        """Responses from finish times: in CAS order or request order, then through the arbiter."""
        gap = 1 if self.d["arbiter"] == "Simple" else 2
        order = list(self.finish) if self.d["response_queue"] == "Fifo" else sorted(self.finish)
        sent, last, expected = {}, -10, 0
        for k in order:
            if self.d["response_queue"] == "Reorder":
                if k != expected:
                    break
                expected += 1
            last = sent[k] = max(self.finish[k], last + gap)
        if self.d["arbiter"] == "Reorder":
            ordered, last = {}, -10
            for k in range(len(self.requests)):
                if k not in sent:
                    break
                last = ordered[k] = max(sent[k], last + gap)
            sent = ordered
        self.response = sent

    def run(self) -> list[int]:
        """Response cycles by request."""
        t, now, waiting, accepted, acknowledged = self.device.t, -1, False, 0, 0
        while len(self.response) < len(self.requests):
            now += 1
            arrival, accepted = self.arrival_time(accepted, acknowledged)
            if not waiting and arrival is not None and arrival <= now:
                waiting = True
                if self.room():
                    self.admit()
                    waiting, acknowledged = False, now
            refresh = self.want_refresh(now)
            choices: list[tuple[int, str, int | None]] = []
            if refresh and self.legal(now, refresh, None):
                choices.append((-1, refresh, None))
            if not self.blocked:
                for bank, queue in self.queues.items():
                    if queue:
                        k = self.pick(bank)
                        command = self.command(bank, k)
                        if self.legal(now, command, bank):
                            choices.append((k, command, bank))
            if not choices:
                continue
            k, command, where = min(choices, key=lambda c: c[0])
            self.history.append((now, command, where))
            if where is not None and command == "ACT":
                self.open[where] = self.requests[k][3]
            elif where is not None and command in ("PREPB", "RDA", "WRA"):
                del self.open[where]
            elif command == "PREAB":
                self.open.clear()
            elif command == "REFAB":
                self.refreshed()
            if where is not None and command in CAS:
                self.queues[where].remove(k)
                self.last_write = self.requests[k][1]
                latency = t["WL"] if self.requests[k][1] else t["RL"]
                self.finish[k] = now + latency + self.device.burst_cycles
                self.answer()
                if waiting and self.room():
                    self.admit()
                    waiting, acknowledged = False, now + 1
            self.want_refresh(now)
        return [self.response[k] for k in range(len(self.requests))]

    def admit(self) -> None:
        """The next request enters the buffer."""
        bank = self.requests[self.admitted][2]
        self.queues[bank].append(self.admitted)
        self.last_bank = bank
        self.admitted += 1
