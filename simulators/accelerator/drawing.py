"""Pictures of where a network's energy goes, and of what its layers trade for time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .architecture import Architecture
from .layers import Layer
from .mapper import Found


def plot_energy(found: Sequence[tuple[Layer, Found]], machine: Architecture, path: Path) -> Path:
    """Stacked bars, one per layer: energy of every level and of arithmetic.

    A bar holds all occurrences of its layer; the figure above it is the utilisation.

    Args:
        found: layers with their mappings and costs.
        machine: names its levels.
        path: of the picture; its ending says the format.

    Returns:
        The path.
    """
    from matplotlib.figure import Figure

    parts = {
        level.name: [1e-6 * x.count * f.cost.level_energy_pj[i].sum() for x, f in found]
        for i, level in enumerate(machine.levels)
    }
    parts["arithmetic"] = [1e-6 * x.count * f.cost.mac_energy_pj for x, f in found]
    figure = Figure(figsize=(max(5.0, 0.45 * len(found) + 2), 4.5), layout="constrained")
    axes = figure.subplots()
    bottom = np.zeros(len(found))
    for name, values in parts.items():
        axes.bar(range(len(found)), values, bottom=bottom, label=name)
        bottom += np.array(values)
    for i, (_, f) in enumerate(found):
        axes.annotate(
            f"{f.cost.utilisation:.0%}", (i, bottom[i]), ha="center", va="bottom", fontsize=7
        )
    axes.set_xticks(range(len(found)), [x.name for x, _ in found], rotation=90, fontsize=8)
    axes.set_ylabel("energy in uJ (figure above: utilisation)")
    axes.set_title(machine.name)
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def plot_fronts(
    curves: Sequence[tuple[Layer, Sequence[float], Sequence[float], float]],
    machine: str,
    path: Path,
) -> Path:
    """Fronts of energy and cycles, one panel per layer; below the broken line is no mapping.

    Args:
        curves: layers with cycles and pJ of their points, rising in cycles, and the front's gap.
        machine: names the machine.
        path: of the picture; its ending says the format.

    Returns:
        The path.
    """
    from matplotlib.figure import Figure

    columns = min(4, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(4.0 * columns + 1, 3.0 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    for axes, (layer, cycles, energy, gap) in zip(panels, curves):
        x, y = np.array(cycles), np.array(energy) * 1e-6
        x, y = np.append(x, 1.05 * x[-1]), np.append(y, y[-1])
        axes.step(x, y, where="post", color="tab:blue")
        axes.plot(x[:-1], y[:-1], "o", markersize=3, color="tab:blue")
        told = "exact"
        if gap > 2e-9:
            axes.step(
                x / (1 + gap), y / (1 + gap), where="post", color="tab:orange", linestyle="--"
            )
            told = f"within {gap:.1%}"
        axes.set_title(f"{layer.name}, {told}", fontsize=9)
        axes.locator_params(axis="x", nbins=4)
        axes.set_xlabel("cycles")
        axes.set_ylabel("energy in uJ")
    figure.suptitle(machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
