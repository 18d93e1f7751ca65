"""One task under one budget: designs are asked for, costs come back, and every design is charged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .pack import DATA, Pack, read

Designs = NDArray[np.int64]
Floats = NDArray[np.float64]


class DesignError(Exception):
    """Designs of another shape, or outside of the space."""


class BudgetError(Exception):
    """More designs than the budget allows, or a result before it is spent."""


@dataclass(frozen=True)
class Knob:
    """One parameter of a design.

    Attributes:
        name: of the knob.
        values: every legal value, in order.
        kind: ``ordinal`` where the order means something, else ``categorical``.
        unit: of the values.
    """

    name: str
    values: tuple[Any, ...]
    kind: str
    unit: str = ""


def generator(seed: int) -> np.random.Generator:
    """A generator of random numbers for :meth:`Task.sample`.

    Args:
        seed: a whole number.

    Returns:
        The generator.
    """
    return np.random.default_rng(seed)


def load(
    name: str, *, budget: int | None = None, anonymous: bool = False, folder: Path = DATA
) -> Task:
    """A task, nothing spent.

    Args:
        name: of the task, see :func:`archgym_bench.names`.
        budget: designs that may be evaluated (default: the last step of the suite's ladder).
        anonymous: the twin without names.
        folder: where packs lie.

    Returns:
        The task.

    Raises:
        PackError: there is no such task; says which there are.
        BudgetError: a budget below 1.
    """
    return Task(read(name, folder), budget, anonymous)


class Task:
    """A search problem with a budget.

    Args:
        pack: the table.
        budget: designs that may be evaluated (default: the last step of the suite's ladder).
        anonymous: the twin without names.
    """

    def __init__(self, pack: Pack, budget: int | None = None, anonymous: bool = False) -> None:
        about = pack.about
        self.budget = int(about["ladder"][-1]) if budget is None else budget
        if self.budget < 1:
            raise BudgetError(f"budget must be at least 1, got {budget}")
        knobs = [Knob(k["name"], tuple(k["values"]), k["kind"], k["unit"]) for k in about["knobs"]]
        sizes = np.array([len(k.values) for k in knobs], np.int64)
        strides = np.concatenate([np.cumprod(sizes[::-1])[::-1][1:], [1]]).astype(np.int64)
        weights = [np.arange(n) * s for n, s in zip(sizes.tolist(), strides.tolist())]
        if anonymous:
            twin = about["twin"]
            columns = twin["columns"]
            weights = [weights[c][np.array(b)] for c, b in zip(columns, twin["back"])]
            knobs = [
                Knob(f"k{i}", tuple(range(len(knobs[c].values))), knobs[c].kind)
                for i, c in enumerate(columns)
            ]
        self.name = str(about["task"]) if not anonymous else "anonymous"
        self.knobs = tuple(knobs)
        self.nvec = np.array([len(k.values) for k in knobs], np.int64)
        self.objectives = int(about["objectives"])
        self.__pack, self.__costs = pack, []  # type: tuple[Pack, list[Floats]]
        # the rank of a design is a sum of one number a knob, so that a twin costs nothing
        self._weights = [(c, w) for c, w in enumerate(weights) if len(w) > 1]

    @property
    def spent(self) -> int:
        """How many designs were charged."""
        return sum(map(len, self.__costs))

    @property
    def left(self) -> int:
        """How many designs may still be evaluated."""
        return self.budget - self.spent

    def sample(self, n: int, rng: np.random.Generator) -> Designs:
        """Uniform designs, feasible or not; nothing is charged.

        Args:
            n: how many.
            rng: the generator to draw from.

        Returns:
            Designs (n, d) of value indices.
        """
        return rng.integers(0, self.nvec, (n, len(self.nvec)))

    def evaluate(self, x: ArrayLike, vector: bool = False) -> Floats:
        """What designs cost; each is charged, repeated ones too.

        Args:
            x: designs (n, d) of value indices.
            vector: a cost for each objective in place of the weighted one.

        Returns:
            (n,) costs, or (n, k); less is better, +inf is infeasible.

        Raises:
            DesignError: another shape, no whole numbers, or an index that a knob lacks.
            BudgetError: more than the budget allows; nothing is charged.
        """
        designs = np.asarray(x)
        if (
            designs.ndim != 2
            or designs.shape[1] != len(self.nvec)
            or designs.dtype.kind not in "iu"
        ):
            raise DesignError(
                f"expected whole numbers (n, {len(self.nvec)}), got {designs.dtype} {designs.shape}"
            )
        if len(designs) and ((designs < 0) | (designs >= self.nvec)).any():
            row, column = np.argwhere((designs < 0) | (designs >= self.nvec))[0].tolist()
            knob = self.knobs[column]
            raise DesignError(
                f"design {row}, knob {knob.name!r}: index {int(designs[row, column])} is outside "
                f"0..{len(knob.values) - 1}"
            )
        if len(designs) > self.left:
            raise BudgetError(
                f"{len(designs)} designs asked for, {self.left} of {self.budget} left"
            )
        rows = self.__pack.costs[self.__pack.row[self._ranks(designs)]]
        self.__costs.append(rows[:, 0])
        return rows[:, -self.objectives :] if vector else rows[:, 0]

    def _ranks(self, designs: Designs) -> Designs:
        total = np.zeros(len(designs), np.int64)
        for column, weights in self._weights:
            total += weights[designs[:, column]]
        return total

    def gaps(self) -> dict[int, float]:
        """How far the best design was from the optimum along the suite's ladder.

        Returns:
            By number of evaluations the normalised gap: 0 is the optimum, 1 the mean random design that meets
            the specs, or nothing found.

        Raises:
            BudgetError: the budget is not spent, so the search might still use it.
        """
        if self.left:
            raise BudgetError(
                f"{self.left} of {self.budget} evaluations are left: spend them first"
            )
        about = self.__pack.about
        best = np.minimum.accumulate(np.concatenate(self.__costs))
        share = (best - about["best"]) / (about["random"] - about["best"])
        steps = [n for n in about["ladder"] if n <= self.budget]
        steps = steps if self.budget in steps else [*steps, self.budget]
        return {n: float(np.clip(share[n - 1], 0.0, 1.0)) for n in steps}
