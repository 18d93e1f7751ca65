"""Design spaces of mappings: GAMMA's 17 integers, and factors, orders and unrolled dimensions by name."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.space import Parameter, categorical, ordinal
from archgym.space import Designs, DesignSpace

from .architecture import Architecture
from .layers import Layer
from .layout import DIMENSIONS, TEMPORAL, TENSORS
from .mapping import Mapping

State = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]
MOST_FACTORS = 16


class MappingSpace(ABC):
    """The knobs of one layer's mapping; ``prefix`` keeps layers of a network apart."""

    name: str

    def __init__(self, layer: Layer, architecture: Architecture, prefix: str = "") -> None:
        self.layer, self.architecture, self.prefix = layer, architecture, prefix
        self.parameters = self._parameters()
        self.space = DesignSpace(self.parameters)

    @abstractmethod
    def _parameters(self) -> list[Parameter]: ...

    @abstractmethod
    def _decode(self, design: Designs, state: State) -> None: ...

    @abstractmethod
    def evaluate(self, x: Designs, *arguments: Any) -> None:
        """Evaluate a batch of designs into an array.

        Args:
            x: (n, d) value indices.
            *arguments: (arch, switches, out (n, 7), work) of ``decoding.row``; ``out`` is filled.
        """

    @abstractmethod
    def describe(self, x: Designs, *arguments: Any) -> None:
        """Features of designs.

        Args:
            x: designs (n, d).
            arguments: arch, state, work, out and rough of ``nest_features.describe``.
        """

    def state(self) -> State:
        """Arrays for one mapping: factor, order, keep."""
        levels = len(self.architecture.levels)
        return (
            np.ones((levels, 3, 8), np.int64),
            np.zeros((levels, 8), np.int64),
            np.zeros((levels, 3), np.bool_),
        )

    def mapping(self, design: Designs) -> Mapping:
        """The mapping of one design; every design covers the layer.

        Args:
            design: (d,) value indices.

        Returns:
            The mapping.
        """
        state = self.state()
        self._decode(np.asarray(design, np.int64), state)
        return Mapping(*state)

    def canonical(self, x: Designs) -> Designs:
        """Replace designs by the ones that stand for the same mapping.

        Args:
            x: (n, d) value indices.

        Returns:
            (n, d); two designs with the same mapping are equal in it as far as the space knows.
        """
        return x


