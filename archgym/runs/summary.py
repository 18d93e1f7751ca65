"""The outcome of a run as plain values and as CSV; the same for a run and for its resumption."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers.confirm import Confirmed
from ..contracts.evaluation import Evaluation, Floats
from ..documents import read_json
from ..errors import StoreError
from ..files.cells import csv_text, restored
from ..files.seal import damaged, digest_of
from ..goals.objectives import Spec
from ..goals.scenario import Scenario
from ..goals.tradeoff import front_of
from ..goals.trials import Trials
from ..search.callbacks import Ended
from ..search.ladder import whole
from .result_file import TRIALS_DIGEST
from .run_folder import RESULT, TRIALS

TOLD = ("feasible", "specs_met", "cost")  # columns of trials.csv after the knobs


def summary(
    scenario: Scenario,
    trials: Trials,
    computed: int,
    confirmed: Confirmed | None = None,
    queries: Mapping[str, int] | None = None,
    ended: Ended | None = None,
    fidelities: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What a run found, as plain values.

    Best and front are those of the ``confirmed`` finalists where the search guessed. The best design is
    the least costly of those that meet every spec, or of all feasible ones where none does.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.
        computed: how many evaluations were computed.
        confirmed: the finalists as simulated, where the trials are guesses.
        queries: how many costly parts of evaluations were used, by name.
        ended: why the search ended.
        fidelities: what was evaluated below full fidelity, as of :attr:`archgym.search.ladder.Ladder.told`;
            none of it is a trial.

    Returns:
        What ``result.json`` holds. ``charged`` is rounded up.
    """
    answers = trials if confirmed is None else confirmed.trials
    out: dict[str, Any] = {
        "scenario": scenario.name,
        "workloads": [s.workload for s in scenario.simulators],
        "charged": whole(len(trials) + sum(f["charged"] for f in fidelities)),
        "different": different(scenario, trials),
        "computed": computed,
        **({"queries": dict(queries)} if queries else {}),
        **({"fidelities": [dict(f) for f in fidelities]} if fidelities else {}),
        **({"ended": {"by": ended.by, "text": ended.text}} if ended else {}),
        "feasible": int(trials.evaluation.feasible.sum()),
        "satisfied": int(trials.satisfied.sum()),
        "specs_met": bool(answers.satisfied.any()),
        **goals_told(scenario),
        "best": None,
        "front": [],
        "notes": notes(scenario, trials, answers),
    }
    numbers = range(len(trials)) if confirmed is None else confirmed.positions.tolist()

    def entry(i: int) -> dict[str, Any]:
        """One design among the answers, with what the search took it for."""
        e = answers.evaluation.take([i])
        out = {
            "step": numbers[i],
            "design": scenario.space.decode(answers.x[i : i + 1])[0],
            **judged(scenario, e),
        }
        return out if confirmed is None else out | {"guessed": trials.evaluation.row(numbers[i])}

    best = best_of(answers)
    if best >= 0:
        out["best"] = entry(best) | {"cost": float(answers.cost[best])}
    out["front"] = [entry(int(i)) for i in front_of(scenario, answers)]
    if confirmed is not None:
        out["confirmed"] = {
            "designs": len(answers),
            "by": "{0.name} {0.version}".format(scenario.simulators[0]),
        }
    facts = {s.workload: dict(s.workload_notes) for s in scenario.simulators if s.workload_notes}
    return out | ({"workload_notes": facts} if facts else {})


def goals_told(scenario: Scenario) -> dict[str, Any]:
    """What is wanted, as plain values.

    Args:
        scenario: what is searched.

    Returns:
        ``units``, ``objectives``, ``specs`` and ``reference``, with figures in SI units.
    """
    return {
        "units": scenario.units,
        "objectives": _objectives(scenario),
        "specs": [_spec(s, scenario.units[s.metric]) for s in scenario.resolved[1]],
        "reference": _reference(scenario),
    }


def best_of(trials: Trials) -> int:
    """The first least costly trial that meets every spec, else the first least costly; -1 for none.

    Args:
        trials: everything that was tried.

    Returns:
        A position in it.
    """
    met = np.where(trials.satisfied, trials.cost, np.inf)
    return int(np.argmin(met)) if np.isfinite(met).any() else trials.best


def judged(scenario: Scenario, e: Evaluation) -> dict[str, Any]:
    """What one feasible evaluation is worth: metrics, objectives, and the specs it misses.

    ``missed`` maps the metric of each spec that is not met to the share of the limit it is off by.

    Args:
        scenario: what was searched.
        e: of one design.

    Returns:
        ``metrics`` and ``objectives`` in SI units, ``specs_met``, ``missed``.
    """
    objectives, specs = scenario.resolved
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {o.name: float(o.expression(e.metrics)[0]) for o in objectives}
    off = {s.metric: float(s.violation(e.metrics)[0]) for s in specs}
    return {
        "metrics": e.row(0),
        "objectives": {n: v if np.isfinite(v) else None for n, v in values.items()},
        "specs_met": bool(scenario.satisfied(e)[0]),
        "missed": {n: v for n, v in off.items() if v > 0},
    }


def different(scenario: Scenario, trials: Trials) -> int:
    """How many designs of a run are different: designs that must behave alike count once.

    Args:
        scenario: what was searched.
        trials: everything that was tried.

    Returns:
        A count.
    """
    if not len(trials):
        return 0
    canonical = scenario.simulators[0].canonical(scenario.to_simulator(trials.x))
    return len(np.unique(canonical, axis=0))


