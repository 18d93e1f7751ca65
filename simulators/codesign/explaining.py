"""What a co-design's latency, energy, area and accuracy are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from archgym.contracts.evaluation import Evaluation, Floats
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from .planned import Schedule
from .workloads import Workload as Tasks

Amounts = dict[Part, float]


@dataclass
class Account:
    """One design's parts by metric, in the metrics' units."""

    latency: Amounts = field(default_factory=dict)
    energy: Amounts = field(default_factory=dict)
    area: Amounts = field(default_factory=dict)
    accuracy: Amounts = field(default_factory=dict)


def account(plan: Schedule, area_um2: Floats, tasks: Tasks, scores: Floats) -> Account:
    """The parts of one feasible design.

    Args:
        plan: who runs what when.
        area_um2: of the sub-accelerators (k,).
        tasks: of the workload.
        scores: of their networks (t,).

    Returns:
        Latency, energy, area and accuracy by part.
    """
    out = Account()
    for i in critical(plan):
        out.latency[_part(plan, i)] = float(plan.latency[i, plan.assign[i]])
    for i in range(len(plan.layers)):
        out.energy[_part(plan, i)] = float(plan.energy[i, plan.assign[i]])
    for k, um2 in enumerate(area_um2, 1):
        out.area[Part(f"acc{k}", f"acc{k}")] = float(um2) * 1e-12
    for i, (task, weight, score) in enumerate(zip(tasks.tasks, tasks.weights, scores), 1):
        out.accuracy[Part(f"net{i} ({task})", f"net{i}")] = float(weight * score)
    return out


def _part(plan: Schedule, i: int) -> Part:
    net, name = plan.layers[i]
    where = f"acc{plan.assign[i] + 1}"
    return Part(f"net{net + 1}, {name} on {where}", where, f"net{net + 1}")


def critical(plan: Schedule) -> list[int]:
    """Layers of the chain that sets the schedule's length, in order.

    Each starts when the one before it ends. A layer starts when its network's layer before it is done and
    its sub-accelerator is free. The chain follows the later of the two back to the start.

    Args:
        plan: who runs which layer when.

    Returns:
        Positions of the layers.
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
    accounts: Sequence[Account],
    evaluation: Evaluation,
    nets: Sequence[str],
    own: Mapping[str, str],
) -> Iterator[Breakdown]:
    """Latency and energy by layer, area by sub-accelerator, accuracy by network.

    Args:
        accounts: one per design.
        evaluation: of the designs.
        nets: the networks' knobs.
        own: sub-accelerators, and what their knobs start with.

    Yields:
        One breakdown per metric.
    """
    layers = dict.fromkeys(part for a in accounts for part in a.energy)
    smaller = {part.name: _smaller(part, nets) for part in layers}
    relief: dict[str, dict[str, tuple[Move, ...]]] = {
        "latency": smaller
        | {
            a: (Move(f"{k}.pes", 1), Move(f"{k}.bandwidth", 1), Move(f"{k}.dataflow", 0))
            for a, k in own.items()
        },
        "energy": smaller
        | {
            a: (Move(f"{k}.dataflow", 0), Move(f"{k}.pes", 1), Move(f"{k}.pes", -1))
            for a, k in own.items()
        },
        "area": {a: (Move(f"{k}.pes", -1), Move(f"{k}.bandwidth", -1)) for a, k in own.items()},
        "accuracy": {
            f"net{i}": tuple(Move(n, 1) for n in nets if n.startswith(f"net{i}."))
            for i in range(1, 1 + max(int(n[3 : n.index(".")]) for n in nets))
        },
    }  # fmt: skip
    for metric, moves in relief.items():
        parts, values = columns([getattr(a, metric) for a in accounts])
        yield breakdown(metric, parts, values, evaluation, relief=moves)


def _smaller(part: Part, nets: Sequence[str]) -> tuple[Move, ...]:
    """What makes a layer smaller: the knobs of its stem, block or level, and how many of them there are."""
    layer = part.name.partition(", ")[2].partition(" on ")[0]
    number = "".join(c for c in layer.partition(".")[0] if c.isdigit())
    found = []
    for knob in (n for n in nets if n.startswith(f"{part.group}.")):
        kind = knob.partition(".")[2]
        shapes = kind[-1:] == number and ("skip" not in kind or "skip" in layer)
        # the bottom of a U-Net is as wide as its last level, wherever that is
        deep = layer.startswith("bottom") and kind.startswith("filters")
        levels = kind == "height" and layer.startswith(("up", "down", "bottom"))
        if shapes or deep or levels or kind == layer:
            found.append(Move(knob, -1))
    return tuple(found)
