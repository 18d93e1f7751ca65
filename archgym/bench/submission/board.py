"""Several submissions side by side: one table a division, one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import ArchgymError
from ...pages.parts import Parts
from ..page import rows_of
from ..ranking import common, ranking
from ..suite import Suite
from . import folder
from .card import SEEDS, YES, plain
from .divisions import RULES, division
from .judging import Verdict

COLUMNS = ("entrant", "verdict", "replayed", "evaluated", "claims")


def submissions(paths: Sequence[Path]) -> list[Path]:
    """The submissions that paths name: each itself, or the folders in it.

    Args:
        paths: folders.

    Returns:
        Folders of submissions, each once.

    Raises:
        ArchgymError: a path with none.
    """
    found: list[Path] = []
    for path in paths:
        inner = (
            sorted(p for p in path.iterdir() if (p / folder.MANIFEST).exists())
            if path.is_dir()
            else []
        )
        here = [path] if (path / folder.MANIFEST).exists() else inner
        if not here:
            raise ArchgymError(
                f"{path} holds no submission (no {folder.MANIFEST}); make one with archgym submit"
            )
        found += here
    return list(dict.fromkeys(p.absolute() for p in found))


def frames(verdicts: Sequence[Verdict], suite: Suite) -> dict[str, tuple[Suite, pd.DataFrame]]:
    """The scores of complete submissions that hold, by division, on the tasks that all of these played.

    Args:
        verdicts: of judges.
        suite: the suite.

    Returns:
        The suite with the division's ladder, and a row per run. Two entries of one name are told apart by
        their folders. Entries that leave out tasks or seeds are not ranked: one of them would choose the
        tasks for all.
    """
    out: dict[str, tuple[Suite, pd.DataFrame]] = {}
    for name in RULES:
        mine = [
            v for v in verdicts
            if v.holds and not lacking(v) and v.manifest and v.manifest.division == name
        ]  # fmt: skip
        if not mine:
            continue
        parts = [v.scores.assign(agent=label) for v, label in zip(mine, _labels(mine))]
        frame = pd.concat(parts, ignore_index=True)
        played = frame.groupby("task")["agent"].nunique()
        shared = [str(t) for t in played.index[played == frame["agent"].nunique()]]
        if shared:
            out[name] = division(name, suite).suite, common(frame, shared)
    return out


def _labels(verdicts: Sequence[Verdict]) -> list[str]:
    """Entrants; those of one name with their folders, by the whole path where need be."""
    out = [v.manifest.entrant if v.manifest else "" for v in verdicts]
    for more in (lambda v: v.path.name, lambda v: str(v.path.parent)):
        out = [f"{a} ({more(v)})" if out.count(a) > 1 else a for a, v in zip(out, verdicts)]
    return out


def lacking(verdict: Verdict) -> str:
    """Why an entry that holds is not ranked.

    Args:
        verdict: of a judge.

    Returns:
        What it leaves out; '' where it is complete.
    """
    return next((c.text for c in verdict.claims if c.question == SEEDS and c.verdict != YES), "")


def overview(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """One row a submission: whether it holds, what was done to find out, how its claim card reads.

    Args:
        verdicts: of judges.

    Returns:
        Cells, see :data:`COLUMNS`.
    """
    rows = []
    for v in verdicts:
        who = v.manifest.entrant if v.manifest else v.path.name
        claims = [c.verdict for c in v.claims]
        card = f"{claims.count(YES)} of {len(claims)} settled" if claims else "-"
        said = "holds" if v.holds else f"rejected: {v.faults[0]}"
        if v.holds and lacking(v):
            said = f"holds, not ranked: {lacking(v)}"
        rows.append([who, said, str(v.replayed), str(v.evaluated), card])
    return rows


def board(verdicts: Sequence[Verdict], suite: Suite) -> Parts:
    """The page of a leaderboard.

    Args:
        verdicts: of judges.
        suite: the suite.

    Returns:
        The page: ranking by division, then each entry's claim card.
    """
    out = Parts(f"Leaderboard of {suite.title}")
    out.lead(["Every figure here was computed again by a judge from the recorded designs."])
    for name, (its, frame) in frames(verdicts, suite).items():
        out.head(f"{name.capitalize()} division", RULES[name])
        table = ranking(frame, its)
        out.note(
            f"{frame['task'].nunique()} tasks that all of the division's complete entries played, "
            f"{its.ladder[-1]:,} evaluations."
        )
        out.rows(*rows_of(table, its))
    out.head("Entries", "Runs whose agent was played again, and runs whose designs were.")
    out.rows(list(COLUMNS), overview(verdicts))
    for v in verdicts:
        if v.manifest is None or not v.holds:
            continue
        out.head(f"{v.manifest.entrant}: claims", v.manifest.declared["note"])
        out.rows(["question", "", "answer"], [[c.question, c.verdict, c.text] for c in v.claims])
    return out


def as_json(verdicts: Sequence[Verdict], suite: Suite) -> dict[str, Any]:
    """Verdicts and rankings for JSON.

    Args:
        verdicts: of judges.
        suite: the suite.

    Returns:
        Plain values.
    """
    return {
        "suite": suite.title,
        "submissions": [
            {
                "path": str(v.path),
                "entrant": v.manifest.entrant if v.manifest else None,
                "division": v.manifest.division if v.manifest else None,
                "holds": v.holds,
                "ranked": v.holds and not lacking(v),
                "faults": list(v.faults),
                "replayed": v.replayed,
                "evaluated": v.evaluated,
                "confined": v.confined,
                "claims": plain(v.claims),
            }
            for v in verdicts
        ],
        "rankings": {
            name: ranking(frame, its).to_dict("records")
            for name, (its, frame) in frames(verdicts, suite).items()
        },
    }
