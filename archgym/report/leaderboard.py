"""A leaderboard: tuned agents of one or more sweeps, every row with what it takes to check it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import trust
from ..contracts.evaluation import Floats
from ..documents import is_number, parse_json, read_json
from ..errors import ArchgymError, StoreError, TrustError
from ..files.cells import csv_text
from ..files.seal import damaged, sealed
from ..files.text import write_json, write_text
from ..goals.improvement import relative_improvement
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document
from ..search.study import Study
from ..statistics.comparison import aggregate
from ..statistics.lottery import CLIP
from ..sweeps.driver import LEDGER, SweepFolder
from ..sweeps.ledger import Ledger
from ..sweeps.plan import TEST, TUNING
from ..tables.certificate import find, goal_digest, random_cost
from ..versions import versions

FORMAT = 2


def collect(sweeps: Sequence[Path], certificates: Path | None = None) -> list[dict[str, Any]]:
    """The rows of a leaderboard, best first within a scenario and budget.

    A row is one agent with its hyperparameters on one scenario: the interquartile mean gap over its test
    seeds, and a manifest. Where a sweep has no test phase the tuning seeds count, and the row says so.

    Args:
        sweeps: their folders.
        certificates: a folder of certificates (default: those that ship).

    Returns:
        One mapping per row, as :func:`write` keeps it.

    Raises:
        ArchgymError: a folder holds no sweep, or no run of them is finished.
    """
    rows: list[dict[str, Any]] = []
    for path in sweeps:
        rows += _of_sweep(path, certificates)
    if not rows:
        raise ArchgymError("no finished run in " + ", ".join(map(str, sweeps)))
    best: dict[str, float] = {}
    for row in rows:
        key = row["manifest"]["goal"] + repr(row["manifest"]["simulators"])
        best[key] = min(best.get(key, np.inf), row.pop("_optimum"), *row["manifest"]["best_costs"])
    for row in rows:
        with trust.reading(row.pop("_place")):
            scenario = from_document(row["manifest"]["scenario"], row["scenario"])
        key = row["manifest"]["goal"] + repr(row["manifest"]["simulators"])
        costs = np.array(row["manifest"]["best_costs"], np.float64)
        gaps = np.minimum(np.maximum(scenario.gap(costs, best[key]), 0.0), CLIP)
        estimate = aggregate({row["scenario"]: gaps})
        row["gap"], row["gap_low"], row["gap_high"] = estimate.value, estimate.low, estimate.high
        row["improvement"] = _improvement(scenario, costs, row.pop("_random"))
    return sorted(rows, key=lambda r: (r["scenario"], r["evaluations"], r["gap"], r["agent"]))


def _of_sweep(path: Path, certificates: Path | None) -> list[dict[str, Any]]:
    folder = SweepFolder(path)
    sweep, place = folder.sweep(), folder.place
    with Ledger(path / LEDGER) as ledger:
        runs = list(
            ledger.rows("scenario, agent, panel, hyperparameters, budget, phase, seed, best, id")
        )
        packages = ledger.meta("versions")
    phase = TEST if any(r[5] == TEST for r in runs) else TUNING
    groups: dict[tuple[Any, ...], list[tuple[int, float, str]]] = {}
    for scenario, agent, panel, hyperparameters, budget, its, seed, cost, name in runs:
        if its == phase:
            groups.setdefault((scenario, agent, panel, hyperparameters, budget), []).append(
                (seed, cost, name)
            )
    out = []
    random: dict[str, float] = {}
    for (name, agent, panel, hyperparameters, budget), members in groups.items():
        scenario = sweep.scenarios[name]
        certificate = find(scenario, certificates)
        if name not in random:
            random[name] = random_cost(scenario, certificate)
        members.sort()
        out.append(
            {
                "scenario": name,
                "evaluations": budget,
                "agent": agent,
                "gap": np.nan,
                "gap_low": np.nan,
                "gap_high": np.nan,
                "improvement": None,
                "seeds": len(members),
                "phase": phase,
                "certified": certificate is not None,
                "_place": place,
                "_random": random[name],
                "_optimum": certificate.optimum if certificate else np.inf,
                "manifest": {
                    "sweep": sweep.name,
                    "panel": panel,
                    "scenario": scenario.document,
                    "from_reference": sweep.from_reference,
                    "goal": goal_digest(scenario),
                    "simulators": [s.key for s in scenario.simulators],
                    "agent": agent,
                    "hyperparameters": parse_json(hyperparameters, "a run's hyperparameters"),
                    "budget": budget,
                    "seeds": [m[0] for m in members],
                    "best_costs": [m[1] for m in members],
                    "runs": [m[2] for m in members],
                    "versions": packages,
                },
            }
        )
    return out


def _improvement(scenario: Scenario, costs: Floats, random: float) -> float | None:
    """The median RI in percent over the mean random design; None where it is no number."""
    found = float(np.median(relative_improvement(scenario, costs, random)))
    return found if np.isfinite(found) else None


def write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows as ``.json`` with every manifest, and as a ``.csv`` beside it for people.

    Args:
        rows: what :func:`collect` returns.
        path: the ``.json``.

    Raises:
        StoreError: a file cannot be written.
    """
    write_json(path, sealed({"format": FORMAT, "rows": list(rows)}))
    columns = [
        "scenario",
        "evaluations",
        "agent",
        "gap",
        "gap_low",
        "gap_high",
        "improvement",
        "seeds",
        "phase",
        "certified",
    ]
    lines: list[list[Any]] = [[*columns, "hyperparameters", "sweep"]]
    for row in rows:
        m = row["manifest"]
        lines.append([*(row.get(c) for c in columns), json.dumps(m["hyperparameters"]), m["sweep"]])
    write_text(path.with_suffix(".csv"), csv_text(lines))


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a leaderboard's ``.json``.

    Args:
        path: a file that :func:`write` made.

    Returns:
        The rows, best first within a scenario and budget.

    Raises:
        StoreError: the file is missing, damaged, of another format, or no leaderboard.
    """
    try:
        document = read_json(path)
        if document["format"] != FORMAT:
            raise StoreError(
                f"{path} is of format {document['format']}, this version reads {FORMAT}"
            )
        if damaged(document):
            raise StoreError(
                f"{path} is damaged (its digest differs); make it again from its sweeps"
            )
        rows = list(document["rows"])
        for i, row in enumerate(rows):
            _require_row(row, f"row {i + 1}")
        return rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} is not a leaderboard that archgym leaderboard wrote: {error}"
        ) from error


_TEXTS = ("scenario", "agent", "phase")
_OF_MANIFEST = (
    ("sweep", str), ("panel", str), ("scenario", dict), ("from_reference", bool), ("goal", str),
    ("simulators", list), ("agent", str), ("hyperparameters", dict), ("budget", int), ("seeds", list),
    ("best_costs", list), ("runs", list),
)  # fmt: skip


def _require_row(row: Any, where: str) -> None:
    """Refuse a row that is not what :func:`collect` makes.

    Raises:
        ValueError: says where.
    """
    m = row["manifest"]
    for key in _TEXTS:
        if not isinstance(row[key], str):
            raise ValueError(f"{where}: {key} is no text")
    numbers = [row[k] for k in ("gap", "gap_low", "gap_high")]
    if not all(is_number(v) for v in numbers) or min(numbers) < 0 or numbers[1] > numbers[2]:
        raise ValueError(f"{where}: gap {numbers} is no figure with an interval round it")
    for key, kind in _OF_MANIFEST:
        if not isinstance(m[key], kind) or (kind is int and type(m[key]) is not int):
            raise ValueError(f"{where}: {key} of the manifest is no {kind.__name__}")
    whole = [row["evaluations"], row["seeds"], m["budget"], *m["seeds"]]
    if not all(type(v) is int and v >= 0 for v in whole) or not isinstance(row["certified"], bool):
        raise ValueError(f"{where}: a count is none")
    costs = m["best_costs"]
    if not all(is_number(v) for v in costs) or not row["seeds"] == len(costs) == len(
        m["seeds"]
    ) == len(m["runs"]):
        raise ValueError(f"{where}: not as many costs and runs as seeds")
    if row["evaluations"] != m["budget"] or row["agent"] != m["agent"] or m["budget"] < 1:
        raise ValueError(f"{where}: it is not what its manifest says")


def verify(path: Path, sample: int = 8, seed: int = 0) -> dict[str, Any]:
    """Run a sample of a leaderboard's runs again, and say which do not come out the same.

    The true simulator replays every run from its manifest alone.

    Args:
        path: the leaderboard's ``.json``.
        sample: how many runs to replay, at most.
        seed: for the choice of the runs.

    Returns:
        How many runs there are and were checked, and under ``rejected`` each run that came out differently,
        with the reason.

    Raises:
        TrustError: a manifest names a program, or code outside the registry, and nobody vouches for it.
        StoreError: the file cannot be read.
    """
    rows = read(path)
    runs = [(i, k) for i, row in enumerate(rows) for k in range(len(row["manifest"]["seeds"]))]
    picked = np.random.default_rng(seed).permutation(len(runs))[:sample]
    rejected = []
    for i, k in (runs[p] for p in sorted(picked)):
        m = rows[i]["manifest"]
        with trust.reading(str(path)):
            reason = _replay(m, k)
        if reason:
            rejected.append(
                {
                    "scenario": rows[i]["scenario"],
                    "agent": m["agent"],
                    "seed": m["seeds"][k],
                    "reason": reason,
                }
            )
    return {
        "leaderboard": str(path), "rows": len(rows), "runs": len(runs), "checked": len(picked),
        "rejected": rejected, "versions": versions(),
    }  # fmt: skip


def _replay(m: Mapping[str, Any], k: int) -> str:
    try:
        scenario = from_document(m["scenario"], "manifest")
        if [s.key for s in scenario.simulators] != m["simulators"]:
            return "the simulator, its version or its workload is another one"
        study = Study(
            scenario,
            m["agent"],
            budget=m["budget"],
            seed=m["seeds"][k],
            hyperparameters=m["hyperparameters"],
            from_reference=m["from_reference"],
        )
        trials = study.run()
    except TrustError:  # neither proven nor disproven: consent decides
        raise
    except ArchgymError as error:
        return str(error)
    best = float(trials.cost.min())
    claimed = float(m["best_costs"][k])
    if best != claimed:
        return f"best cost {best!r}, claimed {claimed!r}"
    return ""
