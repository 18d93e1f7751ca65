"""The best fused nest of a pair without windows on a machine with one buffer, proved by enumeration.

All that a nest costs on such a machine follows from the unrolled loops of both products and, for every
tensor, the iterations outside of its holder.  Those that leave it in place say how often it is brought, and
the cost never falls when they grow.  Those that move it say how small its tile is, and the room never grows
with them.  So only the iterations outside of each holder count, not the order of the loops between two
holders, and a loop that moves all holders further inside stands outside of them.  The intermediate's home is
the innermost shared holder: a shared loop inside of it would only make its tile larger.  What is left is
listed in full: the shared iterations, which tensors are held across some of them, in which order and where,
and each product's options inside (``options``).  The two products meet only in the room of the buffer and in
the objective.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.errors import ArchgymError, UnknownNameError

from ..architecture import Architecture
from ..layout import DIMENSIONS
from ..uneven.fused import Chain, Entry, FusedNest, Holder, Step, evaluate_fused
from ..uneven.searching import SEARCHED
from .options import PJ, ROOM, Option, Side, Table, Vector, clock, divisors
from .searching import FoundChain

MOST_UNROLLINGS = 4_000  # of one product
Shared = tuple[tuple[str, Vector], ...]


def why_not_on(machine: Architecture) -> str:
    """Why no pair can be proved on a machine; empty where some can.

    Args:
        machine: on what.

    Returns:
        A sentence, or nothing.
    """
    if len(machine.levels) != 2 or machine.levels[0].fanout != (1, 1):
        return f"{machine.name} is not DRAM and one buffer over the multipliers"
    return ""


def why_not(chain: Chain, machine: Architecture, letters: Any = None) -> str:
    """Why a pair cannot be proved; empty where it can.

    Args:
        chain: what is computed.
        machine: on what.
        letters: see :func:`searching.find_chain`.

    Returns:
        A sentence, or nothing.
    """
    if len(chain.products) != 2:
        return "only pairs can be proved"
    if why_not_on(machine):
        return why_not_on(machine)
    for p in chain.products:
        if any(len(a) != 1 or set(a.values()) != {1} for axes in p.axes.values() for a in axes):
            return f"{p.name} has windows or strides"
    for side in _sides(chain, machine, letters):
        if len(side.unrollings) > MOST_UNROLLINGS:
            return (
                f"{side.product.name} can be unrolled in {len(side.unrollings):,} ways; up to "
                f"{MOST_UNROLLINGS:,} are looked through"
            )
    return ""


def _sides(chain: Chain, machine: Architecture, letters: Any) -> list[Side]:
    """Each product of a pair with the ways to unroll it."""
    out = []
    for i, p in enumerate(chain.products):
        of = letters[i] if letters else {d: d for d in p.extents}
        plain = [x for x in of if of[x] not in DIMENSIONS]
        spatial = [
            {d for d, x in of.items() if x in DIMENSIONS and side[DIMENSIONS.index(x)]} | {*plain}
            for side in machine.spatial[1]
        ]
        out.append(Side(p, machine, chain.intermediates[0], (spatial[0], spatial[1])))
    return out


@dataclass
class _Best:
    value: float = math.inf
    at: tuple[Vector, Shared, Option, Option] | None = None


def prove_pair(
    chain: Chain, machine: Architecture, *, letters: Any = None, objective: str = "energy"
) -> FoundChain | str:
    """The best fused nest of whole factors of a pair.

    Args:
        chain: two products without windows.
        machine: two levels.
        letters: see :func:`searching.find_chain`.
        objective: ``energy``, ``delay`` or ``energy-delay``.

    Returns:
        The nest, proved; or why there is none.

    Raises:
        ArchgymError: a pair that cannot be proved.
        UnknownNameError: an unknown objective.
    """
    if objective not in SEARCHED:
        raise UnknownNameError("objective", objective, SEARCHED)
    reason = why_not(chain, machine, letters)
    if reason:
        raise ArchgymError(f"no proof: {reason}")
    search = _Pair(chain, machine, letters, objective)
    if search.home:
        return search.home
    for outside in search.shared_iterations():
        search.look(outside)
    if search.best.at is None:
        return f"not even single words of every tensor fit {machine.name}"
    nest = search.nest(*search.best.at)
    return FoundChain(nest, evaluate_fused(nest, chain, machine), search.looked, True)


class _Pair:
    """The enumeration: what is fixed, and the best so far."""

    def __init__(self, chain: Chain, machine: Architecture, letters: Any, objective: str) -> None:
        self.chain, self.machine, self.objective = chain, machine, objective
        self.passed = chain.intermediates[0]
        self.sides = _sides(chain, machine, letters)
        one, two = self.sides
        ok = self.passed in one.may and self.passed in two.may
        self.home = "" if ok else f"{machine.levels[1].name} may not keep {self.passed}"
        self.dims = [d for d in one.product.extents if d in two.product.extents]
        self.holders = {t: s for s in self.sides for t in s.others if t in s.may}
        self.best, self.looked = _Best(), 0

    def shared_iterations(self) -> Iterator[Vector]:
        """All iterations that the shared loops may have."""
        extents = self.chain.products[0].extents
        for times in itertools.product(*(divisors(extents[d]) for d in self.dims)):
            yield dict(zip(self.dims, times))

    def look(self, outside: Vector) -> None:
        """Try all shared holders and both products' options inside given shared loops.

        Args:
            outside: iterations of the shared loops.
        """
        room = self.machine.levels[1].size_bits
        room -= max(s.tile(self.passed, outside) for s in self.sides)
        if room < 0:
            return
        tables: dict[tuple[int, frozenset[str]], Table] = {}
        for shared in self._shared_holders(outside):
            left = room - sum(self.holders[t].tile(t, at) for t, at in shared)
            if left < 0:
                continue
            found = []
            for i, side in enumerate(self.sides):
                mine = [(t, at) for t, at in shared if self.holders[t] is side]
                key = (i, frozenset(t for t, _ in mine))
                if key not in tables:
                    tables[key] = side.options(outside, key[1])
                figures = tables[key].figures
                for t, at in mine:
                    figures = figures + side.moved(t, side.again(t, at), True)
                found.append((tables[key], figures))
            self._meet(outside, shared, left, found)

    def _meet(self, outside: Vector, shared: Shared, left: float, found: Any) -> None:
        """The best options of both products that fit the room that is left."""
        figures = []
        for table, rows in found:
            fits = np.flatnonzero(rows[:, ROOM] <= left)
            self.looked += len(fits)
            if not len(fits):
                return
            figures.append((table, fits, rows[fits, PJ], clock(rows[fits], self.machine)))
        (one, fits1, pj1, cycles1), (two, fits2, pj2, cycles2) = figures
        if self.objective == "energy":
            i, j = int(np.argmin(pj1)), int(np.argmin(pj2))
            value = pj1[i] + pj2[j]
        elif self.objective == "delay":
            i, j = (int(np.lexsort((pj, c))[0]) for pj, c in ((pj1, cycles1), (pj2, cycles2)))
            value = (cycles1[i] + cycles2[j]) * (
                1 + 1e-12 * (pj1[i] + pj2[j]) / (1 + pj1[i] + pj2[j])
            )
        else:
            first, second = _front(pj1, cycles1), _front(pj2, cycles2)
            values = (pj1[first][:, None] + pj2[second]) * (
                cycles1[first][:, None] + cycles2[second]
            )
            at = np.unravel_index(int(np.argmin(values)), values.shape)
            value, i, j = values[at], int(first[at[0]]), int(second[at[1]])
        if value < self.best.value:
            where = (outside, shared, one.options[fits1[i]], two.options[fits2[j]])
            self.best = _Best(float(value), where)

    def _shared_holders(self, outside: Vector) -> Iterator[Shared]:
        """Which tensors are held across shared loops, in every order and place that matters."""
        for size in range(len(self.holders) + 1):
            for order in itertools.permutations(self.holders, size):
                yield from self._places(order, dict.fromkeys(self.dims, 1), outside)

    def _places(self, order: tuple[str, ...], before: Vector, outside: Vector) -> Iterator[Shared]:
        """Iterations outside of each holder of an order, at least ``before``."""
        if not order:
            yield ()
            return
        mine = self.holders[order[0]].of[order[0]]
        choices = []
        for d in self.dims:
            if d not in mine:
                choices.append([before[d]])
            elif all(d in self.holders[t].of[t] for t in order[1:]):
                choices.append([outside[d]])
            else:
                choices.append([before[d] * x for x in divisors(outside[d] // before[d])])
        for times in itertools.product(*choices):
            at = dict(zip(self.dims, times))
            if self.holders[order[0]].again(order[0], at) == self.holders[order[0]].again(
                order[0], outside
            ):
                continue  # held across nothing: each product does that for itself
            for rest in self._places(order[1:], at, outside):
                yield ((order[0], at), *rest)

    def nest(self, outside: Vector, shared: Shared, *options: Option) -> FusedNest:
        """The nest of a choice.

        Args:
            outside: iterations of the shared loops.
            shared: holders across some of them.
            options: of each product.

        Returns:
            The nest.
        """
        homes = tuple(self.holders) + tuple(
            t for s in self.sides for t in s.others if t not in self.holders
        )
        entries: list[Entry] = [Holder(0, homes)]
        at = dict.fromkeys(self.dims, 1)
        for t, there in (*shared, (self.passed, outside)):
            entries += _steps(at, there)
            entries.append(Holder(1, (t,)))
            at = there
        inside = []
        for side, option in zip(self.sides, options):
            own: list[Entry] = []
            at = {d: outside.get(d, 1) for d in side.product.extents}
            for t, there in option.held:
                own += [*_steps(at, there), Holder(1, (t,))]
                at = there
            x, y = option.unrolled
            own += _steps(at, {d: n // (x[d] * y[d]) for d, n in side.product.extents.items()})
            for axis, times in (("X", x), ("Y", y)):
                own += [Step(d, n, axis, 1) for d, n in times.items() if n > 1]
            inside.append(tuple(own))
        return FusedNest(tuple(entries), tuple(inside))


def _steps(before: Vector, after: Vector) -> list[Entry]:
    return [Step(d, n // before[d]) for d, n in after.items() if n > before[d]]


def _front(pj: Any, cycles: Any) -> Any:
    """Options that are not beaten in both figures."""
    order = np.lexsort((cycles, pj))
    least = np.minimum.accumulate(cycles[order])
    return order[np.concatenate(([True], least[1:] < least[:-1]))]
