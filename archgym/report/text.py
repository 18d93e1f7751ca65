"""What the numbers say, in sentences; every claim carries its figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..sweeps.query_counts import totals as query_totals
from .results import Results

FEW_SEEDS = 5


def percent(value: float) -> str:
    """Write a share for people.

    Args:
        value: a share; 0.01 is 1 %.

    Returns:
        Two digits and a percent sign; ``no valid design`` where it is not finite.
    """
    if not np.isfinite(value):
        return "no valid design"
    if value == 0:
        return "0 %"
    return f"{100 * value:.2g} %" if value < 0.995 else f"{100 * value:.0f} %"


def summary(
    results: Results,
    lotteries: pd.DataFrame,
    ranking: pd.DataFrame,
    pairs: pd.DataFrame,
    per: pd.DataFrame,
) -> list[str]:
    """The findings in sentences, most important first.

    Args:
        results: of the sweep.
        lotteries: the table of that name, see :mod:`archgym.report.tables`.
        ranking: the table of tuned agents.
        pairs: the table of agents compared two by two.
        per: the table of agents scenario by scenario.

    Returns:
        One finding per string; what an empty table would tell is left out.
    """
    out = []
    done = results.totals
    used = query_totals(results.queries.values())
    queries = "".join(f", {n:,} {name} queries" for name, n in used.items())
    certified = sum(t.certified for t in results.targets.values())
    out.append(
        f"{int(done['runs']):,} runs of {len(results.labels)} agents on {len(results.targets)} scenarios, "
        f"{int(done['charged']):,} evaluations charged, {int(done['computed']):,} computed"
        f"{queries}. "
        f"{certified} of {len(results.targets)} scenarios have a certified optimum; on the others gaps are "
        "to the best design that any run found."
    )
    if len(lotteries):
        out += _lottery(results, lotteries)
    if len(ranking):
        out += _ranking(results, ranking)
    if len(per):
        reached = per.groupby("agent").apply(
            lambda g: int((g["reach the best"] > 0).sum()), include_groups=False
        )
        most = per.groupby("agent")["scenario"].nunique()
        every = sorted(a for a in reached.index if reached[a] == most[a] and most[a] == most.max())
        out.append(
            f"Once tuned, {len(every)} of {int((most == most.max()).sum())} agents found the best design of "
            f"every scenario with at least one seed{': ' + ', '.join(every) if every else ''}."
        )
    if len(pairs):
        last = pairs["evaluations"].max()
        now = pairs[pairs["evaluations"] == last]
        out.append(
            f"Of {len(now)} pairs of agents, {int(now['separated'].sum())} are told apart at {last} evaluations "
            "(Holm-corrected p below 0.05 and an interval of the probability of improvement that leaves out one half)."
        )
    return out


def _lottery(results: Results, table: pd.DataFrame) -> list[str]:
    last = table.sort_values("evaluations").groupby(["scenario", "agent"]).tail(1)
    width = last.groupby("agent")["scenario"].nunique()
    last = last[
        last["agent"].isin(width[width >= 0.9 * width.max()].index)
    ]  # else means do not compare
    mean = last.groupby("agent")["P(within 1 %)"].mean().sort_values(ascending=False)
    best, worst = mean.index[0], mean.index[-1]
    out = [
        "The lottery: the chance that one random draw of hyperparameters ends within 1 % of the best, on "
        f"average over scenarios, goes from {percent(float(mean.iloc[0]))} ({best}) to "
        f"{percent(float(mean.iloc[-1]))} ({worst})."
    ]
    spread = last.assign(wide=last["worst gap"].clip(upper=1) - last["best gap"].clip(upper=1))
    widest = spread.groupby("agent")["wide"].mean().sort_values(ascending=False)
    out.append(
        f"Widest from best to worst hyperparameters: {widest.index[0]} ({percent(float(widest.iloc[0]))} of gap "
        f"on average), narrowest: {widest.index[-1]} ({percent(float(widest.iloc[-1]))})."
    )
    beaten = last[last["median gap"] > last["random search gap"] * (1 + 1e-9)]
    out.append(
        f"In {len(beaten)} of {len(last)} cases of scenario and agent the median draw of hyperparameters ends "
        "worse than uniform random search with the same budget."
    )
    return out


def _ranking(results: Results, table: pd.DataFrame) -> list[str]:
    out = []
    for c in sorted({results.checkpoints[-1], *(table["evaluations"])}):
        rows = table[table["evaluations"] == c].sort_values(["IQM gap", "IQM area"])
        if len(rows) < 2 or c not in (64, results.checkpoints[-1]):
            continue
        lead = rows.iloc[0]
        out.append(
            f"After {c} evaluations the tuned agents rank "
            + ", ".join(
                f"{r['agent']} ({percent(r['IQM gap'])})" for r in rows.head(5).to_dict("records")
            )
            + f" … {rows.iloc[-1]['agent']} ({percent(rows.iloc[-1]['IQM gap'])}), interquartile mean gap over "
            f"{lead['scenarios']} scenarios and {lead['seeds']} seeds."
        )
    return out


def warnings(results: Results, pairs: pd.DataFrame) -> list[str]:
    """Say what a reader must not conclude.

    Args:
        results: of the sweep.
        pairs: the table of pairs.

    Returns:
        Sentences.
    """
    out = []
    if not results.tuned_apart:
        out.append(
            "The sweep has no test phase: agents are compared on the runs that explore their hyperparameters. "
            "Give it `test: {seeds: 20}` to compare tuned agents on fresh seeds."
        )
    groups = results.tests.groupby(["scenario", "label"])["seed"].nunique()
    seeds = int(groups.min()) if len(groups) else 0
    if seeds < FEW_SEEDS:
        out.append(
            f"Only {seeds} seed{'s' * (seeds != 1)} for some agents: intervals are not to be trusted."
        )
    if len(pairs):
        last = pairs["evaluations"].max()
        rest = pairs[(pairs["evaluations"] == last) & ~pairs["separated"]]
        if len(rest):
            shown = ", ".join(f"{a} and {b}" for a, b in zip(rest["first"][:6], rest["second"][:6]))
            more = f" and {len(rest) - 6} more pairs" if len(rest) > 6 else ""
            out.append(
                f"{seeds} seed{'s are' if seeds != 1 else ' is'} too few to separate {shown}{more} at {last} evaluations."
            )
    if results.failures:
        out.append(
            f"{len(results.failures)} runs failed and are missing here; archgym sweep --resume FOLDER --retry-failed"
        )
    planned = sum(n for *_, status, n in results.counts if status == "planned")
    if planned:
        out.append(f"{planned:,} planned runs are not done yet: this is a report of a part.")
    return out
