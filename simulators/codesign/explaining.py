"""What a co-design's latency, energy, area and accuracy are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown
from archgym.space import Designs

from .tables import BANDWIDTHS, PES

if TYPE_CHECKING:
    from .simulator import CoDesignSimulator, Schedule

Amounts = dict[Part, float]


@dataclass
class Account:
    """One design's parts by metric, in the metrics' units."""

    latency: Amounts = field(default_factory=dict)
    energy: Amounts = field(default_factory=dict)
    area: Amounts = field(default_factory=dict)
    accuracy: Amounts = field(default_factory=dict)


def account(simulator: CoDesignSimulator, design: Designs) -> Account:
    """The parts of one feasible design (d,)."""
    out = Account()
    plan = simulator.schedule(design)
    for i in critical(plan):
        part = _part(simulator, plan, i)
        out.latency[part] = float(plan.latency[i, plan.assign[i]])
    for i in range(len(plan.layers)):
        part = _part(simulator, plan, i)
        out.energy[part] = float(plan.energy[i, plan.assign[i]])
    subs = simulator.subs(design[None])[0]
    pes, width = np.array(PES)[subs[:, 1]], np.array(BANDWIDTHS)[subs[:, 2]]
    area = simulator.units.area_um2(pes.astype(np.float64), width.astype(np.float64))
    for k, um2 in enumerate(area, 1):
        out.area[Part(f"acc{k}", f"acc{k}")] = float(um2) * 1e-12
    scores = simulator.gathered(design[None])[2][0]
    tasks = zip(simulator.tasks.tasks, simulator.tasks.weights, scores)
    for i, (task, weight, score) in enumerate(tasks, 1):
        out.accuracy[Part(f"net{i} ({task})", f"net{i}")] = float(weight * score)
    return out


def _part(simulator: CoDesignSimulator, plan: Schedule, i: int) -> Part:
    net, name = plan.layers[i]
    where = f"acc{plan.assign[i] + 1}"
    return Part(f"net{net + 1}, {name} on {where}", where, f"net{net + 1}")


def critical(plan: Schedule) -> list[int]:
    """Layers of the chain that sets the schedule's length, in order; each starts when the one before ends.

    A layer starts when its network's layer before it is done and its sub-accelerator is free, whichever is
    later; the chain follows the later one back to the start.
    """
    n = len(plan.layers)
    end = plan.start + plan.latency[np.arange(n), plan.assign]
    at = int(end.argmax())
    out = [at]
    while plan.start[at] > 0:
        before = [i for i in range(n) if end[i] == plan.start[at] and _feeds(plan, i, at)]
        at = before[0]
        out.append(at)
    return out[::-1]


def _feeds(plan: Schedule, i: int, at: int) -> bool:
    """Whether layer ``at`` may have waited for ``i``: its network's layer before, or one on its hardware."""
    previous = i == at - 1 and plan.layers[i][0] == plan.layers[at][0]
    return previous or (i != at and plan.assign[i] == plan.assign[at])


def breakdowns(
    accounts: Sequence[Account], evaluation: Evaluation, simulator: CoDesignSimulator
) -> Iterator[Breakdown]:
    """Latency and energy by layer, area by sub-accelerator, accuracy by network."""
    nets = [p.name for p in simulator.space.parameters if p.name.startswith("net")]
    subs = range(1, simulator.subaccelerators + 1)
    own = {f"acc{k}": 1 if simulator.identical else k for k in subs}
    smaller = tuple(Move(n, -1) for n in nets)
    relief: dict[str, dict[str, tuple[Move, ...]]] = {
        "latency": {
            a: (Move(f"acc{k}.pes", 1), Move(f"acc{k}.bandwidth", 1), Move(f"acc{k}.dataflow", 0), *smaller)
            for a, k in own.items()
        },
        "energy": {
            a: (Move(f"acc{k}.dataflow", 0), Move(f"acc{k}.pes", 1), Move(f"acc{k}.pes", -1), *smaller)
            for a, k in own.items()
        },
        "area": {a: (Move(f"acc{k}.pes", -1), Move(f"acc{k}.bandwidth", -1)) for a, k in own.items()},
        "accuracy": {
            f"net{i}": tuple(Move(n, 1) for n in nets if n.startswith(f"net{i}."))
            for i in range(1, len(simulator.tasks.tasks) + 1)
        },
    }  # fmt: skip
    for metric, moves in relief.items():
        rows: list[Amounts] = [getattr(a, metric) for a in accounts]
        parts = list(dict.fromkeys(p for row in rows for p in row))
        values: NDArray[np.float64] = np.array([[row.get(p, 0.0) for p in parts] for row in rows])
        yield breakdown(metric, parts, values, evaluation, relief=moves)
