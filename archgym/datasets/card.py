"""The card of a data set: what a reader must know before using it, as Markdown."""

from __future__ import annotations

import numpy as np

from ..units import format_quantity
from .operations import diversity
from .reader import Dataset

SHOWN_SOURCES = 20


def card(data: Dataset) -> str:
    """A description of a data set for people.

    Args:
        data: the data set.

    Returns:
        Markdown: size, knobs, metrics with their ranges, provenance, diversity by agent.
    """
    d = data.description
    feasible = data.feasible
    distinct = len(np.unique(data.canonical))
    lines = [
        f"# {data.path.stem}",
        "",
        f"{len(data):,} evaluations of {distinct:,} different designs out of {d.space.cardinality:,}; "
        f"{feasible.mean():.1%} feasible. Metrics are in SI units.",
        "",
    ]
    if d.notes:
        lines += [d.notes, ""]
    lines += ["## Knobs", "", "| knob | values | unit | kind | meaning |", "|---|---|---|---|---|"]
    for p in d.space.parameters:
        values = (
            ", ".join(map(str, p.values))
            if len(p) <= 9
            else f"{p.values[0]} … {p.values[-1]} ({len(p)})"
        )
        lines.append(f"| `{p.name}` | {values} | {p.unit} | {p.kind} | {p.description} |")
    lines += [
        "",
        "## Metrics",
        "",
        "| metric | least | median | greatest | meaning |",
        "|---|---|---|---|---|",
    ]
    for m in d.metrics:
        numbers = data.metric(m.name)[feasible]
        shown = (
            [format_quantity(float(v), m.unit) for v in np.quantile(numbers, [0, 0.5, 1])]
            if len(numbers)
            else ["-"] * 3
        )
        lines.append(f"| `{m.name}` | {' | '.join(shown)} | {m.description} |")
    lines += ["", "## Where it comes from", ""]
    for key, print_ in d.fingerprints.items():
        lines.append(
            f"- simulator `{print_.get('simulator')}` {print_.get('version')}, workload `{print_.get('workload')}` "
            f"(`{str(print_.get('workload_hash'))[:12]}`), settings {print_.get('config')}, key `{key[:12]}`"
        )
    lines += ["", f"{len(d.sources)} sources:", ""]
    for source in d.sources[:SHOWN_SOURCES]:
        lines.append(
            "- " + ", ".join(f"{k} {v}" for k, v in source.items() if v not in ("", {}, None))
        )
    if len(d.sources) > SHOWN_SOURCES:
        lines.append(f"- and {len(d.sources) - SHOWN_SOURCES} more, in the file's metadata")
    table = diversity(data)
    lines += [
        "",
        "## How varied it is",
        "",
        "| " + " | ".join(table.columns) + " |",
        "|---" * len(table.columns) + "|",
    ]
    for row in table.itertuples(index=False):
        cells = [
            f"{v:.3f}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else str(v)
            for v in row
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "*mean distance*: share of knobs in which two random rows differ; *values seen*: share of all knob values that "
        "occur; *entropy*: of a knob's values over that of uniform draws, mean over knobs.",
        "",
    ]
    return "\n".join(lines)
