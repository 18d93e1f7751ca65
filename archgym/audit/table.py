"""The table of an audit, for documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..goals.wording import in_words
from .findings import NO, TOLD, YES, Finding
from .subject import Subject

Audited = Sequence[tuple[Subject, Sequence[Finding]]]
HEAD = (
    "optimum",
    "best",
    "again",
    "twin",
    "neighbours",
    "other semantics",
    "constants",
    "nearest row",
    "in doubt",
    "quirk",
)
QUESTIONS = ("again", "twin", "steps", "semantics", "constants", "validated", "doubts", "quirks")


def markdown(found: Audited, skipped: Mapping[str, str]) -> str:
    """One row an optimum, then what there is to know of each.

    Args:
        found: the optima with their findings.
        skipped: what could not be audited, with the reason.

    Returns:
        Markdown.
    """
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for s, findings in found:
        cells = [s.name, in_words(s.scenario, s.metrics)]
        cells += [_cell(q, [f for f in findings if f.question == q]) for q in QUESTIONS]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "What there is to know:", ""]
    for s, findings in found:
        lines += [f"- `{s.name}`: {f.text}." for f in findings if f.verdict in (NO, TOLD)]
    lines += [f"- `{name}` was skipped: {why}." for name, why in skipped.items()]
    return "\n".join(lines) + "\n"


def _cell(question: str, findings: Sequence[Finding]) -> str:
    """The answer to one question in a word or a figure."""
    verdicts = {f.verdict for f in findings}
    if NO in verdicts:
        return "**NO**"
    if question == "semantics":
        gaps = [f.figures["gap"] for f in findings if "gap" in f.figures]
        return ", ".join(_share(g, "misses a spec") for g in gaps) or "-"
    if question == "constants":
        gaps = [g for f in findings for g in f.figures.get("gaps", {}).values()]
        return _share(max(gaps), "misses a spec") if gaps else "-"
    if question == "validated" and any(f.figures for f in findings):
        (figures,) = (f.figures for f in findings)
        far = f"{len(figures['differ'])} of {figures['knobs']} knobs"
        return far + (f"; unseen: {', '.join(figures['unseen'])}" if figures["unseen"] else "")
    if question == "steps" and YES in verdicts:
        return f"{findings[0].figures['neighbours']}, none better"
    if question == "quirks" and any("loss" in f.figures for f in findings):
        owed = [f for f in findings if f.figures.get("loss", 0) > 0]
        return (
            ", ".join(f"{' '.join(f.figures['used'])}: {_share(f.figures['loss'])}" for f in owed)
            or "-"
        )
    if question == "doubts" and TOLD in verdicts:
        return "yes"
    return "no" if question == "doubts" else "yes" if YES in verdicts else "-"


def _share(gap: float, endless: str = "infeasible") -> str:
    return endless if gap == float("inf") else f"{gap:.2%}"
