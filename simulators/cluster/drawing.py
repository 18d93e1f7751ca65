"""Drawings of a step: when each stage computes and communicates, and the roofline of its computations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.drawing import Drawing
from archgym.figures.base import GREEN, INK, RED, layout, plain, plotly
from archgym.figures.roofline import NOTE, Dot, roofline
from archgym.units import format_quantity, in_prefix

from .events import Span
from .explaining import COMPUTE, limit_of, name_of, role_of
from .step import Step

Intervals = list[tuple[int, int]]
MOST_ROWS = 8  # stages (or NPUs of a task graph) that a timeline shows
LEAST_WIDTH = 640  # pixels of a timeline; a narrower screen scrolls
BINS = 300  # of a long timeline, each shaded by its share
CLOSE = 16  # nodes of the last NPU that a close timeline spans
MOST_DOTS = 8  # computations of a task graph that a roofline names
COLOURS = (GREEN, "#b9560e", "#6a4c93", "#8fb3d5", "#a0522d", "#00727a")
EXPOSED = "computes nothing"
# height of a line in its row, and its thickness in pixels
COMPUTING, TALKING, WAITING = (0.2, 18), (-0.08, 12), (-0.28, 7)


def drawings(step: Step) -> Iterator[Drawing]:
    """What there is to see of a step.

    Args:
        step: as simulated.

    Yields:
        Its timeline, a part of it where it is long, and a roofline; nothing of a step that takes no time.
    """
    last = step.outcome.last
    end = max((s.ended for s in last), default=0)
    if not end:
        return
    note = (
        "Computation, collectives by what they go over, and (red) when nothing is computed, so that "
        f"communication, waiting for other stages or idling is exposed. {_shown(step)}"
    )
    if len(last) > 2 * CLOSE:
        shaded = f" The step in {BINS} parts, each the darker the more of it."
        yield Drawing("Timeline of a step", note + shaded, shares(step, end))
        near = sorted(last, key=lambda s: (s.begun, s.ended))
        near = [s for s in near if s.node["op"] != "recv"]
        part = near[len(near) // 2 - CLOSE // 2 :][:CLOSE]
        window = part[0].begun, max(s.ended for s in part)
        words = f"{format_quantity((window[1] - window[0]) * 1e-9, 's')} from its middle."
        yield Drawing("A part of the timeline", words, timeline(step, *window))
    else:
        yield Drawing("Timeline of a step", note, timeline(step, 0, end))
    dots = computations(step) if step.system.roofline else []
    if dots:
        yield Drawing("Roofline of computations", NOTE, roofline(dots))


def _shown(step: Step) -> str:
    there = len(step.outcome.spans)
    return f"{MOST_ROWS} of {there} rows are shown." if there > MOST_ROWS else ""


def _rows(step: Step) -> list[tuple[str, dict[str, Intervals]]]:
    """Name of each stage or NPU that is shown, the first and the last among them, and when it does what."""
    every = list(step.outcome.spans)
    count = min(len(every), MOST_ROWS)
    shown = [every[i * (len(every) - 1) // max(1, count - 1)] for i in range(count)]
    out = []
    for number in shown:
        name = f"stage {every.index(number)}" if step.staged else f"NPU {number}"
        kinds = _kinds(step.outcome.spans[number], step.dims)
        out.append(("every NPU" if len(every) == 1 else name, kinds))
    return out


def _colours(rows: Sequence[tuple[str, dict[str, Intervals]]]) -> dict[str, str]:
    """Of computation, of the networks, of what is exposed, in the order in which they are drawn."""
    others = sorted({k for _, kinds in rows for k in kinds} - {COMPUTE, EXPOSED})
    found = {COMPUTE: INK}
    found |= {k: COLOURS[i % len(COLOURS)] for i, k in enumerate(others)}
    return found | {EXPOSED: RED}


def shares(step: Step, end: int) -> Any:
    """A whole step: what share of each part of it goes to what.

    Args:
        step: as simulated.
        end: ns that it takes.

    Returns:
        A plotly figure.
    """
    go = plotly()
    scale, unit = in_prefix(end * 1e-9, "s")
    rows, colours = _rows(step), list(_colours(_rows(step)).items())
    edges = np.linspace(0, end, BINS + 1)
    names, share, shade = [], [], []
    for name, kinds in rows:
        for number, (kind, _) in enumerate(colours):
            if kind in kinds:
                names.append(plain(f"{name}: {kind}"))
                share.append(_covered(kinds[kind], edges).round(3))
                shade.append(number + 0.99 * share[-1])
    # one scale of all kinds: kind k is shaded from k to k + 1
    steps = [
        [(number + at) / len(colours), colour]
        for number, (_, strong) in enumerate(colours)
        for at, colour in ((0.0, "rgba(255,255,255,0)"), (0.9999, strong))
    ]
    figure = go.Figure()
    figure.add_heatmap(
        x=(edges[:-1] + edges[1:]) / 2 * 1e-9 / scale, y=names, z=np.stack(shade),
        customdata=np.stack(share), zmin=0, zmax=len(colours), colorscale=[*steps, [1, RED]],
        showscale=False, ygap=3,
        hovertemplate="%{y}<br>%{x:.4g} " + unit + ": %{customdata:.0%}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=f"time [{unit}]", range=[0, end * 1e-9 / scale])
    return layout(figure, 130 + 20 * len(names), meta={"least_width": LEAST_WIDTH})


def _covered(parts: Intervals, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each bin, between edges (bins + 1,) in ns, that lies in an interval."""
    merged = np.array(_merged(parts), np.float64).reshape(-1, 2)
    begun, ended = merged[:, 0], merged[:, 1]
    before = np.concatenate([[0.0], np.cumsum(ended - begun)])  # covered up to each interval
    at = np.searchsorted(begun, edges, side="right")
    inside = np.concatenate([[0.0], ended])[at]
    covered = before[at] - np.maximum(0.0, inside - edges)
    return np.diff(covered) / np.diff(edges)


