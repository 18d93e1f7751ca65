"""FARSI's phase-driven simulator in plain Python: the slow, obvious model of a system on chip.

A task graph mapped on processing elements, memories and buses.  In each phase every block's bandwidth
is shared among the tasks on it, the slowest block sets a task's rate, and the phase ends when the next
task completes (Boroujerdian et al., FARSI, ACM TECS 2023, doi 10.1145/3544016).  Original quirks are
kept: tasks done at 99 %, leaked memory, slipped power windows.
"""

from __future__ import annotations

import itertools
import math

A53_RATE, A53_INST_PER_J, A53_AREA = 2e9, 47019607843.0, 6.5e-7
DUMMY = ("souurce", "siink", "dummy_last")
QUANTUM, SMALLEST, BANK, WINDOW = 256000, 2048, 1048576, 0.010


class Workload:
    """Tasks with work, and edges (parent, child, bytes)."""

    def __init__(self, described):
        self.tasks = described["tasks"]
        self.edges = [(int(p), int(c), float(b)) for p, c, b in described["edges"]]
        self.last = described["last_task"]
        self.work = [float(t["work_instructions"]) for t in self.tasks]
        self.dummy = [any(d in t["name"] for d in DUMMY) for t in self.tasks]
        self.source = [i for i, t in enumerate(self.tasks) if "souurce" in t["name"]]
        n = len(self.tasks)
        self.children = [
            [e for e in range(len(self.edges)) if self.edges[e][0] == t] for t in range(n)
        ]
        self.parents = [
            [e for e in range(len(self.edges)) if self.edges[e][1] == t] for t in range(n)
        ]
        self.dice = [self._dice(t) for t in range(n)]

    def _dice(self, t):
        """In how many bursts a task runs; its traffic competes in units of bytes a burst."""
        if "souurce" in self.tasks[t]["name"] or "siink" in self.tasks[t]["name"]:
            return 1
        reads = [self.edges[e][2] for e in self.parents[t]]
        writes = [self.edges[e][2] for e in self.children[t]]
        dice = int(min(reads) // 1024) if reads else 0
        if dice == 0 or (writes and min(writes) // dice == 0) or self.work[t] // dice == 0:
            return 1
        return dice

    def unit(self, t, edge):
        """Competing weight of one edge of a task."""
        name = self.tasks[t]["name"]
        if "souurce" in name or "siink" in name:
            return 1
        return int(self.edges[edge][2] / self.dice[t])


class System:
    """Blocks, their neighbours and the traffic they carry."""

    def __init__(self, workload, design):
        self.w, self.d = workload, design
        self.pes = [f"pe{i}" for i in range(len(design["pes"]))]
        self.mems = [f"mem{i}" for i in range(len(design["mems"]))]
        self.buses = [f"bus{i}" for i in range(len(design["buses"]))]
        self.near = {b: [] for b in [*self.pes, *self.mems, *self.buses]}
        for i, bus in enumerate(design["pe_bus"]):
            self._link(self.pes[i], self.buses[bus])
        for a, b in design["bus_bus"]:
            self._link(self.buses[a], self.buses[b])
        for i, bus in enumerate(design["mem_bus"]):
            self._link(self.mems[i], self.buses[bus])
        # block -> {(task, direction): [edges]}, in order of insertion
        self.load = {b: {} for b in self.near}
        for t, pe in enumerate(design["task_pe"]):
            self.load[self.pes[pe]].setdefault((t, "run"), [])
        for t in range(len(workload.tasks)):
            for e in workload.children[t]:
                self._add(self.mems[design["edge_mem"][e]], t, "write", e)
        self._walk_tasks()
        self._cut_idle_links()
        if design["prune"]:
            self._prune()
        self.order = self._launch_order()
        self._pipes()

    def _link(self, a, b):
        self.near[a].append(b)
        self.near[b].append(a)

    def _unlink(self, a, b):
        self.near[a].remove(b)
        self.near[b].remove(a)

    def _add(self, block, t, direction, e):
        held = self.load[block].setdefault((t, direction), [])
        if e not in held:
            held.append(e)

    def blocks(self):
        """Depth-first from the first processing element."""
        seen, stack = [], [self.pes[0]]

        def visit(block):
            seen.append(block)
            for other in self.near[block]:
                if other not in seen:
                    visit(other)

        visit(stack[0])
        return seen

    def path(self, t, mem):
        """Blocks from a task's element to a memory, both included; None where there is no way."""
        start = self.pes[self.d["task_pe"][t]]
        routes = [[start]]
        seen = {start}
        while routes:
            route = routes.pop(0)
            if route[-1] == mem:
                return route
            for other in self.near[route[-1]]:
                if other not in seen and (other in self.buses or other == mem):
                    seen.add(other)
                    routes.append([*route, other])
        return None

    def _buses_between(self, t, mem):
        return [b for b in self.path(t, mem) or [] if b in self.buses]

    def _walk_tasks(self):
        blocks = [b for b in self.blocks() if b in self.mems]
        seen = set()

        def visit(mem, t, e):
            if mem is not None:
                self._add(mem, t, "read", e)
                for bus in self._buses_between(t, mem):
                    self._add(bus, t, "read", e)
            if t in seen:
                return
            seen.add(t)
            writes = [(m, out) for m in blocks for out in self.load[m].get((t, "write"), [])]
            for m, out in writes:
                for bus in self._buses_between(t, m):
                    self._add(bus, t, "write", out)
            for m, out in writes:
                visit(m, self.w.edges[out][1], out)

        for root in (t for t in range(len(self.w.tasks)) if not self.w.parents[t]):
            visit(None, root, None)

    def tasks_on(self, block):
        return {t for t, _ in self.load[block]}

    def _cut_idle_links(self):
        for a in self.buses:
            for b in list(self.near[a]):
                if b in self.buses and not self.tasks_on(a) & self.tasks_on(b):
                    self._unlink(a, b)

    def _prune(self):
        for bus in [b for b in self.blocks() if b in self.buses]:
            mems = [b for b in self.near[bus] if b in self.mems]
            pes = [b for b in self.near[bus] if b in self.pes]
            others = [b for b in self.near[bus] if b in self.buses]
            if not mems and len(others) == 1:
                moved = pes
            elif not pes and len(others) == 1:
                moved = mems
            elif not mems and not pes:
                moved = []
            else:
                continue
            for other in others[1:]:
                self._link(others[0], other)
            for block in moved:
                self._unlink(block, bus)
                self._link(block, others[0])
            for other in others:
                self._unlink(bus, other)

    def _launch_order(self):
        order = []
        for block in self.blocks():
            for t, _ in self.load[block]:
                if t not in order:
                    order.append(t)
        return order

    def _pipes(self):
        """Who travels over each directed hop: (master, slave, direction) -> {task: edges}."""
        self.pipe = {}
        for t in range(len(self.w.tasks)):
            for direction, edges in (("read", self.w.parents[t]), ("write", self.w.children[t])):
                for e in edges:
                    route = self.path(t, self.mems[self.d["edge_mem"][e]])
                    if route is None:
                        raise ValueError("unreachable memory")
                    for a, b in itertools.pairwise(route):
                        self.pipe.setdefault((a, b, direction), {}).setdefault(t, []).append(e)
        self.clusters = []  # (block, direction, outgoing pipe or None, incoming pipes)
        for mem in self.mems:
            for direction in ("read", "write"):
                arriving = [k for k in self.pipe if k[1] == mem and k[2] == direction]
                if arriving:
                    self.clusters.append((mem, direction, None, arriving))
        for key, users in self.pipe.items():
            master, _, direction = key
            if master not in self.buses:
                continue
            flows = {e for edges in users.values() for e in edges}
            arriving = [
                k
                for k, others in self.pipe.items()
                if k[1] == master
                and k[2] == direction
                and flows & {e for edges in others.values() for e in edges}
            ]
            self.clusters.append((master, direction, key, arriving))

    def peak(self, block):
        kind, i = block.rstrip("0123456789"), int(block.lstrip("pemusb"))
        width, frequency = self.d["mems"][i][1:] if kind == "mem" else self.d["buses"][i]
        return width * frequency

    def ratio(self, block, t, direction):
        return (
            sum(self.w.edges[e][2] for e in self.load[block].get((t, direction), []))
            / self.w.work[t]
        )

    def pe_rate(self, t):
        kind = self.d["pes"][self.d["task_pe"][t]]
        if kind[0] == "cpu":
            return A53_RATE
        _, task, unroll, frequency = kind
        ip = self.w.tasks[task]
        return unroll * (frequency / 1e8) * self.w.work[task] / (ip["ip_cycles_at_100MHz"] / 1e8)

    def pe_energy(self, t):
        kind = self.d["pes"][self.d["task_pe"][t]]
        if kind[0] == "cpu":
            return 1 / A53_INST_PER_J
        _, task, unroll, _ = kind
        return self.w.tasks[task]["ip_energy_J_unscaled"] * 0.064 * unroll / self.w.work[task]

    def rate(self, t, running):
        """Instructions a second of a task among those that run."""
        if self.w.work[t] == 0:
            return 1.0
        best = self.pe_rate(t)
        for block, direction, leaving, arriving in self.clusters:
            if (t, direction) not in self.load[block]:
                continue
            if leaving is not None and t not in self.pipe[leaving]:
                continue
            active = [
                k
                for k in arriving
                if any(
                    x in self.pipe[k] and (leaving is None or x in self.pipe[leaving])
                    for x in running
                )
            ]
            share = 0.0
            for k in active:
                mine = self.units(k, t)
                if mine:
                    share += 1 / len(active) * mine / sum(self.units(k, x) for x in running)
            if share:
                best = min(best, self.peak(block) * share / self.ratio(block, t, direction))
        return best

    def units(self, pipe, t):
        if t not in self.pipe[pipe]:
            return 0
        held = self.load[pipe[1]].get((t, pipe[2]), [])
        return sum(self.w.unit(t, e) for e in held)


def simulate(workload, design, cacti):
    """Everything FARSI reports of one design."""
    s = System(workload, design)
    n = len(workload.tasks)
    clock = old = 0.0
    run, wait, rates = [], [], {}
    left = list(workload.work)
    tokens = [set() for _ in range(n)]
    launched, start, finish, running = [False] * n, [0.0] * n, [0.0] * n, [0.0] * n
    completed, phases = [], []
    live = dict.fromkeys(s.mems, 0.0)
    top = dict(live)
    while True:
        dt = clock - old
        old = clock
        phases.append((dt, {t: rates.get(t, 0.0) * dt for t in run}))
        done = []
        for t in run:
            left[t] -= rates.get(t, 0.0) * dt
            running[t] += dt
            if workload.work[t] == 0 or 1 - left[t] / workload.work[t] >= 0.99:
                done.append(t)
        for t in done:
            run.remove(t)
            finish[t] = clock
            for e in workload.children[t]:
                tokens[workload.edges[e][1]].add(t)
            completed.append(t)
            for p in dict.fromkeys(workload.edges[e][0] for e in workload.parents[t]):
                offspring = [workload.edges[e][1] for e in workload.children[p]]
                if all(c in completed for c in offspring):
                    if p not in workload.source:
                        for e in workload.children[p]:
                            live[s.mems[design["edge_mem"][e]]] -= workload.edges[e][2]
                    completed = [c for c in completed if c not in offspring]
        for t in s.order:
            needed = {workload.edges[e][0] for e in workload.parents[t]}
            if not launched[t] and needed <= tokens[t]:
                launched[t], start[t] = True, clock
                for e in workload.children[t]:
                    mem = s.mems[design["edge_mem"][e]]
                    live[mem] += workload.edges[e][2]
                    top[mem] = max(top[mem], live[mem])
                run.append(t)
        candidates, run, wait, taken = run + wait, [], [], set()
        for t in candidates:
            pe = design["task_pe"][t]
            (wait if pe in taken else run).append(t)
            taken.add(pe)
        if not run and all(launched):
            break
        rates = {t: s.rate(t, run) for t in run}
        clock += (
            0.0 if any(workload.work[t] == 0 for t in run) else min(left[t] / rates[t] for t in run)
        )
    return _report(s, phases, top, cacti, start, finish, running)


def _report(s, phases, top, cacti, start, finish, running):
    w, d = s.w, s.d
    rows = {}
    for i, mem in enumerate(s.mems):
        if top[mem] > 0:
            size = math.ceil(max(math.ceil(top[mem]), SMALLEST) / QUANTUM)
            rows[mem] = cacti[d["mems"][i][0]][size - 1]
    energy = []
    for _, amount in phases:
        total = 0.0
        for t, work in amount.items():
            if w.work[t] == 0:
                continue
            total += work * s.pe_energy(t)
            for mem in rows:
                if (t, "read") in s.load[mem]:
                    total += work * s.ratio(mem, t, "read") * rows[mem][1]
                if (t, "write") in s.load[mem]:
                    total += work * s.ratio(mem, t, "write") * rows[mem][2]
        energy.append(total)
    areas = [_pe_area(s, i) for i in range(len(s.pes))]
    sram = sum(r[3] for m, r in rows.items() if d["mems"][int(m[3:])][0] == "sram")
    dram = sum(r[3] for m, r in rows.items() if d["mems"][int(m[3:])][0] == "dram")
    return {
        "latency_s": {name: finish[t] for name, t in w.last.items()},
        "energy_J": sum(energy),
        "power_W": _power([dt for dt, _ in phases], energy),
        "area_m2": sum(areas) + sram + dram,
        "area_non_dram_m2": sum(areas) + sram,
        "area_dram_m2": dram,
        "dev_cost": _development_cost(s, top),
        "phases": len(phases),
        "task_start_s": start,
        "task_finish_s": finish,
        "task_running_s": running,
        "launch_priority": s.order,
        "mem_peak_bytes": {m: math.ceil(b) for m, b in top.items() if b > 0},
    }


def _pe_area(s, i):
    tasks = [t for t, pe in enumerate(s.d["task_pe"]) if pe == i]
    if not any(
        "souurce" not in s.w.tasks[t]["name"] and "siink" not in s.w.tasks[t]["name"] for t in tasks
    ):
        return 0.0
    kind = s.d["pes"][i]
    return (
        A53_AREA
        if kind[0] == "cpu"
        else s.w.tasks[kind[1]]["ip_area_m2_unscaled"] * 0.0374 * kind[2]
    )


def _power(durations, energy):
    low = high = 0
    left, windows = WINDOW, []
    for dt in durations:
        if dt == 0:
            continue  # the index does not advance: FARSI's slip
        if dt > left:
            left = WINDOW
            windows.append((low, high + 1))
            low = high + 1
        else:
            left -= dt
        high += 1
    if not windows:
        windows = [(0, len(durations))]
    elif windows[-1][1] != len(durations):
        windows.append((windows[-1][1], len(durations)))
    best = 0.0
    for a, b in windows:
        time = sum(durations[a:b])
        best = max(best, sum(energy[a:b]) / time if time else 0.0)
    return best


def _development_cost(s, top):
    w, d = s.w, s.d
    least = min(x for x, dummy in zip(w.work, w.dummy) if not dummy)
    cost = 0.0
    near = s.blocks()
    for i, pe in enumerate(s.pes):
        tasks = [t for t, p in enumerate(d["task_pe"]) if p == i]
        scale = 1 if d["pes"][i][0] == "cpu" else 100
        cost += scale * sum(w.work[t] for t in tasks) / least
        for mem in s.mems:
            if mem in near and pe in near:
                shared = set(tasks) & s.tasks_on(mem)
                if shared:
                    route = s.path(tasks[0], mem)
                    cost += 0.1 * len(route) * len(shared)
    cost += sum(0.1 * math.ceil(top[m] / BANK) for m in s.mems)
    cost += 0.1 * sum(b in near for b in s.buses)
    return cost
