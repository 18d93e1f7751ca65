"""Kernels of serving; seconds, bytes and operations throughout.

A pass over the layers is divided into its parts.  Each part takes the longer of moving its bytes and
doing its operations, rounded off where the two are near (``either``).

Arguments have the same names throughout: ``m``, ``d`` and ``k`` are the tables of models, GPUs and engines,
``v``, ``g`` and ``e`` the rows of one of each.  ``n`` is the number of GPUs that share a layer; ``data`` is 1
where attention is divided by sequences, ``whole`` is 1 where whole experts are divided.
"""

from __future__ import annotations

import math

import numpy as np

from .arguments import Devices, Engines, Floats, Models, Setups
from .compiled import compiled
from .held import cache_per_sequence, cached_tokens, running, weights_per_gpu


@compiled
def either(a: float, b: float) -> float:
    """About the larger of two times.

    Args:
        a: one time, s.
        b: the other, s.

    Returns:
        Their root of the sum of squares, s.
    """
    return np.sqrt(a * a + b * b)


@compiled
def all_reduce(reduce: Floats, g: int, n: float, size: float) -> float:
    """Seconds of an all-reduce of ``size`` bytes over n GPUs, between and beyond the measured ones.

    Args:
        reduce: measured seconds (GPUs, 3, 21), for 2, 4 and 8 GPUs, by powers of two from 512 bytes.
        g: row of the GPU.
        n: GPUs that take part.
        size: bytes.

    Returns:
        Seconds; 0 for one GPU.
    """
    if n < 2.0:
        return 0.0
    row = 0 if n < 3.0 else (1 if n < 6.0 else 2)
    fraction, power = math.frexp(max(size, 512.0))  # size is fraction * 2^power, fraction 0.5 to 1
    i = power - 10
    if i >= 20:
        t = reduce[g, row, 20] * size / 536870912.0
    else:
        t = reduce[g, row, i] + (2.0 * fraction - 1.0) * (reduce[g, row, i + 1] - reduce[g, row, i])
    if n != 2.0 and n != 4.0 and n != 8.0:
        # between rows, and beyond 8 GPUs, it grows with the logarithm of their number
        t *= (1.0 + np.log2(n)) / (2.0 + row)
    return t


@compiled
def busiest(mean: float, n: float) -> float:
    """The largest of n Poisson counts of a mean, as a multiple of it (Gaussian tail).

    Args:
        mean: of each count.
        n: counts.

    Returns:
        At least 1.
    """
    return 1.0 + np.sqrt(2.0 * np.log(n) / mean)


@compiled
def expert_part(
    m: Models, v: int, n: float, whole: float, tokens: float, bandwidth: float, peak: float
) -> float:
    """Seconds of routed experts on the busiest GPU, for some tokens.

    Where whole experts are divided (``whole`` 1), the busiest GPU holds more of those that are visited.

    Args:
        m: models.
        v: row of the model.
        n: GPUs that share each layer.
        whole: 1 where whole experts are divided, 0 where their matrices are.
        tokens: of the pass.
        bandwidth: of a GPU's memory, B/s.
        peak: FLOP/s of a GPU.

    Returns:
        Seconds; 0 for a model without experts.
    """
    weights, visited = m.experts_weights[v], m.top_k[v] / m.experts[v]
    if weights == 0.0:
        return 0.0
    touched = 1.0 - np.exp(tokens * m.log_missed[v])
    read, done = touched, visited * tokens
    if whole > 0.0 and n > 1.0:
        held = touched * m.experts[v] / n
        read = min(touched * (1.0 + (busiest(held, n) - 1.0) * np.sqrt(1.0 - touched)), 1.0)
        done *= min(busiest(tokens * m.top_k[v] / n, n), n)
    return either(
        weights * m.expert_bytes[v] * read / n / bandwidth, 2.0 * weights * done / n / peak
    )


