"""Parameters whose values are permutations, such as ``a,b,c`` and ``a,c,b``.

Such a categorical parameter is known by its values.  Two of them are close where one is the other with two
items exchanged, so that a search need not jump among all n! values.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .parameter import Parameter


@cache
def items_of(p: Parameter) -> tuple[str, ...]:
    """What a parameter permutes.

    Args:
        p: any parameter.

    Returns:
        The items, sorted; empty where the values are no permutations of at least three items.
    """
    if p.kind != "categorical" or len(p) < 2 or not all(isinstance(v, str) for v in p.values):
        return ()
    first = sorted(str(p.values[0]).split(","))
    if len(first) < 3 or len(set(first)) < len(first):
        return ()
    return tuple(first) if all(sorted(str(v).split(",")) == first for v in p.values) else ()


@cache
def exchanges(p: Parameter) -> NDArray[np.int64] | None:
    """For each permutation, those with two items exchanged.

    Args:
        p: any parameter.

    Returns:
        Value indices (n, k), read-only; the value's own index where an exchange is no legal value.  None
        where the parameter is no permutation, or no exchange is legal.
    """
    items = items_of(p)
    if not items:
        return None
    at = {v: i for i, v in enumerate(p.values)}
    pairs = list(combinations(range(len(items)), 2))
    out = np.empty((len(p), len(pairs)), np.int64)
    for i, value in enumerate(p.values):
        order = str(value).split(",")
        for k, (a, b) in enumerate(pairs):
            other = order.copy()
            other[a], other[b] = order[b], order[a]
            out[i, k] = at.get(",".join(other), i)
    if (out == np.arange(len(p))[:, None]).all():
        return None
    out.setflags(write=False)
    return out


@cache
def places(p: Parameter) -> NDArray[np.float64]:
    """Where each item stands in each permutation.

    Args:
        p: a parameter of permutations.

    Returns:
        Places (n, items), from 0 for the first to 1 for the last.
    """
    items = items_of(p)
    rows = [[str(v).split(",").index(item) for item in items] for v in p.values]
    return np.array(rows, np.float64) / (len(items) - 1)


def exchanged(
    x: NDArray[np.int64], parameters: tuple[Parameter, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """One exchange in every permutation of every design.

    Args:
        x: designs (n, d).
        parameters: of the space, d of them.
        rng: draws the exchanges; it is used only where there are permutations.

    Returns:
        Designs (n, d); the other columns are those of ``x``.
    """
    out = x.copy()
    for column, p in enumerate(parameters):
        near = exchanges(p)
        if near is not None:
            out[:, column] = near[x[:, column], rng.integers(near.shape[1], size=len(x))]
    return out
