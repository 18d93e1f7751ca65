"""Which values of the next parameter can still become a design that the simulator's masks allow.

A simulator's masks speak of its whole space.  Where a scenario narrows parameters, a value may be
allowed there and yet lead nowhere: what a later parameter would have to be is no longer among its
values.  So the masks are mapped through the narrowed values, and a value counts as legal only if
some completion of the design passes every mask that comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..contracts.simulator import Simulator
from ..goals.scenario import Scenario

MOST_CALLS = 20_000  # of masks, in search of one completion; beyond, a value is left in
MOST_PROBES = 20_000  # of masks, to make the prefixes from which dependence is learned
POOL, PAIRS = 48, 32  # prefixes; pairs of them that agree before a mask counts as known

State = tuple[int, ...]


class Masks:
    """Masks of a scenario's space: ``masks(chosen)`` after the first values are chosen.

    A search for completions branches only where it matters: at narrowed parameters, at those that
    the masks of narrowed ones were seen to depend on, and so on.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        space, whole = scenario.space, scenario.simulators[0].space
        self._sizes = space.nvec.tolist()
        # position of each of a parameter's values among those of the simulator's parameter
        self._tables = [
            np.array([w.index(v) for v in p.values], np.int64) if len(p) < len(w) else None
            for p, w in zip(space.parameters, whole.parameters)
        ]
        self._narrowed = [i for i, t in enumerate(self._tables) if t is not None]
        self._last = max(self._narrowed, default=-1)
        self._free = all(type(s).mask is Simulator.mask for s in scenario.simulators)
        self._branching: frozenset[int] | None = None
        self._dead: set[State] = set()
        self._alive: set[State] = set()

    def __call__(self, chosen: Sequence[int]) -> NDArray[np.bool_]:
        """Which values of the next parameter are legal after ``chosen`` (k,), bool per value."""
        turn = len(chosen)
        if self._free:
            return np.ones(self._sizes[turn], np.bool_)
        prefix = [self._outer(i, v) for i, v in enumerate(chosen)]
        legal = self._allowed(prefix)
        if turn < self._last:
            for v in np.flatnonzero(legal).tolist():
                legal[v] = self._completes([*prefix, self._outer(turn, v)])
        return legal

    def _outer(self, column: int, value: int) -> int:
        table = self._tables[column]
        return int(value) if table is None else int(table[value])

    def _whole(self, prefix: Sequence[int]) -> NDArray[np.bool_]:
        """The simulators' own masks after ``prefix`` in their space; all must allow a value."""
        array = np.array(prefix, np.int64)
        first, *others = self.scenario.simulators
        mask = np.array(first.mask(array), np.bool_)
        for simulator in others:
            mask &= simulator.mask(array)
        return mask

    def _allowed(self, prefix: Sequence[int]) -> NDArray[np.bool_]:
        mask, table = self._whole(prefix), self._tables[len(prefix)]
        return mask if table is None else mask[table]

    def _completes(self, prefix: list[int]) -> bool:
        """Whether some values of all further parameters pass their masks (depth-first search)."""
        if self._branching is None:
            self._branching = self._learn_branching()
        path, untried, calls = list(prefix), list[list[int]](), 0
        while len(path) <= self._last:
            state = self._state(path)
            if state in self._alive:
                break
            values: list[int] = []
            if state not in self._dead:
                calls += 1
                if calls > MOST_CALLS:
                    return True
                column = len(path)
                values = [
                    self._outer(column, v) for v in np.flatnonzero(self._allowed(path)).tolist()
                ]
                values = values if column in self._branching else values[:1]
            untried.append(values[::-1])
            while not untried[-1]:
                self._dead.add(self._state(path))
                untried.pop()
                if not untried:
                    return False
                path.pop()
            path.append(untried[-1].pop())
        on_the_way = range(len(prefix), min(len(path), self._last) + 1)
        self._alive.update(self._state(path[:k]) for k in on_the_way)
        return True

    def _state(self, path: Sequence[int]) -> State:
        """All that the rest of a design depends on: how much is chosen, and what of it matters."""
        assert self._branching is not None
        return (len(path), *(v for i, v in enumerate(path) if i in self._branching))

    def _learn_branching(self) -> frozenset[int]:
        """Narrowed parameters, what their masks depend on, what those masks depend on, and so on."""
        if POOL * self._last > MOST_PROBES:  # too many to ask: branch everywhere
            return frozenset(range(self._last + 1))
        rng = np.random.default_rng(0)
        pool = [self._allowed_prefix(rng) for _ in range(POOL)]
        found, queue = set(self._narrowed), list(self._narrowed)
        while queue:
            for earlier in self._needs(queue.pop(), pool, rng) - found:
                found.add(earlier)
                queue.append(earlier)
        return frozenset(found)

    def _allowed_prefix(self, rng: np.random.Generator) -> list[int]:
        """Values of the simulator's own space, up to the last narrowed parameter, that masks allow."""
        prefix: list[int] = []
        while len(prefix) < self._last:
            mask = self._whole(prefix)
            choice = np.flatnonzero(mask) if mask.any() else np.arange(len(mask))
            prefix.append(int(rng.choice(choice)))
        return prefix

    def _needs(self, column: int, pool: list[list[int]], rng: np.random.Generator) -> set[int]:
        """The earlier parameters that the mask of ``column`` was seen to depend on.

        Two prefixes with different masks differ in such a parameter; halving the way from one to
        the other finds it.  It then is kept equal, until no pair of prefixes has different masks.
        """
        found: set[int] = set()
        quiet = 0
        while quiet < PAIRS and len(found) < column:
            i, j = rng.choice(len(pool), 2, replace=False)
            a = pool[i][:column]
            b = [a[k] if k in found else v for k, v in enumerate(pool[j][:column])]
            here = self._whole(a)
            if np.array_equal(self._whole(b), here):
                quiet += 1
                continue
            same, other = 0, column  # b[:same] + a[same:] has the mask of a, b[:other] + … has not
            while other - same > 1:
                half = (same + other) // 2
                if np.array_equal(self._whole(b[:half] + a[half:]), here):
                    same = half
                else:
                    other = half
            found.add(same)
            quiet = 0
        return found
