"""The claim card: what a reviewer asks of an entry, answered from its files, or told to be unresolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ...contracts.foreign import agent_class
from ...errors import ArchgymError
from ...goals.trials import Trials
from ...statistics.comparison import aggregate
from ..ranking import by_task
from .divisions import Division
from .manifest import Manifest

SEEDS = "seeds"  # the question whether an entry is complete
YES, NO, UNRESOLVED = "yes", "no", "unresolved"
LAST = 0.25  # the share of a run's trials that its search ended in
FEWEST = 5  # predictions of feasible designs that a rank correlation takes
Recorded = Mapping[tuple[str, int], tuple[Trials, Sequence[float]]]


@dataclass(frozen=True)
class Claim:
    """One answer.

    Attributes:
        question: of the checklist.
        verdict: ``yes``, ``no`` or ``unresolved``.
        text: a sentence with its figures.
    """

    question: str
    verdict: str
    text: str


def card(
    division: Division, manifest: Manifest, frame: pd.DataFrame, runs: Recorded
) -> list[Claim]:
    """Answer the checklist.

    Args:
        division: that the entry is in.
        manifest: of the entry.
        frame: scores, a row per run.
        runs: trials and predicted costs by task and seed.

    Returns:
        One claim per question, always the same questions.
    """
    return [
        _budget(division, manifest, runs),
        _seeds(division, manifest),
        _interval(division, frame),
        _tuning(manifest),
        _fidelity(runs),
        _failures(runs),
        _machine(manifest),
        _answers(division, manifest),
        _effort(division, manifest),
    ]


def _budget(division: Division, manifest: Manifest, runs: Recorded) -> Claim:
    counts = sorted({len(t) for t, _ in runs.values()})
    repeats = sum(len(t) - len(np.unique(t.x, axis=0)) for t, _ in runs.values())
    same = counts == [manifest.budget]
    if same:
        text = f"every run was charged {manifest.budget:,} evaluations"
    else:
        text = (
            f"runs were charged {counts[0]:,} to {counts[-1]:,} of {manifest.budget:,} evaluations"
        )
    told = f"{text}; {repeats:,} repeated designs were charged again"
    return Claim("budget parity", YES if same or counts[-1] <= manifest.budget else NO, told)


def _seeds(division: Division, manifest: Manifest) -> Claim:
    wanted = [n for n, t in division.suite.tasks.items() if not t.easy]
    lacking = [n for n in wanted if n not in manifest.tasks]
    told = f"seeds 0 to {manifest.seeds - 1} of {len(manifest.tasks)} tasks"
    if lacking:
        told += f"; {len(lacking)} of {len(wanted)} tasks that are not easy are left out"
    few = manifest.seeds < division.suite.seeds
    if few:
        told += f"; an entry needs {division.suite.seeds} seeds"
    return Claim(SEEDS, NO if lacking or few else YES, told)


def _interval(division: Division, frame: pd.DataFrame) -> Claim:
    last = f"gap.{division.suite.ladder[-1]}"
    gap, area = (aggregate(by_task(frame, str(frame["agent"].iloc[0]), c)) for c in (last, "area"))
    told = (
        f"interquartile mean of the normalised gap {gap.value:.4%} ({gap.low:.4%} to {gap.high:.4%}), area "
        f"{area.value:.4%} ({area.low:.4%} to {area.high:.4%})"
    )
    single = frame.groupby("task")["seed"].nunique().min() < 2
    return Claim("interval", UNRESOLVED if single else YES, told + "; single runs" * bool(single))


def _tuning(manifest: Manifest) -> Claim:
    spent = manifest.declared["tuning_evaluations"]
    if spent is not None:
        return Claim("tuning cost", YES, f"{spent:,g} evaluations, as declared")
    if not manifest.source and ":" not in manifest.agent and manifest.agent:
        try:
            defaults = dict(agent_class(manifest.agent).defaults)
        except ArchgymError:
            defaults = None
        if defaults is not None and dict(manifest.hyperparameters) in ({}, defaults):
            return Claim("tuning cost", YES, "none: the hyperparameters are the agent's defaults")
    return Claim(
        "tuning cost", UNRESOLVED, "the entrant did not say how many evaluations tuning took"
    )


def _fidelity(runs: Recorded) -> Claim:
    """Kendall's tau of predicted and true costs, all over and where the searches ended."""
    whole: list[float] = []
    ended: list[float] = []
    for trials, predicted in runs.values():
        if not len(predicted):
            continue
        known = np.isfinite(predicted) & np.isfinite(trials.cost)
        at = np.arange(len(trials)) >= (1 - LAST) * len(trials)
        for mask, into in ((known, whole), (known & at, ended)):
            if mask.sum() >= FEWEST:
                tau = stats.kendalltau(np.asarray(predicted)[mask], trials.cost[mask]).statistic
                into.append(0.0 if np.isnan(tau) else float(tau))
    question = "rank fidelity of the proxy where the search ended"
    if not ended:
        return Claim(
            question,
            UNRESOLVED,
            "there are no predictions of proposals that the agent made before a judge",
        )
    near, over = (aggregate({"": np.array(v)}) for v in (ended, whole))
    return Claim(
        question,
        YES,
        f"Kendall's tau {near.value:.2f} ({near.low:.2f} to {near.high:.2f}) in the last quarter of "
        f"{len(ended)} runs, {over.value:.2f} over all trials",
    )


