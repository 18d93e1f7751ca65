"""The search for a certificate: started, continued, stopped at any time."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError, UnknownNameError

from ..architecture import Architecture
from ..layers import Layer
from ..layout import INPUTS, OBJECTIVES, REUSE, TRAFFIC, TWO_ITERATIONS
from ..mapping import Cost, Mapping, evaluate_mapping, workspace
from ..nest import RELEVANT
from .certificate import SLACK, Certificate, in_space, tightened, within_fanouts
from .choices import Choices, list_choices, possible_extents

LARGEST_WINDOW = 256  # rows or columns whose possible tiles are listed
MOST_OPEN = 200_000  # nodes on the stack
GROUPS, OUTERMOST_WORK = 8, 100_000.0  # bounds of the outermost level, and the work of one
AT_ONCE = 1000  # nodes, or as much other work, between two looks at the clock
LATER, EFFORT = 20, 200_000  # looks at the clock after which the mapper tries again, and how hard


class Search:
    """One branch and bound, which can be continued until it is done."""

    def __init__(
        self, layer: Layer, architecture: Architecture, objective: str, reuse: str, gap: float
    ) -> None:
        from .exploring import root_bounds
        from .forms import worth

        self.layer, self.architecture = layer, architecture
        self.objective, self.reuse = objective, reuse
        known = [x for x in OBJECTIVES if x != OBJECTIVES[TRAFFIC]]
        if objective not in known:
            raise UnknownNameError("objective of a certificate", objective, known)
        goal = OBJECTIVES.index(objective)
        levels = len(architecture.levels)
        self.search = asked(layer, architecture, goal, reuse)
        self.choices: Choices = list_choices(layer, architecture)
        self.forms = forms_room(levels)
        self.scratch = scratch_room(levels)
        self.visits, self.reads = np.ones((levels + 1, 3)), np.ones(levels + 1)
        c = self.choices
        roots = root_bounds(
            self.search, c.across, c.down, c.keep, self.forms, self.scratch, self.visits, self.reads
        )
        self.stack: Any = None
        self.now = np.zeros(18)
        self.now[2] = -1
        self.now[4] = max(gap, SLACK)
        self.now[6:9] = (MOST_OPEN, 0, np.inf)
        self.best = np.array([np.inf, np.inf, np.inf])
        self.state = state_room(levels)
        self.work = workspace(levels)
        self.stack = stack_room(levels)
        self._add_outermost(roots)
        self.bounds = np.array([worth(goal, *row) for row in roots])
        self.laid = np.zeros(len(self.bounds), np.bool_)
        fits = np.flatnonzero(np.isfinite(self.bounds))
        self.ranked = fits[np.argsort(self.bounds[fits], kind="mergesort")]

    def _add_outermost(self, roots: NDArray[np.float64]) -> None:
        """Add to the energies of ``roots`` what the outermost level must cost beyond the least.

        Tensors that pass the next level by are delivered to levels whose instances together have
        room for more, the more of their dimensions are unrolled; so choices fall into groups.
        """
        from .exploring import outermost_energy

        c, levels = self.choices, len(self.architecture.levels)
        if levels < 3 or (self.architecture.levels[0].fanout != (1, 1)):
            return
        fan = c.across * c.down
        for k, keep in enumerate(c.keep):
            if not keep[1].any():
                continue
            scale = np.ones((len(fan), levels, 3))
            for t in range(3):
                first = int(np.argmax(keep[1:, t])) + 1 if keep[1:, t].any() else levels
                if 1 < first < levels:
                    scale[:, first, t] = fan[:, :first][:, :, RELEVANT[t]].prod(axis=(1, 2))
            if (scale[:, :, INPUTS] > 1).any() and (self.layer.geometry > 1).any():
                continue  # children with gaps between their windows hold less than one large tile
            groups, member = np.unique(scale.reshape(len(fan), -1), axis=0, return_inverse=True)
            # a few bounds do: one that holds for more room holds for less
            more = np.empty(len(groups))
            for some in np.array_split(np.argsort(groups.max(axis=1), kind="stable"), GROUPS):
                if len(some):
                    most = groups[some].max(axis=0).reshape(levels, 3)
                    more[some] = outermost_energy(
                        self.search, keep, most, OUTERMOST_WORK, self.forms, self.stack,
                        self.scratch, self.visits, self.reads, self.state[5], self.state[6],
                    )  # fmt: skip
            roots[k * len(fan) : (k + 1) * len(fan), 0] += more[member.ravel()]

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

        return float(worth(self.search[1], cost.energy_pj, cost.cycles))

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
            open_nodes = self.stack[7][: int(self.now[7])]
            if len(open_nodes):
                least = min(least, float(self.stack[4][open_nodes].min()))
        return least


def asked(layer: Layer, architecture: Architecture, goal: int, reuse: str) -> tuple[Any, ...]:
    """What the kernels are asked: the layer on the architecture, and what follows of its windows.

    Args:
        layer: its shape.
        architecture: the machine.
        goal: an index of ``layout.OBJECTIVES``.
        reuse: one of ``layout.REUSE``.

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
    return problem, goal, sizes, not plain.all(), share, float(layer.macs), plain, table, counts


