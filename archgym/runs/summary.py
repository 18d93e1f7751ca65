"""The outcome of a run as plain values and as CSV; the same for a run and for its resumption."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from ..answers.confirm import Confirmed
from ..contracts.evaluation import Floats
from ..errors import StoreError
from ..goals.objectives import Spec
from ..goals.scenario import Scenario
from ..goals.tradeoff import front_of
from ..goals.trials import Trials
from .run_folder import TRIALS


def summary(
    scenario: Scenario, trials: Trials, computed: int, confirmed: Confirmed | None = None
) -> dict[str, Any]:
    """What a run found.

    Best and front are those of the ``confirmed`` finalists where the search guessed.
    """
    answers = trials if confirmed is None else confirmed.trials
    best = answers.best
    objectives, specs = scenario.resolved
    out: dict[str, Any] = {
        "scenario": scenario.name,
        "workloads": [s.workload for s in scenario.simulators],
        "charged": len(trials),
        "different": different(scenario, trials),
        "computed": computed,
        "feasible": int(trials.evaluation.feasible.sum()),
        "satisfied": int(trials.satisfied.sum()),
        "units": scenario.units,
        "objectives": [
            {"name": o.name, "goal": o.goal, "unit": o.expression.unit(scenario.simulators[0].metrics)}
            for o in objectives
        ],
        "specs": [_spec(s) for s in specs],
        "reference": _reference(scenario),
        "best": None,
        "front": [],
        "notes": notes(scenario, trials),
    }
    numbers = range(len(trials)) if confirmed is None else confirmed.positions.tolist()

    def entry(i: int) -> dict[str, Any]:
        """One design among the answers, with what the search took it for."""
        out = {
            "trial": numbers[i],
            "design": scenario.space.decode(answers.x[i : i + 1])[0],
            "metrics": answers.evaluation.row(i),
            "specs_met": bool(answers.satisfied[i]),
        }
        return out if confirmed is None else out | {"guessed": trials.evaluation.row(numbers[i])}

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


def different(scenario: Scenario, trials: Trials) -> int:
    """How many designs of a run are different: designs that must behave alike count once."""
    if not len(trials):
        return 0
    canonical = scenario.simulators[0].canonical(scenario.to_simulator(trials.x))
    return len(np.unique(canonical, axis=0))


def _reference(scenario: Scenario) -> dict[str, Any] | None:
    reference = scenario.compared
    if reference is None:
        return None
    feasible = bool(reference.evaluation.feasible[0])
    return {
        "design": scenario.space.decode(reference.design)[0],
        "metrics": reference.evaluation.row(0) if feasible else {},
        "specs_met": bool(scenario.satisfied(reference.evaluation)[0]),
        "warning": reference.warning,
    }


def _spec(spec: Spec) -> dict[str, Any]:
    bounds = {"upper": spec.upper, "lower": spec.lower}
    return {"metric": spec.metric, **{k: v for k, v in bounds.items() if v is not None}}


def notes(scenario: Scenario, trials: Trials) -> list[str]:
    """What a reader of the result must know: warnings, and specs that say nothing."""
    out = list(scenario.notes)
    if scenario.compared is not None and scenario.compared.warning:
        out.append(scenario.compared.warning)
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


def trials_csv(scenario: Scenario, trials: Trials) -> str:
    """Every trial with its design, metrics and cost, as CSV text."""
    text = io.StringIO()
    metrics = [m.name for m in scenario.simulators[0].metrics]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *scenario.space.names, "feasible", "specs_met", "cost", *metrics])
    designs = scenario.space.decode(trials.x) if len(trials) else []
    for i, design in enumerate(designs):
        row = [i, *design.values(), int(trials.evaluation.feasible[i]), int(trials.satisfied[i])]
        values = (repr(float(trials.evaluation.metrics[n][i])) for n in metrics)
        writer.writerow([*row, repr(float(trials.cost[i])), *values])
    return text.getvalue()


def read_costs(path: Path) -> Floats:
    """The cost of every trial of a finished run, (n,), from its ``trials.csv``."""
    file = path / TRIALS
    try:
        with open(file, encoding="utf-8", newline="") as lines:
            return np.array([float(row["cost"]) for row in csv.DictReader(lines)])
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"{file} cannot be read ({error}); write it again with --resume {path}"
        ) from error
