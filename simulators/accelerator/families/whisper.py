"""Whisper: speech to text (Radford et al. 2022, table 1; sizes of its published checkpoints)."""

from __future__ import annotations

from ..layers import Layer, Network
from .tokens import attention, blocks, product

MEL, FRAMES, VOCABULARY = 80, 3000, 51865


def encode(name: str, width: int, heads: int, count: int) -> Network:
    """Thirty seconds of speech: the encoder, and the keys and values that the decoder looks at.

    Args:
        name: of the network.
        width: of a token.
        heads: of attention.
        count: blocks of the encoder; the decoder has as many.

    Returns:
        The network.
    """
    tokens = FRAMES // 2
    return Network(
        name,
        (
            Layer("conv1", K=width, C=MEL, P=FRAMES, R=3),
            Layer("conv2", K=width, C=width, P=tokens, R=3, stride_h=2),
            *blocks(tokens, width, heads, count),
            product("cross_keys_values", tokens, width, 2 * width, count),
        ),
    )


def decode(name: str, width: int, heads: int, count: int, context: int) -> Network:
    """One more token of the text.

    Args:
        name: of the network.
        width: of a token.
        heads: of attention.
        count: blocks of the decoder.
        context: tokens of text that it looks at, the new one included.

    Returns:
        The network.
    """
    size = width // heads
    return Network(
        name,
        (
            *blocks(1, width, heads, count, context),
            product("cross_query", 1, width, width, count),
            *attention(1, FRAMES // 2, heads, size, count=count, prefix="cross_"),
            product("cross_projection", 1, width, width, count),
            Layer("vocabulary", K=VOCABULARY, C=width),
        ),
    )
