"""The search for a certificate: a branch and bound that can be continued until it is done."""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError

from ..architecture import Architecture
from ..layers import Layer
from ..layout import DELAY, ENERGY, ENERGY_DELAY, OBJECTIVES, REUSE, TWO_ITERATIONS
from ..mapping import Cost, Mapping, evaluate_mapping, workspace
from .certificate import SLACK, in_space, tightened, within_fanouts
from .choices import Choices, list_choices, possible_extents
from .rooms import forms_room, front_room, scratch_room, stack_room, state_room

CERTIFIED = tuple(OBJECTIVES[x] for x in (ENERGY_DELAY, ENERGY, DELAY))
LARGEST_WINDOW = 256  # rows or columns whose possible tiles are listed
MOST_OPEN = 200_000  # nodes on the stack
PATIENCE = 200_000.0  # bounds of the children of one node, before the clock is looked at


class Search:
    """One branch and bound, which can be continued until it is done."""

    goals: ClassVar[dict[str, int]] = {x: OBJECTIVES.index(x) for x in CERTIFIED}
    most_points: ClassVar[int] = 1  # of a front
    spent = 1  # of the work of a round, what a run takes
    missed = 1.0  # least standing of a point of another search that there was no room for

    def __init__(
        self, layer: Layer, architecture: Architecture, objective: str, reuse: str, gap: float
    ) -> None:
        from .exploring import root_bounds
        from .forms import worth_of_rows
        from .outermost import add_outermost

        self.layer, self.architecture = layer, architecture
        self.objective, self.reuse = objective, reuse
        if objective not in self.goals:
            raise UnknownNameError("objective of a certificate", objective, list(self.goals))
        goal = self.goals[objective]
        levels = len(architecture.levels)
        self.search = asked(layer, architecture, goal, reuse, self.most_points)
        self.choices: Choices = list_choices(layer, architecture)
        self.forms = forms_room(levels)
        self.scratch = scratch_room(levels)
        self.visits, self.reads = np.ones((levels + 1, 3)), np.ones(levels + 1)
        c = self.choices
        roots = root_bounds(
            self.search, c.across, c.down, c.keep, self.forms, self.scratch, self.visits, self.reads
        )
        self.now = np.zeros(18)
        self.now[2] = -1
        self.now[4] = max(gap, SLACK)
        self.now[6:9] = (MOST_OPEN, 0, np.inf)
        self.now[17] = PATIENCE
        self.best = np.array([np.inf, np.inf, np.inf])
        self.state = state_room(levels)
        self.work = workspace(levels)
        self.stack = stack_room(levels, MOST_OPEN)
        add_outermost(self, roots)
        self.roots, self.bounds = roots, np.empty(len(roots))
        worth_of_rows(goal, roots, self.search[9], self.bounds)
        self.laid = np.zeros(len(self.bounds), np.bool_)
        fits = np.flatnonzero(np.isfinite(self.bounds))
        self.ranked = fits[np.argsort(self.bounds[fits], kind="mergesort")]

    def start_from(self, mapping: Mapping) -> tuple[float, bool]:
        """Begin with a mapping, which is cut to the space.

        Args:
            mapping: of the layer on the architecture.

        Returns:
            (its worth as it is, whether it belonged to the space); an infinite worth where it does not fit.
        """
        given = evaluate_mapping(self.layer, self.architecture, mapping, reuse=self.reuse)
        value = self._worth(given) if isinstance(given, Cost) else float("inf")
        inside = in_space(self.layer, self.architecture, tightened(self.layer, mapping))
        mapping = within_fanouts(self.layer, self.architecture, mapping)
        cost = evaluate_mapping(self.layer, self.architecture, mapping, reuse=self.reuse)
        better = isinstance(cost, Cost) and self._worth(cost) < self.best[0]
        if better and in_space(self.layer, self.architecture, mapping):
            assert isinstance(cost, Cost)
            self.best[:] = self._worth(cost), cost.energy_pj, cost.cycles
            for mine, its in zip(self.state, (mapping.factor, mapping.order, mapping.keep)):
                mine[:] = its
        return value, inside

    def _worth(self, cost: Cost) -> float:
        from .forms import worth

        return float(worth(self.search[1], cost.energy_pj, cost.cycles, self.search[9]))

    def run(self, nodes: int) -> bool:
        """Visit some more nodes.

        Args:
            nodes: how many.

        Returns:
            Whether the search is at its end.
        """
        from .exploring import explore

        self.now[5] = nodes
        c = self.choices
        explore(
            self.search, c.across, c.down, c.keep, self.ranked, self.bounds, self.laid, self.forms,
            self.stack, self.scratch, self.now, self.best, self.state, self.work,
        )  # fmt: skip
        return bool(self.now[3])

    def bound(self) -> float:
        """No mapping of the space is below it."""
        least = min(float(self.best[0]), float(self.now[8]))
        if not self.now[3]:
            listed, next_laid = int(self.now[0]), int(self.now[2])
            if listed < len(self.ranked):
                least = min(least, float(self.bounds[self.ranked[listed]]))
            if next_laid >= 0:
                least = min(least, float(self.bounds[next_laid]))
            open_nodes = self._open_bounds()
            if len(open_nodes):
                least = min(least, float(open_nodes.min()))
        return least

    def _open_bounds(self) -> NDArray[np.float64]:
        bounds: NDArray[np.float64] = self.stack[4][self.stack[7][: int(self.now[7])]]
        return bounds

    def dealt(self, k: int, of: int, room: int) -> Self:
        """A search of every so-manieth choice, beginning where this one, which has not run, begins.

        Args:
            k: the first of its choices.
            of: as many searches share the choices.
            room: nodes on its stack.

        Returns:
            The search; it shares nothing that changes.
        """
        part, levels = copy.copy(self), len(self.architecture.levels)
        part.forms, part.scratch = forms_room(levels), scratch_room(levels)
        part.stack, part.work = stack_room(levels, room), workspace(levels)
        part.state = tuple(x.copy() for x in self.state)
        part.now, part.best = self.now.copy(), self.best.copy()
        part.now[6] = room
        part.bounds, part.laid = self.bounds.copy(), self.laid.copy()
        part.ranked = self.ranked[k::of].copy()
        return part

    def learn_from(self, other: Self) -> None:
        """Take what another search has found, where it is better.

        Args:
            other: a search for the same.
        """
        if other.best[0] < self.best[0]:
            self.best[:] = other.best
            for mine, its in zip(self.state[:3], other.state[:3]):
                mine[:] = its

    def counted(self) -> tuple[int, int, int]:
        """Choices that were opened, nodes and leaves visited in them."""
        return int(self.now[16]), int(self.now[9]), int(self.now[10])


