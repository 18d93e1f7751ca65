"""A transformer's step by compiled kernels: one NPU per pipeline stage, one collective of each kind.

What it costs grows with nodes and phases, not with NPUs. It gives the times of :mod:`~.events` to the
nanosecond, or says that it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from .chunk_kernel import collective_time
from .durations import duration, least_port_time, port_time, sending_time
from .faults import Used, closed, faults
from .phases import Planner, chunks
from .program_kernel import CLASSES, Plan, Times, program
from .step_kernel import NOTHING, UNSURE, Classes, new_state, run
from .system import System, coordinates, number
from .training import Workload
from .transformer import ELEMENT, Costs, costs_of

MESSAGE = (1, 1)  # operations and bytes of the node that takes a message in


@dataclass(frozen=True)
class Recipe:
    """What a design asks for: a cluster, the dimensions of each role, and how a step is scheduled.

    ``recompute`` is what of the activations is not kept. Computing it again takes time, unless
    ``recomputing`` is false: ASTRA-sim's workloads have no such nodes.
    """

    system: System
    dims: Mapping[str, Sequence[int]]
    micro: int
    zero: int
    schedule: str
    recompute: str = "selective"
    recomputing: bool = True

    @property
    def again(self) -> str:
        """What is computed again, of RECOMPUTE, as far as it takes time."""
        return self.recompute if self.recomputing else "none"

    def npus(self, role: str) -> int:
        """NPUs over which a role divides.

        Args:
            role: such as ``tensor``; a key of ``dims``.

        Returns:
            A product, 1 where the role has no dimension.
        """
        return prod(self.system.npus[d] for d in self.dims[role])


class Figures(NamedTuple):
    """Of a step, in ns: its time, the longest computation and exposed time, communication and its bound."""

    time: int
    compute: int
    exposed: int
    communication: int
    least: float


class Collective(NamedTuple):
    """Kind, bytes and dimensions of more than one NPU; none are left where there is nobody to talk to."""

    kind: str
    size: int
    dims: list[int]


def collectives(recipe: Recipe, task: Workload, costs: Costs) -> list[Collective]:
    """The collective of each class of :mod:`~.program_kernel`, in its order.

    Args:
        recipe: what a design asks for.
        task: the model, and what is done with it.
        costs: of a layer on one NPU.

    Returns:
        One per class.
    """
    train, shape = task.mode == "train", task.shape
    copies = sorted([*recipe.dims["data"], *recipe.dims["sequence"]])
    weights = costs.shared * ELEMENT
    shard = weights // prod(recipe.system.npus[d] for d in copies)
    sequence = recipe.dims["sequence"]
    exchange = recipe.dims["data"] if shape.experts and train else []
    every = [
        ("all_reduce", costs.activation, recipe.dims["tensor"]),
        ("all_to_all", costs.activation * (shape.top_k or 1), exchange),
        ("all_gather", shard, copies if train and recipe.zero else []),
        ("all_reduce" if recipe.zero == 0 else "reduce_scatter", weights, copies if train else []),
        ("all_gather", costs.keys, sequence),
        ("reduce_scatter", costs.keys * recipe.npus("sequence"), sequence if train else []),
    ]  # fmt: skip
    npus = recipe.system.npus
    return [Collective(kind, size, [d for d in dims if npus[d] > 1]) for kind, size, dims in every]


def _costs(recipe: Recipe, task: Workload) -> Costs:
    sequences = max(1, task.batch // (recipe.npus("data") * recipe.micro))
    decode = task.mode == "decode"
    tokens = sequences * (1 if decode else task.seq // recipe.npus("sequence"))
    span = task.ctx + 1 if decode else task.seq
    return costs_of(task.shape, task.mode, tokens, span, recipe.npus("tensor"), recipe.npus("data"))


def _classes(system: System, every: Sequence[Collective]) -> Classes:
    planner = Planner(system, 0)
    made: list[tuple[tuple[int, int], int, list[int], list[float]]] = []
    for kind, size, dims in every:
        if not dims:
            made.append(((0, 0), 0, [], []))
            continue
        chunk, count = chunks(system, kind, size)
        phases = planner.phases(kind, chunk, dims)
        takes = [duration(system, p) for p in phases]
        queue = [p.queue[0] for p in phases]
        time = collective_time(
            count, system.active_chunks, np.array(queue), np.array(takes),
            np.array([port_time(system, p) for p in phases]),
            np.array([t - sending_time(system, p) for t, p in zip(takes, phases)]),
            system.bounded,
        )  # fmt: skip
        made.append((time, count, queue, [least_port_time(system, p) for p in phases]))
    longest = max(len(queue) for _, _, queue, _ in made)
    dimension = np.zeros((CLASSES, longest), np.int64)
    least = np.zeros((CLASSES, longest))
    for c, (_, _, queue, needs) in enumerate(made):
        dimension[c, : len(queue)], least[c, : len(queue)] = queue, needs
    return Classes(
        np.array([time for (time, _), *_ in made]),
        np.array([last for (_, last), *_ in made]),
        np.array([count for _, count, *_ in made]),
        np.array([len(queue) for _, _, queue, _ in made]),
        dimension,
        least,
    )


def _delays(recipe: Recipe, stages: int, size: int) -> tuple[list[int], list[int]]:
    """Nanoseconds of a message to each stage from the one before it, and from the one after it."""
    system, pipeline = recipe.system, recipe.dims["pipeline"]

    def npu(stage: int) -> int:
        place = [0] * len(system.npus)
        for d, at in zip(pipeline, coordinates(stage, [system.npus[d] for d in pipeline])):
            place[d] = at
        return number(place, system.npus)

    every = [npu(stage) for stage in range(stages)]
    ahead = [system.delay(a, b, size) for a, b in pairwise(every)]
    back = [system.delay(b, a, size) for a, b in pairwise(every)]
    return [0, *ahead], [*back, 0]


def _times(recipe: Recipe, costs: Costs, layers: int) -> Times:
    system = recipe.system

    def takes(cost: tuple[int, int], times: int = 1) -> int:
        operations = times * cost[0]
        return system.compute_time(operations, times * cost[1]) if operations else NOTHING

    def both(cost: tuple[int, int]) -> np.ndarray:
        return np.array([takes(cost), takes(cost, 2)])

    copies = recipe.npus("data") * recipe.npus("sequence")
    parameters = costs.layer * layers // (copies if recipe.zero else 1)
    attention = np.array([takes(costs.attention), takes(costs.attention_back(recipe.again))])
    optimizer = takes((4 * parameters, 18 * parameters))
    return Times(attention, both(costs.mlp), both(costs.head), optimizer, takes(MESSAGE))


def computations(recipe: Recipe, task: Workload) -> dict[tuple[int, int], str]:
    """What the computations of a step are; backward is twice forward, and what is computed again.

    Args:
        recipe: what a design asks for; it must divide the task.
        task: the model, and what is done with it.

    Returns:
        Names by operations and bytes; the optimizer has none.
    """
    costs = _costs(recipe, task)
    parts = {
        "attention": costs.attention,
        "experts" if task.shape.experts else "MLP": costs.mlp,
        "head": costs.head,
    }
    out = {(n * c[0], n * c[1]): name for name, c in parts.items() for n in (1, 2)}
    out[costs.attention_back(recipe.again)] = "attention"
    return out | {MESSAGE: "taking a message in"}


def used_by(recipe: Recipe, task: Workload) -> Used:
    """Which collectives a step uses, and where.

    Args:
        recipe: what a design asks for.
        task: the model, and what is done with it.

    Returns:
        (kind of collective, dimension), of dimensions with more than one NPU.
    """
    every = collectives(recipe, task, _costs(recipe, task))
    return {(kind, d) for kind, _, dims in every for d in dims}


def quick(recipe: Recipe, task: Workload) -> Figures | str | None:
    """One step of a task, by compiled kernels.

    Args:
        recipe: what a design asks for; it must divide the task.
        task: the model, and what is done with it.

    Returns:
        Its figures; a text that says why there are none; or None where only :mod:`~.events` can tell.
    """
    system, costs = recipe.system, _costs(recipe, task)
    every = collectives(recipe, task, costs)
    pairs = {(kind, d) for kind, _, dims in every for d in dims}
    wrong = [*faults(system, pairs), *_too_small(system, every)]
    if wrong:
        return "; ".join(wrong)
    if not closed(system, pairs) or system.queues > 1 or not system.roofline:
        return None
    stages = recipe.npus("pipeline")
    layers = max(1, task.shape.layers // stages)
    there = np.array([bool(c.dims) for c in every], np.int64)
    train, gpipe = task.mode == "train", recipe.schedule == "gpipe"
    again = recipe.again == "full"
    plan = Plan(stages, layers, recipe.micro, train, gpipe, recipe.zero, again, there)
    nodes, starts = program(plan, _times(recipe, costs, layers))
    ahead, back = _delays(recipe, stages, costs.activation)
    delays = np.stack([ahead, back], axis=1).repeat(recipe.micro, axis=0)
    receivers = np.arange(stages).repeat(2 * recipe.micro)
    dimensions = 1 + max(system.part(d)[0] for d in range(len(system.npus)))
    state = new_state(starts, delays.size, dimensions)
    run(nodes, _classes(system, every), delays.ravel(), starts, receivers, state)
    if state.left.any():
        return "deadlock: stages wait for one another"
    if state.clock[3] == UNSURE:
        return None
    return Figures(
        int(state.finish.max()),
        int(state.computed.max()),
        int((state.finish - state.computed).max()),
        int(state.communicated.max()),
        float(state.least.max()),
    )


def _too_small(system: System, every: Sequence[Collective]) -> Iterator[str]:
    for kind, size, dims in every:
        if dims and kind == "all_gather" and size < system.splits:
            yield f"an all-gather of {size} bytes in {system.splits} splits never ends"
