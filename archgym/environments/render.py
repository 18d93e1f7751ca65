"""What ``render`` shows of an environment: the present design, its metrics and its specs.

``ansi`` is text; ``rgb_array`` is an image (480, 960, 3) uint8: the value of every parameter on its
own scale to the left, every metric over the reference design's to the right.  Both need no display.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError
from ..extras import need
from ..space import Parameter
from ..units import format_quantity

if TYPE_CHECKING:
    from .common import View

RENDER_MODES = ("rgb_array", "ansi")
METADATA: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 4}
SIZE_INCHES, DOTS_PER_INCH = (9.6, 4.8), 100
MOST_ROWS = 24  # parameters that an image has room for


def check_render_mode(mode: str | None) -> str | None:
    """The mode given, if there is such a one.

    Args:
        mode: ``ansi``, ``rgb_array`` or None.

    Returns:
        The same mode.

    Raises:
        UnknownNameError: it is neither None nor one of ``RENDER_MODES``.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise UnknownNameError("render mode", mode, RENDER_MODES)
    return mode


@dataclass(frozen=True)
class Shown:
    """What there is to see: value indices chosen so far, and ``info`` once they are evaluated."""

    chosen: Sequence[int] | NDArray[np.int64] = ()
    info: dict[str, Any] = field(default_factory=dict)

    def render(self, view: View, mode: str | None) -> Any:
        """The present design in the given render mode.

        Args:
            view: the scenario.
            mode: ``ansi``, ``rgb_array`` or None.

        Returns:
            Text, an image (480, 960, 3) uint8, or None where there is no mode.

        Raises:
            MissingExtraError: an image is wanted and matplotlib is not installed.
        """
        if mode is None:
            return None
        return text(view, self) if mode == "ansi" else image(view, self)


def text(view: View, shown: Shown) -> str:
    """The design with units, its metrics beside the reference design's, and its specs.

    Args:
        view: the scenario.
        shown: the present design, and what it was found to be worth.

    Returns:
        Several lines.
    """
    lines = [title(view)]
    width = max(map(len, view.space.names))
    for i, p in enumerate(view.space.parameters):
        lines.append(f"  {p.name:<{width}}  {_value(p, shown, i)}")
    lines += ["", *_outcome(view, shown)]
    return "\n".join(lines)


def title(view: View) -> str:
    """The scenario and its workloads.

    Args:
        view: the scenario.

    Returns:
        One line.
    """
    return f"{view.scenario.name}, workload {', '.join(view.scenario.workloads)}"


def _value(p: Parameter, shown: Shown, i: int) -> str:
    if i >= len(shown.chosen):
        return "-"
    unit = f" {p.unit}" if p.unit else ""
    return f"{p.values[int(shown.chosen[i])]}{unit}"


def _outcome(view: View, shown: Shown) -> list[str]:
    if not shown.info:
        return ["no design evaluated yet"]
    if not shown.info["feasible"]:
        return [f"infeasible: {shown.info['reason'] or 'no reason given'}"]
    values = shown.info["metrics"]
    width = max(map(len, values))
    lines = []
    for name, value in values.items():
        line = f"  {name:<{width}}  {format_quantity(value, view.units[name])}"
        if name in view.reference and math.isfinite(view.reference[name]):
            line += f"  (reference {format_quantity(view.reference[name], view.units[name])})"
        lines.append(line)
    for spec in view.specs:
        excess = float(spec.violation({n: np.array([v]) for n, v in values.items()})[0])
        verdict = "met" if excess <= 0 else f"missed by {100 * excess:.3g} %"
        lines.append(f"  spec {spec.text(view.units[spec.metric])}: {verdict}")
    return lines + (["  a proxy's guess, not the simulator's"] if shown.info["guessed"] else [])


def image(view: View, shown: Shown) -> NDArray[np.uint8]:
    """The design and its metrics as a picture, drawn without a display.

    Args:
        view: the scenario.
        shown: the present design, and what it was found to be worth.

    Returns:
        (480, 960, 3) uint8.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    need("matplotlib", "rendering an image")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    design, metrics = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.19, right=0.97, top=0.88, bottom=0.13, wspace=0.75)
    figure.suptitle(title(view), fontsize=10)
    _draw_design(design, view, shown)
    _draw_metrics(metrics, view, shown)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _draw_design(axes: Any, view: View, shown: Shown) -> None:
    every = view.space.parameters
    # the last ones chosen are the ones to see where there are more than fit
    first = max(0, min(len(every), len(shown.chosen)) - MOST_ROWS)
    rows = range(first, min(first + MOST_ROWS, len(every)))
    hidden = len(every) - len(rows)
    names = [_short(every[i].name) for i in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-0.05, 1.05)
    axes.set_xticks([0, 1], ["first value", "last value"], fontsize=7)
    axes.set_title("design" + (f" ({hidden} parameters not shown)" if hidden else ""), fontsize=9)
    for y, i in enumerate(rows):
        axes.plot([0, 1], [y, y], color="0.85", linewidth=3, solid_capstyle="round", zorder=1)
        if i < len(shown.chosen):
            x = int(shown.chosen[i]) / max(len(every[i]) - 1, 1)
            axes.plot([x], [y], "o", color="tab:blue", markersize=5, zorder=2)
        value = _short(_value(every[i], shown, i))
        axes.annotate(value, (1.07, y), fontsize=7, va="center", annotation_clip=False)


def _draw_metrics(axes: Any, view: View, shown: Shown) -> None:
    axes.set_title("metrics over the reference design's (log)", fontsize=9)
    if not shown.info or not shown.info["feasible"]:
        axes.set_axis_off()
        message = "\n".join(_outcome(view, shown))
        axes.text(0.5, 0.5, message, ha="center", va="center", fontsize=9, wrap=True)
        return
    values = shown.info["metrics"]
    observed = view.observe_one(values, True)[:-1]
    missed = {
        s.metric
        for s in view.specs
        if s.violation({n: np.array([v]) for n, v in values.items()})[0] > 0
    }
    colours = ["tab:red" if n in missed else "tab:green" for n in values]
    axes.barh(range(len(values)), observed, color=colours, height=0.6)
    axes.axvline(0, color="black", linewidth=0.8)
    labels = [f"{_short(n)}\n{format_quantity(v, view.units[n])}" for n, v in values.items()]
    axes.set_yticks(range(len(values)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="x", labelsize=7)
    if missed:
        axes.set_xlabel("red: misses its spec", fontsize=8)


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
