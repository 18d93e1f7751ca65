"""Pictures of a system on chip: its task graph, its blocks, and who runs when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from archgym.errors import ArchgymError

from .simulator import Outcome
from .system import System
from .task_graph import Workload

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#1f4e79", "#c0392b", "#2e8b57", "#b8860b", "#6a4c93", "#008b8b", "#a0522d", "#708090")


def draw(workload: Workload, system: System, outcome: Outcome, folder: Path) -> list[Path]:
    """Write ``graph.png``, ``architecture.png`` and ``gantt.png`` into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchgymError(f"cannot create {folder}: {error.strerror}") from error
    wide = (max(9.0, 0.62 * (len(system.elements) + len(system.buses))), 5.0)
    height = 1.5 + 0.28 * len(workload.tasks)
    return [
        _save(lambda ax: draw_graph(ax, workload, system), folder / "graph.png", (9, 6)),
        _save(
            lambda ax: draw_architecture(ax, workload, system), folder / "architecture.png", wide
        ),
        _save(
            lambda ax: draw_gantt(ax, workload, system, outcome), folder / "gantt.png", (9, height)
        ),
    ]


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


def colour(pe: int) -> str:
    """One colour an element."""
    return COLOURS[pe % len(COLOURS)]


def element_name(workload: Workload, system: System, pe: int) -> str:
    """An element as a person would call it."""
    element = system.elements[pe]
    if element.task is None:
        return f"A53 {pe}"
    name = short(workload.tasks[element.task].name)
    return f"{name}\nx{element.unroll} @ {element.frequency / 1e6:.0f} MHz"


def short(name: str) -> str:
    """A task's name without what all of FARSI's have in common."""
    return name.replace("_fxp_cloned", "")


def draw_graph(ax: Axes, workload: Workload, system: System) -> None:
    """The task graph by depth, coloured by element."""
    depth = [0] * len(workload.tasks)
    for _ in workload.tasks:
        for p, c, _bytes in workload.edges:
            depth[c] = max(depth[c], depth[p] + 1)
    place = {}
    for level in range(max(depth) + 1):
        here = [t for t, d in enumerate(depth) if d == level]
        for i, t in enumerate(here):
            place[t] = (level, (len(here) - 1) / 2 - i)
    for p, c, amount in workload.edges:
        ax.annotate(
            "",
            place[c],
            place[p],
            arrowprops={"arrowstyle": "->", "color": "#999999", "shrinkA": 12, "shrinkB": 12},
        )
        (x0, y0), (x1, y1) = place[p], place[c]
        at = (0.4 * x0 + 0.6 * x1, 0.4 * y0 + 0.6 * y1)
        label = f"{amount / 1024:.3g} KiB"
        ax.text(at[0], at[1], label, fontsize=6, color="#777777", ha="center")
    for t, (x, y) in place.items():
        ax.plot(x, y, "o", ms=13, color=colour(system.task_pe[t]))
        ax.text(x, y - 0.22, short(workload.tasks[t].name), fontsize=7, ha="center", va="top")
    ax.set_title(
        f"{workload.name}: tasks, coloured by the element they run on", loc="left", fontsize=10
    )
    ax.margins(0.08, 0.15)
    ax.set_axis_off()


def draw_architecture(ax: Axes, workload: Workload, system: System) -> None:
    """Elements above their bus, memories below."""
    x = 0.0
    centre = []
    for bus in range(len(system.buses)):
        width = max(1, list(system.pe_bus).count(bus), list(system.mem_bus).count(bus))
        centre.append(x + (width - 1) / 2)
        w, f = system.buses[bus]
        ax.plot([x - 0.4, x + width - 0.6], [0, 0], lw=7, color="#444444", solid_capstyle="butt")
        ax.text(centre[-1], 0.1, f"bus {bus}: {w} B @ {f / 1e6:.0f} MHz", fontsize=7, ha="center")
        for blocks, y in ((system.pe_bus, 1), (system.mem_bus, -1)):
            mine = [i for i, b in enumerate(blocks) if b == bus]
            for k, i in enumerate(mine):
                at, here = x + k, y * (0.75 + 0.5 * (k % 2))  # staggered, so that names fit
                ax.plot([at, at], [0, here], lw=1, color="#999999", zorder=0)
                if y > 0:
                    text, face = element_name(workload, system, i), colour(i)
                else:
                    kind, w, f = system.memories[i]
                    text, face = f"{kind.upper()}\n{w} B @ {f / 1e6:.0f} MHz", "#dddddd"
                ink = "white" if y > 0 else "black"
                ax.text(
                    at,
                    here,
                    text,
                    fontsize=6.5,
                    ha="center",
                    va="center",
                    color=ink,
                    bbox={"boxstyle": "round", "fc": face, "ec": "none"},
                )
        x += width + 0.5
    for a, b in system.links:
        ax.annotate(
            "",
            (centre[b], -0.05),
            (centre[a], -0.05),
            arrowprops={
                "arrowstyle": "<->",
                "connectionstyle": "arc3,rad=0.35",
                "color": "#444444",
            },
        )
    ax.set_title("Blocks; what nothing is mapped on is left out", loc="left", fontsize=10)
    ax.set_ylim(-1.6, 1.6)
    ax.margins(0.06, 0)
    ax.set_axis_off()


def draw_gantt(ax: Axes, workload: Workload, system: System, outcome: Outcome) -> None:
    """Each task from launch to finish (it may wait for its element in between)."""
    order = np.argsort(outcome.start, kind="stable")
    unit, name = (1e3, "ms") if outcome.finish.max() >= 1e-3 else (1e6, "µs")
    for row, t in enumerate(order):
        length = outcome.finish[t] - outcome.start[t]
        ax.barh(
            row,
            length * unit,
            left=outcome.start[t] * unit,
            color=colour(system.task_pe[t]),
            height=0.7,
        )
    ax.set_yticks(range(len(order)), [short(workload.tasks[t].name) for t in order], fontsize=7)
    ax.invert_yaxis()
    ax.set_xlabel(f"time [{name}]")
    for workload_name, ends in workload.ends.items():
        done = max(outcome.finish[t] for t in ends) * unit
        ax.axvline(done, ls=":", lw=1, color="black")
        ax.text(done, -0.7, f"{workload_name} done", fontsize=7, ha="right")
    ax.set_title("Launch to finish, coloured by element", loc="left", fontsize=10)
