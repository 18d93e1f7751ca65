"""Players of all kinds on one scenario under one budget: agents, and games that assistants have played."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..report.results import Results
from ..runs.run_folder import RunFolder
from ..statistics.comparison import Estimate, aggregate, compare
from ..tables.certificate import find, goal_digest

COLUMNS = ["player", "run", "cost"]


def sweep_document(
    scenario: Scenario, agents: Sequence[str], budget: int, seeds: int, from_reference: bool
) -> dict[str, Any]:
    """The sweep that lets agents play.

    Args:
        scenario: what is searched.
        agents: registered names or import paths.
        budget: evaluations of each run.
        seeds: runs of each agent.
        from_reference: whether the reference design is the first trial of each run, and charged.

    Returns:
        The document of a sweep.
    """
    return {
        "name": f"arena-{scenario.name.replace('/', '-')}",
        "scenarios": [dict(scenario.document)],
        "agents": list(agents),
        "budget": budget,
        "checkpoints": [budget],
        "seeds": seeds,
        "from_reference": from_reference,
    }


def of_sweep(results: Results) -> pd.DataFrame:
    """The runs of the agents.

    Args:
        results: of a sweep over one scenario.

    Returns:
        A row per run: who played, which run, the least cost.
    """
    runs = results.runs
    rows = [[a, f"seed {s}", c] for a, s, c in zip(runs["label"], runs["seed"], runs["best"])]
    return pd.DataFrame(rows, columns=COLUMNS)


def of_games(
    scenario: Scenario, folders: Sequence[Path], budget: int, from_reference: bool
) -> pd.DataFrame:
    """Runs and games that were played elsewhere.

    Args:
        scenario: what is searched.
        folders: of games (``archgym serve``) or runs.
        budget: evaluations that each may have been charged.
        from_reference: whether the reference design was their first trial.

    Returns:
        A row per run: who played, which run, the least cost.

    Raises:
        ArchgymError: a run of another scenario, with more evaluations, with another start or that guessed;
            names all of them.
    """
    rows, faults = [], []
    mine = (goal_digest(scenario), [s.key for s in scenario.simulators])
    for path in folders:
        run = RunFolder.open(path)
        its, manifest, result = run.scenario(), run.manifest, run.result()
        if (goal_digest(its), [s.key for s in its.simulators]) != mine:
            faults.append(f"{path}: it searched scenario {its.name!r}, or under other settings")
        elif result["charged"] > budget:
            faults.append(
                f"{path}: {result['charged']} evaluations were charged, {budget} are allowed"
            )
        elif bool(manifest["from_reference"]) is not from_reference:
            how = "from the reference design" if manifest["from_reference"] else "from scratch"
            faults.append(f"{path}: it started {how}, the others do not")
        elif manifest.get("answers") or manifest.get("screen"):
            faults.append(f"{path}: a proxy or a table answered or screened")
        else:
            cost = np.inf if result["best"] is None else float(result["best"]["cost"])
            rows.append([manifest.get("player") or manifest["agent"], str(path), cost])
    if faults:
        raise ArchgymError("these cannot be compared: " + "; ".join(faults))
    return pd.DataFrame(rows, columns=COLUMNS)


def standings(scenario: Scenario, frame: pd.DataFrame) -> pd.DataFrame:
    """Players side by side, best first.

    Args:
        scenario: what was searched.
        frame: a row per run.

    Returns:
        A row per player: runs, the interquartile mean gap to the certified optimum or the best of all with
        its 95 % interval, and the chance that a run of the first player is better; NaN for single runs.
    """
    certificate = find(scenario)
    best = float(frame["cost"].min()) if certificate is None else certificate.optimum
    gaps = np.minimum(np.maximum(scenario.gap(frame["cost"].to_numpy(np.float64), best), 0.0), 1.0)
    scores = {str(p): gaps[(frame["player"] == p).to_numpy()] for p in frame["player"].unique()}
    found = {p: aggregate({"": g}) for p, g in scores.items()}
    order = sorted(scores, key=lambda p: (found[p].value, p))
    nothing = Estimate(np.nan, np.nan, np.nan)
    rows = []
    for player in order:
        one = len(scores[player]) == 1
        chance = (
            nothing
            if player == order[0] or one or len(scores[order[0]]) == 1
            else compare(order[0], {"": scores[order[0]]}, player, {"": scores[player]}).improvement
        )
        gap = found[player]
        rows.append(
            {
                "player": player, "runs": len(scores[player]), "gap": gap.value,
                "low": np.nan if one else gap.low, "high": np.nan if one else gap.high,
                "first better": chance.value, "first better low": chance.low,
                "first better high": chance.high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
