"""Large language models with grouped queries, gated MLPs and experts, from ``serving.shapes``.

Products of one step, norms and rotary positions left out. The vocabulary is asked of the last token
alone. Experts are visited evenly: tokens times ``top_k`` visits over as many experts as there are.
"""

from __future__ import annotations

from archgym.errors import WorkloadError

from ...cluster.models import MODELS
from ...serving.shapes import SHAPES, Shape
from ..experts import expert_products
from ..layers import Layer, Network
from .tokens import attention, product

_7B = MODELS["llama-7b"]
LLAMA_7B = Shape(
    "Llama-7B", _7B.layers, _7B.width, _7B.heads, _7B.kv_heads, _7B.width // _7B.heads,
    _7B.vocabulary, _7B.ff, _7B.layers,
)  # fmt: skip
LLAMA_8B, LLAMA_70B = SHAPES["Llama-3.1-8B"], SHAPES["Llama-3.1-70B"]
MIXTRAL = SHAPES["Mixtral-8x7B"]


def prefill(shape: Shape, tokens: int, name: str = "") -> Network:
    """A whole prompt at once.

    Args:
        shape: of the model.
        tokens: of the prompt.
        name: of the network.

    Returns:
        The network.

    Raises:
        WorkloadError: attention of a kind that products alone do not describe.
    """
    return _step(name or f"{shape.name}-prefill", shape, tokens, tokens)


def decode(shape: Shape, context: int, name: str = "") -> Network:
    """One token more.

    Args:
        shape: of the model.
        context: tokens that attention looks at, the new one included.
        name: of the network.

    Returns:
        The network.

    Raises:
        WorkloadError: attention of a kind that products alone do not describe.
    """
    return _step(name or f"{shape.name}-decode", shape, 1, context)


def _step(name: str, shape: Shape, tokens: int, context: int) -> Network:
    other = {
        "latent": shape.latent, "linear": shape.linear, "windowed": shape.window,
        "sparse": shape.sparse,
    }  # fmt: skip
    kinds = [kind for kind, there in other.items() if there]
    if kinds:
        raise WorkloadError(
            f"{shape.name}: {' and '.join(kinds)} attention is not a plain product; known are "
            "models whose every layer looks at all tokens"
        )
    d, n = shape.hidden, shape.layers
    queries, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    layers = [
        product("qkv", tokens, d, (2 if shape.gated else 1) * queries + 2 * kv, n),
        *attention(
            tokens, context, shape.heads, shape.head_dim, kv_heads=shape.kv_heads, count=n
        ),
        product("projection", tokens, queries, d, n),
    ]  # fmt: skip
    for prefix, wide, count in (
        ("mlp", shape.ffn, shape.dense_layers),
        ("shared", shape.shared_ffn, shape.moe_layers),
    ):
        if wide and count:
            layers += [
                product(f"{prefix}_gate_up", tokens, d, 2 * wide, count),
                product(f"{prefix}_down", tokens, wide, d, count),
            ]
    if shape.moe_layers:
        layers += _experts(shape, tokens)
    return Network(name, (*layers, Layer("vocabulary", K=shape.vocab, C=d)))


def _experts(shape: Shape, tokens: int) -> list[Layer]:
    """The router, and the experts that tokens visit."""
    d, n, wide = shape.hidden, shape.moe_layers, shape.expert_ffn
    matrices = [("experts_gate_up", d, 2 * wide), ("experts_down", wide, d)]
    experts = expert_products(tokens * shape.top_k, shape.experts, matrices, n)
    return [product("router", tokens, d, shape.experts, n), *experts]
