"""The tables of a report, each a data frame that is also written as CSV."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from ..documents import parse_json
from ..figures.effects import effects_table
from ..goals.scenario import Scenario
from ..goals.wording import in_words
from ..statistics import comparison, lottery
from ..statistics.lottery import CLIP
from ..tables.certificate import Certificate
from .results import Results


def scenarios(results: Results) -> pd.DataFrame:
    """What is searched, how much is known about it, and how far random search gets.

    Args:
        results: of the sweep.

    Returns:
        A row per scenario.
    """
    rows = []
    last = results.checkpoints[-1]
    for name, target in results.targets.items():
        scenario = results.sweep.scenarios[name]
        certificate = target.certificate
        runs = results.runs[results.runs["scenario"] == name]
        best = runs.loc[runs["best"].idxmin()] if np.isfinite(runs["best"]).any() else None
        rows.append(
            {
                "scenario": name,
                "designs": _as_float(scenario.space.cardinality),
                "optimum": "certified" if target.certified else "best known",
                "best": _best_in_words(scenario, certificate, best),
                "share of designs within 1 %": certificate.random_within["1 %"]
                if certificate
                else np.nan,
                f"random search, median gap at {last}": float(results.random_gap(name, last)),
                "runs": len(runs),
                "runs that reach it": int((runs["best"] <= target.best + 1e-12).sum()),
                "found by": "" if best is None else best["label"],
            }
        )
    return pd.DataFrame(rows)


def _best_in_words(scenario: Scenario, certificate: Certificate | None, run: Any) -> str:
    """Objectives of the best design in their units: the certified optimum's, or that of the best run."""
    if certificate is not None and certificate["optimum"] is not None:
        return in_words(scenario, certificate["optimum"]["metrics"])
    return "-" if run is None else in_words(scenario, parse_json(run["metrics"], "a run's metrics"))


def _as_float(count: int) -> float:
    """A count as a column of numbers holds it: +inf beyond the largest float."""
    try:
        return float(count)
    except OverflowError:
        return float("inf")


