"""From finished runs to scores, and scores on disk."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..documents import parse_json
from ..errors import StoreError
from ..files.text import write_text
from ..goals.pareto import hypervolume
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..report.results import Results
from ..sweeps.work import improvements, joined_front
from ..tables.certificate import Certificate, find, span
from .suite import Suite, Task

FORMAT = "# archgym-bench scores"


def columns(suite: Suite) -> list[str]:
    """The columns of a table of scores.

    Args:
        suite: the suite.

    Returns:
        Their names: who, where, the normalised gap along the ladder, the area under its curve, and µs of the
        agent's own time per proposal.
    """
    return ["task", "agent", "seed", *(f"gap.{n}" for n in suite.ladder), "area", "us"]


def scores(results: Results, suite: Suite, phase: str | None = None) -> pd.DataFrame:
    """The scores of every finished run.

    With several objectives the gap is the share of the exact front's hypervolume that is missing.

    Args:
        results: of a sweep over tasks of the suite.
        suite: the suite.
        phase: ``tuning`` or ``test`` (default: tests where there are some, else all).

    Returns:
        A row per run, see :func:`columns`.
    """
    rows = []
    runs = results.tests if phase is None else results.phase(phase)
    kept: list[dict[Any, Any]] = runs.to_dict("records")
    for run in kept:
        task, scenario = suite.tasks[run["scenario"]], results.sweep.scenarios[run["scenario"]]
        certificate = results.targets[run["scenario"]].certificate
        if scenario.k > 1 and certificate is not None:
            joined = parse_json(run["front"] or "[]", "a run's front")
            gaps = missing(joined, certificate, suite.ladder)
            area = _area(suite, gaps)
        else:
            gaps, area = _along(task, run["curve"], suite)
        microseconds = 1e6 * run["agent_seconds"] / max(run["charged"], 1)
        rows.append([run["scenario"], run["label"], run["seed"], *gaps, area, microseconds])
    return pd.DataFrame(rows, columns=columns(suite))


def of_trials(task: Task, scenario: Scenario, trials: Trials, suite: Suite) -> list[float]:
    """The score of one run from its trials.

    Args:
        task: that was played.
        scenario: of the task.
        trials: of the run.
        suite: whose ladder counts.

    Returns:
        The normalised gap along the ladder, and the area under its curve.
    """
    certificate = find(scenario) if scenario.k > 1 else None
    if certificate is None:
        gaps, area = _along(task, json.dumps(improvements(trials.cost, trials.spent)), suite)
        return [*gaps, area]
    gaps = missing(joined_front(trials), certificate, suite.ladder)
    return [*gaps, _area(suite, gaps)]


def missing(
    joined: Sequence[tuple[int, Sequence[float]]], certificate: Certificate, steps: Sequence[int]
) -> list[float]:
    """The share of the exact front's hypervolume that a run has not yet found.

    Args:
        joined: when each trial joined the run's front (evaluations), and its costs of objectives.
        certificate: of the task.
        steps: numbers of evaluations.

    Returns:
        A share for each step.
    """
    front = certificate["front"]
    low, high = np.array(front["ideal"]), np.array(front["nadir"])
    gaps = []
    for n in steps:
        points = np.array([p for step, p in joined if step <= n]).reshape(-1, len(low))
        inside = (points - low) / span(low, high)
        volume = hypervolume(inside, np.full(len(low), 1.1)) if len(inside) else 0.0
        gaps.append(float(np.clip(1 - volume / float(front["hypervolume"]), 0, 1)))
    return gaps


def _area(suite: Suite, gaps: list[float]) -> float:
    """The mean of gaps that are known on the rungs alone."""
    return _steps(np.array((1, *suite.ladder)), np.array((1.0, *gaps)), suite.ladder[-1])


def _along(task: Task, curve: str, suite: Suite) -> tuple[list[float], float]:
    """The normalised gap at each step of the ladder, and the area under its curve."""
    table = np.array(parse_json(curve, "a run's curve"), np.float64).reshape(-1, 2)
    at = np.concatenate([[1.0], table[:, 0]])
    gap = np.concatenate([[1.0], task.normalised(table[:, 1])])
    gaps = [float(gap[np.searchsorted(at[1:], n, side="right")]) for n in suite.ladder]
    return gaps, _steps(at, gap, suite.ladder[-1])


def _steps(at: Any, gap: Any, last: int) -> float:
    """The mean over evaluations 1 … last of a gap that changes at ``at``."""
    edges = np.append(np.minimum(at, last + 1), last + 1)
    return float(np.diff(edges) @ gap / last)


def write(frame: pd.DataFrame, suite: Suite, path: Path) -> None:
    """Keep scores as CSV, four digits each.

    Args:
        frame: what :func:`scores` returns.
        suite: the suite.
        path: the file.

    Raises:
        StoreError: it cannot be written.
    """
    rows = frame.sort_values(["agent", "task", "seed"])
    text = rows.to_csv(index=False, float_format="%.4g")
    write_text(path, f"{FORMAT} {suite.version}\n{text}")


def read(path: Path, suite: Suite) -> pd.DataFrame:
    """Scores from a file.

    Args:
        path: one that :func:`write` made.
        suite: the suite.

    Returns:
        A row per run, see :func:`columns`.

    Raises:
        StoreError: it cannot be read, is of another version, or holds something else.
    """
    try:
        head, _, body = path.read_text("utf-8").partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if head != f"{FORMAT} {suite.version}":
        raise StoreError(f"{path}: expected scores of {suite.title}, got {head!r:.60}")
    try:
        frame = pd.read_csv(io.StringIO(body))
    except (ValueError, pd.errors.ParserError) as error:
        raise StoreError(f"{path}: {error}") from error
    numbers = columns(suite)[2:]
    if list(frame.columns) != columns(suite) or not all(
        pd.api.types.is_numeric_dtype(frame[c]) for c in numbers
    ):
        raise StoreError(f"{path}: expected the columns {', '.join(columns(suite))}")
    gaps = frame[numbers[1:-1]].to_numpy()
    if not ((gaps >= 0) & (gaps <= 1)).all():
        raise StoreError(f"{path}: a gap or an area is not from 0 to 1")
    return frame.astype(dict.fromkeys(numbers[1:], np.float64))