def timeline(step: Step, first: int, last: int) -> Any:
    """A step between two times.

    Args:
        step: as simulated.
        first: ns at which the figure begins.
        last: ns at which it ends.

    Returns:
        A plotly figure.
    """
    go = plotly()
    figure = go.Figure()
    scale, unit = in_prefix((last - first) * 1e-9, "s")
    rows = _rows(step)
    for kind, colour in _colours(rows).items():
        height, width = {COMPUTE: COMPUTING, EXPOSED: WAITING}.get(kind, TALKING)
        x: list[float | None] = []
        y: list[float | None] = []
        text: list[str] = []
        for row, (_, kinds) in enumerate(rows):
            for a, b in _merged(kinds.get(kind, [])):
                if a < last and b > first:
                    x += [max(a, first) * 1e-9 / scale, min(b, last) * 1e-9 / scale, None]
                    y += [height - row, height - row, None]
                    text += [format_quantity((b - a) * 1e-9, "s")] * 3
        if x:
            figure.add_scatter(
                x=x, y=y, text=text, mode="lines", name=plain(kind),
                line={"color": colour, "width": width},
                hovertemplate="%{text}<extra>" + plain(kind) + "</extra>",
            )  # fmt: skip
    figure.update_yaxes(
        tickvals=[-i for i in range(len(rows))], ticktext=[name for name, _ in rows],
        range=[0.55 - len(rows), 0.5],
    )  # fmt: skip
    edges = [first * 1e-9 / scale, last * 1e-9 / scale]
    figure.update_xaxes(title=f"time [{unit}]", range=edges)
    return layout(figure, 140 + 60 * len(rows), meta={"least_width": LEAST_WIDTH})


def _kinds(spans: Sequence[Span], dims: Mapping[str, Sequence[int]]) -> dict[str, Intervals]:
    """When an NPU computes, communicates over what, and does not compute before it ends; in ns."""
    out: dict[str, Intervals] = {COMPUTE: []}
    for span in spans:
        op = span.node["op"]
        if op == "recv":
            continue  # it is posted long before the message comes
        kind = COMPUTE if op == "comp" else f"network over {role_of(span, dims)}"
        out.setdefault(kind, []).append((span.begun, span.ended))
    end = max((s.ended for s in spans), default=0)
    idle: Intervals = []
    at = 0
    for a, b in [*_merged(out[COMPUTE]), (end, end)]:
        if a > at:
            idle.append((at, a))
        at = b
    return out | ({EXPOSED: idle} if idle else {})


def _merged(parts: Intervals) -> Intervals:
    """Intervals in order, those that touch as one; empty ones are left out."""
    out: Intervals = []
    for a, b in sorted(part for part in parts if part[1] > part[0]):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out


def computations(step: Step) -> list[Dot]:
    """Computations of the NPU that ends last under the roofline of its system, equal ones together.

    Args:
        step: as simulated, on a system with a roofline.

    Returns:
        The MOST_DOTS that take the longest, the longest first.
    """
    system = step.system
    ridge = system.peak_perf * 1e3 / system.local_mem_bw  # operations per byte
    found: dict[tuple[str, str], list[float]] = {}
    for span in step.outcome.last:
        node = span.node
        if node["op"] != "comp" or not node.get("flops") or span.ended == span.begun:
            continue
        name = name_of(span, step) if step.names else f"node {node['id']}"
        row = found.setdefault((name, limit_of(span, system)), [0.0, 0.0, 0.0])
        for i, value in enumerate((span.ended - span.begun, node["flops"], node["bytes"])):
            row[i] += value
    longest = sorted(found.items(), key=lambda item: -item[1][0])[:MOST_DOTS]
    out = []
    for (name, limit), (ns, operations, moved) in longest:
        balance = operations / moved / ridge if moved else float("inf")
        achieved = operations / (ns * system.peak_perf * 1e3)
        out.append(Dot(COMPUTE, name, ns * 1e-9, balance, achieved, limit))
    return out
