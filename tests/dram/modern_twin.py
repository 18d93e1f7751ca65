"""A slow, obvious memory: every cycle, every bank, every rule against the whole history of commands.

One rank, one channel, one burst a request, all-bank refresh when due, the Simple arbiter, answers in order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from archgym.simulators.dram.modern.design import Design
from archgym.simulators.dram.modern.mappings import decode, parse_mapping
from archgym.simulators.dram.modern.standards import ModernDevice
from archgym.simulators.dram.modern.tables import constraints, cycles_of, named_timings


@dataclass(eq=False)
class Request:
    number: int
    write: bool
    bank: int
    row: int
    address: int


@dataclass
class Bank:
    row: int | None = None
    keep: bool = False
    current: Request | None = None
    queue: list[Request] = field(default_factory=list)


class Twin:
    """One run; ``latency`` and ``commands`` are the result."""

    def __init__(self, device: ModernDevice, design: Design) -> None:
        self.device, self.design, self.t = device, design, named_timings(device)
        self.rules = constraints(device)
        self.banks = [Bank() for _ in range(device.banks)]
        self.last: dict[tuple[str, int], int] = {}  # (command, bank): when
        self.activations: list[int] = []
        self.bus = {"row": 0, "column": 0}
        self.direction = False
        self.last_bank = 0
        self.due = self.t["REFI"] if design.refresh_policy == "AllBank" else 1 << 60
        self.commands: Counter[str] = Counter()

    def scopes(self, a: int, b: int) -> list[str]:
        size, stack = (
            self.device.banks // self.device.groups,
            self.device.banks // max(self.device.stacks, 1),
        )
        out = ["Rank"] + (["Bank"] if a == b else [])
        out += ["BankGroup"] if a // size == b // size else []
        return out + (["OtherStack"] if self.device.stacks and a // stack != b // stack else [])

    def length(self, command: str) -> int:
        return self.device.standard.lengths.get(command, 1)

    def wire(self, command: str) -> str:
        return (
            "column"
            if self.device.standard.buses == 2 and command[0] in "RW" and len(command) < 4
            else "row"
        )

    def legal(self, command: str, bank: int, now: int) -> int:
        legal = max(now, self.bus[self.wire(command)])
        for (before, other), when in self.last.items():
            for scope in self.scopes(other, bank):
                cycles = self.rules.get((scope, before, command))
                if cycles is not None and (scope == "Rank" or command not in ("PREAB", "REFAB")):
                    legal = max(legal, when + cycles)
        if command == "ACT" and len(self.activations) >= 4:
            legal = max(legal, self.activations[-4] + self.t["FAW"])
        return legal

    def room(self) -> bool:
        waiting = [r for b in self.banks for r in b.queue]
        writes = sum(r.write for r in waiting)
        size = self.design.request_buffer_size
        if self.design.scheduler_buffer == "Bankwise":
            return len(self.banks[self.last_bank].queue) < size
        if self.design.scheduler_buffer == "ReadWrite":
            return max(writes, len(waiting) - writes) < size
        return len(waiting) < size

    def offered(self, bank: Bank) -> Request | None:
        queue, scheduler = bank.queue, self.design.scheduler
        if scheduler == "GrpFrFcfs":
            queue = [r for r in queue if r.write == self.direction] or queue
        if not queue:
            return None
        hits = [r for r in queue if r.row == bank.row]
        if scheduler == "Fifo" or not hits:
            return queue[0]
        if scheduler == "FrFcfsGrp":
            for i, r in enumerate(hits):
                if r.write == self.direction and all(h.address != r.address for h in hits[:i]):
                    return r
        return hits[0]

    def closes(self, bank: Bank, request: Request) -> bool:
        policy = self.design.page_policy
        queue = bank.queue
        if self.design.scheduler == "GrpFrFcfs":
            queue = [r for r in queue if r.write == request.write]
        hits = sum(r.row == bank.row for r in queue)
        more = hits >= 2
        if self.design.scheduler == "Fifo":
            more = len(queue) > 1 and queue[1].row == bank.row
        return policy == "Closed" or (
            not more
            and (policy == "ClosedAdaptive" or (policy == "OpenAdaptive" and len(queue) > 1))
        )

    def wanted(self, bank: Bank) -> str | None:
        offered = self.offered(bank)
        if offered is None:
            return None
        if not bank.keep or offered.row == bank.row:
            bank.current = offered
        if bank.row is None:
            return "ACT"
        assert bank.current
        if bank.current.row != bank.row and self.design.page_policy != "Closed":
            return "PREPB"
        name = "WR" if bank.current.write else "RD"
        return name + ("A" if self.closes(bank, bank.current) else "")

    def candidates(self, now: int) -> list[tuple[int, int, int, str]]:
        """(legal, number, bank, command) of everything that could go out."""
        if now >= self.due:
            opened = any(b.row is not None for b in self.banks)
            command = "PREAB" if opened else "REFAB"
            return [(self.legal(command, 0, now), 0, -1, command)]
        out = []
        for i, bank in enumerate(self.banks):
            command = self.wanted(bank)
            if command:
                assert bank.current
                out.append((self.legal(command, i, now), bank.current.number, i, command))
        return out

    def best(self, now: int) -> tuple[int, str] | None:
        """The command that goes out now."""
        by_bus: dict[str, list[tuple[int, int, int, str]]] = {}
        for c in self.candidates(now):
            by_bus.setdefault(self.wire(c[3]), []).append(c)
        firsts = [
            min(group, key=lambda c: (c[0] + self.length(c[3]), c[1])) for group in by_bus.values()
        ]
        if not firsts:
            return None
        legal, _, bank, command = min(firsts, key=lambda c: (c[0], c[1]))
        return (bank, command) if legal == now else None

    def issue(self, bank: int, command: str, now: int) -> Request | None:
        self.commands[command] += 1
        self.bus[self.wire(command)] = now + self.length(command)
        self.last[command, max(bank, 0)] = now
        if bank < 0:
            for b in self.banks:
                b.row, b.keep = None, False
            if command == "REFAB":
                self.due += self.t["REFI"]
            return None
        b = self.banks[bank]
        if command == "ACT":
            assert b.current
            self.activations.append(now)
            b.row, b.keep = b.current.row, True
            return None
        done = None if command == "PREPB" else b.current
        if done:
            b.queue.remove(done)
            b.current, self.direction = None, done.write
        b.keep = False
        if command == "PREPB" or command.endswith("A"):
            b.row = None
        return done


def play(
    device: ModernDevice, design: Design, stamp: list[int], write: list[int], address: list[int]
) -> tuple[list[int], Counter[str]]:
    """Latencies in cycles, and the commands that were issued."""
    memory, n = Twin(device, design), len(stamp)
    to = decode(np.array(address, np.int64), parse_mapping(design.address_mapping, device, 1, 1))
    requests = [
        Request(i + 1, bool(write[i]), int(to.bank[i]), int(to.row[i]), address[i])
        for i in range(n)
    ]
    ends = {True: cycles_of(device.standard.write_end, memory.t)}
    ends[False] = cycles_of(device.standard.read_end, memory.t)
    latency, answered, at_door, arrival, now = [0] * n, -1, 0, stamp[0] + 1, 0

    def admit(late: int) -> None:
        nonlocal at_door, arrival
        if at_door < n and arrival <= now and memory.room():
            request = requests[at_door]
            memory.banks[request.bank].queue.append(request)
            memory.last_bank = request.bank
            at_door += 1
            if at_door < n:
                arrival = max(stamp[at_door], now + late) + 1

    while sum(len(b.queue) for b in memory.banks) or at_door < n:
        admit(0)
        while chosen := memory.best(now):
            done = memory.issue(*chosen, now)
            if done:
                answered = max(now + ends[done.write], answered + 1)
                latency[done.number - 1] = answered - stamp[done.number - 1]
                admit(1)
        now += 1
    return latency, memory.commands
