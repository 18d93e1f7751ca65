"""Boxes are closed best first: the design with the widest gap is mapped, then its layers are certified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError
from archgym.kernels.threads import map_rows

from ..layers import Layer
from ..mapper import Found, find_mapping
from ..mapping import Cost, Mapping, evaluate_mapping
from ..optimal.certificate import in_space, within_fanouts
from ..optimal.certifying import AT_ONCE
from ..optimal.outermost import beyond_once
from ..optimal.searching import Search
from .boxes import Boxes, Point, points_of
from .corners import CYCLES, ENERGY, Space
from .lending import lend

GOALS = ("energy-delay", "energy", "delay")  # what a design's layers are mapped for
LEANER = (1.0, 0.5)  # shares of inner levels' energy in two products more, without the multipliers'
CERTIFIED = ("energy", "delay")  # by column of bounds
AT_A_TIME, LOOKED_AT = 32, 128  # tasks of one round, designs that are asked what they need
EFFORTS = (1, 8, 48)  # times the scenario's effort: at first, and before anything is certified
START = 8  # the same of a certificate's first mappings
FIRST, LONGER, LAST = 4, 8, 256  # thousands of nodes of a layer's first certificate, times, at most
ROOM = 0  # in place of nodes: what the outermost level costs by the room on chip
ROOM_WORK = 2e7  # bounds of tiles for that, at most
SMALL = 1e-7  # a gap that is rounding
Known = tuple[Mapping, float, float]


@dataclass
class Progress:
    """How far closing has come; with the points it is all that is needed to go on.

    Attributes:
        mapped: (n,) how often each design has been mapped, each time with more effort.
        effort: (n, S, 2) thousands of nodes that the next certificate of a layer may visit, or ``ROOM``.
        rounds: how many there were.
        proofs: (position, layer, column, thousands of nodes, bound) of certificates that raised one; after
            ``ROOM`` what the outermost level adds to the root bound.
        certified: certificates that were asked for.
    """

    mapped: NDArray[np.int64]
    effort: NDArray[np.int64]
    rounds: int = 0
    proofs: list[tuple[int, int, int, int, float]] = field(default_factory=list)
    certified: int = 0

    @staticmethod
    def new(boxes: Boxes) -> Progress:
        """At the beginning.

        Args:
            boxes: of all designs.

        Returns:
            Nothing is mapped.
        """
        n, layers = boxes.least.shape[:2]
        effort = np.full((n, layers, 2), FIRST)
        effort[:, :, ENERGY] = ROOM
        return Progress(np.zeros(n, np.int64), effort)


@dataclass(frozen=True)
class Task:
    """What is done for one design: all its layers are mapped, or one layer is certified."""

    at: int
    layer: int = -1
    column: int = ENERGY
    nodes: int = 0
    effort: int = START


def widest(boxes: Boxes, progress: Progress) -> list[Task]:
    """The tasks of the next round: one for each of the designs with the widest gaps.

    Designs that share a bound are certified once. Those that are others but slower are left out: points of
    the faster ones serve them. What is left of a gap where all layers are proved is the trade of energy for
    latency, which no certificate narrows.

    Args:
        boxes: of all designs.
        progress: what has been done.

    Returns:
        At most ``AT_A_TIME``; none where nothing is left to do.
    """
    tasks: list[Task] = []
    taken: set[tuple[Any, int, int]] = set()
    later = np.ones(len(boxes.gap), np.bool_)
    later[boxes.staircase()] = False  # before anything is mapped, these tell most
    order = np.lexsort((later, -boxes.gap))
    order = order[boxes.corners.fastest[order] == order]
    # of designs with equal corners, points of one serve the others
    _, first = np.unique(boxes.lower[order], axis=0, return_index=True)
    for looked, at in enumerate(order[np.sort(first)].tolist()):
        if len(tasks) == AT_A_TIME or boxes.gap[at] <= SMALL or (tasks and looked >= LOOKED_AT):
            break
        times = int(progress.mapped[at])
        by_room = bool((progress.effort[at, :, ENERGY] == ROOM).any())
        if times == 0 or (times < len(EFFORTS) and not by_room):
            tasks.append(Task(at, effort=EFFORTS[times]))
            continue
        column = ENERGY if boxes.by[at] == 0 else CYCLES
        if by_room:
            column = ENERGY  # it costs little and holds for many
        for one in (column, ENERGY + CYCLES - column):
            nodes = progress.effort[at, :, one]
            if (nodes > LAST).all():
                continue
            # what was tried least comes first: of equal ones the layer that adds most to the bound
            layer = int(np.argmax(np.where(nodes == nodes.min(), _share(boxes, at, one), -1.0)))
            number = boxes.corners.alike[at, one]
            if nodes[layer] == ROOM:
                number = boxes.corners.room[at].tobytes()
            key = (number, layer, one)
            if key not in taken:
                taken.add(key)
                tasks.append(Task(at, layer, one, int(nodes[layer])))
            break
    return tasks


def _share(boxes: Boxes, at: int, column: int) -> NDArray[np.float64]:
    """What each layer adds to a bound."""
    whole = boxes.least[at, :, column] * boxes.space.counts
    return np.asarray(whole / whole.sum())


def close(
    boxes: Boxes,
    progress: Progress,
    *,
    gap: float,
    go_on: Callable[[], bool],
    threads: int | None = None,
) -> None:
    """Round by round, until the gap is small enough, nothing is left to do, or the caller ends it.

    What a round does depends on the rounds before it alone, so the answer is the same on any number
    of threads.

    Args:
        boxes: of all designs, updated.
        progress: updated.
        gap: that is enough, a share.
        go_on: asked before each round.
        threads: at most; None: all cores.
    """
    while boxes.gap.max(initial=0.0) > gap and go_on():
        tasks = widest(boxes, progress)
        if not tasks:
            return
        rows = np.empty(len(tasks), object)
        rows[:] = tasks

        def worked(task: Task) -> tuple[list[Point], tuple[float, bool] | None]:
            points, bound = work_on(boxes, task)
            return points + lend(boxes, points, gap), bound

        done = map_rows(worked, rows, threads)
        found: list[Point] = []
        for task, (points, bound) in zip(tasks, done):
            found += points
            if task.layer < 0:
                progress.mapped[task.at] += 1
                continue
            progress.certified += 1
            _take(boxes, progress, task, *(bound or (0.0, True)))
        boxes.add(found)
        progress.rounds += 1


def _take(boxes: Boxes, progress: Progress, task: Task, value: float, proved: bool) -> None:
    """Raise bounds by what a certificate said, and set what comes next for those it was of."""
    at, layer, column, corners = task.at, task.layer, task.column, boxes.corners
    proof = (at, layer, column, task.nodes, value)
    if task.nodes == ROOM:
        same = (corners.room == corners.room[at]).all(axis=1)
        progress.effort[same & (corners.outer == corners.outer[at]), layer, column] = FIRST
        if value > 0.0:
            progress.proofs.append(proof)
            boxes.raise_where_room(at, layer, value)
        return
    same = corners.alike[:, column] == corners.alike[at, column]
    progress.effort[same, layer, column] = LAST + 1 if proved else task.nodes * LONGER
    if value > boxes.least[at, layer, column]:
        progress.proofs.append(proof)
        boxes.raise_to(at, layer, column, value)


def work_on(boxes: Boxes, task: Task) -> tuple[list[Point], tuple[float, bool] | None]:
    """One task of a round; the answer depends on the task alone.

    Args:
        boxes: of all designs; only what never changes is read.
        task: what is done.

    Returns:
        (points that the design attains, a bound and whether it is proved to be the optimum, if one was
        asked for).
    """
    space, corners = boxes.space, boxes.corners
    machine = space.machine(int(corners.ranks[task.at]))
    bound: tuple[float, bool] | None = None
    more: list[Known] = []
    if task.layer >= 0:
        layer = space.layers[task.layer]
        if task.nodes == ROOM:
            return [], (beyond_once(layer, machine, space.reuse, ROOM_WORK), False)
        known = mapped(space, layer, machine, task.effort)
        if not known:
            return [], (0.0, True)
        least, proved, more = certified_bound(
            layer, machine, CERTIFIED[task.column], space.reuse, task.nodes, known
        )
        bound = least, proved
        if not more:  # what is known was found when the design was mapped
            return [], bound
    layers = [mapped(space, layer, machine, task.effort) for layer in space.layers]
    if not all(layers):
        return [], (0.0, True)  # nothing fits: it stays a corner without a point
    if task.layer < 0:
        for known, layer in zip(layers, space.layers):
            known += traded(space, layer, machine, task.effort)
    if more:
        layers[task.layer] += more
    area, clock = float(corners.area[task.at]), float(corners.clock[task.at])
    return points_of(space, task.at, area, clock, layers), bound


def traded(space: Space, layer: Layer, machine: Any, times: int) -> list[Known]:
    """What the mapper finds between the least product and the least energy.

    Products of energy and latency are trades of the one for the other. Where some energy does not count that
    all mappings have, the rest weighs more.

    Args:
        space: gives the effort.
        layer: its shape.
        machine: the architecture.
        times: the space's effort is multiplied by it.

    Returns:
        Mappings with pJ and cycles.
    """
    out: list[Known] = []
    for share in LEANER:
        levels = tuple(
            x if at < 2 else replace(x, read_pj=share * x.read_pj, update_pj=share * x.update_pj)
            for at, x in enumerate(machine.levels)
        )
        leaner = replace(machine, levels=levels, mac_pj=0.0)
        out += found_on(leaner, "energy-delay", space, layer, machine, times)
    return out


def mapped(space: Space, layer: Layer, machine: Any, times: int) -> list[Known]:
    """What the mapper finds for each of the goals, cut to the certificate's space.

    Args:
        space: gives the effort.
        layer: its shape.
        machine: the architecture.
        times: the space's effort is multiplied by it.

    Returns:
        Mappings with pJ and cycles; none where the layer does not fit.
    """
    out: list[Known] = []
    for goal in GOALS:
        out += found_on(machine, goal, space, layer, machine, times)
    return out


def found_on(
    searched: Any, goal: str, space: Space, layer: Layer, machine: Any, times: int
) -> list[Known]:
    """What the mapper finds on one machine, as it is on another of the same levels.

    Args:
        searched: the architecture that is searched.
        goal: what is minimised.
        space: gives effort and convention of reuse.
        layer: its shape.
        machine: the architecture whose costs are told.
        times: the space's effort is multiplied by it.

    Returns:
        One mapping with pJ and cycles; none where it does not fit.
    """
    effort = times * int(space.simulator.config["effort"])
    found = find_mapping(
        layer, searched, objective=goal, effort=effort, reuse=space.reuse, moves="single"
    )
    return inside(space.reuse, layer, machine, found.mapping) if isinstance(found, Found) else []


def inside(reuse: str, layer: Layer, machine: Any, mapping: Mapping) -> list[Known]:
    """A mapping as it is within each level's fan-out, with its costs.

    Args:
        reuse: convention of reuse.
        layer: its shape.
        machine: the architecture.
        mapping: of the layer.

    Returns:
        One mapping, or none where the cut one does not fit.
    """
    cut = within_fanouts(layer, machine, mapping)
    cost = evaluate_mapping(layer, machine, cut, reuse=reuse)
    if not isinstance(cost, Cost) or not in_space(layer, machine, cut):
        return []
    return [(cut, cost.energy_pj, cost.cycles)]


def certified_bound(
    layer: Layer, machine: Any, objective: str, reuse: str, nodes: int, known: list[Known]
) -> tuple[float, bool, list[Known]]:
    """A bound on one objective of one layer by the branch and bound, within a number of nodes.

    Args:
        layer: its shape.
        machine: the architecture.
        objective: ``energy`` or ``delay``.
        reuse: convention of reuse.
        nodes: thousands that are visited at most, so that the answer is always the same.
        known: mappings to begin with.

    Returns:
        (pJ or cycles at least, whether it is proved to be the optimum, the best mapping if it is new).
    """
    try:
        search = Search(layer, machine, objective, reuse, 0.0)
    except ArchgymError:  # too many choices to list: the root bound stands
        return 0.0, True, []
    for mapping, _, _ in known:
        search.start_from(mapping)
    before = float(search.best[0])
    done = False
    for _ in range(nodes):
        done = search.run(AT_ONCE)
        if done:
            break
    more: list[Known] = []
    if float(search.best[0]) < before:
        factor, order, keep = (a.copy() for a in search.state[:3])
        more = [(Mapping(factor, order, keep), float(search.best[1]), float(search.best[2]))]
    return float(search.bound()), done, more
