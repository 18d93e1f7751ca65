"""Agents side by side: interquartile means with intervals, profiles, chances to be better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..contracts.evaluation import Floats
from ..statistics.comparison import aggregate, compare, performance_profile
from .suite import Suite


def common(frame: pd.DataFrame, whole: Sequence[str] = ()) -> pd.DataFrame:
    """The runs on tasks that every agent has played.

    Args:
        frame: scores, a row per run.
        whole: tasks to keep (default: all); an agent without one of those that others share is left out.

    Returns:
        The rows that can be compared.
    """
    if len(whole):
        frame = frame[frame["task"].isin(whole)]
        played = frame.groupby("agent")["task"].nunique()
        frame = frame[frame["agent"].isin(played[played == len(set(whole))].index)]
    return frame


def by_task(frame: pd.DataFrame, agent: str, column: str) -> dict[str, Floats]:
    """An agent's scores in one column.

    Args:
        frame: scores.
        agent: its label.
        column: such as ``gap.100`` or ``area``.

    Returns:
        By task, an array (seeds,).
    """
    rows = frame[frame["agent"] == agent]
    return {str(t): g[column].to_numpy(np.float64) for t, g in rows.groupby("task")}


def ranking(frame: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """Every agent with its interquartile means, best area first.

    Args:
        frame: scores of agents on the same tasks.
        suite: the suite.

    Returns:
        A row per agent: the mean gap along the ladder and the mean area with 95 % intervals, tasks, seeds, µs
        per proposal (median).
    """
    rows = []
    for agent, runs in frame.groupby("agent"):
        row: dict[str, object] = {"agent": agent}
        for column in (*(f"gap.{n}" for n in suite.ladder), "area"):
            found = aggregate(by_task(frame, str(agent), column))
            row |= {column: found.value, f"{column} low": found.low, f"{column} high": found.high}
        row["tasks"] = runs["task"].nunique()
        row["seeds"] = int(runs.groupby("task")["seed"].nunique().min())
        row["us"] = float(runs["us"].median())
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["area", "agent"], ignore_index=True)


def chances(frame: pd.DataFrame, agent: str) -> pd.DataFrame:
    """The chance that a run of one agent beats one of each other, by the area under its curve.

    Args:
        frame: scores of agents on the same tasks.
        agent: the one.

    Returns:
        A row per other agent: the chance with its 95 % interval, and the p-value.
    """
    mine = by_task(frame, agent, "area")
    rows = []
    for other in sorted(set(frame["agent"]) - {agent}):
        found = compare(agent, mine, other, by_task(frame, str(other), "area"))
        rows.append(
            {
                "other": other, "chance": found.improvement.value, "low": found.improvement.low,
                "high": found.improvement.high, "p": found.p,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["other", "chance", "low", "high", "p"])


def profile(frame: pd.DataFrame, agent: str, column: str, limits: Floats) -> Floats:
    """The share of an agent's runs within each gap.

    Args:
        frame: scores.
        agent: its label.
        column: such as ``gap.1000``.
        limits: (k,) gaps.

    Returns:
        (k,) shares.
    """
    return performance_profile(by_task(frame, agent, column), limits)


def of_tasks(frame: pd.DataFrame, agent: str, column: str) -> pd.DataFrame:
    """One agent task by task, beside the best of the others.

    Args:
        frame: scores.
        agent: the one.
        column: such as ``gap.1000``.

    Returns:
        A row per task: medians over seeds, and who is best.
    """
    middle = frame.groupby(["task", "agent"])[column].median().unstack()
    others = middle.drop(columns=[agent])
    rows = []
    for task in middle.index[middle[agent].notna()]:
        rest = others.loc[task].dropna()
        rows.append(
            {
                "task": task, "median gap": float(middle.loc[task, agent]),
                "best of the others": float(rest.min()) if len(rest) else np.nan,
                "by": str(rest.idxmin()) if len(rest) else "",
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["task", "median gap", "best of the others", "by"])
