"""``archgym.run``: search a scenario by name from Python, with the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..answers.evaluator import settle_reference
from ..answers.locations import told
from ..answers.store import MEMORY, EvaluationStore
from ..contracts.agent import Agent
from ..errors import ArchgymError
from ..goals.changes import Texts, changes_of
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..search.callbacks import Callback
from ..search.progress_bar import ProgressBar
from ..search.stopping import TimeLimit
from ..search.study import Study
from ..units import parse_quantity
from . import runner
from .manifest import AROUND_THE_RECIPE, make_manifest
from .run import Run
from .run_folder import MANIFEST, RunFolder


def run(
    scenario: str | Path | Scenario,
    agent: str | type[Agent] | Agent = "genetic_algorithm",
    *,
    budget: int | None = None,
    seed: int = 0,
    hyperparameters: Mapping[str, Any] | None = None,
    workload: str | Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
    objective: Texts = (),
    spec: Texts | Mapping[str, Any] = (),
    fix: Texts | Mapping[str, Any] = (),
    vary: Texts | Mapping[str, Any] = (),
    answers: str = "",
    from_reference: bool = True,
    screen: str = "",
    screen_factor: int | None = None,
    queries: Mapping[str, int] | None = None,
    batch: int | None = None,
    until_specs_met: bool = False,
    timeout: float | str | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    output: str | Path | None = None,
    store: str = "",
    resume: bool = False,
    plots: bool = True,
    page: bool | None = None,
    effects: bool | None = None,
) -> Run:
    """Search a scenario, in memory or in a folder.

    The same arguments give the same trials, bit for bit, here and on the command line.

    Args:
        scenario: a name (``archgym list scenarios``), the path of a ``.yaml`` file, or a scenario.
        agent: a registered name (``archgym list agents``), ``"module:Class"``, a class, or an instance.
        budget: evaluations to be charged (default: the scenario's).
        seed: of the agent.
        hyperparameters: of the agent.
        workload: another workload, a name or a file, or several.
        config: settings of the simulator.
        objective: in place of the scenario's, such as ``"energy * mean_latency"`` or ``"max:bandwidth"``.
        spec: added or replaced, such as ``"energy <= 1.05 x reference"``; ``"energy=none"`` removes one.
        fix: knobs pinned to a value, ``{"refresh_policy": "AllBank"}`` or ``"refresh_policy=AllBank"``.
        vary: knobs with the values they may take; ``"KNOB=all"`` for all of them.
        answers: who answers in the simulator's place (``"table"``, ``"proxy:FOLDER"``, ``"escalating"``).
        from_reference: evaluate the reference design first, and charge it.
        screen: such as ``"proxy:FOLDER"``, looks at more proposals than are evaluated.
        screen_factor: proposals per evaluation, where screened (default 8).
        queries: limits of costly parts of evaluations, such as ``{"accuracy": 500}``.
        batch: designs asked for at once (default: what the agent likes).
        until_specs_met: end at the first design that meets every spec.
        timeout: end after the batch in which this time is reached: seconds, or text such as ``"90 s"``.
        callbacks: told of the course of the search; each may end it.
        progress: show a progress bar.
        output: the run folder to write (default: none, the run is kept in memory).
        store: where evaluations are kept (a path or URL; default: in the run).
        resume: go on with the run in ``output`` where there is one, which must be of the same arguments.
        plots: draw pictures into the run folder.
        page: write ``page.html`` into the run folder (default: as ``plots``).
        effects: on the page, what each knob of the best design buys. Its neighbours are evaluated for that,
            charged to nobody (default: where that takes about two seconds at most).

    Returns:
        What was found.

    Raises:
        ArchgymError: arguments that make no sense, all with what to do.
    """
    limits: list[Callback] = [] if timeout is None else [TimeLimit(seconds_of(timeout))]
    made = load_scenario(scenario, workload, config, changes_of(objective, spec, fix, vary))
    plan = runner.plan_of(seed, from_reference, answers, screen, screen_factor, queries)
    arguments = {"budget": budget, "hyperparameters": hyperparameters, "batch": batch, **plan}
    watching = [*([ProgressBar()] if progress else []), *limits, *callbacks]
    kept = {**plan, "until_specs_met": until_specs_met}
    if output is None:
        for given, word in ((resume, "resume"), (store, "store")):
            if given:
                raise ArchgymError(f"{word} needs output, the folder of the run")
        return _in_memory(made, agent, arguments, kept, watching)
    name = name_of(agent)
    place = Path(output)
    if resume and (place / MANIFEST).exists():
        study = Study(made, name, **arguments)
        _require_same_run(
            place,
            make_manifest(made, name, study, kept | ({"store": told(store)} if store else {})),
        )
        return runner.resume(
            place, plots=plots, page=page, store=store, callbacks=watching, effects=effects
        )
    return runner.run(
        made, name, output=place, plots=plots, page=page, until_specs_met=until_specs_met, callbacks=watching,
        store=store, effects=effects, **arguments,
    )  # fmt: skip


def seconds_of(time: float | str) -> float:
    """Seconds, or text such as ``90 s`` or ``0.5 ks``, as a number of seconds.

    Args:
        time: a number of seconds, or text with a unit.

    Returns:
        Seconds.

    Raises:
        ArchgymError: no time.
    """
    try:
        return parse_quantity(time, "s")
    except ValueError as error:
        raise ArchgymError(f"timeout: {error}; give seconds, such as 60 or '90 s'") from error


def name_of(agent: str | type[Agent] | Agent) -> str:
    """What a run folder calls an agent, so that the run can be gone on with.

    Args:
        agent: a registered name, a class or an instance.

    Returns:
        The name, or ``module:class``.

    Raises:
        ArchgymError: an instance, which nobody could make again.
    """
    if isinstance(agent, str):
        return agent
    if isinstance(agent, type):
        return f"{agent.__module__}:{agent.__qualname__}"
    raise ArchgymError(
        f"a run folder needs an agent that can be made again, not an instance of {type(agent).__name__}: give "
        "its class (and hyperparameters), or keep the run in memory"
    )


def _in_memory(
    scenario: Scenario,
    agent: str | type[Agent] | Agent,
    arguments: Mapping[str, Any],
    kept: Mapping[str, Any],
    callbacks: Sequence[Callback],
) -> Run:
    name = agent.name if isinstance(agent, Agent) else name_of(agent)
    store = EvaluationStore(MEMORY)
    settle_reference(scenario, str(arguments.get("answers", "")), store)
    study = Study(scenario, agent, store=store, **arguments)
    manifest = make_manifest(scenario, name, study, kept)
    study.run_id = manifest["id"]
    until = bool(kept["until_specs_met"])
    trials, confirmed, result = runner.searched(study, store, None, until, callbacks)
    rough = tuple(study.ladder.batches)
    return Run(None, scenario, trials, result, manifest, confirmed, store, rough)


def _require_same_run(place: Path, wanted: Mapping[str, Any]) -> None:
    """Refuse to go on with a run of other arguments.

    Raises:
        ArchgymError: it names what differs.
    """
    there = RunFolder.open(place).manifest
    differ = [k for k in wanted if k not in AROUND_THE_RECIPE and wanted[k] != there.get(k)]
    differ += [k for k in there if k not in AROUND_THE_RECIPE and k not in wanted]
    if differ:
        raise ArchgymError(
            f"{place} holds a run of other arguments ({', '.join(differ)} differ): choose another output, or go on "
            "with it as it is by archgym.resume"
        )