@compiled
def decode_step(
    m: Models, d: Devices, k: Engines, v: int, g: int, e: int, n: float, data: float,
    whole: float, b: float, context: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """Seconds of a pass that makes one token for each of b sequences.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        v: row of the model.
        g: row of the GPU.
        e: row of the engine.
        n: GPUs that share each layer.
        data: 1 where attention is divided by sequences.
        whole: 1 where whole experts are divided.
        b: sequences.
        context: tokens that each of them looks back at.

    Returns:
        Projections of attention, dense parts and head, experts, reading the cache, collectives,
        overhead, and their sum.
    """
    bw, own = d.bandwidth[g], (max(b / n, 1.0) if data > 0.0 else b)
    split = 1.0 if data > 0.0 else n
    share = 1.0 if data > 0.0 else min(n, m.cache_shares[v])
    dense_peak = d.peak[g, m.dense_math[v]] * k.decode_math[e]
    expert_peak = d.peak[g, m.expert_math[v]] * k.decode_expert_math[e]
    projections = either(
        m.attention[v] * m.dense_bytes[v] / split / (bw * k.bandwidth[e]),
        2.0 * m.attention[v] * own / split / dense_peak,
    )
    dense = either(
        (m.dense[v] * m.dense_bytes[v] + 2.0 * m.head[v]) / n / (bw * k.bandwidth[e]),
        2.0 * (m.dense[v] + m.head[v]) * b / n / dense_peak,
    )
    experts = expert_part(m, v, n, whole, b, bw * k.experts[e], expert_peak)
    looked = min(context, m.sparse[v])
    read = own * m.cache[v] * m.cache_bytes[v] * cached_tokens(m, v, looked) / share
    read += own * 8.0 * m.state[v] / split  # kept in 4 bytes, read and written
    pairs = own * m.decode_pair[v] * cached_tokens(m, v, looked) / split
    cache = either(read / (bw * k.cache[e]), pairs / (d.peak[g, 0] * k.decode_math[e]))
    least = all_reduce(d.reduce, g, n, 512.0)
    moved = all_reduce(d.reduce, g, n, max(2.0 * b * m.hidden[v], 512.0))
    collectives = 2.0 * m.layers[v] * (least * k.latency[e] + (moved - least) * k.transfer[e])
    overhead = k.step[e] + b * k.sequence[e] + m.layers[v] * k.attention_layer[e]
    overhead += (m.layers[v] - m.moe_layers[v]) * k.dense_layer[e]
    overhead += m.moe_layers[v] * k.expert_layer[e]
    if m.sparse[v] < 1e9:
        overhead += m.layers[v] * k.sparse_layer[e]
    total = projections + dense + experts + cache + collectives + overhead
    return projections, dense, experts, cache, collectives, overhead, total


@compiled
def prefill_pass(
    m: Models, d: Devices, k: Engines, v: int, g: int, e: int, n: float, data: float,
    whole: float, requests: float, inputs: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """Seconds of a pass over the inputs of some requests.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        v: row of the model.
        g: row of the GPU.
        e: row of the engine.
        n: GPUs that share each layer.
        data: 1 where attention is divided by sequences.
        whole: 1 where whole experts are divided.
        requests: in one pass.
        inputs: tokens of each.

    Returns:
        Projections of attention, dense parts, experts, attention itself, collectives, overhead, and
        their sum.
    """
    bw, tokens = d.bandwidth[g], requests * inputs
    dense_peak = d.peak[g, m.dense_math[v]] * k.prefill_math[e]
    expert_peak = d.peak[g, m.expert_math[v]] * k.prefill_expert_math[e]
    split = 1.0 if data > 0.0 else n
    projections = either(
        m.attention[v] * m.dense_bytes[v] / split / (bw * k.bandwidth[e]),
        2.0 * m.attention[v] * tokens / n / dense_peak,
    )
    dense = either(
        m.dense[v] * m.dense_bytes[v] / n / (bw * k.bandwidth[e]),
        2.0 * m.dense[v] * tokens / n / dense_peak,
    )
    experts = expert_part(m, v, n, whole, tokens, bw * k.experts[e], expert_peak)
    seen = cached_tokens(m, v, min(inputs / 2.0, m.sparse[v]))
    attention = m.prefill_pair[v] * tokens * seen / n / (d.peak[g, 0] * k.attention_math[e])
    least = all_reduce(d.reduce, g, n, 512.0)
    moved = all_reduce(d.reduce, g, n, max(2.0 * inputs * m.hidden[v], 512.0))
    one = least * k.latency[e] + (moved - least) * requests * k.transfer[e]
    collectives = 2.0 * m.layers[v] * one
    overhead = k.prefill_pass[e] + m.layers[v] * k.prefill_layer[e]
    total = projections + dense + experts + attention + collectives + overhead
    return projections, dense, experts, attention, collectives, overhead, total


@compiled
def batches(k: Engines, s: Setups, i: int, b: float) -> tuple[float, float]:
    """Sequences of a pass of decode, and requests of a pass of prefill, where b sequences run.

    Args:
        k: engines.
        s: configurations.
        i: row of the configuration.
        b: sequences that run at once.

    Returns:
        Sequences, and requests.
    """
    e = s.engine[i]
    # pipeline stages work on different sequences at a time
    part = max(b / s.stages[i], 1.0)
    # a pass takes the requests that come while one token is made, up to its chunk of tokens
    most = max(min(b, k.chunk[e] / s.inputs[i]), 1.0)
    return part, min(max(k.wave[e] * b / s.outputs[i], 1.0), most)


@compiled
def waiting(think: float, service: float, b: float) -> float:
    """Seconds in a closed queue: b requests think, then need the service (Schweitzer's mean values).

    Args:
        think: seconds between two services of a request.
        service: seconds of one service.
        b: requests that go round.

    Returns:
        Seconds that a request waits.
    """
    short = think - service * b
    return (np.sqrt(short * short + 4.0 * service * think) - short) / 2.0 - service


@compiled
def aggregated(
    m: Models, d: Devices, k: Engines, s: Setups, i: int
) -> tuple[float, float, float, float]:
    """Prefill and decode on the same GPUs, new requests coming as old ones end.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        i: row of the configuration.

    Returns:
        TTFT, TPOT, bytes held by a GPU, sequences that run at once (0 where not one fits).
    """
    v, g, e = s.model[i], s.device[i], s.engine[i]
    n, stages, data = s.tensor[i], s.stages[i], s.data_attention[i]
    inputs, outputs, ep = s.inputs[i], s.outputs[i], s.expert_parallel[i]
    room = running(m, d, v, g, n, stages, data, inputs + outputs)
    if room < 1.0:
        return np.nan, np.nan, np.nan, 0.0
    b = min(s.concurrency[i], room)
    part, together = batches(k, s, i, b)
    step = decode_step(m, d, k, v, g, e, n, data, ep, part, inputs + outputs / 2.0)[6]
    whole = prefill_pass(m, d, k, v, g, e, n, data, ep, together, inputs)[6]
    each = whole / together / stages
    tpot = step + k.interruption[e] * (b - 1.0) * each / outputs
    # who decodes thinks, and then needs a prefill
    think = outputs * tpot
    queued = waiting(think, each * k.queue[e], b)
    ttft = k.answer[e] + k.answer_steps[e] * step + whole + queued
    ttft += k.burst[e] * (b - 1.0) * each + (s.concurrency[i] / b - 1.0) * think
    held = weights_per_gpu(m, v, n, stages, data)
    own = b / n if data > 0.0 else b
    held += own * cache_per_sequence(m, v, n, stages, data, inputs + outputs)
    return ttft, tpot, held, b


@compiled
def aggregated_all(m: Models, d: Devices, k: Engines, s: Setups, out: Floats) -> None:
    """:func:`aggregated` of every row, into ``out`` (n, 4).

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        out: (n, 4), written.
    """
    for i in range(len(s.model)):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = aggregated(m, d, k, s, i)
