"""The roofline of a deployment: how near each part of its passes comes to what its GPU allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from archgym.errors import ArchgymError
from archgym.space import Designs

from .phases import BANDWIDTH, DECODE, OPERATIONS, PREFILL, Decode, Prefill, passes, relaxed
from .simulator import ServingSimulator

COLOURS = {"decode": "#1f4e79", "prefill": "#b9560e"}
RED = "#c0392b"


class Dot(NamedTuple):
    """A part of a pass.

    Attributes:
        phase: ``decode`` or ``prefill``.
        name: of the part.
        seconds: that it takes.
        balance: operations per byte, as a multiple of those at which memory and operations take equally long.
        achieved: operations per second, as a share of the most that the engine reaches.
        limit: what takes the longer.
    """

    phase: str
    name: str
    seconds: float
    balance: float
    achieved: float
    limit: str


def roofline(simulator: ServingSimulator, design: Designs) -> list[Dot]:
    """The parts of a design's passes that move bytes and do operations, by the constants alone.

    Args:
        simulator: whose design it is.
        design: (d,) value indices.

    Raises:
        ArchgymError: the design cannot run; says why.
    """
    e = simulator.evaluate(design[None])
    if not e.feasible[0]:
        raise ArchgymError(f"this deployment has no roofline: {e.reasons[0]}")
    t, s, p, running = simulator.running(design[None])
    decode, prefill = passes(t, s, p, 0, float(running[0]))
    out: list[Dot] = []
    ways: tuple[tuple[str, Decode | Prefill, Sequence[str]], ...] = (
        ("decode", decode, DECODE), ("prefill", prefill, PREFILL),
    )  # fmt: skip
    for phase, one, parts in ways:
        moving, doing = (one.seconds(relaxed(t, r)) for r in (OPERATIONS, BANDWIDTH))
        for name, seconds, m, f in list(zip(parts, one.seconds(t), moving, doing))[:4]:
            if seconds:
                balance = f / m if m else np.inf
                limit = BANDWIDTH if m >= f else OPERATIONS
                out.append(
                    Dot(phase, name, float(seconds), float(balance), float(f / seconds), limit)
                )
    return out


def draw_roofline(dots: Sequence[Dot], title: str, path: Path) -> Path:
    """Parts under their roof; the longer a part takes, the larger its dot.

    Args:
        dots: of a design.
        title: above the picture.
        path: the picture to write.

    Returns:
        The picture.
    """
    from archgym.extras import need

    need("matplotlib", "drawing a picture")
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(8, 4.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    finite = [d.balance for d in dots if 0 < d.balance < np.inf]
    low, high = min([0.05, *finite]) / 3, max([20.0, *finite]) * 3
    x = np.geomspace(low, high, 200)
    axes.plot(x, np.minimum(x, 1.0), color=RED, lw=1.4)
    total = sum(d.seconds for d in dots)
    written = dict.fromkeys(COLOURS, 0)
    for dot in dots:
        at, height = float(np.clip(dot.balance, low, high)), max(dot.achieved, low)
        size = 30 + 500 * dot.seconds / total
        axes.scatter(at, height, s=size, color=COLOURS[dot.phase], alpha=0.75, clip_on=False)
        # names of decode below and to the right, of prefill above and to the left: one to a line
        line, below = written[dot.phase], dot.phase == "decode"
        written[dot.phase] += 1
        axes.annotate(
            dot.name, (at, height), textcoords="offset points", fontsize=8, color=COLOURS[dot.phase],
            xytext=(10, -12 - 11 * line) if below else (-10, 10 + 11 * line),
            ha="left" if below else "right",
        )  # fmt: skip
    axes.set(
        xscale="log", yscale="log", xlim=(low, high), ylim=(low, 5.0),
        xlabel="operations per byte, 1 where memory and operations take equally long",
        ylabel="operations, share of the most reached",
    )  # fmt: skip
    handles = [
        Line2D([], [], marker="o", ls="", color=c, label=phase) for phase, c in COLOURS.items()
    ]
    axes.legend(handles=handles, frameon=False, fontsize=8, loc="lower right")
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(color="#e6ebf0", lw=0.7)
    axes.set_axisbelow(True)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
