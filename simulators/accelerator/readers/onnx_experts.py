"""Mixtures of experts: ``com.microsoft.MoE`` and its quantised form ``QMoE``."""

from __future__ import annotations

from math import prod
from typing import Any

from archgym.errors import WorkloadError

from ..experts import expert_products
from .onnx_operators import Inputs, Made, attributes, constant, sizes

PLAIN, QUANTISED = (2, 4, 6), (2, 5, 8)  # where the matrices fc1, fc2 and fc3 lie


def mixture(node: Any, name: str, inputs: Inputs) -> Made:
    """The experts' products, visited evenly; the router is a product of its own before.

    Matrices lie with their outputs first, or last as older exports have it. One of fc1's sides is the
    width of a token, and its other is the experts' width, or twice that where a gate is fused.

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
    at = QUANTISED if node.op_type == "QMoE" else PLAIN
    x, router = sizes(inputs, 0, "input"), sizes(inputs, 1, "router_probs")
    first, second = sizes(inputs, at[0], "fc1"), sizes(inputs, at[1], "fc2")
    if len(x) < 2 or len(router) != 2 or len(first) != 3 or len(second) != 3:
        raise WorkloadError(
            f"input {list(x)}, router_probs {list(router)}, experts {list(first)} and {list(second)} "
            "are no rows of tokens, their experts, and two matrices of every expert"
        )
    hidden, experts, top = x[-1], router[1], int(given.get("k", 1))
    bits = int(given.get("expert_weight_bits", 4)) if node.op_type == "QMoE" else 8
    if bits not in (2, 4, 8):
        raise WorkloadError(f"expert_weight_bits is 2, 4 or 8, got {bits}")
    pack = 8 // bits
    wide, inner = _width(first, hidden, pack, "take"), _width(second, hidden, pack, "make")
    if not 1 <= top <= experts or first[0] != experts or second[0] != experts:
        raise WorkloadError(
            f"{first[0]} and {second[0]} matrices, {experts} routes, of which {top} are taken"
        )
    if wide not in (inner, 2 * inner):
        raise WorkloadError(
            f"experts {list(first)} and {list(second)} do not fit each other and tokens of {hidden}"
        )
    if router[0] != prod(x[:-1]):
        raise WorkloadError(f"{router[0]} rows of routes for {prod(x[:-1])} tokens")
    if not constant(inputs, at[0]) or not constant(inputs, at[1]):
        raise WorkloadError("the experts' matrices are no constants")
    matrices = [(f"{name}_fc1", hidden, wide), (f"{name}_fc2", inner, hidden)]
    if at[2] < len(inputs) and inputs[at[2]] is not None:
        matrices.insert(1, (f"{name}_fc3", hidden, inner))
    return Made(expert_products(router[0] * top, experts, matrices), [tuple(x)])


def _width(shape: tuple[int, ...], hidden: int, pack: int, verb: str) -> int:
    """The side of an expert's matrix that is not the width of a token; ``pack`` values share a byte."""
    if shape[1] == hidden:
        return shape[2] * pack
    if shape[2] * pack == hidden:
        return shape[1]
    raise WorkloadError(f"experts {list(shape)} do not {verb} tokens of {hidden}")
