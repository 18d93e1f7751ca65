"""Products one after the other whose intermediates stay on chip.

The outer loops are shared.  Inside of them each product has a nest of its own, and all run in turn.  Every
product is counted by itself over the shared items and its own; latencies add up.  A level has room for what
the shared items hold and for what one of the nests inside holds at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..mapping import MappingError
from .evaluating import UnevenCost, evaluate_nest
from .nest import AXES, BARRIER, HOLD, LOOP, UNROLL, Items, faults_of
from .product import Product

HOLDER = re.compile(r"\[([\w,]+) in (\w+)\]")
STEP = re.compile(r"(T|S-[XY])-(\w+) in \[0\.\.(\d+)\)(?: shape=\d+)?")


@dataclass(frozen=True)
class Chain:
    """Two products or more; the output of each but the last is an operand of the next."""

    products: tuple[Product, ...]

    def __post_init__(self) -> None:
        for one, two in zip(self.products, self.products[1:]):
            if one.tensors[-1] not in two.tensors[:-1]:
                raise MappingError(
                    f"the output {one.tensors[-1]!r} of {one.name} is no operand of {two.name}, "
                    f"which has {', '.join(two.tensors[:-1])}"
                )

    @property
    def intermediates(self) -> list[str]:
        """The tensors that pass from one product to the next."""
        return [x.tensors[-1] for x in self.products[:-1]]


@dataclass(frozen=True)
class Holder:
    """From here inwards a level keeps tensors."""

    level: int
    tensors: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A loop over a dimension, or one unrolled along an axis of a level's children.

    ``level`` -1 is that of the innermost holder.
    """

    dimension: str
    iterations: int
    axis: str = ""
    level: int = -1


Entry = Holder | Step


@dataclass(frozen=True)
class FusedNest:
    """Entries that all products share, and those of each of them."""

    shared: tuple[Entry, ...]
    inside: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True)
class FusedCost:
    """Cost of a fused chain.

    Attributes:
        energy_pj: of all products.
        cycles: of all, one after the other.
        parts: each product by itself; their ``full`` does not say whether the chain fits.
        held_bits: (L,) what one instance of each level holds at most.
        full: the first level whose capacity is exceeded; -1: none.
    """

    energy_pj: float
    cycles: float
    parts: tuple[UnevenCost, ...]
    held_bits: NDArray[np.float64]
    full: int

    @property
    def fits(self) -> bool:
        """Whether every level has room for what it holds."""
        return self.full < 0


def matrix_products(m: int, k: int, n: int, h: int) -> Chain:
    """S = A B and O = S V: attention without its softmax, or a feed-forward layer.

    Args:
        m: rows of A, S and O.
        k: columns of A.
        n: columns of S.
        h: columns of O.

    Returns:
        The pair of products.
    """

    def axes(letters: str) -> list[dict[str, int]]:
        return [{d: 1} for d in letters]

    first = {"A": axes("mk"), "B": axes("kn"), "S": axes("mn")}
    second = {"S": axes("mn"), "V": axes("nh"), "O": axes("mh")}
    return Chain(
        (
            Product("A B", {"m": m, "k": k, "n": n}, first),
            Product("S V", {"m": m, "n": n, "h": h}, second),
        )
    )


def parse_fused(lines: Sequence[str], machine: Architecture) -> FusedNest:
    """A fused nest as AccelForge writes it.

    Args:
        lines: ``[A,O in GLB]``, ``T-n in [0..16) shape=4``, ``S-X-k in [0..4)``, and ``Nested`` where
            the nest of a product begins; ``Sequential`` and what computes is passed by.
        machine: names levels.

    Returns:
        The nest.

    Raises:
        MappingError: a line of another form, less than two nests.
        UnknownNameError: no such level.
    """
    parts: list[list[Entry]] = [[]]
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text == "Nested":
            parts.append([])
        elif text == "Sequential" or "computes" in text:
            continue
        elif found := HOLDER.fullmatch(text):
            tensors = tuple(found[1].split(","))
            parts[-1].append(Holder(machine.position(found[2]), tensors))
        elif found := STEP.fullmatch(text):
            parts[-1].append(Step(found[2], int(found[3]), found[1][2:]))
        else:
            raise MappingError(f"line {number}: expected a holder or a loop, got {text!r}")
    if len(parts) < 3:
        raise MappingError(f"expected the nests of two products or more, got {len(parts) - 1}")
    return FusedNest(tuple(parts[0]), tuple(map(tuple, parts[1:])))


