"""The figures of a report, by plotly; every axis says its quantity and unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..figures.base import FLOOR, GAP_TICKS, GREY, INK, RED, clipped, layout, plotly, scaled_axis
from ..statistics.comparison import performance_profile
from ..statistics.lottery import CLIP
from .results import Results


def lottery(results: Results, scenario: str) -> Any:
    """The spread of the gap over hyperparameters, one box per agent, at its last checkpoint.

    Args:
        results: of the sweep.
        scenario: the name of one of its scenarios.

    Returns:
        A plotly ``Figure``; a dashed line marks random search.
    """
    go = plotly()
    figure = go.Figure()
    runs = results.tuning[results.tuning["scenario"] == scenario]
    medians = {}
    for label, group in runs.groupby("label"):
        c = max((c for c in results.checkpoints if c <= group["budget"].max()), default=None)
        if c is None:
            continue
        gaps = clipped(group[f"gap.{c}"].dropna())
        if len(gaps):
            medians[label] = (float(np.median(gaps)), gaps, c)
    for label, (_, gaps, c) in sorted(medians.items(), key=lambda item: -item[1][0]):
        q1, q2, q3 = np.quantile(gaps, [0.25, 0.5, 0.75])
        figure.add_box(
            y=[f"{label}, {c}"], orientation="h", name=str(label), q1=[q1], median=[q2], q3=[q3],
            lowerfence=[gaps.min()], upperfence=[gaps.max()], marker_color=INK, showlegend=False,
        )  # fmt: skip
    random = float(clipped(results.random_gap(scenario, results.checkpoints[-1])))
    if np.isfinite(random):
        figure.add_vline(x=random, line_dash="dash", line_color=RED)
        figure.add_annotation(  # on a logarithmic axis annotations are placed by exponent
            x=np.log10(random), y=1, yref="paper", yanchor="bottom", showarrow=False, font_color=RED,
            xanchor="left" if random < 0.05 else "right",
            text=f"random search, {results.checkpoints[-1]}",
        )  # fmt: skip
    figure.update_xaxes(title="gap to the optimum, over hyperparameters", **GAP_TICKS)
    return layout(figure, 120 + 26 * len(medians))


def chance(table: pd.DataFrame, checkpoint: int, column: str = "P(within 1 %)") -> Any:
    """The chance that one draw of hyperparameters is good enough, agents by scenarios.

    Args:
        table: what :func:`archgym.report.tables.lotteries` returns.
        checkpoint: evaluations, one of the table's.
        column: the chance to draw, a column of the table.

    Returns:
        A plotly ``Figure``, a heat map in percent.
    """
    go = plotly()
    grid = table[table["evaluations"] == checkpoint].pivot(
        index="agent", columns="scenario", values=column
    )
    grid = grid.loc[grid.mean(axis=1).sort_values().index]
    figure = go.Figure(
        go.Heatmap(
            z=100 * grid.to_numpy(), x=list(grid.columns), y=list(grid.index), colorscale="Blues",
            zmin=0, zmax=100, colorbar=dict(title="%"),
            text=[["" if np.isnan(v) else f"{100 * v:.0f}" for v in row] for row in grid.to_numpy()],
            texttemplate="%{text}", hovertemplate="%{y} on %{x}: %{z:.1f} %<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(tickangle=-60)
    return layout(figure, 220 + 22 * len(grid))


def tuning(table: pd.DataFrame) -> Any:
    """Expected best gap of k draws of hyperparameters, averaged over scenarios.

    The horizontal axis charges every evaluation that tuning used.

    Args:
        table: what :func:`archgym.report.tables.tuning_curves` returns; it may be empty.

    Returns:
        A plotly ``Figure``, a line per agent and one for random search.
    """
    go = plotly()
    figure = go.Figure()
    if len(table):
        mean = table.groupby(["agent", "draws"], as_index=False)[
            ["expected best gap", "evaluations charged", "random search gap"]
        ].mean()
        for label, rows in mean.groupby("agent"):
            figure.add_scatter(
                x=rows["evaluations charged"], y=clipped(rows["expected best gap"]), name=str(label),
                mode="lines+markers", marker_size=4,
            )  # fmt: skip
        random = mean.groupby("evaluations charged")["random search gap"].mean().sort_index()
        figure.add_scatter(
            x=random.index, y=clipped(random), name="random search", mode="lines",
            line=dict(color=RED, dash="dash"),
        )  # fmt: skip
    figure.update_xaxes(title="evaluations charged, tuning included", **scaled_axis(True))
    figure.update_yaxes(title="expected best gap", **GAP_TICKS)
    return _below(layout(figure, 620))


def forest(table: pd.DataFrame, checkpoint: int, column: str = "IQM gap") -> Any:
    """Tuned agents with their intervals, best at the top.

    Args:
        table: what :func:`archgym.report.tables.ranking` returns.
        checkpoint: evaluations, one of the table's.
        column: what to compare, ``IQM gap`` or ``IQM area``.

    Returns:
        A plotly ``Figure`` with 95 % intervals.
    """
    go = plotly()
    rows = table[table["evaluations"] == checkpoint].sort_values(column, ascending=False)
    value, low, high = (clipped(rows[c]) for c in (column, f"{column} low", f"{column} high"))
    figure = go.Figure(
        go.Scatter(
            x=value, y=rows["agent"], mode="markers", marker=dict(color=INK, size=9),
            error_x=dict(type="data", symmetric=False, array=high - value, arrayminus=value - low),
        )
    )  # fmt: skip
    figure.update_xaxes(
        title=f"{column} after {checkpoint} evaluations, 95 % interval", **GAP_TICKS
    )
    return layout(figure, 120 + 24 * len(rows))


def profiles(results: Results, checkpoint: int) -> Any:
    """The share of test runs within a gap, by agent.

    Args:
        results: of the sweep.
        checkpoint: evaluations, one of the sweep's checkpoints.

    Returns:
        A plotly ``Figure``, a line per agent.
    """
    go = plotly()
    figure = go.Figure()
    limits = np.geomspace(FLOOR, CLIP, 120)
    labels, common = results.everywhere(checkpoint)
    for label in labels:
        scores = results.scores(label, checkpoint, common)
        if scores:
            figure.add_scatter(
                x=limits, y=100 * performance_profile(scores, limits), name=label, mode="lines"
            )
    figure.update_xaxes(title=f"gap after {checkpoint} evaluations", **GAP_TICKS)
    figure.update_yaxes(title="runs within it [%]", range=[0, 101])
    return _below(layout(figure, 620))


def improvement(table: pd.DataFrame, checkpoint: int) -> Any:
    """The probability that the agent of the row beats that of the column.

    A cross marks a pair that is not told apart.

    Args:
        table: what :func:`archgym.report.tables.pairs` returns.
        checkpoint: evaluations, one of the table's.

    Returns:
        A plotly ``Figure``, a heat map in percent.
    """
    go = plotly()
    rows = table[table["evaluations"] == checkpoint]
    labels = sorted({*rows["first"], *rows["second"]})
    z = np.full((len(labels), len(labels)), np.nan)
    text = np.full(z.shape, "", object)
    for r in rows.to_dict("records"):
        i, j = labels.index(r["first"]), labels.index(r["second"])
        z[i, j], z[j, i] = r["P(first better)"], 1 - r["P(first better)"]
        text[i, j] = text[j, i] = "" if r["separated"] else "×"
    order = np.argsort(np.nanmean(z, axis=1)) if len(labels) > 1 else np.arange(len(labels))
    names = [labels[k] for k in order]
    figure = go.Figure(
        go.Heatmap(
            z=100 * z[np.ix_(order, order[::-1])], x=names[::-1], y=names, zmin=0, zmax=100,
            colorscale="RdBu", text=text[np.ix_(order, order[::-1])], texttemplate="%{text}",
            colorbar=dict(title="%"), hovertemplate="%{y} beats %{x}: %{z:.0f} %<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(tickangle=-60)
    return layout(figure, 240 + 20 * len(labels))


def importances(table: pd.DataFrame) -> Any:
    """Total effect of each hyperparameter, agents stacked above each other.

    Args:
        table: what :func:`archgym.report.hyperparameters.importances` returns.

    Returns:
        A plotly ``Figure``, bars in percent of the variance between runs.
    """
    go = plotly()
    rows = table.sort_values(["agent", "total"], ascending=[False, True])
    names = [f"{a}: {h}" for a, h in zip(rows["agent"], rows["hyperparameter"])]
    figure = go.Figure()
    figure.add_bar(x=100 * rows["main"], y=names, orientation="h", name="alone", marker_color=INK)
    figure.add_bar(
        x=100 * (rows["total"] - rows["main"]).clip(lower=0), y=names, orientation="h",
        name="together with others", marker_color=GREY,
    )  # fmt: skip
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="share of the variance between runs [%]")
    return layout(figure, 140 + 18 * len(rows))


def overhead(table: pd.DataFrame) -> Any:
    """Agents' own time per evaluation beside the simulator's.

    Args:
        table: what :func:`archgym.report.tables.overhead` returns.

    Returns:
        A plotly ``Figure``, bars in µs per evaluation.
    """
    go = plotly()
    rows = table.sort_values("agent us per evaluation", ascending=False)
    figure = go.Figure()
    for column, name, colour in (
        ("agent us per evaluation", "agent", INK),
        ("simulator us per evaluation", "simulator or table", GREY),
    ):
        figure.add_bar(
            x=rows[column], y=rows["agent"], orientation="h", name=name, marker_color=colour
        )
    figure.update_xaxes(title="µs per evaluation", **scaled_axis(True))
    return layout(figure, 140 + 26 * len(rows))


def volumes(table: pd.DataFrame) -> Any:
    """Hypervolume over evaluations, the median over seeds, by agent; one line style per scenario.

    Args:
        table: what :meth:`Results.hypervolumes` returns.

    Returns:
        A plotly ``Figure`` in percent of the exact front's hypervolume.
    """
    go = plotly()
    figure = go.Figure()
    dashes = ["solid", "dash", "dot", "dashdot"]
    names = sorted(table["scenario"].unique())
    for (scenario, label), rows in table.groupby(["scenario", "agent"]):
        median = rows.groupby("evaluations")["share"].median()
        figure.add_scatter(
            x=median.index, y=100 * median, name=f"{label}, {scenario}", mode="lines+markers",
            marker_size=4, line_dash=dashes[names.index(scenario) % 4],
        )  # fmt: skip
    figure.update_xaxes(title="evaluations", **scaled_axis(True))
    figure.update_yaxes(title="hypervolume, % of the exact front's")
    return _below(layout(figure, 720))


def _below(figure: Any) -> Any:
    """A long legend goes under the figure."""
    figure.update_layout(legend=dict(yanchor="top", y=-0.15))
    return figure
