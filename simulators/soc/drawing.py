"""Pictures of a system on chip: its task graph, its blocks, and who runs when."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.errors import ArchgymError
from archgym.units import format_quantity, in_prefix

from .graph_layout import layered
from .simulator import Outcome
from .system import System
from .task_graph import Workload

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# colours that stay apart in print and for most of the colour-blind; white letters are read on all of them
COLOURS = (
    "#1f4e79", "#b03a2e", "#1e7b4f", "#9a6a00", "#6a4c93", "#00727a", "#a0522d", "#56616b", "#8e2a68",
    "#3f6b1f", "#2b5fb3", "#7a3b10",
)  # fmt: skip
GREY, RED = "#6b7680", "#c0392b"
COLUMN = 1.35  # inches of a block, so that its three lines fit


def draw(
    workload: Workload,
    system: System,
    outcome: Outcome,
    folder: Path,
    limits: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write ``graph.png``, ``architecture.png`` and ``gantt.png`` into a folder.

    Args:
        workload: the task graph.
        system: the design.
        outcome: of simulating it.
        folder: where the pictures go.
        limits: of the time [s] until workloads are done, by the name of the workload ('' for all).

    Returns:
        The files.

    Raises:
        ArchgymError: the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchgymError(f"cannot create {folder}: {error.strerror}") from error
    place = layered(len(workload.tasks), [(p, c) for p, c, _ in workload.edges])
    levels = 1 + max(x for x, _ in place.nodes)
    heights = [y for line in place.lines for _, y in line] or [0.0]
    rows = 1 + int(max(heights) - min(heights))
    columns = sum(_width(system, bus) for bus in range(len(system.buses)))
    wide = max(7.0, COLUMN * columns + 0.5 * len(system.buses))
    high = 1.9 + 0.26 * max(len(workload.tasks), len(system.elements))
    tall = max(3.4, 0.75 * rows + 1.3)
    pictures: tuple[tuple[str, Callable[[Axes], None], tuple[float, float]], ...] = (
        (
            "graph.png",
            lambda ax: draw_graph(ax, workload, system, outcome),
            (max(7.0, 1.45 * levels), tall),
        ),
        (
            "architecture.png",
            lambda ax: draw_architecture(ax, workload, system, outcome),
            (wide, 4.0),
        ),
        (
            "gantt.png",
            lambda ax: draw_gantt(ax, workload, system, outcome, limits or {}),
            (9, high),
        ),
    )
    return [_save(paint, folder / name, size) for name, paint, size in pictures]


def _save(paint: Callable[[Axes], None], path: Path, size: tuple[float, float]) -> Path:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=110, layout="constrained")
    axes = figure.subplots()
    paint(axes)
    try:
        figure.savefig(path, metadata={"Software": "archgym"})
    except OSError as error:
        raise ArchgymError(f"cannot write {path}: {error.strerror}") from error
    return path


def colour(pe: int) -> Any:
    """A colour of its own for every element, however many there are.

    Args:
        pe: the element's index.

    Returns:
        A colour as Matplotlib takes it.
    """
    if pe < len(COLOURS):
        return COLOURS[pe]
    from colorsys import hls_to_rgb

    return hls_to_rgb(0.61803 * pe % 1.0, 0.36, 0.5)  # by the golden ratio: neighbours far apart


def element_name(workload: Workload, system: System, pe: int) -> str:
    """An element as a person would call it.

    Args:
        workload: names the tasks.
        system: the system.
        pe: the element's index.

    Returns:
        Such as ``A53 0`` or ``decoder x4, 400 MHz``.
    """
    element = system.elements[pe]
    if element.task is None:
        return f"A53 {pe}"
    name = short(workload.tasks[element.task].name)
    return f"{name} x{element.unroll}, {element.frequency / 1e6:.0f} MHz"


def short(name: str) -> str:
    """A task's name without what all of FARSI's have in common.

    Args:
        name: the task's name.

    Returns:
        The name without ``_fxp_cloned``.
    """
    return name.replace("_fxp_cloned", "")


def _elements_legend(ax: Axes, workload: Workload, system: System, outcome: Outcome) -> None:
    """Every element with its colour and the share of time in which it is busy, beside the picture."""
    from matplotlib.patches import Patch

    handles = [
        Patch(color=colour(i), label=f"{element_name(workload, system, i)}: {_share(outcome, f'pe{i}')} busy")
        for i in range(len(system.elements))
    ]  # fmt: skip
    ax.legend(
        handles=handles, title="element", fontsize=7, title_fontsize=8, frameon=False, alignment="left",
        loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip


def _share(outcome: Outcome, block: str) -> str:
    return f"{100 * outcome.utilisation.get(block, 0.0):.0f} %"


def draw_graph(ax: Axes, workload: Workload, system: System, outcome: Outcome) -> None:
    """The task graph by depth, every task in the colour of its element, bytes on the edges.

    Args:
        ax: Matplotlib's axes.
        workload: the task graph.
        system: the system.
        outcome: of the system.
    """
    place = layered(len(workload.tasks), [(p, c) for p, c, _ in workload.edges])
    for (_, _, amount), line in zip(workload.edges, place.lines):
        xs, ys = zip(*line)
        ax.plot(xs[:-1], ys[:-1], color="#a3adb6", lw=1, zorder=1)
        ax.annotate("", line[-1], line[-2], zorder=1, arrowprops={
            "arrowstyle": "-|>", "color": "#a3adb6", "shrinkA": 0, "shrinkB": 13, "lw": 1})  # fmt: skip
        if amount:
            (x0, y0), (x1, y1) = line[:2]
            ax.text(
                x0 + 0.5 * (x1 - x0), y0 + 0.5 * (y1 - y0), format_quantity(amount, "B", 3), fontsize=6,
                color=GREY, ha="center", va="center", zorder=2,
                bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"},
            )  # fmt: skip
    for t, (x, y) in enumerate(place.nodes):
        words = short(workload.tasks[t].name).replace("_", " ")
        name = "\n".join(textwrap.wrap(words, 13, break_long_words=False))
        ax.text(
            x, y, name, fontsize=6.5, color="white", ha="center", va="center", zorder=3,
            bbox={"boxstyle": "round,pad=0.35", "fc": colour(system.task_pe[t]), "ec": "white"},
        )  # fmt: skip
    ax.set_title(f"{workload.name}: tasks and the bytes they hand on", loc="left", fontsize=10)
    heights = [y for line in place.lines for _, y in line] or [0.0]
    ax.set_xlim(-0.5, max(x for x, _ in place.nodes) + 0.5)
    ax.set_ylim(min(heights) - 0.6, max(heights) + 0.6)
    ax.set_axis_off()
    _elements_legend(ax, workload, system, outcome)


def _width(system: System, bus: int) -> int:
    return max(1, list(system.pe_bus).count(bus), list(system.mem_bus).count(bus))


def draw_architecture(ax: Axes, workload: Workload, system: System, outcome: Outcome) -> None:
    """Elements above their bus and memories below, with how busy each is; links between buses.

    Args:
        ax: Matplotlib's axes.
        workload: the task graph.
        system: the system.
        outcome: of the system.
    """
    x, ends = 0.0, []
    for bus, (width, frequency) in enumerate(system.buses):
        columns = _width(system, bus)
        ends.append((x - 0.5, x + columns - 0.5))
        ax.plot(ends[-1], [0, 0], lw=7, color="#444444", solid_capstyle="butt", zorder=1)
        for blocks, up in ((system.pe_bus, True), (system.mem_bus, False)):
            mine = [i for i, b in enumerate(blocks) if b == bus]
            for k, i in enumerate(mine):
                _block(ax, workload, system, outcome, x + k + (columns - len(mine)) / 2, i, up)
        ax.text(
            sum(ends[-1]) / 2, 0,
            f"bus {bus}: {width} B, {frequency / 1e6:.0f} MHz, {_share(outcome, f'bus{bus}')} busy",
            fontsize=6.5, ha="center", va="center", zorder=3,
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#444444", "lw": 0.8},
        )  # fmt: skip
        x += columns + 0.5
    deep = _links(ax, system, ends)
    ax.set_title(
        f"{workload.name}: blocks and the share of time (elements) or bandwidth (buses, memories) in use",
        loc="left", fontsize=10, wrap=True,
    )  # fmt: skip
    ax.set_xlim(-0.7, x - 0.8)
    ax.set_ylim(deep - 0.2, 1.5)
    ax.set_axis_off()


def _block(
    ax: Axes, workload: Workload, system: System, outcome: Outcome, at: float, i: int, up: bool
) -> None:
    """An element above its bus, or a memory below."""
    y = 0.95 if up else -0.95
    ax.plot([at, at], [0, y], lw=1, color="#a3adb6", zorder=0)
    if up:
        name = "\n".join(textwrap.wrap(element_name(workload, system, i).replace("_", " "), 15))
        text, face, ink = f"{name}\n{_share(outcome, f'pe{i}')} busy", colour(i), "white"
    else:
        kind, width, frequency = system.memories[i]
        text = f"{kind.upper()} {i}\n{width} B, {frequency / 1e6:.0f} MHz\n{_share(outcome, f'mem{i}')} busy"
        face, ink = "#dfe4e9", "black"
    ax.text(
        at, y, text, fontsize=6.5, ha="center", va="center", color=ink,
        bbox={"boxstyle": "round", "fc": face, "ec": "none"},
    )  # fmt: skip


def _links(ax: Axes, system: System, ends: list[tuple[float, float]]) -> float:
    """Lines between buses: straight to a neighbour, else below all memories; returns the deepest place."""
    deep = -1.4
    for a, b in (sorted(link) for link in system.links):
        (_, start), (end, _) = ends[a], ends[b]
        if b == a + 1:
            ax.plot([start, end], [0, 0], lw=2, color="#444444", zorder=0)
            continue
        deep -= 0.14
        down, up = start + 0.12, end - 0.12
        xs, ys = [start, down, down, up, up, end], [0, 0, deep, deep, 0, 0]
        ax.plot(xs, ys, lw=1.5, color="#444444", zorder=0)
    return deep


def draw_gantt(
    ax: Axes, workload: Workload, system: System, outcome: Outcome, limits: Mapping[str, float]
) -> None:
    """Each task from launch to finish, and the limits in time.

    A task may wait for its element in between.

    Args:
        ax: Matplotlib's axes.
        workload: the task graph.
        system: the system.
        outcome: of the system.
        limits: seconds by graph; the key "" holds for all graphs without an own limit.
    """
    order = np.argsort(outcome.start, kind="stable")
    unit, name = in_prefix(float(outcome.finish.max()), "s")
    for row, t in enumerate(order):
        start, length = outcome.start[t] / unit, (outcome.finish[t] - outcome.start[t]) / unit
        shade = colour(system.task_pe[t])
        ax.barh(row, length, left=start, color=shade, height=0.7)
        if length * unit < 0.002 * outcome.finish.max():  # too short to be seen as a bar
            ax.plot(start, row, "D", ms=3.5, color=shade, clip_on=False)
    ax.set_yticks(range(len(order)), [short(workload.tasks[t].name) for t in order], fontsize=7)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xlabel(f"time [{name}]")
    told = []
    longest = float(outcome.finish.max())
    for which, ends in workload.ends.items():
        done = float(max(outcome.finish[t] for t in ends))
        ax.axvline(done / unit, ls=":", lw=1, color="black")
        limit = limits.get(which, limits.get(""))
        against = ""
        if limit is not None:
            against = (
                f", limit {format_quantity(limit, 's')} {'met' if done <= limit else 'MISSED'}"
            )
            if limit < 1.6 * longest:
                ax.axvline(limit / unit, ls="--", lw=1.2, color=RED)
        told.append(f"{which} done after {format_quantity(done, 's')}{against}")
    title = "Launch to finish; " + "; ".join(told)
    ax.set_title("\n".join(textwrap.wrap(title, 95)), loc="left", fontsize=9)
    ax.set_xlim(left=0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="x", color="#e6ebf0", lw=0.7)
    ax.set_axisbelow(True)
    _elements_legend(ax, workload, system, outcome)
