"""Mixtures of experts as products: who visits whom, if visits are even."""

from __future__ import annotations

from collections.abc import Sequence

from .layers import Layer


def expert_products(
    visits: int, experts: int, matrices: Sequence[tuple[str, int, int]], count: int = 1
) -> list[Layer]:
    """Every matrix of all experts that are visited; an expert is a group with rows of its own.

    Where there are fewer visits than experts, each visit meets another expert, and another input of a
    batch meets others again (``own_weights``). Where visits do not divide, some experts see one more.

    Args:
        visits: tokens times the experts that each sees.
        experts: how many there are.
        matrices: of one expert: a name, inputs, outputs.
        count: how often the layers occur.

    Returns:
        Layers in the order of the matrices, those of fuller experts last.
    """
    busy = min(visits, experts)
    own = int(visits < experts)
    rows, more = divmod(visits, busy)
    layers = []
    for suffix, groups, p in (("", busy - more, rows), ("_fuller", more, rows + 1)):
        if groups:
            both = {"G": groups, "P": p, "count": count, "own_weights": own}
            layers += [
                Layer(f"{n}{suffix}", K=out, C=inputs, **both) for n, inputs, out in matrices
            ]
    return layers
