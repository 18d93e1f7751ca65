"""Make a submission: play every run of it, or collect runs that were played elsewhere."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import ArchgymError, StoreError
from ...files.text import write_bytes, write_text
from ...goals.scenario import Scenario
from ...goals.scenario_file import load_scenario
from ...goals.trials import Trials
from ...runs.keeping import load
from ...tables.certificate import goal_digest
from . import folder
from .divisions import Division
from .manifest import Manifest, RunOf, read_manifest
from .playing import play, text_of

OnProgress = Callable[[int, int], None]


def facts_of(scenario: Scenario) -> dict[str, Any]:
    """What pins a task of a manifest.

    Args:
        scenario: of the task.

    Returns:
        The digest of its goal, and the keys of its simulators.
    """
    return {"goal": goal_digest(scenario), "simulators": [s.key for s in scenario.simulators]}


def source_files(agent: str, more: Sequence[Path] = ()) -> tuple[str, dict[str, bytes]]:
    """Read an agent's files for a submission. Nothing is written.

    Args:
        agent: a registered name, ``module:CLASS`` or ``FILE.py:CLASS``.
        more: files that it imports.

    Returns:
        What the manifest calls the agent, and its files by name.

    Raises:
        ArchgymError: a file that cannot be read, or whose name no submission may hold.
    """
    module, _, attribute = agent.rpartition(":")
    files = [*([Path(module)] if module.endswith(".py") else []), *more]
    found: dict[str, bytes] = {}
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ArchgymError(f"cannot read {file}: {error.strerror}") from error
        if len(data) > folder.MOST_SOURCE:
            raise ArchgymError(
                f"{file}: a file of an agent has at most {folder.MOST_SOURCE:,} bytes"
            )
        folder.source_of(f"{folder.SOURCE}/{file.name}:x", Path())
        if found.setdefault(file.name, data) != data:
            raise ArchgymError(f"{file}: another file of the agent has this name")
    named = f"{folder.SOURCE}/{Path(module).name}:{attribute}" if module.endswith(".py") else agent
    return named, found


def begin(path: Path, manifest: Manifest, source: Mapping[str, bytes] | None = None) -> Manifest:
    """Open a submission's folder for its entry: a new one, or one that was begun.

    Args:
        path: the folder.
        manifest: of the entry, without runs.
        source: the agent's files by name, see :func:`source_files`.

    Returns:
        The manifest that holds from now on.

    Raises:
        ArchgymError: the folder holds another entry, or other files.
    """
    if (path / folder.MANIFEST).exists():
        known = read_manifest(path)
        if not known.same_entry(manifest):
            raise ArchgymError(f"{path} holds another submission: choose another --output")
        manifest = replace(manifest, runs=known.runs)
    else:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise ArchgymError(f"{path} holds other files: choose another --output")
        path.mkdir(parents=True, exist_ok=True)
        manifest.write(path)
    (path / folder.TRIALS).mkdir(exist_ok=True)
    for name, data in (source or {}).items():
        (path / folder.SOURCE).mkdir(exist_ok=True)
        write_bytes(path / folder.SOURCE / name, data)
    return manifest


def play_all(
    path: Path,
    division: Division,
    manifest: Manifest,
    workers: int,
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Play the runs that are missing.

    Args:
        path: the submission's folder.
        division: whose rules hold.
        manifest: of the entry.
        workers: runs at the same time.
        on_progress: told how many runs of how many are done.

    Returns:
        The manifest with all runs.

    Raises:
        ArchgymError: a run failed; those that are done are kept.
    """
    agent, source = folder.source_of(manifest.agent, path)
    todo = [
        (t, s) for t, s in manifest.expected
        if not (path / folder.TRIALS / folder.trials_name(t, s)).exists()
    ]  # fmt: skip
    own = threading.local()  # a scenario for each thread: simulators are not shared

    def one(task: str, seed: int) -> None:
        known: dict[str, Scenario] = own.__dict__.setdefault("scenarios", {})
        if task not in known:
            known[task] = load_scenario(task)
        played = play(division, known[task], agent, manifest.hyperparameters, seed, source)
        text = text_of(known[task], played.trials, played.predicted)
        write_text(path / folder.TRIALS / folder.trials_name(task, seed), text)

    done = len(manifest.expected) - len(todo)
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(contextvars.copy_context().run, one, t, s) for t, s in todo]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                if on_progress is not None:
                    on_progress(done, len(manifest.expected))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return finished(path, manifest)


def finished(path: Path, manifest: Manifest) -> Manifest:
    """Write a manifest that names every run.

    Args:
        path: the submission's folder, whose trials are all there.
        manifest: of the entry.

    Returns:
        The manifest with all runs.
    """
    runs = {}
    for task, seed in manifest.expected:
        name = folder.trials_name(task, seed)
        data = (path / folder.TRIALS / name).read_bytes()
        runs[name] = RunOf(data.count(b"\n") - 1, folder.digest(data))
    done = replace(manifest, runs=runs)
    done.write(path)
    return done


def collect(path: Path, division: Division, runs: Sequence[Path]) -> dict[str, list[Path]]:
    """Sort runs and games by task, and refuse what cannot be entered.

    Args:
        path: of the submission, for messages.
        division: the open one.
        runs: their folders.

    Returns:
        The folders by task, in the order given: seeds 0, 1, ….

    Raises:
        ArchgymError: a run of no task, with more evaluations, or that guessed; names all of them.
    """
    found: dict[str, list[Path]] = {}
    faults = []
    for place in runs:
        run = load(place)
        name = run.scenario.name
        task = division.suite.tasks.get(name)
        if task is None or not task.fits(run.scenario):
            faults.append(
                f"{place}: {name} is no task of {division.suite.title}, or not as it is there"
            )
        elif len(run.trials) > division.budget:
            faults.append(f"{place}: {len(run.trials)} evaluations, {division.budget} are allowed")
        elif (run.manifest or {}).get("answers"):
            faults.append(f"{place}: {(run.manifest or {})['answers']} answered, not the simulator")
        elif run.result.get("fidelities"):
            faults.append(f"{place}: its agent was led by rough answers too, which are no trials")
        else:
            found.setdefault(name, []).append(place)
    if len({len(p) for p in found.values()}) > 1:
        counts = ", ".join(f"{n}: {len(p)}" for n, p in found.items())
        faults.append(f"every task needs as many runs, got {counts}")
    if faults:
        raise ArchgymError(f"{path}: " + "; ".join(faults))
    return found


def copy_runs(path: Path, manifest: Manifest, runs: Mapping[str, Sequence[Path]]) -> Manifest:
    """Put the trials of finished runs into a submission.

    Args:
        path: the submission's folder.
        manifest: of the entry.
        runs: folders by task, see :func:`collect`.

    Returns:
        The manifest with all runs.

    Raises:
        StoreError: a file cannot be written.
    """
    for task, places in runs.items():
        for seed, place in enumerate(places):
            run = load(place)
            if not len(run.trials):
                raise StoreError(f"{place} has no trial")
            x, scenario = run.trials.x, run.scenario
            text = text_of(scenario, Trials.of(scenario, x, scenario.evaluate(x)))
            write_text(path / folder.TRIALS / folder.trials_name(task, seed), text)
    return finished(path, manifest)
