"""What all interactive figures have in common: plotly itself, colours, layout, scales, hover texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..errors import MissingPackageError
from ..goals.scenario import Scenario
from ..space import Designs
from ..statistics.lottery import CLIP
from ..units import in_prefix

INK, PALE, GREY, RED, GREEN = "#1f4e79", "#8fb3d5", "#8a96a3", "#c0392b", "#2e7d32"
WIDE = 20  # values this many times apart are shown on a logarithmic axis
MOST_POINTS = 1500  # trials that one group of a figure draws; more are thinned out evenly
HOVER_KNOBS = 14  # knobs that fit in the box under the pointer
FLOOR = 1e-5  # gaps are drawn on a logarithmic axis from here to CLIP; the optimum sits here
GAP_TICKS: dict[str, Any] = dict(
    type="log",
    tickvals=[FLOOR, 1e-4, 1e-3, 1e-2, 1e-1, 1],
    ticktext=["optimum", "0.01 %", "0.1 %", "1 %", "10 %", "≥ 100 %"],
    range=[np.log10(FLOOR) - 0.1, 0.1],
)


def plotly() -> Any:
    """plotly.graph_objects, imported late.

    Raises:
        MissingPackageError: plotly, which belongs to the base, was taken away.
    """
    try:
        import plotly.graph_objects as go
    except ModuleNotFoundError as error:
        raise MissingPackageError("an interactive figure", "plotly") from error
    return go


def stacked(rows: int) -> Any:
    """An empty figure of panels above each other that share their x axis.

    Args:
        rows: how many panels.

    Returns:
        A plotly ``Figure``.
    """
    plotly()
    from plotly.subplots import make_subplots

    return make_subplots(rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.06)


def layout(figure: Any, height: int = 420, **more: Any) -> Any:
    """Give a figure the common style.

    Args:
        figure: a plotly ``Figure``, which is changed.
        height: in pixels.
        more: further settings of plotly's layout.

    Returns:
        The same figure.
    """
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin=dict(l=10, r=10, t=50, b=40),
        font=dict(family="system-ui, sans-serif", size=12),
        legend=dict(orientation="h", yanchor="bottom", y=1.0, x=0),
        **more,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def clipped(gap: Any) -> Floats:
    """Gaps as they are drawn: between ``FLOOR`` and ``CLIP``.

    Args:
        gap: gaps (n,); +inf where nothing feasible was found.

    Returns:
        Gaps (n,).
    """
    return np.clip(np.nan_to_num(np.asarray(gap, np.float64), posinf=CLIP), FLOOR, CLIP)


def written(values: Floats, unit: str) -> tuple[float, str]:
    """The scale of an axis, and its unit.

    Args:
        values: in SI units, (n,).
        unit: their SI unit, or ''.

    Returns:
        What values are divided by, and the unit in brackets after a space, or ''.
    """
    finite = np.abs(values[np.isfinite(values)])
    scale, name = in_prefix(float(np.median(finite)) if len(finite) else 1.0, unit)
    return scale, f" [{name}]" if name else ""


def is_wide(values: Floats) -> bool:
    """Whether values belong on a logarithmic axis: all are positive and they lie far apart.

    Args:
        values: (n,); those that are not finite do not count.

    Returns:
        True for a logarithmic axis.
    """
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > WIDE * finite.min())


def scaled_axis(wide: bool, shown: list[float] | None = None) -> dict[str, Any]:
    """A linear axis, or a logarithmic one whose ticks are whole numbers, not their first digits.

    Args:
        wide: whether it is logarithmic.
        shown: its range in exponents, where known: it decides how many ticks there are.

    Returns:
        What plotly's axis is updated with.
    """
    if not wide:
        return dict(type="linear")
    decades = 2.0 if shown is None else shown[1] - shown[0]
    ticks: dict[str, Any] = {} if decades < 1 else dict(dtick="D2" if decades <= 4 else 1)
    return dict(type="log", tickformat=",.4~g", **ticks)


def thinned(
    at: NDArray[np.intp], keep: NDArray[np.intp] | None = None, most: int = MOST_POINTS
) -> NDArray[np.intp]:
    """Some of many positions, evenly spread: a page of a hundred thousand trials stays small and quick so.

    Args:
        at: positions (n,), ascending.
        keep: those that should be among them, as far as they fill half.
        most: how many at most.

    Returns:
        Positions, ascending; all where they are not too many.
    """
    if len(at) <= most:
        return at
    wanted = np.intersect1d(at, keep) if keep is not None else at[:0]
    wanted = wanted[np.linspace(0, len(wanted) - 1, min(len(wanted), most // 2)).astype(int)]
    rest = np.setdiff1d(at, wanted)
    room = most - len(wanted)
    return np.union1d(wanted, rest[np.linspace(0, len(rest) - 1, room).astype(int)])


def thinned_name(name: str, drawn: int, there: int) -> str:
    """The name of a group with its number of trials, and how many of them are drawn.

    Args:
        name: of the group.
        drawn: how many of its trials are drawn.
        there: how many it has.

    Returns:
        The text for the legend.
    """
    return f"{name} ({there:,})" if drawn == there else f"{name} ({drawn:,} of {there:,} drawn)"


def fitted(values: Floats, log: bool) -> list[float] | None:
    """The range of an axis that shows values, and no more; in exponents where it is logarithmic.

    None where there is nothing to show: plotly then finds its own.

    Args:
        values: in the unit of the axis, (n,).
        log: whether the axis is logarithmic; values of 0 or less do not count then.

    Returns:
        Both ends of the axis, or None.
    """
    finite = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    if log:
        low, high = np.log10(low), np.log10(high)
    room = 0.07 * (high - low) or 0.05 * abs(high) or 1.0
    return [low - room, high + room]


def in_view(
    values: Floats, met: NDArray[np.bool_], lower_is_better: bool, more: Sequence[float] = ()
) -> Floats:
    """The values that an axis is fitted to.

    These are the values that meet the specs without their worst tenth, and ``more``. Where none meets the
    specs they are all values.

    Args:
        values: (n,).
        met: whether each trial meets the specs, (n,).
        lower_is_better: which end is the worst.
        more: values that must be in view.

    Returns:
        The values that count.
    """
    good = values[met & np.isfinite(values)]
    if not len(good):
        return values
    return np.array([*np.quantile(good, [0.0, 0.9] if lower_is_better else [0.1, 1.0]), *more])


def trial_groups(
    scenario: Scenario,
    shown: NDArray[np.bool_],
    met: NDArray[np.bool_],
    keep: NDArray[np.intp] | None = None,
) -> list[tuple[NDArray[np.intp], str, dict[str, Any]]]:
    """The trials that are shown, apart by whether they meet the specs.

    A group without a trial is left out. Large groups are thinned, except for the trials in ``keep``.

    Args:
        scenario: what was searched.
        shown: whether each trial is drawn, (n,).
        met: whether each trial meets the specs, (n,).
        keep: positions of trials that are always drawn.

    Returns:
        For each group: positions of its trials, its name in the legend, and plotly's marker.
    """
    groups = (
        (shown & ~met, "misses a spec", dict(size=5, color=GREY, symbol="x")),
        (
            shown & met,
            "meets the specs" if scenario.specs else "evaluation",
            dict(size=5, color=PALE, symbol="circle"),
        ),
    )
    out = []
    for mask, name, marker in groups:
        if mask.any():
            at = np.flatnonzero(mask)
            drawn = thinned(at, keep)
            out.append((drawn, thinned_name(name, len(drawn), len(at)), marker))
    return out


def plain(text: object) -> str:
    """Text without what plotly would read as a tag or a formula.

    Args:
        text: a name or a value.

    Returns:
        The text, escaped.
    """
    out = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return out.replace("$", "&#36;")


def hover_texts(scenario: Scenario, x: Designs, numbers: Any) -> list[str]:
    """What the box under the pointer says of designs: the trial's number and its knobs.

    Of a design with many knobs only those are shown that differ from the reference design.

    Args:
        scenario: what was searched.
        x: designs (n, d), value indices.
        numbers: of the trials, (n,).

    Returns:
        A text per design.
    """
    reference = scenario.reference_design
    usual = None if reference is None else scenario.space.decode(reference)[0]
    units = {p.name: p.unit for p in scenario.space.parameters if len(p) > 1}
    out = []
    for number, design in zip(numbers, scenario.space.decode(x) if len(x) else []):
        shown = [(n, v) for n, v in design.items() if n in units]
        if len(shown) > HOVER_KNOBS and usual is not None:
            shown = [(n, v) for n, v in shown if v != usual[n]]
        lines = [f"{plain(n)}: {plain(v)} {plain(units[n])}".rstrip() for n, v in shown]
        more = len(lines) - HOVER_KNOBS
        tail = [f"and {more:,} more"] if more > 0 else []
        out.append("<br>".join([f"trial {int(number):,}", *lines[:HOVER_KNOBS], *tail]))
    return out
