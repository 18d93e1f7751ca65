"""Finite design spaces: a design is a row of value indices, a batch is an (n, d) int64 array."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DesignError, UnknownNameError
from .constraint import Constraint, Designs
from .parameter import Parameter, Value
from .permutations import exchanges
from .sampling import drawn, repaired


class DesignSpace:
    """A finite product of parameters, less the designs that break a constraint."""

    def __init__(
        self, parameters: Sequence[Parameter], constraints: Sequence[Constraint] = ()
    ) -> None:
        self.parameters = tuple(parameters)
        self.constraints = tuple(constraints)
        self.names = tuple(p.name for p in self.parameters)
        if len(set(self.names)) != len(self.names):
            raise DesignError(f"two parameters share a name: {self.names}")
        self.nvec: Designs = np.array([len(p) for p in self.parameters], np.int64)
        self._arrays = tuple(p.array for p in self.parameters)
        self.nvec.setflags(write=False)

    # ---- what it is
    def __len__(self) -> int:
        return len(self.parameters)

    def __repr__(self) -> str:
        return f"DesignSpace({len(self)} parameters, {self.cardinality:,} designs)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DesignSpace) and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash(self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return self.parameters[self.position(name)]

    def position(self, name: str) -> int:
        """The column of a parameter in a design.

        Args:
            name: of the parameter.

        Returns:
            The column, from 0.

        Raises:
            UnknownNameError: no parameter has this name; similar ones are suggested.
        """
        if name not in self.names:
            raise UnknownNameError("parameter", name, self.names)
        return self.names.index(name)

    @property
    def cardinality(self) -> int:
        """The exact number of designs, constraints not counted."""
        return math.prod(len(p) for p in self.parameters)

    # ---- membership
    def check(self, x: ArrayLike) -> Designs:
        """Turn what was given into a batch of designs.

        Constraints are not looked at: see :meth:`is_valid`.

        Args:
            x: anything that numpy makes an array (n, d) of whole numbers.

        Returns:
            Value indices (n, d) of int64, all within range.

        Raises:
            DesignError: wrong shape, not whole numbers, or an index out of range. Row and parameter
                are named.
        """
        try:
            array = np.asarray(x)
        except ValueError:
            raise DesignError(
                f"designs must have shape (n, {len(self)}), one column per parameter; got uneven rows"
            ) from None
        whole = array.dtype.kind in "iu" or (
            array.dtype.kind == "f" and bool(np.all(np.isfinite(array)) and not np.any(array % 1))
        )
        if not whole:
            raise DesignError(f"designs must be integer value indices, got {array.dtype} values")
        if array.ndim != 2 or array.shape[1] != len(self):
            raise DesignError(
                f"designs must have shape (n, {len(self)}), one column per parameter; got {array.shape}"
            )
        out: Designs = array.astype(np.int64, copy=False)
        bad = (out < 0) | (out >= self.nvec)
        if bad.any():
            row, column = (int(v) for v in np.argwhere(bad)[0])
            p = self.parameters[column]
            raise DesignError(
                f"design {row}, parameter {p.name!r}: index {int(out[row, column])} is outside "
                f"0..{len(p) - 1} ({p.describe_values()})"
            )
        return out

    def is_valid(self, x: Designs) -> NDArray[np.bool_]:
        """Which designs keep every constraint.

        Args:
            x: designs (n, d) within range.

        Returns:
            (n,) bool.
        """
        return self.first_broken(x) < 0

    def first_broken(self, x: Designs) -> NDArray[np.int64]:
        """Which constraint each design breaks first.

        Args:
            x: designs (n, d) within range.

        Returns:
            (n,) the constraint's number, -1 for a design that keeps all.
        """
        out = np.full(len(x), -1, np.int64)
        if self.constraints and len(x):
            columns = self.columns(x)
            for i, constraint in enumerate(self.constraints):
                out[(out < 0) & ~np.asarray(constraint.holds(columns), np.bool_)] = i
        return out

    def broken(self, design: Designs) -> str:
        """The reason of the first constraint that a design breaks, or ''.

        Args:
            design: (d,) value indices.

        Returns:
            The name of the constraint and its reason, or ''.
        """
        first = int(self.first_broken(design[None])[0])
        if first < 0:
            return ""
        return f"{self.constraints[first].name}: {self.constraints[first].reason}"

    # ---- between indices and physical values
    def columns(self, x: Designs) -> dict[str, NDArray[np.generic]]:
        """Designs as physical values.

        Args:
            x: designs (n, d) within range.

        Returns:
            By parameter name, values (n,) in the parameter's unit.
        """
        return {n: a[x[:, i]] for i, (n, a) in enumerate(zip(self.names, self._arrays))}

    def decode(self, x: ArrayLike) -> list[dict[str, Value]]:
        """Designs as dicts.

        Args:
            x: designs (n, d).

        Returns:
            One dict per design: physical value by parameter name.

        Raises:
            DesignError: ``x`` is not a batch of this space.
        """
        checked = self.check(x)
        return [
            {p.name: p.values[i] for p, i in zip(self.parameters, row)} for row in checked.tolist()
        ]

    def encode(self, designs: Sequence[Mapping[str, object]] | Mapping[str, object]) -> Designs:
        """Dicts of physical values as designs.

        Args:
            designs: one dict per design, with every parameter.

        Returns:
            Value indices (n, d).

        Raises:
            UnknownNameError: a name that is no parameter; similar ones are suggested.
            DesignError: a parameter is missing, a value is not one of its values, or a design is no dict.
        """
        if not isinstance(designs, Mapping | Iterable) or isinstance(designs, str):
            raise DesignError(f"expected dicts of parameters, got {designs!r}")
        rows = [designs] if isinstance(designs, Mapping) else list(designs)
        out = np.empty((len(rows), len(self)), np.int64)
        for k, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise DesignError(
                    f"design {k}: expected a dict of parameters to values, got {row!r:.60}; arrays of value "
                    "indices are encoded already: give them to evaluate, or to decode for their dicts"
                )
            for name in row:
                if name not in self.names:
                    raise UnknownNameError(f"parameter in design {k}:", name, self.names)
            for column, p in enumerate(self.parameters):
                if p.name not in row:
                    raise DesignError(f"design {k} lacks parameter {p.name!r}")
                try:
                    out[k, column] = p.index(row[p.name])
                except DesignError as error:
                    raise DesignError(f"design {k}, {error}") from None
        return out

    def to_unit(self, x: Designs) -> NDArray[np.float64]:
        """Designs as points (n, d) of the unit cube, each at the centre of its design's cell.

        Args:
            x: designs (n, d).

        Returns:
            (n, d) between 0 and 1.
        """
        unit: NDArray[np.float64] = (x + 0.5) / self.nvec
        return unit

    def from_unit(self, u: ArrayLike) -> Designs:
        """Points of the unit cube as designs.

        Args:
            u: points (n, d); those outside of [0, 1] count as the nearest inside, NaN as the middle.

        Returns:
            The designs (n, d) in whose cells they lie.
        """
        values = np.nan_to_num(np.asarray(u, np.float64), nan=0.5)
        cells = np.floor(np.clip(values, 0, 1) * self.nvec).astype(np.int64)
        return np.minimum(cells, self.nvec - 1)

    # ---- moving about
    def sample(self, n: int, rng: np.random.Generator) -> Designs:
        """Draw designs uniformly from the valid ones.

        Args:
            n: how many.
            rng: the generator to draw from.

        Returns:
            Valid designs (n, d).

        Raises:
            DesignError: fewer than about 1 design in 100,000 is valid.
        """
        return drawn(self, n, rng)

    def repair(self, x: Designs, rng: np.random.Generator) -> Designs:
        """Replace invalid designs by valid ones that differ in few parameters.

        Args:
            x: designs (n, d) within range.
            rng: the generator to draw from.

        Returns:
            Valid designs (n, d); those that were valid are unchanged.
        """
        return repaired(self, x, rng)

    def neighbors(self, design: ArrayLike) -> Designs:
        """Every valid design one step away.

        A step changes an ordinal parameter to the value before or after, a permutation by an exchange of
        two items, and any other categorical one to any other value.

        Args:
            design: (d,) value indices.

        Returns:
            Designs (k, d), without the design itself; k may be 0.
        """
        base = np.asarray(design, np.int64).reshape(-1)
        out: list[Designs] = []
        for column, p in enumerate(self.parameters):
            here = int(base[column])
            near = exchanges(p)
            if near is not None:
                steps: Sequence[int] = near[here].tolist()
            else:
                steps = range(len(p)) if p.kind == "categorical" else (here - 1, here + 1)
            for value in steps:
                if value != here and 0 <= value < len(p):
                    moved = base.copy()
                    moved[column] = value
                    out.append(moved)
        x = np.array(out, np.int64).reshape(-1, len(self))
        return x[self.is_valid(x)]

    # ---- enumeration
    def rank(self, x: Designs) -> list[int]:
        """Positions in lexicographic order, one exact whole number of any size per design.

        Args:
            x: designs (n, d).

        Returns:
            n whole numbers, from 0.
        """
        ranks = [0] * len(x)
        for row, design in enumerate(x.tolist()):
            value = 0
            for index, size in zip(design, self.nvec.tolist()):
                value = value * size + index
            ranks[row] = value
        return ranks

    def unrank(self, ranks: Sequence[int] | NDArray[np.int64]) -> Designs:
        """The designs at positions of the lexicographic order.

        Args:
            ranks: whole numbers from 0 to ``cardinality`` - 1.

        Returns:
            Designs (n, d), valid or not.

        Raises:
            DesignError: a position beyond the space.
        """
        if self.cardinality < 1 << 62:
            rest = np.asarray(ranks, np.int64)
            if len(rest) and (rest.min() < 0 or rest.max() >= self.cardinality):
                raise DesignError(f"rank outside 0..{self.cardinality - 1}")
            out = np.empty((len(rest), len(self)), np.int64)
            for column in range(len(self) - 1, -1, -1):
                rest, out[:, column] = np.divmod(rest, self.nvec[column])
            return out
        rows = []
        for value in map(int, ranks):
            row = []
            for size in reversed(self.nvec.tolist()):
                value, index = divmod(value, size)
                row.append(index)
            rows.append(row[::-1])
        return np.array(rows, np.int64).reshape(-1, len(self))

    def grid(self, chunk: int = 65_536) -> Iterator[Designs]:
        """Every valid design in lexicographic order.

        Args:
            chunk: designs per block at most.

        Yields:
            Blocks (at most ``chunk``, d).
        """
        for start in range(0, self.cardinality, chunk):
            stop = min(start + chunk, self.cardinality)
            block = self.unrank(np.arange(start, stop))
            yield block[self.is_valid(block)] if self.constraints else block

    # ---- narrower spaces
    def narrowed(self, choices: Mapping[str, Sequence[object]]) -> DesignSpace:
        """The space, with the same constraints, in which some parameters keep a part of their values.

        Args:
            choices: the values to keep, by parameter name.

        Returns:
            The narrowed space.

        Raises:
            UnknownNameError: no parameter has this name; DesignError: a value that it does not have.
        """
        for name in choices:
            self.position(name)
        return DesignSpace(
            [p.narrowed(choices[p.name]) if p.name in choices else p for p in self.parameters],
            self.constraints,
        )

    def embed(self, x: Designs, parent: DesignSpace) -> Designs:
        """Designs of this narrowed space as designs of the space that it was narrowed from.

        Args:
            x: designs (n, d) of this space.
            parent: the larger space.

        Returns:
            The same designs (n, d), as value indices of ``parent``.
        """
        out = np.empty_like(x)
        for column, p in enumerate(self.parameters):
            whole = parent.parameters[column]
            if p is whole:
                out[:, column] = x[:, column]
            else:
                table = np.array([whole.index(v) for v in p.values], np.int64)
                out[:, column] = table[x[:, column]]
        return out
