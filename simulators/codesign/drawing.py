"""The Gantt chart of a schedule."""

from __future__ import annotations

from pathlib import Path

from .planned import Schedule
from .simulator import CoDesignSimulator

COLOURS = ("tab:blue", "tab:orange", "tab:green")


def draw_schedule(
    simulator: CoDesignSimulator, schedule: Schedule, names: list[str], path: Path
) -> Path:
    """One line a sub-accelerator, one colour a network; the limit dashed."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(11, 1.2 + 0.9 * len(names)), layout="constrained")
    axes = figure.subplots()
    for i, (network, name) in enumerate(schedule.layers):
        s = int(schedule.assign[i])
        width = float(schedule.latency[i, s])
        axes.barh(s, width, left=schedule.start[i], color=COLOURS[network], edgecolor="white")
        if width > 0.03 * schedule.length:
            at = schedule.start[i] + width / 2
            axes.text(
                at,
                s,
                name,
                ha="center",
                va="center",
                fontsize=7,
                rotation=90 if width < 0.08 * schedule.length else 0,
            )
    axes.axvline(simulator.limit, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("cycles (dashed: the limit)")
    tasks = simulator.tasks.tasks
    axes.legend(handles=[Patch(color=COLOURS[i], label=t) for i, t in enumerate(tasks)], fontsize=8)
    axes.set_title(f"{schedule.length:,.0f} cycles, {schedule.joules:.3g} J")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
