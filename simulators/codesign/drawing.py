"""The Gantt chart of a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from archgym.units import format_quantity, in_prefix

from .planned import Schedule
from .simulator import CoDesignSimulator

COLOURS = ("#1f4e79", "#b9560e", "#1e7b4f")
RED = "#c0392b"
CLOCK_HZ = 1e9  # of the sub-accelerators: bandwidths are bytes per cycle at 1 GHz
# shares of the axis from which the name of a layer is written, and written level
NAMED, UPRIGHT = 0.012, 0.06


def idle_shares(schedule: Schedule, subs: int) -> list[float]:
    """The share of the schedule's length in which each sub-accelerator runs no layer.

    Args:
        schedule: who runs which layer when.
        subs: number of sub-accelerators.

    Returns:
        A share from 0 to 1 for each.
    """
    busy = np.zeros(subs)
    for i, s in enumerate(schedule.assign):
        busy[s] += schedule.latency[i, s]
    return [float(1 - b / schedule.length) if schedule.length else 0.0 for b in busy]


def draw_schedule(
    simulator: CoDesignSimulator, schedule: Schedule, names: list[str], path: Path
) -> Path:
    """One line per sub-accelerator with its idle share, one colour per network, the limit dashed.

    Args:
        simulator: whose schedule it is.
        schedule: of one design.
        names: of the sub-accelerators.
        path: the picture to write.

    Returns:
        The picture.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = Figure(figsize=(11, 1.7 + 0.95 * len(names)), dpi=110, layout="constrained")
    axes = figure.subplots()
    limit = simulator.limit / CLOCK_HZ
    end = schedule.length / CLOCK_HZ
    scale, unit = in_prefix(end or 1.0, "s")
    shown = max(end, min(limit, 1.5 * end)) * 1.02 / scale
    for i, (network, name) in enumerate(schedule.layers):
        s = int(schedule.assign[i])
        start, width = (
            float(v) / CLOCK_HZ / scale for v in (schedule.start[i], schedule.latency[i, s])
        )
        bar: dict[str, Any] = {"height": 0.72, "edgecolor": "white", "lw": 0.6}
        axes.barh(s, width, left=start, color=COLOURS[network], **bar)
        if width > NAMED * shown:
            axes.text(
                start + width / 2, s, name, ha="center", va="center", fontsize=7, color="white",
                rotation=0 if width > UPRIGHT * shown else 90, clip_on=True,
            )  # fmt: skip
    idle = idle_shares(schedule, len(names))
    labels = [f"{n}\nidle {100 * share:.0f} %" for n, share in zip(names, idle)]
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, shown)
    axes.set_xlabel(f"time [{unit}] at {format_quantity(CLOCK_HZ, 'Hz')}")
    tasks = simulator.tasks.tasks
    handles: list[Patch | Line2D] = [Patch(color=COLOURS[i], label=t) for i, t in enumerate(tasks)]
    kept = "met" if end <= limit else "MISSED"
    if limit / scale <= shown:
        axes.axvline(limit / scale, color=RED, ls="--", lw=1.2)
    handles.append(
        Line2D([], [], color=RED, ls="--", label=f"limit {format_quantity(limit, 's')}: {kept}")
    )
    axes.legend(
        handles=handles, fontsize=8, frameon=False, ncols=len(handles), loc="lower right",
        bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2,
    )  # fmt: skip
    axes.set_title(
        f"{format_quantity(end, 's')}, {format_quantity(schedule.joules, 'J')}",
        loc="left",
        fontsize=11,
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", color="#e6ebf0", lw=0.7)
    axes.set_axisbelow(True)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
