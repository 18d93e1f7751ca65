"""Start, resume and verify runs on disk."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..answers.confirm import Confirmed, confirm, guesses
from ..errors import ArchgymError, StoreError
from ..contracts.evaluation import Floats
from .run_folder import (EVALUATIONS, MANIFEST, RESULT, TRIALS, RunFolder, default_path, make_manifest)
from ..files.text import write_json, write_text
from ..goals.scenario import Scenario
from ..answers.store import EvaluationStore
from ..search.study import Progress, Study
from ..goals.trials import Trials
from ..goals.tradeoff import front_of

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Run:
    """A finished run: where it lies, what it did, and its summary."""

    path: Path
    scenario: Scenario
    trials: Trials
    result: dict[str, Any]


def run(
    scenario: Scenario,
    agent: str = "genetic_algorithm",
    *,
    budget: int | None = None,
    seed: int = 0,
    hyper: Mapping[str, Any] | None = None,
    batch: int | None = None,
    output: Path | None = None,
    root: Path = Path("runs"),
    until_specs_met: bool = False,
    plots: bool = True,
    on_progress: OnProgress | None = None,
    screen: Mapping[str, Any] | None = None,
) -> Run:
    """Search a scenario and keep everything in a run folder.

    ``screen`` (``{"screen": "proxy:FOLDER", "screen_factor": 8}``) puts a proxy before the simulator.
    """
    screen = dict(screen or {})
    plan = Study(scenario, agent, budget=budget, seed=seed, hyper=hyper, batch=batch, **screen)
    manifest = make_manifest(
        scenario, agent, plan.agent.hyper, seed, plan.budget, plan.batch, screen
    )
    manifest["until_specs_met"] = until_specs_met
    path = output or default_path(root, scenario, manifest)
    return carry_out(RunFolder.create(path, manifest), scenario, plots, on_progress)


def resume(path: Path, *, plots: bool = True, on_progress: OnProgress | None = None) -> Run:
    """Go on with a run that was interrupted; a finished one is written out again."""
    folder = RunFolder.open(path)
    return carry_out(folder, folder.scenario(), plots, on_progress)


def carry_out(
    folder: RunFolder, scenario: Scenario, plots: bool, on_progress: OnProgress | None
) -> Run:
    """Bring a run in its folder to its end, from wherever it stands."""
    m = folder.manifest
    for simulator in scenario.simulators:
        simulator.prepare()
    with folder, EvaluationStore(folder.path / EVALUATIONS) as store:
        study = Study(
            scenario,
            m["agent"],
            budget=m["budget"],
            seed=m["seed"],
            hyper=m["hyperparameters"],
            batch=m["batch"],
            store=store,
            run=m["id"],
            **m.get("screen", {}),
        )
        trials = study.run(on_progress, until_specs_met=m.get("until_specs_met", False))
        confirmed = confirm(scenario, trials, store) if guesses(scenario) else None
        computed = sum(store.count(s.truth) for s in scenario.simulators if s.computes)
        result = summary(scenario, trials, computed, confirmed)
        write_text(folder.path / TRIALS, trials_csv(scenario, trials))
        write_json(folder.path / RESULT, result)
        if plots:
            from .plots import plot_run

            plot_run(scenario, trials, folder.path)
    return Run(folder.path, scenario, trials, result)


def summary(
    scenario: Scenario, trials: Trials, computed: int, confirmed: Confirmed | None = None
) -> dict[str, Any]:
    """The outcome as plain values; the same for a run and for its resumption.

    Best and front are those of the ``confirmed`` finalists where the search guessed.
    """
    reference = scenario.reference_evaluation
    answers = trials if confirmed is None else confirmed.trials
    best = answers.best
    out: dict[str, Any] = {
        "scenario": scenario.name,
        "charged": len(trials),
        "computed": computed,
        "feasible": int(trials.evaluation.feasible.sum()),
        "satisfied": int(trials.satisfied.sum()),
        "units": {m.name: m.unit for m in scenario.simulators[0].metrics},
        "reference": None,
        "best": None,
        "front": [],
    }
    if reference is not None and scenario.reference_design is not None:
        out["reference"] = {
            "design": scenario.space.decode(scenario.reference_design)[0],
            "metrics": reference.row(0),
            "specs_met": bool(scenario.satisfied(reference)[0]),
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
            "by": "{0.name} {0.version}".format(scenario.simulators[0].truth),
        }
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
        writer.writerow(
            [
                *row,
                repr(float(trials.cost[i])),
                *(repr(float(trials.evaluation.metrics[n][i])) for n in metrics),
            ]
        )
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


def verify(path: Path, sample: int = 32, seed: int = 0) -> dict[str, Any]:
    """Evaluate a sample of a run's recorded designs again and say where the numbers differ."""
    folder = RunFolder.open(path)
    scenario = folder.scenario()
    checked, differences = 0, []
    if not (path / EVALUATIONS).exists():
        raise ArchgymError(
            f"{path} has a {MANIFEST} but no recorded evaluation; continue it with --resume"
        )
    with EvaluationStore(path / EVALUATIONS) as store:
        for simulator in scenario.simulators:
            simulator = simulator.recorded
            blocks = list(store.rows(simulator))
            if not blocks:
                continue
            x = np.concatenate([b[0] for b in blocks])
            picked = np.sort(np.random.default_rng(seed).permutation(len(x))[:sample])
            again = simulator.truth.evaluate(x[picked])
            _, then = store.get(simulator, x[picked])
            checked += len(picked)
            for metric in simulator.metrics:
                a, b = then.metrics[metric.name], again.metrics[metric.name]
                for i in np.flatnonzero((a != b) & ~(np.isnan(a) & np.isnan(b))):
                    differences.append(
                        {
                            "workload": simulator.workload,
                            "design": simulator.space.decode(x[picked[i : i + 1]])[0],
                            "metric": metric.name,
                            "recorded": float(a[i]),
                            "now": float(b[i]),
                        }
                    )
    if not checked:
        raise ArchgymError(
            f"{path} holds no recorded evaluation of its simulator; nothing to verify"
        )
    return {"run": str(path), "checked": checked, "differences": differences}
