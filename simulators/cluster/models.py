"""Shapes of models, as published, and how many parameters they have."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Layers, width, width of the MLP, heads, heads of keys and values, vocabulary, gated, experts, top k."""

    layers: int
    width: int
    ff: int
    heads: int
    kv_heads: int
    vocabulary: int
    gated: bool = False
    experts: int = 0
    top_k: int = 0


# Shapes as published: GPT-3 (Brown et al. 2020, arXiv 2005.14165, table 2.1; its width of 5,140 for 13B
# is no multiple of 40 heads, 5,120 is), ViT (Dosovitskiy et al. 2021, arXiv 2010.11929, table 1), Llama 7B
# (Touvron et al. 2023, arXiv 2302.13971, table 2), Llama 2 70B (arXiv 2307.09288 and its configuration
# file), Mixtral 8x7B (Jiang et al. 2024, arXiv 2401.04088, table 1).  moe-8x1b is no published model.
MODELS = {
    "gpt3-13b": Shape(40, 5120, 20480, 40, 40, 50257),
    "gpt3-175b": Shape(96, 12288, 49152, 96, 96, 50257),
    "vit-base": Shape(12, 768, 3072, 12, 12, 1000),
    "vit-large": Shape(24, 1024, 4096, 16, 16, 1000),
    "llama-7b": Shape(32, 4096, 11008, 32, 32, 32000, True),
    "llama-70b": Shape(80, 8192, 28672, 64, 8, 32000, True),
    "moe-8x1b": Shape(16, 2048, 5632, 16, 16, 32000, True, 8, 2),
    "mixtral-8x7b": Shape(32, 4096, 14336, 32, 8, 32000, True, 8, 2),
}


def parameters(shape: Shape) -> tuple[int, int]:
    """Parameters of a model's matrices: attention, MLP or experts, and one matrix of the vocabulary.

    Not counted are a second such matrix, positions, norms, biases, the experts' router: at most 2 % here.

    Args:
        shape: of the model.

    Returns:
        How many there are, and how many of them a token goes through.
    """
    kv = shape.width * shape.kv_heads // shape.heads
    attention = 2 * shape.width * (shape.width + kv)
    mlp = (3 if shape.gated else 2) * shape.width * shape.ff
    ends = shape.width * shape.vocabulary
    total, used = (
        shape.layers * (attention + max(1, n) * mlp) + ends for n in (shape.experts, shape.top_k)
    )
    return total, used