def evaluate_fused(nest: FusedNest, chain: Chain, machine: Architecture) -> FusedCost:
    """Energy, cycles and space of a fused chain.

    Args:
        nest: shared entries and those of each product.
        chain: what is computed.
        machine: on what.

    Returns:
        The cost; where a capacity is exceeded ``full`` says so.

    Raises:
        MappingError: another number of nests than of products, a shared loop that only some of the products
            have, iterations that do not multiply to an extent, holders that stand wrong, too many children.
    """
    products = chain.products
    if len(nest.inside) != len(products):
        raise MappingError(f"{len(nest.inside)} nests for {len(products)} products")
    all_of = "both" if len(products) == 2 else "all"
    faults = [
        f"the shared loop over {x.dimension} is not a loop of {all_of} products"
        for x in nest.shared
        if isinstance(x, Step) and any(x.dimension not in p.extents for p in products)
    ]
    nests = []
    for product, inside in zip(products, nest.inside):
        items, more = _items(nest.shared, inside, product)
        nests.append(items)
        faults += more or faults_of(items, product, machine, chain.intermediates)
    if faults:
        raise MappingError("; ".join(dict.fromkeys(faults)))
    parts = tuple(evaluate_nest(i, p, machine) for i, p in zip(nests, products))
    bits = _held_bits(nests, parts, products, machine)
    full = [i for i, level in enumerate(machine.levels) if bits[i] > level.size_bits]
    return FusedCost(
        sum(x.energy_pj for x in parts), sum(x.cycles for x in parts), parts, bits,
        full[0] if full else -1,
    )  # fmt: skip


def _items(
    shared: Sequence[Entry], inside: Sequence[Entry], product: Product
) -> tuple[Items, list[str]]:
    """The nest of one product, a barrier where the shared entries end, and what is wrong with it."""
    rows: list[tuple[int, ...]] = []
    unplaced: list[int] = []
    left = dict(product.extents)
    faults = []
    for number, x in enumerate((*shared, None, *inside), 1):
        if x is None:
            rows.append((BARRIER, 0, -1, 0))
        elif isinstance(x, Holder):
            own = [product.tensors.index(t) for t in x.tensors if t in product.tensors]
            rows += [(HOLD, x.level, t, number) for t in own]
        elif x.dimension not in left:
            faults.append(f"{x.dimension} is no dimension of {product.name}")
        elif x.iterations < 1 or left[x.dimension] % x.iterations:
            faults.append(
                f"{x.iterations} iterations do not divide {x.dimension} of {product.name}"
            )
        else:
            left[x.dimension] //= x.iterations
            d = product.dimensions.index(x.dimension)
            kind, axis = (UNROLL, AXES.index(x.axis)) if x.axis else (LOOP, 0)
            if kind == UNROLL and x.level < 0:
                unplaced.append(len(rows))
            rows.append((kind, d, x.iterations, axis + 2 * max(0, x.level)))
    faults += [
        f"{n} iterations of {d} of {product.name} are left over" for d, n in left.items() if n > 1
    ]
    items = np.array(rows, np.int64)
    items[unplaced, 3] += 2 * int(items[items[:, 0] == HOLD, 1].max(initial=0))
    return items, faults


def _held_bits(
    nests: Sequence[Items],
    costs: Sequence[UnevenCost],
    products: Sequence[Product],
    machine: Architecture,
) -> NDArray[np.float64]:
    """What is held at most: shared holders all the time, those of a product while it runs."""
    levels = len(machine.levels)
    shared: dict[tuple[int, str], float] = {}
    own = np.zeros((len(nests), levels))
    for i, (items, cost, product) in enumerate(zip(nests, costs, products)):
        barrier = int(np.flatnonzero(items[:, 0] == BARRIER)[0])
        for at in np.flatnonzero(items[:, 0] == HOLD):
            level, t = int(items[at, 1]), int(items[at, 2])
            bits = float(cost.held[level, t] * machine.bits[t])
            if at < barrier:
                key = (level, product.tensors[t])
                shared[key] = max(shared.get(key, 0.0), bits)
            else:
                own[i, level] += bits
    out = own.max(axis=0)
    for (level, _), bits in shared.items():
        out[level] += bits
    return out
