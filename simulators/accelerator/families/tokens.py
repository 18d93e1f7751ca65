"""Transformers: what is done with a row of tokens."""

from __future__ import annotations

from ..layers import Layer


def product(name: str, tokens: int, inputs: int, out: int, count: int = 1) -> Layer:
    """One matrix for all tokens.

    Args:
        name: of the layer.
        tokens: rows.
        inputs: width of a token.
        out: width of its result.
        count: how often the layer occurs.

    Returns:
        The layer.
    """
    return Layer(name, K=out, C=inputs, P=tokens, count=count)


def attention(
    queries: int,
    keys: int,
    heads: int,
    size: int,
    *,
    kv_heads: int = 0,
    count: int = 1,
    prefix: str = "",
) -> list[Layer]:
    """Scores and values of attention; keys and values belong to one input.

    Query heads that share a head of keys are rows of one product, so that the keys are read once for
    them. A causal mask saves nothing.

    Args:
        queries: tokens that ask.
        keys: tokens that are looked at.
        heads: of queries.
        size: of a head.
        kv_heads: of keys and values; as many as of queries where it is 0.
        count: how often the pair occurs.
        prefix: of the layers' names.

    Returns:
        Two layers.
    """
    groups = kv_heads or heads
    both = {"G": groups, "P": queries * heads // groups, "count": count, "own_weights": 1}
    return [
        Layer(f"{prefix}scores", K=keys, C=size, **both),
        Layer(f"{prefix}values", K=size, C=keys, **both),
    ]


def blocks(tokens: int, width: int, heads: int, count: int, context: int = 0) -> list[Layer]:
    """Identical blocks: attention, then an MLP four times as wide.

    Args:
        tokens: rows.
        width: of a token.
        heads: of attention.
        count: blocks.
        context: what attention looks at; the tokens themselves where it is 0.

    Returns:
        Six layers.
    """
    return [
        product("qkv", tokens, width, 3 * width, count),
        *attention(tokens, context or tokens, heads, width // heads, count=count),
        product("projection", tokens, width, width, count),
        product("mlp_up", tokens, width, 4 * width, count),
        product("mlp_down", tokens, 4 * width, width, count),
    ]