def forms_room(levels: int) -> tuple[Any, ...]:
    """The arrays that :func:`.forms.prepare` fills.

    Args:
        levels: of the machine.

    Returns:
        The arrays, in its order.
    """
    return (
        np.ones((levels, 8), np.int64), np.ones((levels + 1, 8), np.int64),
        np.ones((levels + 1, 8), np.int64), np.ones(levels + 1, np.int64),
        np.full((levels + 1, 3), -1, np.int64), np.zeros((levels + 1, 3, 2)), np.ones(levels + 1),
        np.zeros(levels + 2),
    )  # fmt: skip


def scratch_room(levels: int) -> tuple[Any, ...]:
    """The arrays that the kernels overwrite.

    Args:
        levels: of the machine.

    Returns:
        The arrays.
    """

    def whole(n: int = 8) -> NDArray[np.int64]:
        return np.ones(n, np.int64)

    return (
        whole(), np.zeros((levels, 4)),
        np.ones(3), np.ones(3), np.ones(3), whole(), whole(),
        np.ones((levels + 1, 8), np.int64), np.zeros((8 * levels, 4), np.int64),
        np.zeros(levels + 1, np.int64), np.zeros((3, 5), np.int64), whole(), whole(), whole(), whole(),
        whole(), whole(), whole(), np.ones(3), np.ones(3), whole(), np.ones(8),
    )  # fmt: skip


def stack_room(levels: int) -> tuple[Any, ...]:
    """The stack of open nodes.

    Args:
        levels: of the machine.

    Returns:
        Its arrays.
    """
    n = MOST_OPEN
    return (
        np.empty((n, levels, 8), np.int64), np.empty((n, levels, 8), np.int64),
        np.empty((n, levels + 1, 3)), np.empty((n, levels + 1)), np.empty(n),
        np.empty(n, np.int64), np.arange(n)[::-1].copy(), np.empty(n, np.int64),
    )  # fmt: skip


def state_room(levels: int) -> tuple[Any, ...]:
    """A mapping, and the arrays of those that are tried.

    Args:
        levels: of the machine.

    Returns:
        Factor, order and keep of the mapping, then those of a node.
    """
    return (
        np.ones((levels, 3, 8), np.int64), np.tile(np.arange(8), (levels, 1)),
        np.ones((levels, 3), np.bool_), np.ones((levels, 3, 8), np.int64),
        np.tile(np.arange(8), (levels, 1)), np.ones((levels, 8), np.int64),
        np.tile(np.arange(8), (levels, 1)), np.ones((levels + 1, 3)), np.ones(levels + 1),
    )  # fmt: skip


def certify(
    layer: Layer,
    architecture: Architecture,
    *,
    objective: str = "energy",
    reuse: str = "physical",
    start: Mapping | None = None,
    gap: float = 0.0,
    seconds: float = 10.0,
    rounds: int | None = None,
) -> Certificate | None:
    """The best mapping of a layer on an architecture, and a bound on all others.

    Args:
        layer: its shape.
        architecture: levels, fan-outs, and which dimensions may be unrolled where.
        objective: ``energy``, ``delay`` or ``energy-delay``.
        reuse: see :func:`mapping.evaluate_mapping`.
        start: a mapping to begin with; the better, the sooner the search is done.
        gap: how far above the optimum, as a share, the mapping may be.
        seconds: CPU time after which the search stops with what is proved so far.
        rounds: of 1,000 nodes or as much other work, about 2 ms each, after which it stops so too. It
            counts, so the answer is the same on every machine.

    Returns:
        None where no mapping of the space fits, or none was found in time.

    Raises:
        ArchgymError: another objective, a gap or time that makes no sense, or more choices of
            unrolling and tensors than can be listed.
    """
    if not 0.0 <= gap < 1.0:
        raise ArchgymError(f"gap is a share from 0 to below 1, got {gap!r}; 0.01 is 1 %")
    if rounds is not None and rounds < 1:
        raise ArchgymError(f"a certificate needs work: rounds must be at least 1, got {rounds!r}")
    if not seconds > 0.0:
        raise ArchgymError(f"a certificate needs time: seconds must be positive, got {seconds!r}")
    began = time.process_time()
    search = Search(layer, architecture, objective, reuse, gap)
    value, inside = np.inf, False
    if start is not None:
        value, inside = search.start_from(start)
    # by name: the mapper calls this function in the same way
    find_mapping = import_module("..mapper", __package__).find_mapping
    looks = 0
    while not search.run(AT_ONCE):
        if time.process_time() - began > seconds:
            break
        looks += 1
        if looks == rounds:
            break
        if (
            looks == LATER and start is not None
        ):  # counted, not timed: the answer is always the same
            again = find_mapping(
                layer, architecture, objective=objective, effort=EFFORT, reuse=reuse
            )
            search.start_from(again.mapping)  # one was found before, so one is found now
    if search.best[0] == np.inf:
        return None
    factor, order, keep = (a.copy() for a in search.state[:3])
    opened, nodes, leaves = (int(search.now[i]) for i in (16, 9, 10))
    return Certificate(
        objective, reuse, Mapping(factor, order, keep), float(search.best[0]), search.bound(), value,
        inside, len(search.bounds), opened, nodes, leaves, time.process_time() - began,
    )  # fmt: skip