def useful_factors(n: int) -> tuple[int, ...]:
    """Factors of a loop that no smaller factor replaces: ceil(n / k).

    Of many, about 16 are kept, spread evenly.

    Args:
        n: the loop's extent.

    Returns:
        The factors, in rising order.
    """
    root = isqrt(n)  # every value is a quotient by a small k, or small itself
    values = sorted({-(-n // k) for k in range(1, root + 1)} | _small_quotients(n, root))
    if len(values) > MOST_FACTORS:
        picks = np.unique(np.geomspace(1, len(values), MOST_FACTORS).round().astype(int)) - 1
        divisors = [v for v in values if n % v == 0]
        chosen = {values[i] for i in picks} | set(divisors[:: max(1, len(divisors) // 8)]) | {n}
        values = sorted(chosen)
    return tuple(values)


def _small_quotients(n: int, root: int) -> set[int]:
    """The values v of ceil(n / k) that are at most sqrt(n) + 1: those that some k gives."""
    return {v for v in range(1, root + 2) if v == 1 or -(-n // v) < -(-n // (v - 1))}


class LoopSpace(MappingSpace):
    """Factors by level and dimension, a stationary tensor by level, one unrolled dimension an axis.

    From the inside each factor is cut to what is left of its dimension and to what the level and those
    outside it can hold; the outermost level takes the rest.  So every design covers the layer and fits,
    unless the smallest tiles do not.
    """

    name = "loops"

    def _parameters(self) -> list[Parameter]:
        levels = self.architecture.levels
        out: list[Parameter] = []
        present = [d for d, n in zip(DIMENSIONS, self.layer.dims) if n > 1]
        for i, level in enumerate(levels):
            here = f"{self.prefix}{level.name}"
            if i > 0:
                out += [
                    ordinal(
                        f"tile.{here}.{d}",
                        useful_factors(int(getattr(self.layer, d))),
                        f"iterations of {d} at {level.name}",
                        scale="log",
                    )
                    for d in present
                ]
            for axis, room, allowed in (
                ("x", level.fanout[0], level.spatial_x),
                ("y", level.fanout[1], level.spatial_y),
            ):
                if room > 1:
                    choices = ["none", *(d for d in present if d in allowed)]
                    out.append(
                        categorical(
                            f"parallel.{here}.{axis}", choices, f"dimension unrolled along {axis}"
                        )
                    )
            if i < len(levels) - 1 and len(present) > 1:
                out.append(
                    categorical(
                        f"order.{here}",
                        ("weights", "inputs", "outputs"),
                        "the tensor that stays while inner loops run",
                    )
                )
            out += [
                categorical(
                    f"keep.{here}.{tensor}", (True, False), f"whether {level.name} holds {tensor}"
                )
                for letter, tensor in zip("WIO", ("weights", "inputs", "outputs"))
                if letter in level.may_keep and letter not in level.must_keep
            ]
        return out or [categorical(f"{self.prefix}only", ("one",), "nothing to choose")]

    @cached_property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """What ``decoding.decode_loops`` reads."""
        levels = self.architecture.levels
        column = {p.name: i for i, p in enumerate(self.parameters)}

        def at(name: str) -> int:
            return column.get(name, -1)

        heres = [f"{self.prefix}{level.name}" for level in levels]
        tiles = [[at(f"tile.{h}.{d}") for d in DIMENSIONS] for h in heres]
        axes = [[at(f"parallel.{h}.{axis}") for axis in "xy"] for h in heres]
        orders = [at(f"order.{h}") for h in heres]
        keeps = [[at(f"keep.{h}.{t}") for t in TENSORS] for h in heres]
        values = np.ones((len(self.parameters), max(map(len, self.parameters))), np.int64)
        unrolled = np.full_like(values, -1)
        for i, p in enumerate(self.parameters):
            if p.name.startswith("tile."):
                values[i, : len(p)] = p.array
            elif p.name.startswith("parallel."):
                unrolled[i, : len(p)] = [
                    DIMENSIONS.index(str(v)) if v != "none" else -1 for v in p.values
                ]
        room = np.array([level.fanout for level in levels], np.int64)
        must = self.architecture.keeps[0]
        return (
            np.array(tiles, np.int64), np.array(axes, np.int64), np.array(orders, np.int64),
            np.array(keeps, np.int64), values, unrolled, room, must,
        )  # fmt: skip

    def _decode(self, design: Designs, state: State) -> None:
        from .decoding import decode_loops

        size, bits = self.architecture.arrays[:2]
        layer = self.layer
        rest = np.empty((2, 8), np.int64)
        decode_loops(design, self.tables, layer.dims, layer.geometry, size, bits, state, rest)

    def evaluate(self, x: Designs, *arguments: Any) -> None:
        """A batch of this layer's designs; see ``decoding.evaluate_loops``."""
        from .decoding import evaluate_loops

        evaluate_loops(x, self.tables, self.layer.dims, self.layer.geometry, *arguments)

    def describe(self, x: Designs, arch: Any, *arguments: Any) -> None:
        """A batch of this layer's designs; see ``nest_features.describe_loops``."""
        from .nest_features import describe_loops

        layer = self.layer
        describe_loops(
            x, self.tables, layer.dims, layer.geometry, arch, float(layer.count), *arguments
        )

    def canonical(self, x: Designs) -> Designs:
        """What is cut says no more than the smallest value that is cut to the same."""
        out = x.copy()
        state = self.state()
        tile_at, axis_at, _, _, values, _, _, _ = self.tables
        for row in out:
            self._decode(row, state)
            factor = state[0]
            for level in range(len(factor)):
                for d in range(8):
                    at = tile_at[level, d]
                    if at >= 0:
                        row[at] = np.searchsorted(
                            values[at, : len(self.parameters[at])], factor[level, TEMPORAL, d]
                        )
                for axis in range(2):
                    at = axis_at[level, axis]
                    if at >= 0 and factor[level, 1 + axis].prod() == 1:
                        row[at] = 0
        return out


PERMUTATIONS = 720
MOST_TILES = (
    65_536  # tiles named one by one; of longer dimensions those that no smaller one replaces
)


def tiles(n: int) -> tuple[int, ...]:
    """The tiles of a dimension that a knob offers.

    Args:
        n: the dimension's extent.

    Returns:
        Every tile from 1 to ``n``, or the useful ones of a very long dimension.
    """
    return tuple(range(1, n + 1)) if n <= MOST_TILES else useful_factors(n)


class GammaSpace(MappingSpace):
    """GAMMA's encoding as ArchGym has it: 17 integers for two levels of clusters.

    By level: which dimension is parallel, tiles of S, R, K, C, X, Y, and the number of a permutation
    of the loops (ArchGym seeds a generator with it; here it is the lexicographic rank).  ``num_pe``
    PEs make a cluster, 1,024 over ``num_pe`` clusters make the array.  A tile of level 1 is cut to that
    of level 2.
    """

    name = "gamma"

    def _dims(self) -> dict[str, int]:
        layer = self.layer
        k = layer.G if layer.G > 1 and layer.K == 1 else layer.K
        return {"S": layer.S, "R": layer.R, "K": k, "C": layer.C, "X": layer.Q, "Y": layer.P}

    def _parameters(self) -> list[Parameter]:
        p, dims = self.prefix, self._dims()

        def level(name: str) -> list[Parameter]:
            out = [categorical(f"parallel.{p}{name}", ("K", "C", "X", "Y"), "unrolled dimension")]
            out += [
                ordinal(f"tile.{p}{name}.{d}", tiles(n), f"tile of {d}", scale="log")
                for d, n in dims.items()
            ]
            return out

        orders = tuple(range(PERMUTATIONS))
        return [
            categorical(f"order.{p}l2", orders, "rank of the permutation of S R K C X Y"),
            *level("l2"),
            *level("l1"),
            categorical(f"order.{p}l1", orders, "rank of the permutation of S R K C X Y"),
            ordinal(f"{p}num_pe", tuple(range(1, 1024)), "PEs of a cluster", scale="log"),
        ]

    def _decode(self, design: Designs, state: State) -> None:
        from .decoding import decode_gamma

        decode_gamma(self._written_out(design[None])[0], self.layer.dims, state)

    def _written_out(self, x: Designs) -> Designs:
        """Designs (n, 17) as if every tile were named, which the kernel reads: tile less one."""
        out = x
        for i, p in enumerate(self.parameters):
            if p.name.startswith("tile.") and len(p) != p.values[-1]:
                out = x.copy() if out is x else out
                out[:, i] = np.asarray(p.array, np.int64)[x[:, i]] - 1
        return out

    def evaluate(self, x: Designs, *arguments: Any) -> None:
        """A batch of this layer's designs; see ``decoding.evaluate_gamma``."""
        from .decoding import evaluate_gamma

        evaluate_gamma(self._written_out(x), self.layer.dims, self.layer.geometry, *arguments)

    def describe(self, x: Designs, arch: Any, *arguments: Any) -> None:
        """A batch of this layer's designs; see ``nest_features.describe_gamma``."""
        from .nest_features import describe_gamma

        layer, designs = self.layer, self._written_out(x)
        describe_gamma(designs, layer.dims, layer.geometry, arch, float(layer.count), *arguments)

    def canonical(self, x: Designs) -> Designs:
        """Inner tiles beyond the outer ones are cut."""
        out = x.copy()
        out[:, 9:15] = np.minimum(out[:, 9:15], out[:, 2:8])
        return out


SPACES: dict[str, type[MappingSpace]] = {"loops": LoopSpace, "gamma": GammaSpace}


def joined(spaces: list[MappingSpace]) -> DesignSpace:
    """The space of all layers together.

    Args:
        spaces: one per layer; their prefixes keep the names apart.

    Returns:
        The space, with the parameters of one layer after the other.
    """
    return DesignSpace(list(itertools.chain.from_iterable(s.parameters for s in spaces)))
