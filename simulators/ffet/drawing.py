"""A block as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .flow import Block
from .functions import BUF, CLOCKED
from .kernels.timing import trace
from .routing import Routed


def critical_path(block: Block) -> NDArray[np.int64]:
    """Input pins (or ports, after the pins) of the longest path, first to last."""
    n, placed = block.placed.netlist, block.placed
    path = np.empty(len(n.function) + 1, np.int64)
    length = trace(block.end, placed.graph, placed.driver, n.pin_cell, block.nets, path)
    return path[:length][::-1]


def path_places(block: Block) -> tuple[Floats, Floats]:
    """Drivers and sinks along the critical path, in um."""
    n, driver = block.placed.netlist, block.placed.driver
    places = []
    for pin in critical_path(block):
        net = n.port_net[pin - len(n.pin_net)] if pin >= len(n.pin_net) else n.pin_net[pin]
        places += [int(driver[net]), int(pin)]
    return block.pin_x[places], block.pin_y[places]


def congestion(routed: Routed) -> Floats:
    """Tracks in use over tracks there are, every gcell (nx, ny): the worse direction."""
    nx, ny = routed.use_h.shape[1] + 1, routed.use_h.shape[2]
    out = np.zeros((nx, ny))
    share_h = routed.use_h.sum(axis=0) / np.maximum(routed.cap_h.sum(axis=0), 1)
    share_v = routed.use_v.sum(axis=0) / np.maximum(routed.cap_v.sum(axis=0), 1)
    out[:-1], out[1:] = np.maximum(out[:-1], share_h), np.maximum(out[1:], share_h)
    out[:, :-1] = np.maximum(out[:, :-1], share_v)
    out[:, 1:] = np.maximum(out[:, 1:], share_v)
    return out


def draw_layout(block: Block, path: Path) -> None:
    """Placement with the critical path, and the congestion of every routed side."""
    from matplotlib import pyplot as plt
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    sides = [(name, r) for name, r in zip(("front", "back"), block.routed) if len(r.length)]
    figure, axes = plt.subplots(1, 1 + len(sides), figsize=(6.4 * (1 + len(sides)), 6))
    axis = np.atleast_1d(axes)[0]
    n, lib, plan = block.placed.netlist, block.library, block.plan
    wide = lib.width[block.kind] * lib.cpp_um
    kinds = (
        ("logic", "#9ecae1", ~CLOCKED[n.function] & (n.function != BUF)),
        ("clocked cells", "#fdae6b", CLOCKED[n.function]),
        ("buffers", "#31a354", n.function == BUF),
    )
    for label, colour, chosen in kinds:
        boxes = [
            Rectangle((block.left[c], block.row[c] * lib.height_um), wide[c], lib.height_um)
            for c in np.flatnonzero(chosen)
        ]
        axis.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="none"))
        axis.plot([], [], "s", color=colour, label=label)
    solid = [Rectangle((x0, y0), x1 - x0, y1 - y0) for x0, y0, x1, y1 in plan.solid]
    if solid:
        axis.add_collection(PatchCollection(solid, facecolor="#bdbdbd", edgecolor="#636363"))
        axis.plot([], [], "s", color="#bdbdbd", label="macros")
    axis.plot(*path_places(block), "-", color="#cb181d", lw=1.2, label="critical path")
    axis.set(xlim=(0, plan.wide), ylim=(0, plan.high), aspect="equal", xlabel="um", ylabel="um")
    c = block.choices
    axis.set_title(
        f"{n.name}, {c.technology}, {c.utilization:.0%}: {1e3 / block.period_ps:.2f} GHz"
    )
    axis.legend(loc="upper right", fontsize=8)
    for other, (name, routed) in zip(np.atleast_1d(axes)[1:], sides):
        image = other.imshow(
            congestion(routed).T, origin="lower", extent=(0, plan.wide, 0, plan.high), vmin=0,
            vmax=1.2, cmap="inferno",
        )  # fmt: skip
        other.set_title(
            f"{name}: {routed.length.sum() / 1e3:.1f} mm, overflow {routed.overflow:.0f}"
        )
        other.set(xlabel="um")
        figure.colorbar(image, ax=other, label="tracks used over tracks")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)