def lotteries(results: Results) -> pd.DataFrame:
    """The lottery: the spread over hyperparameters of the best cost, by scenario, agent, checkpoint.

    Args:
        results: of the sweep.

    Returns:
        A row per scenario, agent and checkpoint.
    """
    rows = []
    tuning = results.tuning
    for (scenario, label), runs in tuning.groupby(["scenario", "label"]):
        for c in results.checkpoints:
            gaps = runs[f"gap.{c}"].dropna().to_numpy()
            if not len(gaps):
                continue
            d = lottery.one_draw(gaps)
            random = float(results.random_gap(str(scenario), c))
            rows.append(
                {
                    "scenario": scenario, "agent": label, "evaluations": c, "runs": d.runs,
                    "best gap": d.best, "quartile 1": d.quartile1, "median gap": d.median,
                    "quartile 3": d.quartile3, "worst gap": d.worst,
                    "P(within 1 %)": d.within_1, "P(1 %) low": d.within_1_interval[0],
                    "P(1 %) high": d.within_1_interval[1],
                    "P(within 5 %)": d.within_5, "P(5 %) low": d.within_5_interval[0],
                    "P(5 %) high": d.within_5_interval[1],
                    "random search gap": random,
                    "median over random": d.median / random if random > 0 else np.nan,
                    "certified": results.targets[str(scenario)].certified,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def tuning_curves(results: Results) -> pd.DataFrame:
    """Expected best gap of k draws of hyperparameters, the tuning paid for, against random search.

    Args:
        results: of the sweep.

    Returns:
        A row per scenario, agent and number of draws.
    """
    rows = []
    for (scenario, label), runs in results.tuning.groupby(["scenario", "label"]):
        budget = int(runs["budget"].max())
        checkpoint = max((c for c in results.checkpoints if c <= budget), default=None)
        if checkpoint is None:
            continue
        gaps = runs[f"gap.{checkpoint}"].dropna().to_numpy()
        for draws, charged, gap in lottery.tuning_curve(gaps, checkpoint) if len(gaps) else []:
            random = min(float(results.random_gap(str(scenario), charged)), CLIP)
            rows.append(
                {
                    "scenario": scenario, "agent": label, "draws": draws,
                    "evaluations charged": charged, "expected best gap": gap,
                    "random search gap": random,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def ranking(results: Results) -> pd.DataFrame:
    """Tuned agents over all scenarios: interquartile mean of gap and area, with 95 % intervals.

    Args:
        results: of the sweep.

    Returns:
        A row per checkpoint and agent.
    """
    rows = []
    for c in results.checkpoints:
        labels, common = results.everywhere(c)
        for label in labels:
            gaps = results.scores(label, c, common)
            areas = results.scores(label, c, common, "area")
            if not gaps:
                continue
            gap, area = comparison.aggregate(gaps), comparison.aggregate(areas)
            flat = np.concatenate(list(gaps.values()))
            rows.append(
                {
                    "evaluations": c, "agent": label, "IQM gap": gap.value, "IQM gap low": gap.low,
                    "IQM gap high": gap.high, "IQM area": area.value, "IQM area low": area.low,
                    "IQM area high": area.high, "mean gap": float(flat.mean()),
                    "within 1 %": float((flat <= 0.01 * (1 + 1e-9)).mean()),
                    "scenarios": len(gaps), "seeds": min(len(v) for v in gaps.values()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def pairs(results: Results) -> pd.DataFrame:
    """Every pair of agents at the largest checkpoint each pair shares: probability of improvement.

    Area under the gap curve decides, so that two agents that both reach the optimum are told apart
    by how soon; p-values are corrected by Holm's method within a checkpoint.

    Args:
        results: of the sweep.

    Returns:
        A row per checkpoint and pair.
    """
    rows: list[dict[str, Any]] = []
    for c in sorted({results.checkpoints[-1], *(_panel_budgets(results))}):
        labels, common = results.everywhere(c)
        scores = {label: results.scores(label, c, common, "area") for label in labels}
        found = [
            comparison.compare(a, scores[a], b, scores[b])
            for a, b in itertools.combinations(labels, 2)
        ]
        corrected = comparison.holm([f.p for f in found])
        for f, p in zip(found, corrected):
            rows.append(
                {
                    "evaluations": c, "first": f.first, "second": f.second,
                    "P(first better)": f.improvement.value, "low": f.improvement.low,
                    "high": f.improvement.high, "p": f.p, "p corrected": float(p),
                    "separated": bool(p < 0.05 and not f.improvement.low <= 0.5 <= f.improvement.high),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _panel_budgets(results: Results) -> list[int]:
    budgets = results.tests["budget"].unique().tolist()
    return [
        max(c for c in results.checkpoints if c <= b)
        for b in budgets
        if b >= results.checkpoints[0]
    ]


def per_scenario(results: Results) -> pd.DataFrame:
    """Tuned agents scenario by scenario: median gap and RI over the seeds, and the hyperparameters.

    RI is the relative improvement over the mean random design that meets the specs, at the whole budget.

    Args:
        results: of the sweep.

    Returns:
        A row per scenario and agent.
    """
    rows = []
    for (scenario, label), runs in results.tests.groupby(["scenario", "label"]):
        budget = int(runs["budget"].max())
        c = max((c for c in results.checkpoints if c <= budget), default=None)
        if c is None:
            continue
        gaps = np.sort(runs[f"gap.{c}"].dropna().to_numpy())
        improved = results.improvement(str(scenario), runs["best"].to_numpy())
        rows.append(
            {
                "scenario": scenario, "agent": label, "evaluations": c, "seeds": len(gaps),
                "median gap": float(gaps[(len(gaps) - 1) // 2]), "worst gap": float(gaps[-1]),
                "RI %": float(np.median(improved)),
                "reach the best": int((runs["best"] <= results.targets[str(scenario)].best + 1e-12).sum()),
                "hyperparameters": runs["hyperparameters"].iloc[0] if results.tuned_apart else "",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def overhead(results: Results) -> pd.DataFrame:
    """Where the time went, and how many evaluations were charged, different and computed, and queries used.

    Args:
        results: of the sweep.

    Returns:
        A row per agent.
    """
    rows = []
    queries = [c for c in results.runs.columns if c.startswith("queries.")]
    for label, runs in results.runs.groupby("label"):
        charged = runs["charged"].sum()
        rows.append(
            {
                "agent": label,
                "runs": len(runs),
                "charged": int(charged),
                "different designs": int(runs["different"].sum()),
                "computed": int(runs["computed"].sum()),
                **{f"{c.removeprefix('queries.')} queries": int(runs[c].sum()) for c in queries},
                "agent us per evaluation": 1e6 * runs["agent_seconds"].sum() / charged,
                "simulator us per evaluation": 1e6 * runs["simulator_seconds"].sum() / charged,
                "seconds in all": runs["seconds"].sum(),
            }
        )
    return pd.DataFrame(rows)


def counts(results: Results) -> pd.DataFrame:
    """Runs by panel, agent, phase and status.

    Args:
        results: of the sweep.

    Returns:
        A row per panel, agent, phase and status.
    """
    return pd.DataFrame(results.counts, columns=["panel", "agent", "phase", "status", "runs"])


def knob_effects(results: Results) -> pd.DataFrame:
    """Around each scenario's best design: the gap when one knob alone is moved.

    Args:
        results: of the sweep.

    Returns:
        A row per scenario, knob and value.
    """
    frames = []
    for name, scenario in results.sweep.scenarios.items():
        runs = results.runs[(results.runs["scenario"] == name) & np.isfinite(results.runs["best"])]
        if not len(runs):
            continue
        best = np.array(
            parse_json(runs.loc[runs["best"].idxmin(), "design"], "a run's best design"), np.int64
        )
        around = effects_table(scenario, best)
        around.insert(0, "scenario", name)
        frames.append(around)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
