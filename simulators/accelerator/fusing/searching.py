"""The best fused nest found of a chain of layers on a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.errors import UnknownNameError

from ..architecture import Architecture
from ..layout import DIMENSIONS, OBJECTIVES
from ..uneven.counting import workspace
from ..uneven.evaluating import arrays_of
from ..uneven.fused import Chain, Entry, FusedCost, FusedNest, Holder, Step, evaluate_fused
from ..uneven.nest import AXES, HOLD, LOOP, Items
from ..uneven.searching import SEARCHED, value_of
from .annealing import HOT, anneal
from .options import divisors

RUNS = 48  # of each length, every one from other shared loops
SEEDED, MILD = (4_000, 16_000), 0.02  # runs from the layers' own nests: their steps and heat


@dataclass(frozen=True)
class FoundChain:
    """The best fused nest of a search.

    Attributes:
        nest: shared entries and those of each product.
        cost: what it costs.
        evaluated: chains that were evaluated.
        proved: whether no fused nest of whole factors is better.
    """

    nest: FusedNest
    cost: FusedCost
    evaluated: int
    proved: bool = False

    def value(self, objective: str) -> float:
        """What was minimised, see ``uneven.searching.value_of``.

        Args:
            objective: one of ``SEARCHED``.

        Returns:
            The figure.
        """
        return value_of(objective, self.cost.energy_pj, self.cost.cycles)


def levels_between(chain: Chain, machine: Architecture) -> list[int] | str:
    """Where each intermediate is kept: at the outermost level on chip that may keep it on both sides.

    Args:
        chain: what is computed.
        machine: on what.

    Returns:
        A level for each intermediate, or why there is none.
    """
    _, may = machine.keeps
    out = []
    for one, two in zip(chain.products, chain.products[1:]):
        name = one.tensors[-1]
        both = may[1:, len(one.tensors) - 1] & may[1:, two.tensors.index(name)]
        if not both.any():
            return f"no level of {machine.name} on chip keeps both outputs and operands"
        out.append(1 + int(np.argmax(both)))
    return out


def find_chain(
    chain: Chain,
    machine: Architecture,
    *,
    letters: Any = None,
    objective: str = "energy-delay",
    effort: int = 400_000,
    seed: int = 0,
    enough: float = 0.0,
    alone: Sequence[Items] = (),
) -> FoundChain | str:
    """Search fused nests of whole factors by simulated annealing.

    From the layers' own best nests it only remains to keep what passes between them on chip. From others,
    all of the layers' unrollings would have to be found at once. Nothing is proved of what is found.  A
    larger effort does what a smaller one does and goes on.

    Args:
        chain: what is computed.
        machine: on what.
        letters: of each product, the layer's letter of every dimension; without them every dimension may be
            unrolled everywhere.
        objective: one of ``SEARCHED``.
        effort: chains to evaluate.
        seed: of the random moves.
        enough: the search ends where a nest is as good as this (pJ, cycles, or their product).
        alone: a nest of each product by itself, to begin with; none for the search without.

    Returns:
        The best nest, or why there is none.

    Raises:
        UnknownNameError: an unknown objective.
    """
    if objective not in SEARCHED:
        raise UnknownNameError("objective", objective, SEARCHED)
    levels = levels_between(chain, machine)
    if isinstance(levels, str):
        return levels
    search = _Search(chain, machine, levels, letters)
    best: FoundChain | None = None
    spent, run = 0, -len(SEEDED) if alone else 0
    while spent < effort:
        steps = SEEDED[run] if run < 0 else 4_000 * 4 ** (run // RUNS)
        if run < 0:
            nest = search.run_from(alone, OBJECTIVES.index(objective), steps, seed - run)
            run += 1
            if nest is None:  # together they do not fit as they are
                continue
        else:
            nest = search.run(OBJECTIVES.index(objective), steps, 1_000_003 * seed + run)
            run += 1
        spent += steps
        if nest is None:
            return f"not even single words of every tensor fit {machine.name}"
        found = FoundChain(nest, evaluate_fused(nest, chain, machine), spent)
        if best is None or found.value(objective) < best.value(objective):
            best = found
        best = FoundChain(best.nest, best.cost, spent)
        if best.value(objective) <= enough:
            break
    assert best is not None
    return best


class _Search:
    """Arrays of a chain on a machine, and runs over them."""

    def __init__(
        self, chain: Chain, machine: Architecture, levels: list[int], letters: Any
    ) -> None:
        self.chain, self.levels = chain, levels
        products = chain.products
        self.dimensions = list(dict.fromkeys(d for p in products for d in p.extents))
        self.tensors = list(dict.fromkeys(t for p in products for t in p.tensors))
        dims, n = len(self.dimensions), len(products)
        extents = np.array(
            [[p.extents.get(d, 1) for d in self.dimensions] for p in products], np.int64
        )
        axes = max(len(a) for p in products for a in p.axes.values())
        coefficients = np.zeros((n, len(products[0].tensors), axes, dims), np.int64)
        for i, p in enumerate(products):
            where = [self.dimensions.index(d) for d in p.dimensions]
            mine = p.arrays[1]
            coefficients[i][:, : mine.shape[1], where] = mine
        self.user = np.array(
            [[p.tensors.index(t) if t in p.tensors else -1 for p in products] for t in self.tensors],
            np.int64,
        )  # fmt: skip
        self.homes = np.array([t not in chain.intermediates for t in self.tensors])
        self.must, may = machine.keeps
        shareable = np.array([all(d in p.extents for p in products) for d in self.dimensions])
        fanout = np.array([x.fanout for x in machine.levels], np.int64)
        optional = np.zeros((n, len(self.must), len(self.tensors)), np.bool_)
        for t, i in zip(*np.nonzero(self.user >= 0)):
            optional[i, :, t] = (may & ~self.must)[:, self.user[t, i]]
            optional[i, : 1 + self._home(t), t] = False
        self.problem = (extents, coefficients, arrays_of(machine))
        self.plan = (
            fanout, self._spatial(machine, letters), shareable, extents, optional, self.user, self.homes,
        )  # fmt: skip
        self.work = workspace(len(self.must), coefficients.shape[1], dims)
        self.bits = np.zeros((len(self.must), len(self.tensors) + 2))

    def _home(self, t: int) -> int:
        name = self.tensors[t]
        return 0 if self.homes[t] else self.levels[self.chain.intermediates.index(name)]

    def _spatial(self, machine: Architecture, letters: Any) -> Any:
        """(n, L, 2, D): what may be unrolled."""
        out = np.ones(
            (len(self.chain.products), len(machine.levels), 2, len(self.dimensions)), np.bool_
        )
        for i, of in enumerate(letters or ()):
            for d, letter in of.items():
                at = self.dimensions.index(d)
                out[i, :, :, at] = machine.spatial[:, :, DIMENSIONS.index(letter)]
        return out

    def _start(self, shared: Any, all_held: bool) -> tuple[Any, ...]:
        """Given shared loops outside, and inside all holders that may be there or those that must."""
        extents = self.problem[0]
        n, dims = extents.shape
        between = [(self._home(t), t) for t in range(len(self.tensors)) if not self.homes[t]]
        own = [
            [
                (level, int(t))
                for level in range(1, len(self.must))
                for t in np.flatnonzero(self.user[:, i] >= 0)
                if (self.must[level, self.user[t, i]] and level > self._home(int(t)))
                or (all_held and self.plan[4][i, level, t])
            ]
            for i in range(n)
        ]
        most = len(between) + (len(self.must) - 1) * len(self.tensors)
        holders = np.zeros((n + 1, most, 2), np.int64)
        gaps = np.ones((n + 1, most + 1, dims), np.int64)
        segments: list[list[tuple[int, int]]] = [between, *own]
        for segment, inside in enumerate(segments):
            holders[segment, : len(inside)] = np.array(inside, np.int64).reshape(-1, 2)
        gaps[0, 0] = shared
        gaps[1:, 0] = extents // shared
        order = np.tile(np.arange(dims), (n + 1, most + 1, 1))
        unrolled = np.ones((n, len(self.must), 2, dims), np.int64)
        count = np.array([len(x) for x in segments])
        return holders, count, gaps, order, unrolled

    def run(self, objective: int, steps: int, seed: int) -> FusedNest | None:
        """One annealing run; None where nothing fits.

        Three of four runs keep the shared loops that they were drawn: on the way from some to others nothing
        fits, and what holds tensors across many shared loops draws all others away from what does not.
        """
        most = np.where(self.plan[2], self.problem[0][0], 1)
        draw = np.random.default_rng(seed)
        shared = np.array([draw.choice(divisors(int(n))) for n in most])
        plan = self.plan
        if seed % 4:
            plan = (*plan[:2], np.zeros_like(plan[2]), *plan[3:])
        for begin, held in ((shared, True), (most, False)):  # whatever fits, the second does
            state, last, best = (self._start(begin, held) for _ in range(3))
            room = 4 + 2 * state[0].shape[1] + 2 * state[2][0].size + state[4][0].size
            fits = anneal(
                state, last, best, np.zeros((room, 4), np.int64), self.problem, plan, self.bits,
                self.work, objective, steps, HOT, np.array([seed], np.int64),
            )  # fmt: skip
            if fits:
                return self._nest(best)
        return None

    def run_from(
        self, alone: Sequence[Items], objective: int, steps: int, seed: int
    ) -> FusedNest | None:
        """A mild annealing run from the layers' own nests; None where they do not fit together.

        Args:
            alone: items of each product's nest.
            objective: an index of ``layout.OBJECTIVES``.
            steps: chains that are evaluated.
            seed: of the random moves.

        Returns:
            The best nest seen.
        """
        state, last, best = (self._of_alone(alone) for _ in range(3))
        room = 4 + 2 * state[0].shape[1] + 2 * state[2][0].size + state[4][0].size
        fits = anneal(
            state, last, best, np.zeros((room, 4), np.int64), self.problem, self.plan, self.bits,
            self.work, objective, steps, MILD, np.array([seed], np.int64),
        )  # fmt: skip
        return self._nest(best) if fits else None

    def _of_alone(self, alone: Sequence[Items]) -> tuple[Any, ...]:
        """No shared loops; of the words in between, what is held further out than on chip is dropped."""
        dims = len(self.dimensions)
        state = self._start(np.ones(dims, np.int64), False)
        holders, count, gaps, order, unrolled = state
        gaps[:] = 1
        count[1:] = 0
        for i, items in enumerate(alone):
            product, segment, at = self.chain.products[i], i + 1, 0
            loops: list[int] = []
            for kind, a, b, c in items.tolist():
                if kind == HOLD:
                    t = self.tensors.index(product.tensors[b])
                    if a > self._home(t):
                        holders[segment, at] = a, t
                        order[segment, at] = [*loops, *(d for d in range(dims) if d not in loops)]
                        loops, at = [], at + 1
                    continue
                d = self.dimensions.index(product.dimensions[a])
                if kind == LOOP:
                    gaps[segment, at, d] *= b
                    loops += [] if d in loops else [d]
                else:
                    unrolled[i, c // 2, c % 2, d] *= b
            order[segment, at] = [*loops, *(d for d in range(dims) if d not in loops)]
            count[segment] = at
        return state

    def _nest(self, state: tuple[Any, ...]) -> FusedNest:
        holders, count, gaps, order, unrolled = state
        homes = tuple(t for t, home in zip(self.tensors, self.homes) if home)
        segments: list[tuple[Entry, ...]] = []
        for s in range(len(count)):
            entries: list[Entry] = [Holder(0, homes)] if s == 0 else []
            for h in range(count[s] + 1):
                loops = [(d, int(gaps[s, h, d])) for d in order[s, h] if gaps[s, h, d] > 1]
                entries += [Step(self.dimensions[d], times) for d, times in loops]
                if h < count[s]:
                    entries.append(Holder(int(holders[s, h, 0]), (self.tensors[holders[s, h, 1]],)))
            if s > 0:
                entries += [
                    Step(self.dimensions[d], int(unrolled[s - 1, x, a, d]), AXES[a], int(x))
                    for x, a, d in zip(*np.nonzero(unrolled[s - 1] > 1))
                ]
            segments.append(tuple(entries))
        return FusedNest(segments[0], tuple(segments[1:]))