def _objectives(scenario: Scenario) -> list[dict[str, Any]]:
    metrics = scenario.simulators[0].metrics
    return [
        {
            "name": o.name,
            "goal": o.goal,
            "unit": o.expression.unit(metrics),
            **({"target": o.target} if o.target is not None else {}),
        }
        for o in scenario.resolved[0]
    ]


def _reference(scenario: Scenario) -> dict[str, Any] | None:
    reference = scenario.compared
    if reference is None:
        return None
    nothing = {"metrics": {}, "objectives": {}, "specs_met": False, "missed": {}}
    works = bool(reference.evaluation.feasible[0])
    return {
        "design": scenario.space.decode(reference.design)[0],
        **(judged(scenario, reference.evaluation) if works else nothing),
        "warning": reference.warning,
    }


def _spec(spec: Spec, unit: str) -> dict[str, Any]:
    bounds = {"upper": spec.upper, "lower": spec.lower}
    stated = {k: v for k, v in bounds.items() if v is not None}
    return {"metric": spec.metric, **stated, "unit": unit, "text": spec.text(unit)}


def notes(scenario: Scenario, trials: Trials, answers: Trials) -> list[str]:
    """What a reader of the result must know: warnings, doubts, and specs that say nothing.

    Args:
        scenario: what was searched.
        trials: everything that was tried.
        answers: the trials among which the best was chosen: these, or the finalists as simulated.

    Returns:
        Sentences; specs are judged where at least 20 trials are feasible.
    """
    out = list(scenario.notes)
    if scenario.compared is not None and scenario.compared.warning:
        out.append(scenario.compared.warning)
    out += _doubts(scenario, answers)
    works = np.flatnonzero(trials.evaluation.feasible)
    if len(works) >= 20:
        tried = trials.evaluation.take(works)
        for spec, units in ((s, scenario.units) for s in scenario.resolved[1]):
            met = spec.violation(tried.metrics) <= 0
            text = spec.text(units[spec.metric])
            if met.all():
                out.append(f"spec {text} never binds: all {len(works)} feasible trials meet it")
            elif not met.any():
                out.append(f"spec {text} was met by none of {len(works)} feasible trials")
    return out


def _doubts(scenario: Scenario, answers: Trials) -> list[str]:
    """Whether the best design is to be believed, and how many of the others are not."""
    best = best_of(answers)
    if best < 0:
        return []
    first = scenario.doubts(answers.evaluation.take([best]))
    told = [f"the best design is in doubt: {doubt}" for doubt in first]
    return told or scenario.doubts(answers.evaluation)


def trials_csv(scenario: Scenario, trials: Trials) -> str:
    """Every trial with its design, metrics (SI units), cost and reason, as CSV text.

    Args:
        scenario: what was searched.
        trials: everything that was tried.

    Returns:
        A header and one line per trial; infeasible ones have ``nan`` for metrics.
    """
    names = scenario.columns
    metrics = list(names.metrics)
    rows: list[list[object]] = [
        ["step", *names.knobs.values(), *TOLD, *names.metrics.values(), "reason"]
    ]
    designs = scenario.space.decode(trials.x) if len(trials) else []
    for i, design in enumerate(designs):
        row = [i, *design.values(), int(trials.evaluation.feasible[i]), int(trials.satisfied[i])]
        values = (repr(float(trials.evaluation.metrics[n][i])) for n in metrics)
        reason = " ".join(trials.evaluation.reason(i).split())  # a row is a line
        rows.append([*row, repr(float(trials.cost[i])), *values, reason])
    return csv_text(rows)


def read_trials(path: Path, scenario: Scenario) -> tuple[dict[str, Floats], NDArray[np.bool_]]:
    """Metrics (n,) of every trial of a finished run, and which meet every spec, from ``trials.csv``.

    Args:
        path: the run's folder.
        scenario: what was searched.

    Returns:
        Metrics (n,) by name in SI units, and (n,) bool.
    """
    metrics, _, met = read_told(path, scenario)
    return metrics, met


def read_told(
    path: Path, scenario: Scenario
) -> tuple[dict[str, Floats], NDArray[np.bool_], NDArray[np.bool_]]:
    """Metrics (n,) of every trial of a finished run, which are feasible, and which meet every spec.

    Args:
        path: the run's folder.
        scenario: what was searched.

    Returns:
        Metrics (n,) by name in SI units, and two times (n,) bool.

    Raises:
        StoreError: ``trials.csv`` cannot be read.
    """
    file = path / TRIALS
    try:
        text = file.read_bytes().decode("utf-8")
        told = read_json(path / RESULT) if (path / RESULT).exists() else {}
        if damaged(told) or told.get(TRIALS_DIGEST, digest_of(text)) != digest_of(text):
            raise StoreError(f"it is not what {RESULT} says: one of them is damaged")
        lines = io.StringIO(text, newline="")
        rows = [{restored(k): v for k, v in row.items()} for row in csv.DictReader(lines)]
        feasible = np.array([row["feasible"] == "1" for row in rows], np.bool_)
        met = np.array([row["specs_met"] == "1" for row in rows], np.bool_)
        metrics = {
            name: np.array([float(row[column]) for row in rows], np.float64)
            for name, column in scenario.columns.metrics.items()
        }
        return metrics, feasible, met
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise StoreError(
            f"{file} cannot be read ({error}); write it again with --resume {path}"
        ) from error
