"""What a step's time and an NPU's memory are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from .events import Span
from .step import Step
from .system import KINDS, System

COMPUTE, STAGES, IDLE = "computation", "other stages", "nothing"
OPERATIONS, MEMORY = "operations", "memory bandwidth"
COMPUTING = (COMPUTE, OPERATIONS, MEMORY)
OPTIMIZER = "optimizer"  # its computations are those that have no other name
NETWORK = "network over {}"
PARALLEL = ("dp", "pp", "sp", "weight_sharded")


def time_parts(step: Step) -> dict[Part, int]:
    """What the time of the NPU that ends last is made of; each ns counts once.

    What computes counts as computation, apart by what is computed and whether operations or memory take the
    longer. While nothing computes, a collective or a message that is under way is exposed. While none is, the
    NPU waits for what another stage sends.

    Args:
        step: as simulated.

    Returns:
        ns by part.
    """
    spans = step.outcome.last
    marks = sorted({0, *(t for s in spans for t in (s.begun, s.ended))})
    out: dict[Part, int] = {}
    by_rank = sorted(spans, key=_rank)
    owner: list[Part | None] = [None] * max(0, len(marks) - 1)
    place = {t: i for i, t in enumerate(marks)}
    for span in by_rank:  # the most telling first: it owns the time that it covers
        part = _part(span, step)
        for i in range(place[span.begun], place[span.ended]):
            owner[i] = owner[i] or part
    for i, owned in enumerate(owner):
        key = owned or Part("nothing runs", IDLE)
        out[key] = out.get(key, 0) + marks[i + 1] - marks[i]
    return out


def _rank(span: Span) -> int:
    return ("comp", "coll", "send", "recv").index(span.node["op"])


def role_of(span: Span, dims: Mapping[str, Sequence[int]]) -> str:
    """What the message or collective of a node goes over.

    Args:
        span: of a node that sends, or of a collective.
        dims: dimensions by what they divide.

    Returns:
        Keys of ``dims``, joined by "and"; ``pipeline`` for a message.
    """
    if span.node["op"] == "send":
        return "pipeline"
    roles = [r for r in dims if set(dims[r]) & set(span.node["dims"])]
    return " and ".join(roles) or "nothing"


def limit_of(span: Span, system: System) -> str:
    """What a computation takes its time from.

    Args:
        span: of a computation.
        system: what it ran on.

    Returns:
        OPERATIONS or MEMORY, whichever takes the longer; COMPUTE where the system has no roofline.
    """
    if not system.roofline:
        return COMPUTE
    operating = span.node["flops"] / system.peak_perf
    moving = span.node["bytes"] * 1e3 / system.local_mem_bw
    return OPERATIONS if operating >= moving else MEMORY


def name_of(span: Span, step: Step) -> str:
    """What a computation is; nothing is known of a task graph's.

    Args:
        span: of a computation.
        step: that it belongs to.

    Returns:
        A name of the step's computations, OPTIMIZER for those without one; COMPUTE in a task graph.
    """
    key = int(span.node.get("flops", 0)), int(span.node.get("bytes", 0))
    return step.names.get(key, OPTIMIZER) if step.names else COMPUTE


def _part(span: Span, step: Step) -> Part:
    op = span.node["op"]
    if op == "comp":
        name, limit = name_of(span, step), limit_of(span, step.system)
        return Part(name if name == limit else f"{name}: {limit}", limit, name)
    if op == "recv":
        return Part("waiting for another stage", STAGES)
    over = role_of(span, step.dims)
    if op == "send":
        return Part("sending to the next stage", NETWORK.format(over))
    return Part(f"exposed {span.node['kind']} over {over}", NETWORK.format(over), over)


def breakdowns(
    steps: Sequence[Step | str], evaluation: Evaluation, dimensions: int, knobs: Collection[str]
) -> Iterator[Breakdown]:
    """What time, memory and bandwidth of designs are made of, and which moves would relieve them.

    Args:
        steps: one per design (n of them), or why there is none.
        evaluation: of the n designs.
        dimensions: of the network.
        knobs: names of the knobs that there are; no others are moved.

    Yields:
        A breakdown of ``time``, of ``memory`` and of ``bandwidth``.
    """
    every = range(dimensions)
    wider = tuple(Move(f"bandwidth{d}", 1) for d in every)
    network = (
        *wider, *(Move(f"topology{d}", 0) for d in every),
        *(Move(f"{kind}{d}", 0) for kind in KINDS[:3] for d in every), Move("splits", 1),
        Move("active_chunks", 1), Move("optimization", 0), Move("zero", -1), Move("zero", 1),
        Move("micro_batches", -1), Move("micro_batches", 1),
        *(Move(k, step) for k in PARALLEL for step in (-1, 1)),
    )  # fmt: skip
    shape = (
        Move("micro_batches", 1), Move("micro_batches", -1), Move("schedule", 0), Move("zero", 1),
        Move("recompute", 0),
        *(Move(f"role{d}", 0) for d in every),
        *(Move(k, step) for k in PARALLEL for step in (-1, 1)), Move("peak_perf", 1),
    )  # fmt: skip
    network, shape = (tuple(m for m in moves if m.knob in knobs) for moves in (network, shape))
    rows = [{} if isinstance(s, str) else time_parts(s) for s in steps]
    resources = {p.resource for row in rows for p in row}
    relief = {r: network for r in resources if r.startswith("network")}
    yield _of("time", rows, 1e-9, evaluation, relief | dict.fromkeys((STAGES, *COMPUTING), shape))
    held = [
        {} if isinstance(s, str) else {Part(k, k): v for k, v in s.memory.items()} for s in steps
    ]
    lighter = {
        "weights": shape, "gradients": shape, "optimizer": shape, "activations": shape,
        "key-value cache": shape,
    }  # fmt: skip
    yield _of("memory", held, 1.0, evaluation, lighter)
    ports = [
        {} if isinstance(s, str)
        else {Part(f"dimension {d}", f"dimension {d}"): v for d, v in s.ports.items()}
        for s in steps
    ]  # fmt: skip
    fewer = {
        f"dimension {d}": tuple(
            m for m in (Move(f"bandwidth{d}", -1), Move(f"topology{d}", 0)) if m.knob in knobs
        )
        for d in every
    }
    yield _of("bandwidth", ports, 2.0**30, evaluation, fewer)


def _of(
    metric: str,
    rows: Sequence[Mapping[Part, float]],
    scale: float,
    evaluation: Evaluation,
    relief: Mapping[str, Sequence[Move]],
) -> Breakdown:
    parts, values = columns(rows)
    return breakdown(metric, parts, values * scale, evaluation, relief=relief)
