"""Attention operators: ONNX's own, and com.microsoft's three."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archgym.errors import WorkloadError

from . import products
from .onnx_operators import Inputs, Made, attributes, constant, sizes


def _there(inputs: Inputs, at: int) -> bool:
    return at < len(inputs) and inputs[at] is not None


def _heads(shape: Sequence[int], heads: int, what: str) -> tuple[int, int, int, int]:
    """(batch, heads, length, size) of (B, H, L, D), or of (B, L, H * D) with ``heads``."""
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    if len(shape) != 3:
        raise WorkloadError(f"{what} has {len(shape)} axes, expected 3 or 4")
    if heads < 1 or shape[2] % heads:
        raise WorkloadError(f"{what} of {shape[2]} columns does not divide into {heads} heads")
    return shape[0], heads, shape[1], shape[2] // heads


def _agree(q: Sequence[int], k: Sequence[int], v: Sequence[int]) -> None:
    if q[0] != k[0] or k[0] != v[0] or k[1] != v[1] or k[2] != v[2] or q[3] != k[3]:
        raise WorkloadError(
            f"queries {list(q)}, keys {list(k)} and values {list(v)} (batch, heads, length, size) "
            "do not fit each other"
        )


def attention(node: Any, name: str, inputs: Inputs) -> Made:
    """``Attention`` of the standard (opset 23 and later), with grouped queries and a past.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers.

    Raises:
        WorkloadError: shapes are unknown or do not fit.
    """
    given = attributes(node)
    own, shared = int(given.get("q_num_heads", 0)), int(given.get("kv_num_heads", 0))
    q = _heads(sizes(inputs, 0, "Q"), own, "Q")
    k = _heads(sizes(inputs, 1, "K"), shared or own, "K")
    v = _heads(sizes(inputs, 2, "V"), shared or own, "V")
    _agree(q, k, v)
    past = sizes(inputs, 4, "past_key")[2] if _there(inputs, 4) else 0
    layers = products.attention(
        name, batch=q[0], heads=q[1], kv_heads=k[1], queries=q[2], keys=past + k[2], size=q[3],
        value_size=v[3],
    )  # fmt: skip
    return Made(layers)


def microsoft_attention(node: Any, name: str, inputs: Inputs) -> Made:
    """``com.microsoft.Attention`` and ``QAttention``.

    They project queries, keys and values too.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers and the output's shape.

    Raises:
        WorkloadError: shapes are unknown or do not fit.
    """
    given = attributes(node)
    x, w = sizes(inputs, 0, "input"), sizes(inputs, 1, "weights")
    if len(x) != 3 or len(w) != 2 or x[2] != w[0]:
        raise WorkloadError(f"input {list(x)} does not fit weights {list(w)}")
    heads = int(given.get("num_heads", 0))
    parts = [int(n) for n in given.get("qkv_hidden_sizes", [])] or [w[1] // 3] * 3
    if len(parts) != 3 or sum(parts) != w[1] or heads < 1 or any(n % heads for n in parts):
        raise WorkloadError(
            f"weights of {w[1]} columns are not queries, keys, values of {heads} heads"
        )
    at = 8 if node.op_type == "QAttention" else 4
    past = sizes(inputs, at, "past")[3] if _there(inputs, at) else 0
    projection, _ = products.matrix_product(
        f"{name}_projection", x, w, left_constant=False, right_constant=constant(inputs, 1)
    )
    layers = products.attention(
        name, batch=x[0], heads=heads, kv_heads=heads, queries=x[1], keys=past + x[1],
        size=parts[0] // heads, value_size=parts[2] // heads,
    )  # fmt: skip
    return Made([*projection, *layers], [(x[0], x[1], parts[2])])


def multi_head_attention(node: Any, name: str, inputs: Inputs) -> Made:
    """``com.microsoft.MultiHeadAttention``: separate or packed operands, a past.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers and the output's shape.

    Raises:
        WorkloadError: shapes are unknown or do not fit.
    """
    heads = int(attributes(node).get("num_heads", 0))
    x = sizes(inputs, 0, "query")
    if len(x) == 5:  # queries, keys and values in one: (B, L, heads, 3, size)
        q = k = v = (x[0], x[2], x[1], x[4])
    else:
        q = _heads(x, heads, "query")
        key = sizes(inputs, 1, "key")
        if len(key) == 5:  # (B, L, heads, 2, size)
            k = v = (key[0], key[2], key[1], key[4])
        else:
            k, v = _heads(key, heads, "key"), _heads(sizes(inputs, 2, "value"), heads, "value")
    _agree(q, k, v)
    past = sizes(inputs, 6, "past_key")[2] if _there(inputs, 6) else 0
    layers = products.attention(
        name, batch=q[0], heads=q[1], kv_heads=k[1], queries=q[2], keys=past + k[2], size=q[3],
        value_size=v[3],
    )  # fmt: skip
    return Made(layers, [(q[0], q[2], q[1] * v[3])])


def group_query_attention(node: Any, name: str, inputs: Inputs) -> Made:
    """``com.microsoft.GroupQueryAttention``: fewer key heads than query heads, a past.

    Without a known total length every place of the past counts.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers and the output's shape.

    Raises:
        WorkloadError: shapes are unknown or do not fit.
    """
    given = attributes(node)
    heads, shared = int(given.get("num_heads", 0)), int(given.get("kv_num_heads", 0))
    x = sizes(inputs, 0, "query")
    if heads < 1 or shared < 1:
        raise WorkloadError(f"num_heads {heads} and kv_num_heads {shared} must be at least 1")
    if _there(inputs, 1):
        q = _heads(x, heads, "query")
        k = _heads(sizes(inputs, 1, "key"), shared, "key")
        v = _heads(sizes(inputs, 2, "value"), shared, "value")
    else:  # queries, keys and values in one
        _, _, length, size = _heads(x, heads + 2 * shared, "packed query")
        q, k = (x[0], heads, length, size), (x[0], shared, length, size)
        v = k
    _agree(q, k, v)
    past = sizes(inputs, 3, "past_key")[2] if _there(inputs, 3) else 0
    total = inputs[6].value if _there(inputs, 6) and inputs[6] is not None else None
    keys = int(total.reshape(-1)[0]) if total is not None and total.size == 1 else past + k[2]
    if not k[2] <= keys <= past + k[2]:
        raise WorkloadError(
            f"a total length of {keys} does not fit {k[2]} new tokens after at most {past}"
        )
    layers = products.attention(
        name, batch=q[0], heads=q[1], kv_heads=k[1], queries=q[2], keys=keys, size=q[3],
        value_size=v[3],
    )  # fmt: skip
    return Made(layers, [(q[0], q[2], q[1] * v[3])])