def asked(
    layer: Layer, architecture: Architecture, goal: int, reuse: str, points: int = 1
) -> tuple[Any, ...]:
    """What the kernels are asked: the layer on the architecture, and what follows of its windows.

    Args:
        layer: its shape.
        architecture: the machine.
        goal: an index of ``layout.OBJECTIVES``, or ``standing.FRONT``.
        reuse: one of ``layout.REUSE``.
        points: of a front, that there is room for.

    Returns:
        The tuple ``search`` of the package.
    """
    from .forms import least_share, windowed

    dims, conv = layer.dims, layer.geometry
    switches = (REUSE.index(reuse), True)
    plain = np.array([not windowed(axis, dims, conv) for axis in range(2)])
    share = float(least_share(dims, conv))
    if switches[0] == TWO_ITERATIONS and not plain.all():
        share = 0.0
    sizes = np.array(layer.tensor_sizes(), np.float64)
    largest, slots = 1, 1
    if not plain.all():
        largest = min(LARGEST_WINDOW, int(max(layer.P, layer.Q, layer.R, layer.S)))
        slots = 3 * (len(architecture.levels) - 1)
    table, counts = possible_extents(largest, slots)
    problem = (dims, conv, architecture.arrays, switches, 0.0)
    return (
        problem, goal, sizes, not plain.all(), share, float(layer.macs), plain, table, counts,
        front_room(len(architecture.levels), points),
    )  # fmt: skip
