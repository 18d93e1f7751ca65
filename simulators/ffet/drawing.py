"""A block as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from archgym.contracts.evaluation import Floats

from .flow import Block
from .functions import BUF, CLOCKED
from .longest import critical_path
from .routing import Routed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RED = "#c0392b"


def path_places(block: Block) -> tuple[Floats, Floats]:
    """Drivers and sinks along the critical path, in um.

    Args:
        block: the block.

    Returns:
        x and y, one pair of entries per net of the path.
    """
    n, driver = block.placed.netlist, block.placed.driver
    places = []
    for pin in critical_path(block):
        net = n.port_net[pin - len(n.pin_net)] if pin >= len(n.pin_net) else n.pin_net[pin]
        places += [int(driver[net]), int(pin)]
    return block.pin_x[places], block.pin_y[places]


def congestion(routed: Routed) -> Floats:
    """Share of the tracks in use in every gcell, in the worse direction.

    Args:
        routed: a routed side.

    Returns:
        (nx, ny).
    """
    nx, ny = routed.use_h.shape[1] + 1, routed.use_h.shape[2]
    out = np.zeros((nx, ny))
    share_h = routed.use_h.sum(axis=0) / np.maximum(routed.cap_h.sum(axis=0), 1)
    share_v = routed.use_v.sum(axis=0) / np.maximum(routed.cap_v.sum(axis=0), 1)
    out[:-1], out[1:] = np.maximum(out[:-1], share_h), np.maximum(out[1:], share_h)
    out[:, :-1] = np.maximum(out[:, :-1], share_v)
    out[:, 1:] = np.maximum(out[:, 1:], share_v)
    return out


def draw_layout(block: Block, path: Path) -> None:
    """Placement with the critical path, and how full the tracks of every routed side are.

    Args:
        block: a placed and routed design.
        path: the picture to write.
    """
    from matplotlib.figure import Figure

    sides = [(name, r) for name, r in zip(("front", "back"), block.routed) if len(r.length)]
    panels = 1 + len(sides)
    plan = block.plan
    tall = min(1.6, max(0.5, plan.high / plan.wide))  # the core's own shape
    figure = Figure(figsize=(5.4 * panels, 1.6 + 4.6 * tall), dpi=150, layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    _placement(axes[0], block)
    shares = [congestion(routed) for _, routed in sides]
    # one scale for both sides, from 0 to what there is: empty colours tell nothing
    most = max([0.05, *(float(share.max()) for share in shares)])
    image = None
    for axis, (name, routed), share in zip(axes[1:], sides, shares):
        image = axis.imshow(
            100 * share.T, origin="lower", extent=(0, plan.wide, 0, plan.high), vmin=0, vmax=100 * most,
            cmap="viridis",
        )  # fmt: skip
        over = f", overflow {routed.overflow:.0f}" if routed.overflow else ", no overflow"
        axis.set_title(
            f"{name} side: {routed.length.sum() / 1e3:.3g} mm of wire{over}", fontsize=9, loc="left"
        )
        axis.set(xlabel="x [µm]", ylabel="y [µm]")
    if image is not None:
        figure.colorbar(
            image,
            ax=axes[1:],
            label="tracks in use [%], the fuller direction",
            shrink=0.8,
            pad=0.02,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _placement(axis: Axes, block: Block) -> None:
    """Cells by kind, macros and the critical path; the legend stands below the core, not on it."""
    from matplotlib.collections import PatchCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle

    n, lib, plan = block.placed.netlist, block.library, block.plan
    wide = lib.width[block.kind] * lib.cpp_um
    kinds = (
        ("logic", "#a9c7e0", ~CLOCKED[n.function] & (n.function != BUF)),
        ("clocked", "#e8a35c", CLOCKED[n.function]),
        ("buffers", "#1e7b4f", n.function == BUF),
    )
    handles: list[Patch | Line2D] = []
    for label, colour, chosen in kinds:
        boxes = [
            Rectangle((block.left[c], block.row[c] * lib.height_um), wide[c], lib.height_um)
            for c in np.flatnonzero(chosen)
        ]
        axis.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="none"))
        handles.append(Patch(color=colour, label=f"{label} ({len(boxes):,})"))
    solid = [Rectangle((x0, y0), x1 - x0, y1 - y0) for x0, y0, x1, y1 in plan.solid]
    if solid:
        axis.add_collection(PatchCollection(solid, facecolor="#bdbdbd", edgecolor="#636363"))
        handles.append(Patch(color="#bdbdbd", label=f"macros ({len(solid):,})"))
    axis.plot(*path_places(block), "-", color=RED, lw=1.3)
    handles.append(
        Line2D([], [], color=RED, lw=1.3, label=f"critical path, {block.period_ps:.0f} ps")
    )
    axis.set(
        xlim=(0, plan.wide), ylim=(0, plan.high), aspect="equal", xlabel="x [µm]", ylabel="y [µm]"
    )
    c = block.choices
    axis.set_title(
        f"{n.name}, {c.technology}: {1e3 / block.period_ps:.2f} GHz, "
        f"{100 * c.utilization:.0f} % utilisation\ncore {plan.wide:.3g} µm x {plan.high:.3g} µm",
        fontsize=9, loc="left",
    )  # fmt: skip
    axis.figure.legend(
        handles=handles, fontsize=8, frameon=False, ncols=5, loc="outside lower left"
    )  # type: ignore[union-attr]
