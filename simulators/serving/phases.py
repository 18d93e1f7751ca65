"""The times of a configuration, told apart: what each pass is made of, and which resource that is spent on.

A part of a pass takes about the longer of moving its bytes and doing its operations. Which of the two it
is shows where the other one is made free.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from archgym.contracts.explanation import Part

from .arguments import Devices, Engines, Models, Setups
from .kernel import batches, decode_step, prefill_pass, waiting
from .pools import Pools, apart, handing

BANDWIDTH, OPERATIONS, NETWORK, ENGINE, QUEUE, CAPACITY = (
    "memory bandwidth", "operations", "network", "engine", "queue", "memory capacity",
)  # fmt: skip
RESOURCES = (BANDWIDTH, OPERATIONS, NETWORK, ENGINE, QUEUE, CAPACITY)
DECODE = ("projections", "dense parts and head", "experts", "cache", "collectives", "overhead")
PREFILL = ("projections", "dense parts", "experts", "attention", "collectives", "overhead")
_OF_ENGINE = (
    "answer", "step", "sequence", "attention_layer", "dense_layer", "expert_layer", "sparse_layer",
    "prefill_pass", "prefill_layer",
)  # fmt: skip
_SPENT_ON = {"collectives": NETWORK, "overhead": ENGINE}


class Tables(NamedTuple):
    """What the kernels read."""

    models: Models
    gpus: Devices
    engines: Engines


class Times(NamedTuple):
    """Seconds by part, of the constants alone; each adds up to its metric."""

    ttft: dict[Part, float]
    tpot: dict[Part, float]


def relaxed(t: Tables, resource: str) -> Tables:
    """The kernels' tables as they would be if a resource were free.

    Args:
        t: the tables.
        resource: one of ``RESOURCES``.

    Returns:
        New tables; the given ones stay as they are.
    """
    free = np.full_like(t.gpus.bandwidth, np.inf)
    if resource == BANDWIDTH:
        return t._replace(gpus=t.gpus._replace(bandwidth=free))
    if resource == OPERATIONS:
        return t._replace(gpus=t.gpus._replace(peak=np.full_like(t.gpus.peak, np.inf)))
    if resource == NETWORK:
        return t._replace(gpus=t.gpus._replace(reduce=t.gpus.reduce * 0.0, link=free))
    if resource == CAPACITY:
        return t._replace(gpus=t.gpus._replace(memory=free))
    fields = _OF_ENGINE if resource == ENGINE else ("queue", "burst")
    nothing = {f: np.zeros_like(t.engines.step) for f in fields}
    return t._replace(engines=t.engines._replace(**nothing))


class Decode(NamedTuple):
    """A pass of decode: what ``decode_step`` takes besides the tables."""

    model: int
    device: int
    engine: int
    tensor: float
    data: float
    expert: float
    sequences: float
    context: float

    def seconds(self, t: Tables) -> tuple[float, ...]:
        """Seconds by part of the pass, without their sum.

        Args:
            t: the kernels' tables.

        Returns:
            Six times, in the order of ``DECODE``.
        """
        return decode_step(t.models, t.gpus, t.engines, *self)[:6]

    def parts(self, t: Tables) -> list[tuple[str, str, float]]:
        """The parts of the pass, each with the resource that it is spent on.

        Args:
            t: the kernels' tables.

        Returns:
            (name, resource, seconds) of each part.
        """
        return _sorted(DECODE, self, t)


class Prefill(NamedTuple):
    """A pass of prefill: what ``prefill_pass`` takes besides the tables."""

    model: int
    device: int
    engine: int
    tensor: float
    data: float
    expert: float
    requests: float
    inputs: float

    def seconds(self, t: Tables) -> tuple[float, ...]:
        """Seconds by part of the pass, without their sum.

        Args:
            t: the kernels' tables.

        Returns:
            Six times, in the order of ``PREFILL``.
        """
        return prefill_pass(t.models, t.gpus, t.engines, *self)[:6]

    def parts(self, t: Tables) -> list[tuple[str, str, float]]:
        """The parts of the pass, each with the resource that it is spent on.

        Args:
            t: the kernels' tables.

        Returns:
            (name, resource, seconds) of each part.
        """
        return _sorted(PREFILL, self, t)


def _sorted(names: Iterable[str], one: Decode | Prefill, t: Tables) -> list[tuple[str, str, float]]:
    moving, doing = (one.seconds(relaxed(t, r)) for r in (OPERATIONS, BANDWIDTH))
    out = []
    for name, seconds, a, b in zip(names, one.seconds(t), moving, doing):
        resource = _SPENT_ON.get(name)
        if resource is None:
            resource = BANDWIDTH if a >= b else OPERATIONS
            name += " (bytes)" if a >= b else " (operations)"
        if seconds:
            out.append((name, resource, float(seconds)))
    return out


def times(t: Tables, s: Setups, p: Pools, i: int, b: float) -> Times:
    """The parts of a configuration's TTFT and TPOT.

    Args:
        t: what the kernels read.
        s: configurations.
        p: their pools; no prefill workers where the same GPUs do both.
        i: the configuration.
        b: sequences that run at once.

    Returns:
        Seconds by part.
    """
    separate = p.prefill_workers[i] > 0
    decode, prefill = passes(t, s, p, i, b)
    place = (int(s.model[i]), int(s.device[i]), int(s.engine[i]))
    e, outputs = place[2], float(s.outputs[i])
    k = t.engines
    step, first = decode.parts(t), prefill.parts(t)
    tpot = {Part(name, resource, "decode"): value for name, resource, value in step}
    whole = sum(value for *_, value in first)
    each = whole / prefill.requests / float(p.prefill_workers[i] if separate else s.stages[i])
    if not separate:
        share = float(k.interruption[e]) * (b - 1.0) * each / outputs / whole
        _add(tpot, "prefill of others: ", first, share, "prefill")
    think = outputs * sum(tpot.values())
    ttft = {Part("the engine answers", ENGINE, "engine"): float(k.answer[e])}
    _add(ttft, "steps of decode before: ", step, float(k.answer_steps[e]), "decode")
    _add(ttft, "prefill: ", first, 1.0, "prefill")
    if separate:
        handed = handing(t.models, t.gpus, *place[:2], prefill.tensor, float(s.inputs[i]))
        ttft[Part("the cache is handed over", NETWORK, "hand-over")] = float(handed)
    queued = waiting(think, each * float(k.queue[e]), b) + float(k.burst[e]) * (b - 1.0) * each
    ttft[Part("prefill of others", QUEUE, "queue")] = float(queued)
    late = (float(s.concurrency[i]) / b - 1.0) * think
    ttft[Part("no place in memory", CAPACITY, "queue")] = late
    return Times({k: v for k, v in ttft.items() if v}, {k: v for k, v in tpot.items() if v})


def passes(t: Tables, s: Setups, p: Pools, i: int, b: float) -> tuple[Decode, Prefill]:
    """The passes of decode and of prefill that a configuration makes.

    Args:
        t: the kernels' tables.
        s: configurations.
        p: their pools of GPUs.
        i: row of the configuration.
        b: sequences that run at once.

    Returns:
        The pass of decode and the pass of prefill.
    """
    place = (int(s.model[i]), int(s.device[i]), int(s.engine[i]))
    n, data, expert = float(s.tensor[i]), float(s.data_attention[i]), float(s.expert_parallel[i])
    inputs, outputs = float(s.inputs[i]), float(s.outputs[i])
    part, together = batches(t.engines, s, i, b)
    own = (n, data, expert)
    if p.prefill_workers[i] > 0:
        own = (float(p.prefill_tensor[i]), float(p.prefill_data[i]), float(p.prefill_expert[i]))
        part = apart(*t, s, p, i, b)[3]
    return (
        Decode(*place, n, data, expert, float(part), inputs + outputs / 2.0),
        Prefill(*place, *own, float(together), inputs),
    )


def _add(
    out: dict[Part, float], before: str, parts: Iterable[tuple[str, str, float]], times: float,
    group: str,
) -> None:  # fmt: skip
    for name, resource, seconds in parts:
        out[Part(before + name, resource, group)] = times * seconds