def _failures(runs: Recorded) -> Claim:
    trials = sum(len(t) for t, _ in runs.values())
    infeasible = sum(int((~t.evaluation.feasible).sum()) for t, _ in runs.values())
    missed = sum(int((t.evaluation.feasible & ~t.satisfied).sum()) for t, _ in runs.values())
    silent = sum(
        not t.evaluation.reason(int(i))
        for t, _ in runs.values()
        for i in np.flatnonzero(~t.evaluation.feasible)
    )
    told = f"of {trials:,} trials {infeasible:,} are infeasible and {missed:,} miss a spec"
    if silent:
        return Claim("failures recorded", NO, f"{told}; {silent:,} infeasible ones have no reason")
    return Claim("failures recorded", YES, f"{told}; every infeasible one has its reason")


def _machine(manifest: Manifest) -> Claim:
    m, v = manifest.machine, manifest.versions
    lacking = [k for k in ("processor", "cores", "python") if not m.get(k)]
    if lacking or not v.get("archgym"):
        return Claim("hardware and versions", UNRESOLVED, "the manifest does not name them all")
    told = f"{m['processor']}, {m['cores']} cores, Python {m['python']}, "
    return Claim(
        "hardware and versions", YES, told + ", ".join(f"{k} {v[k]}" for k in sorted(v) if v[k])
    )


def _answers(division: Division, manifest: Manifest) -> Claim:
    question = "the answer could not be known"
    if not division.replayed:
        return Claim(question, UNRESOLVED, "nothing shows what the agent knew before it began")
    told = "the agent plays in a process without certificates, tables and simulators"
    if manifest.source:
        told += "; its own files may hold answers, they are in the submission to be read"
    return Claim(question, UNRESOLVED if manifest.source else YES, told)


def _effort(division: Division, manifest: Manifest) -> Claim:
    told = manifest.declared
    missing = [k for k in ("tokens", "wall_seconds") if told[k] is None]
    if division.replayed:
        return Claim("effort", YES, "evaluations alone; a judge measures the agent's time")
    if missing:
        return Claim("effort", UNRESOLVED, f"not told: {', '.join(missing)}")
    words = f"{told['tokens']:,g} tokens, {told['wall_seconds']:,g} s of wall time, as declared"
    return Claim("effort", YES, words + (f"; {told['knowledge']}" if told["knowledge"] else ""))


def card_text(manifest: Manifest, claims: Sequence[Claim]) -> str:
    """The card for people.

    Args:
        manifest: of the entry.
        claims: the answers.

    Returns:
        Markdown.
    """
    lines = [
        f"# {manifest.entrant}: {manifest.suite}, {manifest.division} division",
        "",
        "| question | | answer |",
        "|---|---|---|",
        *(f"| {c.question} | {c.verdict} | {_cell(c.text)} |" for c in claims),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text inside a cell of Markdown: no bar, no markup, one line."""
    plain = " ".join(text.split())
    return "".join(f"\\{c}" if c in "|<>`[]" else c for c in plain)


def plain(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Claims for JSON.

    Args:
        claims: the answers.

    Returns:
        A mapping per claim.
    """
    return [{"question": c.question, "verdict": c.verdict, "text": c.text} for c in claims]
