"""Which layers may be fused: how the dimensions of one match those of the next, and what stands between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Any

import numpy as np

from ..layers import Layer
from ..layout import DIMENSIONS
from ..uneven.fused import Chain
from ..uneven.nest import HOLD, Items
from ..uneven.product import Product

CHANNELS, ROWS = "NGKC", (("P", "R", "h"), ("Q", "S", "w"))
GATED = "gate_up"  # layers whose outputs are two halves that are multiplied word by word
SOFTMAX = ("scores", "values")  # ends of the names of the two layers that a softmax stands between
BEFORE_NORM = ("projection", "mlp_down", "shared_down", "experts_down")  # a norm needs whole rows


@dataclass(frozen=True)
class Between:
    """What is done with each word of an intermediate, at the level that keeps it.

    Attributes:
        name: for people; empty for what is applied as words are written (a bias, a ReLU, a GELU).
        reads: of a word, beyond those of the products.
        writes: of a word.
        macs: energy of its arithmetic, in products.
    """

    name: str = ""
    reads: int = 0
    writes: int = 0
    macs: float = 0.0


@dataclass(frozen=True)
class LinkedLayers:
    """Consecutive layers as one chain.

    Attributes:
        layers: two or three.
        chain: their products, over dimensions and tensors with common names.
        letters: of each product, the layer's letter of every dimension.
        between: of each intermediate, what is done with its words.
    """

    layers: tuple[Layer, ...]
    chain: Chain
    letters: tuple[Mapping[str, str], ...]
    between: tuple[Between, ...]

    @property
    def name(self) -> str:
        """For people."""
        return " + ".join(x.name for x in self.layers)


Names = dict[
    str, list[tuple[str, int]]
]  # of a layer's letter: dimensions and their extents, outermost first


def link(layers: Sequence[Layer], softmax_macs: float = 4.0) -> LinkedLayers | str:
    """Consecutive layers as a chain.

    Args:
        layers: two or more, in the order in which they run.
        softmax_macs: energy of a softmax's arithmetic per score, in products.

    Returns:
        The chain, or why there is none.
    """
    names: list[Names] = [
        {d: [(f"{d}1", getattr(layers[0], d))] for d in DIMENSIONS}
    ]  # fmt: skip
    between = []
    for number, (one, two) in enumerate(pairwise(layers), 2):
        matched = _matched(one, two, names[-1])
        if isinstance(matched, str):
            return f"{one.name} and {two.name}: {matched}"
        own: Names = {d: [(f"{d}{number}", getattr(two, d))] for d in DIMENSIONS}
        names.append(own | matched)
        between.append(_between(one, two, softmax_macs))
    products, letters = [], []
    for number, (layer, of) in enumerate(zip(layers, names), 1):
        products.append(_product(layer, of, f"T{number - 1}" if number > 1 else "I1", number))
        letters.append({n: letter for letter in DIMENSIONS for n, size in of[letter] if size > 1})
    return LinkedLayers(tuple(layers), Chain(tuple(products)), tuple(letters), tuple(between))


def _matched(one: Layer, two: Layer, names: Names) -> Names | str:
    """Names of the second layer's dimensions that are the first's, or why the two do not fit."""
    if one.count != two.count:
        return f"they occur {one.count} and {two.count} times"
    if one.N != two.N:
        return f"batches of {one.N} and {two.N}"
    if one.name.endswith(BEFORE_NORM):
        return "a norm between them needs whole rows"
    channels = _channels(one, two, names)
    if isinstance(channels, str):
        return channels
    out: Names = {"N": names["N"], **channels}
    for rows, window, side in ROWS:
        made, asked = getattr(one, rows), getattr(two, rows)
        stride, size = getattr(two, f"stride_{side}"), getattr(two, window)
        dilation = getattr(two, f"dilation_{side}")
        if size == 1 and stride == 1:
            if made != asked:
                return f"{made} {rows} of outputs and {asked} of inputs"
            out[rows] = names[rows]
            continue
        # rows beyond the map are padding, rows that no window reaches are made for nothing
        touched = (asked - 1) * stride + (size - 1) * dilation + 1
        if not made - stride < touched <= made + (size - 1) * dilation:
            return f"{made} {rows} of outputs and windows over {touched}"
    return out


def _channels(one: Layer, two: Layer, names: Names) -> Names | str:
    """Names of G and C of the second layer where they are channels of the first's output."""
    made = [x for d in "GK" for x in names[d] if x[1] > 1]
    if two.C == two.K == 1 and two.G == one.G * one.K:
        return {"G": made}
    if one.G == two.G and one.K == two.C:
        return {"G": names["G"], "C": names["K"]}
    if two.G == 1 and two.C == one.G * one.K:
        return {"C": made}
    if one.name.endswith(GATED) and one.G == two.G and one.K == 2 * two.C:
        half = (names["K"][0][0], two.C)
        names["K"] = [("H1", 2), half]  # both halves of a word stand side by side
        return {"G": names["G"], "C": [half]}
    return f"{one.G * one.K} channels of outputs and {two.G * two.C} of inputs"


def _between(one: Layer, two: Layer, softmax_macs: float) -> Between:
    if one.name.endswith(SOFTMAX[0]) and two.name.endswith(SOFTMAX[1]):
        return Between("softmax", 2, 1, softmax_macs)  # maximum and sum, then the shares
    if one.name.endswith(GATED):
        return Between("gate", 2, 1, 1.0)
    return Between()


def _product(layer: Layer, names: Names, inputs: str, number: int) -> Product:
    """A layer over named dimensions; those of extent 1 are left out."""

    def plain(letters: str) -> list[dict[str, int]]:
        return [{n: 1} for d in letters for n, size in names[d] if size > 1]

    def window(rows: str, size: str, side: str) -> list[dict[str, int]]:
        steps = (
            (rows, getattr(layer, f"stride_{side}")),
            (size, getattr(layer, f"dilation_{side}")),
        )
        axis = {n: step for d, step in steps for n, extent in names[d] if extent > 1}
        return [axis] if axis else []

    axes: dict[str, Any] = {
        f"W{number}": plain("GKCRS"),
        inputs: plain("NGC") + [x for row in ROWS for x in window(*row)],
        f"T{number}": plain("NGKPQ"),
    }
    extents = {n: size for d in DIMENSIONS for n, size in names[d] if size > 1}
    return Product(layer.name, extents or {"N1": 1}, axes)


def own_nest(items: Items, letters: Mapping[str, str], product: Product) -> Items:
    """A layer's own nest over the dimensions of its product in a chain.

    Where the channels of a layer are several dimensions of the chain, each loop is split among them.

    Args:
        items: (n, 4), over the layer's eight dimensions.
        letters: the layer's letter of every dimension of the product.
        product: of the chain.

    Returns:
        (m, 4), over the dimensions of the product.
    """
    left = {name: product.extents[name] for name in letters}
    out = []
    for kind, a, b, c in items.tolist():
        if kind == HOLD:
            out.append((kind, a, b, c))
            continue
        for name in [n for n, letter in letters.items() if letter == DIMENSIONS[a]]:
            times = gcd(b, left[name])
            left[name], b = left[name] // times, b // times
            if times > 1:
                out.append((kind, product.dimensions.index(name), times, c))
    return np.array(out, np.int64).reshape(-1, 4)
