"""The obvious twin of the compiled controller: every cycle, every command ever issued, plain Python.

DRAMSys 5.5's rules without power-down.  Legality is checked against the whole command history by the
constraint list, queues are lists, nothing is incremental.
"""

from archgym.simulators.dram import timing
from archgym.simulators.dram.commands import NAMES

CAS = ("RD", "WR", "RDA", "WRA")


class Twin:
    def __init__(self, requests, design, device):
        """``requests``: (stamp, is_write, bank, row, address); ``design``: names to values."""
        self.requests, self.d, self.device = requests, design, device
        self.constraints = {}
        for scope, first, second, cycles in timing.constraints(device):
            key = (scope, NAMES[first], NAMES[second])
            self.constraints[key] = max(self.constraints.get(key, 0), cycles)
        self.history = []  # (cycle, command, bank)
        self.queues = {b: [] for b in range(device.banks)}
        self.open = {}
        self.admitted = 0
        self.last_bank, self.last_write = 0, 0
        self.response = {}
        self.sent = []  # responses leaving the controller
        self.finish = {}
        self.flex, self.due = 0, device.t["REFI"]
        self.pulled_in = self.blocked = False

    # ---- timing by history
    def legal(self, now, command, bank):
        size = self.device.banks // self.device.bank_groups
        for cycle, earlier, other in self.history:
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
    def pick(self, bank):
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

    def command(self, bank, k):
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

    def room(self):
        size, kind = self.d["request_buffer_size"], self.d["scheduler_buffer"]
        waiting = [k for q in self.queues.values() for k in q]
        writes = sum(self.requests[k][1] for k in waiting)
        if kind == "Bankwise":
            return len(self.queues[self.last_bank]) < size
        if kind == "ReadWrite":
            return writes < size and len(waiting) - writes < size
        return len(waiting) < size

    # ---- refresh
    def want_refresh(self, now):
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

    def refreshed(self):
        self.blocked = False
        if self.pulled_in:
            self.flex -= 1
        else:
            self.pulled_in = True
        if self.flex == -self.d["refresh_max_pulled_in"]:
            self.pulled_in, self.due = False, self.due + self.device.t["REFI"]

    # ---- the way in and out
    def arrival_time(self, accepted, acknowledged):
        """When the next request reaches the controller, or None while the arbiter has no slot."""
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

    def answer(self):
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

    def run(self):
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
            choices = []
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
            k, command, bank = min(choices, key=lambda c: c[0])
            self.history.append((now, command, bank))
            if command == "ACT":
                self.open[bank] = self.requests[k][3]
            elif command in ("PREPB", "RDA", "WRA"):
                del self.open[bank]
            elif command == "PREAB":
                self.open.clear()
            elif command == "REFAB":
                self.refreshed()
            if command in CAS:
                self.queues[bank].remove(k)
                self.last_write = self.requests[k][1]
                latency = t["WL"] if self.requests[k][1] else t["RL"]
                self.finish[k] = now + latency + self.device.burst_cycles
                self.answer()
                if waiting and self.room():
                    self.admit()
                    waiting, acknowledged = False, now + 1
            self.want_refresh(now)
        return [self.response[k] for k in range(len(self.requests))]

    def admit(self):
        bank = self.requests[self.admitted][2]
        self.queues[bank].append(self.admitted)
        self.last_bank = bank
        self.admitted += 1
