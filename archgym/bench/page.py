"""The page of an agent on the suite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..figures.base import FLOOR, GAP_TICKS, INK, RED, clipped, layout, plotly
from ..pages.parts import Parts
from ..statistics.lottery import CLIP
from .ranking import chances, of_tasks, profile, ranking
from .suite import Suite

PREFIX = "The gap is normalised: 0 is the optimum, 1 the mean random design that meets the specs."


def words(frame: pd.DataFrame, suite: Suite, agent: str) -> list[str]:
    """What came out, in sentences.

    Args:
        frame: scores of agents on the same tasks.
        suite: the suite.
        agent: whose page it is.

    Returns:
        Sentences.
    """
    table = ranking(frame, suite)
    place = int(table.index[table["agent"] == agent][0])
    row = table.iloc[place]
    last = f"gap.{suite.ladder[-1]}"
    told = [
        f"{agent} on {row['tasks']} tasks of {suite.title}, {row['seeds']} seeds: interquartile mean of the "
        f"normalised gap {row[last]:.2%} ({row[f'{last} low']:.2%} to {row[f'{last} high']:.2%}) after "
        f"{suite.ladder[-1]:,} evaluations, area under the curve {row['area']:.2%} ({row['area low']:.2%} to "
        f"{row['area high']:.2%}).",
        f"By the area it is number {place + 1} of {len(table)}.",
    ]
    won = chances(frame, agent)
    better = won[won["low"] > 0.5]["other"]
    worse = won[won["high"] < 0.5]["other"]
    if len(better):
        told.append(f"It is better than {', '.join(better)}.")
    if len(worse):
        told.append(f"It is worse than {', '.join(worse)}.")
    if int(row["seeds"]) < suite.seeds:
        told.append(f"An entry needs {suite.seeds} seeds of each task; these are {row['seeds']}.")
    return told


def rows_of(table: pd.DataFrame, suite: Suite) -> tuple[list[str], list[list[str]]]:
    """The ranking as words.

    Args:
        table: what :func:`.ranking.ranking` returns.
        suite: the suite.

    Returns:
        Headings, and a row of cells per agent.
    """
    head = ["agent", *(f"gap at {n:,}" for n in suite.ladder), "95 %", "area", "95 %"]
    head += ["seeds", "us per proposal"]
    last = f"gap.{suite.ladder[-1]}"
    rows = []
    for row in table.to_dict("records"):
        cells = [str(row["agent"]), *(f"{row[f'gap.{n}']:.2%}" for n in suite.ladder)]
        for column in (last, "area"):
            cells += [f"{row['area']:.2%}"] if column == "area" else []
            cells.append(f"{row[f'{column} low']:.2%} … {row[f'{column} high']:.2%}")
        rows.append([*cells, str(row["seeds"]), f"{row['us']:,.0f}"])
    return head, rows


def page(frame: pd.DataFrame, suite: Suite, agent: str) -> Parts:
    """One page: ranking, profile, chances to be better, task by task.

    Args:
        frame: scores of agents on the same tasks.
        suite: the suite.
        agent: whose page it is.

    Returns:
        The page.
    """
    out = Parts(f"{agent} on {suite.title}")
    out.items(words(frame, suite, agent))
    out.note(PREFIX)
    out.head(
        "Ranking", "Interquartile means over tasks and seeds, with stratified bootstrap intervals."
    )
    table = ranking(frame, suite)
    out.rows(*rows_of(table, suite))
    out.figure(forest(table, agent))
    out.head("Performance profile", "The share of runs within a gap at the end.")
    out.figure(profiles(frame, suite, agent))
    out.head(
        "Chance to be better", "Of a run against a run of another agent, by area; ties count half."
    )
    out.rows(
        ["other", "chance", "95 %", "p"],
        [
            [r["other"], f"{r['chance']:.0%}", f"{r['low']:.0%} … {r['high']:.0%}", f"{r['p']:.2g}"]
            for r in chances(frame, agent).to_dict("records")
        ],
    )
    out.head("Task by task", f"Median gaps after {suite.ladder[-1]:,} evaluations.")
    out.rows(
        ["task", "designs", "within 1 %", agent, "best of the others", "by"],
        [
            [
                r["task"], sized(suite.tasks[r["task"]].designs), share(suite.tasks[r["task"]].within),
                f"{r['median gap']:.2%}", f"{r['best of the others']:.2%}", r["by"],
            ]
            for r in of_tasks(frame, agent, f"gap.{suite.ladder[-1]}").to_dict("records")
        ],
    )  # fmt: skip
    return out


def sized(designs: float) -> str:
    """A number of designs in words.

    Args:
        designs: how many.

    Returns:
        All digits, or a power of ten.
    """
    return f"{designs:,}" if designs < 1e12 else f"{designs:.1e}"


def share(value: float | None) -> str:
    """A share of all designs in words.

    Args:
        value: from 0 to 1; None where it is not known.

    Returns:
        Percent, or ``-``.
    """
    return "-" if value is None else f"{value:.2g}" if value >= 0.01 else f"{value:.1e}"


def forest(table: pd.DataFrame, agent: str) -> Any:
    """Areas under the gap curve with their intervals, best at the top.

    Args:
        table: what :func:`.ranking.ranking` returns.
        agent: the one in colour.

    Returns:
        A plotly ``Figure``.
    """
    go = plotly()
    rows = table[::-1]
    colours = [RED if a == agent else INK for a in rows["agent"]]
    bars = {
        "type": "data",
        "symmetric": False,
        "array": rows["area high"] - rows["area"],
        "arrayminus": rows["area"] - rows["area low"],
    }
    dots = {"color": colours, "size": 9}
    figure = go.Figure(
        go.Scatter(x=rows["area"], y=rows["agent"], mode="markers", marker=dots, error_x=bars)
    )
    figure.update_xaxes(
        title="interquartile mean of the area under the gap curve", rangemode="tozero"
    )
    return layout(figure, 120 + 24 * len(rows))


def profiles(frame: pd.DataFrame, suite: Suite, agent: str) -> Any:
    """The share of runs within a gap, by agent.

    Args:
        frame: scores.
        suite: the suite.
        agent: the one drawn thick.

    Returns:
        A plotly ``Figure``.
    """
    go = plotly()
    figure = go.Figure()
    limits = np.geomspace(FLOOR, CLIP, 120)
    for other in ranking(frame, suite)["agent"]:
        reached = profile(frame, other, f"gap.{suite.ladder[-1]}", limits)
        line = {"width": 4, "color": RED} if other == agent else {"width": 1.5}
        figure.add_scatter(
            x=clipped(limits), y=100 * reached, name=str(other), mode="lines", line=line
        )
    figure.update_xaxes(title=f"normalised gap after {suite.ladder[-1]:,} evaluations", **GAP_TICKS)
    figure.update_yaxes(title="runs within it [%]", range=[0, 101])
    return layout(figure, 560)
