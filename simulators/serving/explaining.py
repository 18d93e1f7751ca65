"""What the latency, GPU time and memory of a deployment are made of, and what limits them.

Where measured rows correct a figure, all its parts are corrected by the same factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from .arguments import Setups
from .held import cache_per_sequence, weights_per_gpu
from .kernel import aggregated_all
from .phases import (
    BANDWIDTH,
    CAPACITY,
    ENGINE,
    NETWORK,
    OPERATIONS,
    QUEUE,
    RESOURCES,
    Tables,
    Times,
    relaxed,
    times,
)  # fmt: skip
from .pools import Pools, disaggregated_all

Floats = NDArray[np.float64]
Moves = dict[str, tuple[Move, ...]]


def _moves(text: str) -> tuple[Move, ...]:
    """``"tensor+ gpu?"``: a knob and the way it goes; ``?`` for any other value."""
    return tuple(Move(word[:-1], {"+": 1, "-": -1, "?": 0}[word[-1]]) for word in text.split())


RELIEF: Moves = {
    BANDWIDTH: _moves("gpu? precision? tensor+ concurrency- engine? data_attention? expert_parallel?"),
    OPERATIONS: _moves(
        "gpu? precision? tensor+ concurrency- prefill_tensor+ prefill_workers+ engine? data_attention?"
    ),
    NETWORK: _moves("tensor- gpu? data_attention? concurrency- engine? prefill_tensor+"),
    ENGINE: _moves("engine? concurrency- tensor-"),
    QUEUE: _moves("concurrency- prefill_workers+ tensor+ gpu? precision? engine? stages+"),
    CAPACITY: _moves(
        "concurrency- gpu? precision? tensor+ stages+ decode_workers+ data_attention?"
    ),
}  # fmt: skip
# GPU time is shared by requests: more at once, or fewer GPUs
CHEAPER: Moves = {
    r: (*_moves("concurrency+ tensor- stages- decode_workers- prefill_workers-"), *moves)
    for r, moves in RELIEF.items()
}
LIGHTER: Moves = {
    "weights": _moves("precision? tensor+ stages+ data_attention? expert_parallel?"),
    "cache": _moves("concurrency- precision? data_attention? tensor+ stages+ decode_workers+"),
}
WEIGHTS = ("attention", "dense", "experts_weights", "head")
WEIGHT_NAMES = ("projections of attention", "dense parts", "experts", "last projection")


@dataclass
class Explained:
    """Designs with all that is known of them.

    Args:
        tables: what the kernels read.
        setups: the designs, (n,) each.
        pools: their workers.
        evaluation: theirs.
        gpus: (n,) of each replica.
        power: (n,) W of one board.
        prices: (n,) of a GPU and second, of a million.
    """

    tables: Tables
    setups: Setups
    pools: Pools
    evaluation: Evaluation
    gpus: Floats
    power: Floats
    prices: Floats

    def seconds(self, t: Tables) -> Floats:
        """TTFT and TPOT in seconds, bytes per GPU and running sequences, by the kernels alone.

        Args:
            t: the kernels' tables.

        Returns:
            (n, 4).
        """
        out = np.empty((len(self.setups.model), 4))
        aggregated_all(*t, self.setups, out)
        disaggregated_all(*t, self.setups, self.pools, out)
        return out


def breakdowns(x: Explained) -> Iterator[Breakdown]:
    """TTFT, TPOT, GPU time, cost, energy and memory.

    Args:
        x: designs with their evaluation and the kernels' tables.

    Yields:
        One breakdown per metric.
    """
    base = x.seconds(x.tables)
    m, ok = x.evaluation.metrics, x.evaluation.feasible
    factor = np.stack([m["ttft"], m["tpot"]], axis=1) / base[:, :2]
    n = len(base)
    told: list[Times] = [
        times(x.tables, x.setups, x.pools, i, float(base[i, 3])) if ok[i] else Times({}, {})
        for i in range(n)
    ]
    saved = np.zeros((n, len(RESOURCES), 2))
    for r, resource in enumerate(RESOURCES):
        less = base[:, :2] - x.seconds(relaxed(x.tables, resource))[:, :2]
        saved[:, r] = np.maximum(less, 0.0) * factor
    for column, metric in enumerate(("ttft", "tpot")):
        parts, values = columns([t[column] for t in told])
        values = values * factor[:, column : column + 1]
        yield _of(metric, parts, values, x.evaluation, saved[:, :, column], RELIEF)
    yield from _shared(x, told, factor, saved)
    yield _memory(x, base[:, 3])


def _shared(
    x: Explained, told: Sequence[Times], factor: Floats, saved: Floats
) -> Iterator[Breakdown]:
    """GPU time per token, and what is proportional to it."""
    s = x.setups
    first = x.gpus / (s.concurrency * s.outputs)
    further = first * (s.outputs - 1.0)
    rows = []
    for i, t in enumerate(told):
        ways = (("first token, ", t.ttft, first[i], 0), ("further tokens, ", t.tpot, further[i], 1))
        rows.append({
            Part(before + p.name, p.resource, p.group): v * times * factor[i, column]
            for before, parts, times, column in ways for p, v in parts.items()
        })  # fmt: skip
    parts, values = columns(rows)
    less = saved[:, :, 0] * first[:, None] + saved[:, :, 1] * further[:, None]
    for metric, each in (
        ("gpu_time", np.ones_like(first)),
        ("cost", x.prices),
        ("energy", x.power),
    ):
        scale = each[:, None]
        yield _of(metric, parts, values * scale, x.evaluation, less * scale, CHEAPER)


def _of(
    metric: str, parts: Sequence[Part], values: Floats, e: Evaluation, saved: Floats, relief: Moves
) -> Breakdown:
    """A breakdown bound by the resource that would save the most if it were free."""
    order = np.argsort(-np.where(np.isnan(saved), -1.0, saved), axis=1, kind="stable")
    binding = [RESOURCES[r] if ok else "" for r, ok in zip(order[:, 0], e.feasible)]
    following = [RESOURCES[r] if ok else "" for r, ok in zip(order[:, 1], e.feasible)]
    slack = np.take_along_axis(saved, order[:, :1], axis=1)[:, 0]
    return breakdown(
        metric, parts, values, e, binding=binding, following=following, slack=slack, relief=relief
    )


def _memory(x: Explained, running: Floats) -> Breakdown:
    """Bytes that the fuller kind of GPU holds."""
    rows = [
        _held(x, i, float(running[i])) if ok else {} for i, ok in enumerate(x.evaluation.feasible)
    ]
    parts, values = columns(rows)
    return breakdown("memory", parts, values, x.evaluation, relief=LIGHTER)


def _held(x: Explained, i: int, b: float) -> Mapping[Part, float]:
    m, s, p = x.tables.models, x.setups, x.pools
    v, n, stages, data = int(s.model[i]), s.tensor[i], s.stages[i], s.data_attention[i]
    apart = p.prefill_workers[i] > 0
    stages = 1.0 if apart else stages
    share = b / (p.decode_workers[i] if apart else 1.0) / (n if data > 0 else 1.0)
    out = _weights(x, v, n, stages, data)
    tokens = s.inputs[i] + s.outputs[i]
    cache = share * cache_per_sequence(m, v, n, stages, data, tokens)
    out[Part("cache of requests", "cache")] = float(cache)
    if apart:
        first = _weights(x, v, p.prefill_tensor[i], 1.0, p.prefill_data[i])
        if sum(first.values()) > sum(out.values()):
            return first
    return out


def _weights(x: Explained, v: int, n: float, stages: float, data: float) -> dict[Part, float]:
    """Bytes of weights on a GPU by kind: the others are left out in turn."""
    m = x.tables.models
    nothing = np.zeros_like(m.attention)
    out = {}
    for field, name in zip(WEIGHTS, WEIGHT_NAMES):
        others: Any = {f: nothing for f in WEIGHTS if f != field}
        only = m._replace(**others)
        held = float(weights_per_gpu(only, v, n, stages, data))
        if held:
            out[Part(f"weights: {name}", "weights")] = held
    return out
