"""Start and resume runs on disk."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import trust
from ..answers.confirm import Confirmed, confirm
from ..answers.evaluator import settle_reference
from ..answers.locations import told
from ..answers.store import EvaluationStore
from ..errors import ArchgymError, resumable
from ..extras import installed
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..search.callbacks import Callback, Progress
from ..search.study import Study
from .drawing import Told
from .live import LiveNotes
from .manifest import make_manifest
from .page import write_page_if_possible
from .plots import plot_run
from .run import Run
from .run_folder import RunFolder, default_path
from .summary import summary
from .writing import remember_own, write_found

OnProgress = Callable[[Progress], None]


def run(
    scenario: Scenario,
    agent: str = "genetic_algorithm",
    *,
    budget: int | None = None,
    seed: int = 0,
    hyperparameters: Mapping[str, Any] | None = None,
    batch: int | None = None,
    answers: str = "",
    from_reference: bool = True,
    output: Path | None = None,
    root: Path = Path("runs"),
    until_specs_met: bool = False,
    plots: bool = True,
    page: bool | None = None,
    on_progress: OnProgress | None = None,
    screen: str = "",
    screen_factor: int | None = None,
    queries: Mapping[str, int] | None = None,
    store: str = "",
    callbacks: Sequence[Callback] = (),
    effects: bool | None = None,
) -> Run:
    """Search a scenario and keep everything in a run folder.

    Args:
        scenario: what is searched and what for.
        agent: a registered name.
        budget: as of :class:`Study`, like the next seven.
        seed: of the agent.
        hyperparameters: of the agent, by name.
        batch: designs asked for at once.
        answers: who answers.
        from_reference: whether the reference design is the first trial.
        screen: a proxy that looks at proposals first.
        screen_factor: proposals per evaluation, where screened.
        queries: limits of costly parts of evaluations, as of :class:`Study`.
        store: where evaluations are kept (a path or URL; default: a file in the run folder); the manifest
            holds it without its password.
        output: the run folder (default: one below ``root`` named after scenario, workload, agent and seed).
        root: where default run folders lie.
        until_specs_met: stop at the first design that meets every spec.
        plots: draw ``convergence.png`` and ``front.png``, where matplotlib is installed.
        page: write ``page.html`` (default: as ``plots``).
        on_progress: called after every batch.
        callbacks: told of the course of the run; each may end it after a batch.
        effects: what each knob of the best design buys, on the page (default: where that takes about two
            seconds at most).

    Returns:
        The finished run.

    Raises:
        ArchgymError: the folder holds a run already; StoreError: it cannot be written.
    """
    plan = plan_of(seed, from_reference, answers, screen, screen_factor, queries)
    study = Study(
        scenario, agent, budget=budget, hyperparameters=hyperparameters, batch=batch, **plan
    )
    elsewhere = {"store": told(store)} if store else {}
    if store:  # before anything is written
        EvaluationStore(store).close()
    plan |= elsewhere | {"until_specs_met": until_specs_met}
    manifest = make_manifest(scenario, agent, study, plan)
    path = output or default_path(root, scenario, manifest)
    folder = RunFolder.create(path, manifest)
    remember_own(scenario, manifest, path)
    return carry_out(folder, scenario, plots, on_progress, store, callbacks, page, effects)


def plan_of(
    seed: int,
    from_reference: bool,
    answers: str,
    screen: str,
    screen_factor: int | None,
    queries: Mapping[str, int] | None,
) -> dict[str, Any]:
    """The arguments of :class:`Study` that a manifest holds, without those left at their defaults.

    Args:
        seed: as of :func:`run`, like all that follow.
        from_reference: whether the reference design is the first trial.
        answers: who answers.
        screen: a proxy that looks at proposals first.
        screen_factor: proposals per evaluation, where screened.
        queries: limits of costly parts of evaluations.

    Returns:
        Arguments by name.
    """
    plan: dict[str, Any] = {"seed": seed, "from_reference": from_reference}
    if answers:
        plan["answers"] = answers
    if screen:
        plan |= {"screen": screen, "screen_factor": screen_factor}
    if queries:
        plan["queries"] = dict(queries)
    return plan


def resume(
    path: str | Path,
    *,
    plots: bool = True,
    page: bool | None = None,
    on_progress: OnProgress | None = None,
    store: str = "",
    callbacks: Sequence[Callback] = (),
    effects: bool | None = None,
) -> Run:
    """Go on with a run that was interrupted or ended early; a finished one is written out again.

    Callbacks are no part of a run: without them, a run that one of them ended goes on to its budget.

    Args:
        path: the run's folder.
        plots: write pictures.
        page: write the interactive page too.
        on_progress: called after every batch.
        store: where evaluations are kept, where that is not in the folder.
        callbacks: told of the course of the search; each may end it.
        effects: as of :func:`run`.

    Returns:
        The finished run.

    Raises:
        ArchgymError: no run there; StoreError: a damaged file.
    """
    folder = RunFolder.open(Path(path))
    return carry_out(folder, folder.scenario(), plots, on_progress, store, callbacks, page, effects)


def carry_out(
    folder: RunFolder,
    scenario: Scenario,
    plots: bool,
    on_progress: OnProgress | None,
    store: str = "",
    callbacks: Sequence[Callback] = (),
    page: bool | None = None,
    effects: bool | None = None,
) -> Run:
    """Bring a run in its folder to its end, from wherever it stands.

    Args:
        folder: of the run.
        scenario: of the run.
        plots: as of :func:`run`, like all that follow.
        on_progress: called after every batch.
        store: where evaluations are kept, where that is not in the folder.
        callbacks: told of the course of the search.
        page: write the page (default: as ``plots``).
        effects: what each knob of the best design buys, on the page.

    Returns:
        The finished run.

    Raises:
        ArchgymError: who answers is not what it was; StoreError: a damaged file.
    """
    m = folder.manifest
    if "player" in m:
        raise ArchgymError(
            f"{folder.path} is a game, played from outside: go on with archgym serve --resume {folder.path}"
        )
    with (
        trust.reading(folder.place),
        resumable(f"archgym run --resume {shlex.quote(str(folder.path))}"),
        folder,
        EvaluationStore(folder.store_location(store)) as kept,
    ):
        settle_reference(scenario, m.get("answers", ""), kept)
        study = Study(scenario, m["agent"], store=kept, run=m["id"], **folder.study_arguments)
        _require_same_answers(folder, study)
        until = m.get("until_specs_met", False)
        watching = [*callbacks, LiveNotes(folder.path, m["id"])]
        trials, confirmed, result = searched(
            study, kept, on_progress, until, watching, bool(m.get("store"))
        )
        # results first: a picture that cannot be drawn costs no evaluation
        write_found(folder.path, scenario, trials, result, study.ladder.batches)
        if plots and installed("matplotlib"):
            told = Told.of(m, study.evaluator.exact)
            plot_run(scenario, trials, folder.path, told, confirmed)
        done = Run(folder.path, scenario, trials, result, m, confirmed)
        if plots if page is None else page:
            write_page_if_possible(done, folder.path, effects)
    return done


def searched(
    study: Study,
    store: EvaluationStore,
    on_progress: OnProgress | None,
    until_specs_met: bool,
    callbacks: Sequence[Callback],
    shared: bool = False,
) -> tuple[Trials, Confirmed | None, dict[str, Any]]:
    """Carry a study out to its end.

    Where a proxy answered, its finalists are evaluated by the simulator.

    Args:
        study: ready to run; it may be partly done.
        store: where evaluations are kept.
        on_progress: called after every batch.
        until_specs_met: stop at the first design that meets every spec.
        callbacks: told of the course of the run.
        shared: others' evaluations lie in the store too, so that only what this attempt computed counts
            as computed.

    Returns:
        All trials, the finalists as simulated (None where the search did not guess), and the summary.
    """
    scenario = study.scenario
    study.evaluator.prepare()
    trials = study.run(on_progress, until_specs_met=until_specs_met, callbacks=callbacks)
    confirmed = None
    if not study.evaluator.exact:
        simulated = study.evaluator.simulated(trials.x)
        confirmed = confirm(scenario, trials, store, study.starts, simulated)
    if shared:
        computed = study.evaluator.computed + (confirmed.computed if confirmed else 0)
    else:
        computed = sum(store.count(s) for s in scenario.simulators)
    used = study.queries.counts
    rough = [*study.ladder.told, *study.evaluator.glances]
    result = summary(scenario, trials, computed, confirmed, used, study.ended, rough)
    if study.agent.uses_fidelities and not study.ladder.offers:
        result["notes"].append(
            f"agent {study.agent.name} was offered no cheaper fidelity, so it looked at every design in full"
        )
    return trials, confirmed, result


def _require_same_answers(folder: RunFolder, study: Study) -> None:
    """Refuse to go on with a proxy that is not the one the run started with."""
    facts = [dict(a.facts) for a in study.evaluator.answers]
    if (facts if any(facts) else []) != folder.manifest.get("answers_facts", []):
        raise ArchgymError(
            f"{folder.path}: who answers is not what it was when the run started (another proxy or setting); "
            "start a new run"
        )
