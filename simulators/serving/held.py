"""What GPUs hold: weights, the cache of sequences, and how many sequences there is room for; bytes."""

from __future__ import annotations

import numpy as np

from .arguments import Devices, Models
from .compiled import compiled


@compiled
def weights_per_gpu(m: Models, v: int, n: float, stages: float, data: float) -> float:
    """Bytes of weights on one GPU.

    Args:
        m: models.
        v: row of the model.
        n: GPUs that share each layer.
        stages: of the pipeline.
        data: 1 where attention is divided by sequences.

    Returns:
        Bytes.
    """
    split = 1.0 if data > 0.0 else n
    layers = m.attention[v] * m.dense_bytes[v] / split + m.dense[v] * m.dense_bytes[v] / n
    layers += m.experts_weights[v] * m.expert_bytes[v] / n
    return layers / stages + 4.0 * m.head[v] / n


@compiled
def cached_tokens(m: Models, v: int, tokens: float) -> float:
    """Tokens of which a layer keeps the cache, layers averaged.

    Args:
        m: models.
        v: row of the model.
        tokens: of a sequence.

    Returns:
        Tokens; fewer than all where layers have a window.
    """
    return m.windowed[v] * min(tokens, m.window[v]) + (1.0 - m.windowed[v]) * tokens


@compiled
def cache_per_sequence(
    m: Models, v: int, n: float, stages: float, data: float, tokens: float
) -> float:
    """Bytes that one sequence keeps on each GPU that holds a part of it.

    Args:
        m: models.
        v: row of the model.
        n: GPUs that share each layer.
        stages: of the pipeline.
        data: 1 where attention is divided by sequences.
        tokens: of the sequence.

    Returns:
        Bytes.
    """
    share = 1.0 if data > 0.0 else min(n, m.cache_shares[v])
    kept = m.cache[v] * m.cache_bytes[v] * cached_tokens(m, v, tokens) / share
    return (kept + 2.0 * m.state[v] / (1.0 if data > 0.0 else n)) / stages


@compiled
def running(
    m: Models, d: Devices, v: int, g: int, n: float, stages: float, data: float, tokens: float
) -> float:
    """Sequences of ``tokens`` that fit into the memory which weights leave; 0 where not one does.

    Args:
        m: models.
        d: GPUs.
        v: row of the model.
        g: row of the GPU.
        n: GPUs that share each layer.
        stages: of the pipeline.
        data: 1 where attention is divided by sequences.
        tokens: of a sequence.

    Returns:
        Sequences on all those GPUs together.
    """
    left = 0.9 * d.memory[g] - weights_per_gpu(m, v, n, stages, data)
    one = cache_per_sequence(m, v, n, stages, data, tokens)
    return np.floor(left / one * (n if data > 0.0 else 1.0)) if left > 0.0 else 0.0
