"""Prefill and decode on GPUs of their own (disaggregated); seconds, bytes and operations throughout."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arguments import Devices, Engines, Floats, Models, Setups
from .compiled import compiled
from .held import cache_per_sequence, running, weights_per_gpu
from .kernel import batches, decode_step, prefill_pass, waiting

# B/s and GPU between pools in different nodes: a network port of 400 Gbit/s
PORT = 50e9


class Pools(NamedTuple):
    """Workers of configurations, by row; :class:`Setups` describes one decode worker."""

    prefill_workers: Floats
    prefill_tensor: Floats
    prefill_data: Floats
    prefill_expert: Floats
    decode_workers: Floats


@compiled
def handing(m: Models, d: Devices, v: int, g: int, first: float, inputs: float) -> float:
    """Seconds in which a prefill worker hands over a cache.

    Boards of one fast domain do so by its links.

    Args:
        m: models.
        d: GPUs.
        v: row of the model.
        g: row of the GPU.
        first: GPUs of the prefill worker.
        inputs: tokens of the request.

    Returns:
        Seconds.
    """
    cache = m.cache[v] * m.cache_bytes[v] * inputs
    return cache / (first * (d.link[g] if d.node[g] > 8.0 else PORT))


@compiled
def apart(
    m: Models, d: Devices, k: Engines, s: Setups, p: Pools, i: int, b: float
) -> tuple[float, float, float, float]:
    """Pools that b requests go round.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        p: their pools of GPUs.
        i: row of the configuration.
        b: requests that go round.

    Returns:
        TTFT of a request that has a place, TPOT, of TTFT the wait for others' prefill, and sequences
        of a decode worker's pass.
    """
    v, g, e = s.model[i], s.device[i], s.engine[i]
    n, data, ep = s.tensor[i], s.data_attention[i], s.expert_parallel[i]
    first, own = p.prefill_tensor[i], p.prefill_data[i]
    inputs, outputs, workers = s.inputs[i], s.outputs[i], p.decode_workers[i]
    together = batches(k, s, i, b)[1]
    whole = prefill_pass(m, d, k, v, g, e, first, own, p.prefill_expert[i], together, inputs)[6]
    each = whole / together / p.prefill_workers[i]
    service = each * k.queue[e]
    handed = handing(m, d, v, g, first, inputs)
    decoding, step, ttft, queued, part = b, 0.0, 0.0, 0.0, 1.0
    for _ in range(4):
        part = max(decoding / workers, 1.0)
        step = decode_step(m, d, k, v, g, e, n, data, ep, part, inputs + outputs / 2.0)[6]
        think = outputs * step
        queued = waiting(think, service, b)
        ttft = k.answer[e] + k.answer_steps[e] * step + handed + whole + queued
        ttft += k.burst[e] * (b - 1.0) * each
        # who waits for the first token does not decode
        decoding = b * think / (think + ttft)
    return ttft, step, queued + k.burst[e] * (b - 1.0) * each, part


@compiled
def disaggregated(
    m: Models, d: Devices, k: Engines, s: Setups, p: Pools, i: int
) -> tuple[float, float, float, float]:
    """Prefill workers hand caches to decode workers; nothing interrupts decode.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        p: their pools of GPUs.
        i: row of the configuration.

    Returns:
        TTFT, TPOT, bytes held by the fuller kind of GPU, sequences that decode at once (0 where not one
        fits).
    """
    v, g = s.model[i], s.device[i]
    n, data = s.tensor[i], s.data_attention[i]
    first, own = p.prefill_tensor[i], p.prefill_data[i]
    inputs, outputs, workers = s.inputs[i], s.outputs[i], p.decode_workers[i]
    room = workers * running(m, d, v, g, n, 1.0, data, inputs + outputs)
    if room < 1.0 or running(m, d, v, g, first, 1.0, own, inputs) < 1.0:
        return np.nan, np.nan, np.nan, 0.0
    b = min(s.concurrency[i], room)
    ttft, step, _, _ = apart(m, d, k, s, p, i, b)
    ttft += (s.concurrency[i] / b - 1.0) * outputs * step
    share = b / workers / (n if data > 0.0 else 1.0)
    held = weights_per_gpu(m, v, n, 1.0, data)
    held += share * cache_per_sequence(m, v, n, 1.0, data, inputs + outputs)
    return ttft, step, max(held, weights_per_gpu(m, v, first, 1.0, own)), b


@compiled
def disaggregated_all(m: Models, d: Devices, k: Engines, s: Setups, p: Pools, out: Floats) -> None:
    """:func:`disaggregated` of every row with prefill workers; other rows of ``out`` stay as they are.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        p: their pools of GPUs.
        out: (n, 4), written.
    """
    for i in range(len(s.model)):
        if p.prefill_workers[i] > 0.0:
            out[i, 0], out[i, 1], out[i, 2], out[i, 3] = disaggregated(m, d, k, s, p, i)
