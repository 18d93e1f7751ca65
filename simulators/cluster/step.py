"""What a simulated step is, besides its metrics; what a design must hold to have one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .durations import links
from .events import Outcome, simulate
from .faults import closed, faults
from .stages import Figures, Recipe, computations, used_by
from .system import System
from .training import Workload, memory_parts
from .workloads import staged

OUT_OF_STEP = (
    "doubleBinaryTree lets NPUs fall out of step: its steps need every message and may deadlock, "
    "so no design with it is answered"
)


@dataclass(frozen=True)
class Step:
    """A step as simulated.

    Attributes:
        outcome: times of the NPUs.
        dims: dimensions by what they divide.
        memory: bytes of the fullest NPU, by what is held.
        ports: GB/s of an NPU by dimension of more than one NPU.
        system: what it ran on.
        names: of computations, by their operations and bytes; none of a task graph.
    """

    outcome: Outcome
    dims: dict[str, list[int]]
    memory: dict[str, float]
    ports: dict[int, float]
    system: System
    names: Mapping[tuple[int, int], str]

    @property
    def staged(self) -> bool:
        """Whether its NPUs stand for pipeline stages; else they are those of a task graph."""
        return "pipeline" in self.dims

    @property
    def figures(self) -> Figures:
        """Times in ns."""
        o = self.outcome
        ends = [f for f in o.finish if f is not None]
        return Figures(
            max(ends),
            max(o.compute),
            max(f - c for f, c in zip(ends, o.compute)),
            max(o.communication),
            max(o.least),
        )


def indivisible(recipe: Recipe, task: Workload) -> Iterator[str]:
    """What of a task is not divided by what a design divides it among.

    Args:
        recipe: what a design asks for.
        task: the model, and what is done with it.

    Yields:
        One text per fault.
    """
    tensor, data, stages, sequence = (
        recipe.npus(role) for role in ("tensor", "data", "pipeline", "sequence")
    )
    micro, shape = recipe.micro, task.shape
    tokens = 1 if task.mode == "decode" else task.seq
    if task.batch % (data * micro):
        yield f"a batch of {task.batch} is not divided by {data} x {micro} micro-batches"
    if shape.layers % stages:
        yield f"{shape.layers} layers are not divided by {stages} stages"
    if shape.heads % tensor:
        yield f"{shape.heads} heads are not divided by {tensor} tensor-parallel NPUs"
    if tokens % sequence:
        yield f"{tokens} tokens of a sequence are not divided by {sequence} NPUs"


def held(recipe: Recipe, task: Workload) -> dict[str, float]:
    """What the fullest NPU holds.

    Args:
        recipe: what a design asks for.
        task: the model, and what is done with it.

    Returns:
        Bytes by what is held.
    """
    tensor, data, stages, sequence = (
        recipe.npus(role) for role in ("tensor", "data", "pipeline", "sequence")
    )
    return memory_parts(
        task, tensor, data, stages, recipe.micro, recipe.zero, recipe.schedule, sequence,
        recipe.recompute,
    )  # fmt: skip


def ports(network: System) -> dict[int, float]:
    """The bandwidth of all ports of an NPU.

    Args:
        network: the cluster, its dimensions not divided among uses.

    Returns:
        GB/s of 2^30 bytes, by dimension of more than one NPU.
    """
    wide = [d for d, n in enumerate(network.npus) if n > 1]
    return {d: links(network, d) * network.bandwidth[d] for d in wide}


def step_of(recipe: Recipe, task: Workload, network: System) -> Step | str:
    """A step phase by phase.

    Args:
        recipe: what a design asks for.
        task: the model, and what is done with it.
        network: the cluster before its dimensions are divided among uses.

    Returns:
        The step, or a text that says why there is none.
    """
    system, dims = recipe.system, {role: list(of) for role, of in recipe.dims.items()}
    wrong = list(indivisible(recipe, task))
    if wrong:
        return wrong[0]
    pairs = used_by(recipe, task)
    wrong = faults(system, pairs)
    if wrong:
        return "; ".join(wrong)
    if not closed(system, pairs):
        return OUT_OF_STEP
    programs = staged(
        system.npus, model=task.shape, mode=task.mode, batch=task.batch, seq=task.seq,
        ctx=task.ctx, tp=dims["tensor"], dp=dims["data"], pp=dims["pipeline"],
        sp=dims["sequence"], micro=recipe.micro, zero=recipe.zero, schedule=recipe.schedule,
        recompute=recipe.again,
    )  # fmt: skip
    outcome = simulate(system, programs, whole=True)
    if None in outcome.finish:
        lost = outcome.finish.count(None)
        return f"deadlock: {lost} of {system.size} NPUs never finish"
    names = computations(recipe, task)
    return Step(outcome, dims, held(recipe, task), ports(network), system, names)
