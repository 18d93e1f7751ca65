"""What the kernels of serving are given: tables of models, GPUs, engines and configurations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Models(NamedTuple):
    """Models in a number format, by row; elements are counted over all layers."""

    layers: Floats
    moe_layers: Floats
    hidden: Floats
    attention: Floats  # elements of projections
    dense: Floats  # elements of dense and shared feed-forward parts
    experts_weights: Floats  # elements of routed experts
    experts: Floats  # of a layer, at least 1
    top_k: Floats
    log_missed: Floats  # of the share of experts that a token does not visit
    head: Floats  # elements of the last projection
    cache: Floats  # elements kept of a token
    cache_shares: Floats  # GPUs that can divide the cache
    prefill_pair: Floats  # operations per token and token looked at
    decode_pair: Floats
    window: Floats  # tokens; infinite where there is none
    windowed: Floats  # share of layers with a window
    sparse: Floats  # tokens selected; infinite where all are read
    state: Floats  # elements of state of a sequence
    dense_bytes: Floats
    expert_bytes: Floats
    cache_bytes: Floats
    dense_math: Ints  # 0 bf16, 1 fp8, 2 fp4
    expert_math: Ints


class Devices(NamedTuple):
    """GPUs, by row."""

    bandwidth: Floats
    memory: Floats
    peak: Floats  # (GPUs, 3) FLOP/s in bf16, fp8, fp4
    link: Floats
    node: Floats
    power: Floats
    reduce: Floats  # (GPUs, 3, 21) seconds of an all-reduce on 2, 4, 8 GPUs of 2^(9+i) bytes


class Engines(NamedTuple):
    """Constants of engines, by row; fitted (``constants.json``)."""

    bandwidth: Floats  # share of the memory's bandwidth, weights
    cache: Floats  # the same, cache
    experts: Floats  # the same, experts
    decode_math: Floats  # share of peak operations
    decode_expert_math: Floats
    step: Floats  # s per pass of decode
    attention_layer: Floats  # s per layer
    dense_layer: Floats
    expert_layer: Floats
    sparse_layer: Floats
    sequence: Floats  # s per sequence and pass
    latency: Floats  # share of the measured latency of a collective
    transfer: Floats  # share of its measured time beyond the latency
    prefill_math: Floats
    prefill_expert_math: Floats
    prefill_pass: Floats  # s
    prefill_layer: Floats  # s
    attention_math: Floats
    interruption: Floats  # share of a prefill that delays decode
    answer: Floats  # s before the first token that no step explains
    answer_steps: Floats  # steps of decode before the first token
    queue: Floats  # share of a prefill that others wait for
    burst: Floats  # share of all other prefills that a request waits for
    chunk: Floats  # tokens of a prefill pass
    wave: Floats  # requests that come together, as a multiple of what an even stream would bring


class Setups(NamedTuple):
    """Configurations, by row."""

    model: Ints
    device: Ints
    engine: Ints
    tensor: Floats  # GPUs of a stage
    stages: Floats
    data_attention: Floats  # 1 where attention is divided by sequences
    expert_parallel: Floats  # 1 where whole experts are divided, not their matrices
    concurrency: Floats
    inputs: Floats  # tokens
    outputs: Floats
