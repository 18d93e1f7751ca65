"""Start and resume runs on disk."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import trust
from ..answers.confirm import confirm
from ..answers.evaluator import settle_reference
from ..answers.locations import told
from ..answers.store import EvaluationStore
from ..errors import ArchgymError, resumable
from ..extras import installed
from ..files.text import write_json, write_text
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..search.study import Progress, Study
from .drawing import Told
from .manifest import make_manifest
from .plots import plot_run
from .run_folder import RESULT, TRIALS, RunFolder, default_path
from .summary import summary, trials_csv

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Run:
    """A finished run: where it lies, what it did, its summary, and what started it."""

    path: Path
    scenario: Scenario
    trials: Trials
    result: dict[str, Any]
    manifest: Mapping[str, Any]


def run(
    scenario: Scenario,
    agent: str = "genetic_algorithm",
    *,
    budget: int | None = None,
    seed: int = 0,
    hyper: Mapping[str, Any] | None = None,
    batch: int | None = None,
    answers: str = "",
    from_reference: bool = True,
    output: Path | None = None,
    root: Path = Path("runs"),
    until_specs_met: bool = False,
    plots: bool = True,
    on_progress: OnProgress | None = None,
    screen: str = "",
    screen_factor: int | None = None,
    queries: Mapping[str, int] | None = None,
    store: str = "",
) -> Run:
    """Search a scenario and keep everything in a run folder.

    Args:
        scenario: what is searched and what for.
        agent: a registered name.
        budget: as of :class:`Study`, like the next seven.
        seed: of the agent.
        hyper: hyperparameters of the agent.
        batch: designs asked for at once.
        answers: who answers.
        from_reference: whether the reference design is the first trial.
        screen: a proxy that looks at proposals first.
        screen_factor: proposals a design, where screened.
        queries: limits of costly parts of evaluations, as of :class:`Study`.
        store: where evaluations are kept (a path or URL; default: a file in the run folder); the manifest
            holds it without its password.
        output: the run folder (default: one below ``root`` named after scenario, workload, agent and seed).
        root: where default run folders lie.
        until_specs_met: stop at the first design that meets every spec.
        plots: draw ``convergence.png`` and ``front.png``, where matplotlib is installed.
        on_progress: called after every batch.

    Raises:
        ArchgymError: the folder holds a run already; StoreError: it cannot be written.
    """
    plan: dict[str, Any] = {"seed": seed, "from_reference": from_reference}
    if answers:
        plan["answers"] = answers
    if screen:
        plan |= {"screen": screen, "screen_factor": screen_factor}
    if queries:
        plan["queries"] = dict(queries)
    study = Study(scenario, agent, budget=budget, hyper=hyper, batch=batch, **plan)
    elsewhere = {"store": told(store)} if store else {}
    if store:  # before anything is written
        EvaluationStore(store).close()
    plan |= elsewhere | {"until_specs_met": until_specs_met}
    manifest = make_manifest(scenario, agent, study, plan)
    path = output or default_path(root, scenario, manifest)
    folder = RunFolder.create(path, manifest)
    foreign_code = scenario.starts_programs or ":" in scenario.simulator or ":" in agent
    if (foreign_code or store) and (not scenario.untrusted or trust.consented()):
        trust.remember(path, manifest["id"])
    return carry_out(folder, scenario, plots, on_progress, store)


def resume(
    path: Path, *, plots: bool = True, on_progress: OnProgress | None = None, store: str = ""
) -> Run:
    """Go on with a run that was interrupted; a finished one is written out again."""
    folder = RunFolder.open(path)
    return carry_out(folder, folder.scenario(), plots, on_progress, store)


def carry_out(
    folder: RunFolder,
    scenario: Scenario,
    plots: bool,
    on_progress: OnProgress | None,
    store: str = "",
) -> Run:
    """Bring a run in its folder to its end, from wherever it stands."""
    m = folder.manifest
    with (
        trust.reading(folder.place),
        resumable(f"archgym run --resume {shlex.quote(str(folder.path))}"),
        folder,
        EvaluationStore(folder.store_location(store)) as kept,
    ):
        settle_reference(scenario, m.get("answers", ""), kept)
        study = Study(scenario, m["agent"], store=kept, run=m["id"], **folder.study_arguments)
        _require_same_answers(folder, study)
        study.evaluator.prepare()
        trials = study.run(on_progress, until_specs_met=m.get("until_specs_met", False))
        confirmed = None
        if not study.evaluator.exact:
            simulated = study.evaluator.simulated(trials.x)
            confirmed = confirm(scenario, trials, kept, study.starts, simulated)
        if m.get("store"):  # others' evaluations are in there too: what this attempt computed
            computed = study.evaluator.computed + (confirmed.computed if confirmed else 0)
        else:
            computed = sum(kept.count(s) for s in scenario.simulators)
        result = summary(scenario, trials, computed, confirmed, study.queries.counts)
        # results first: a picture that cannot be drawn costs no evaluation
        write_text(folder.path / TRIALS, trials_csv(scenario, trials))
        write_json(folder.path / RESULT, result)
        if plots and installed("matplotlib"):
            told = Told.of(m, study.evaluator.exact)
            plot_run(scenario, trials, folder.path, told, confirmed)
    return Run(folder.path, scenario, trials, result, m)


def _require_same_answers(folder: RunFolder, study: Study) -> None:
    """Refuse to go on with a proxy that is not the one the run started with."""
    facts = [dict(a.facts) for a in study.evaluator.answers]
    if (facts if any(facts) else []) != folder.manifest.get("answers_facts", []):
        raise ArchgymError(
            f"{folder.path}: who answers is not what it was when the run started (another proxy or setting); "
            "start a new run"
        )
