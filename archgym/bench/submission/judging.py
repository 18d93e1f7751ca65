"""A judge: evaluates the designs of a submission again, plays its agent again, and scores what came out."""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ... import trust
from ...documents import parse_json
from ...errors import ArchgymError, ScenarioError, StoreError, TrustError, WorkloadError
from ...files.seal import damaged, sealed
from ...files.text import write_json, write_text
from ...goals.scenario import Scenario
from ...goals.scenario_file import load_scenario
from ...goals.trials import Trials
from .. import scores
from ..suite import Suite, load_suite
from . import folder
from .card import Claim, Recorded, card, card_text, plain
from .divisions import Division, division
from .making import OnProgress, facts_of
from .manifest import Manifest, read_manifest
from .playing import difference, no_trials, play, recorded, text_of

NEWLINE = b"\n"
UNCONFINED = (
    "cannot be judged on this system: the kernel does not confine agents (Landlock, Linux 5.13 and later); "
    "--unconfined judges it all the same"
)


@dataclass(frozen=True)
class Verdict:
    """What a judge found.

    Attributes:
        path: of the submission.
        manifest: None where it cannot be read.
        faults: why it is rejected; none where it holds.
        evaluated: runs whose designs were evaluated again.
        replayed: runs whose agent was played again.
        confined: whether the kernel kept every agent from files.
        scores: a row per run, of what came out again; empty where it is rejected.
        claims: the claim card.
    """

    path: Path
    manifest: Manifest | None
    faults: Sequence[str]
    evaluated: int = 0
    replayed: int = 0
    confined: bool = True
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    claims: Sequence[Claim] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was found against it."""
        return not self.faults


def judge(
    path: Path,
    sample: int | None = None,
    workers: int = 1,
    suite: Suite | None = None,
    on_progress: OnProgress | None = None,
    unconfined: bool = False,
) -> Verdict:
    """Judge one submission.

    Args:
        path: its folder.
        sample: how many runs to play again, chosen by chance that the entrant cannot know (default: all). The
            designs of all runs are evaluated again in any case.
        workers: runs at the same time.
        suite: that it must be of (default: the one that ships).
        on_progress: told how many runs of how many were looked at.
        unconfined: judge agents also where the kernel does not keep their native code from files.

    Returns:
        The verdict. A bad submission is rejected with reasons; it raises nothing.

    Raises:
        TrustError: the agent is no registered one, and nobody vouches for its code.
        ArchgymError: a task's workload is not at hand.
    """
    suite = suite or load_suite()
    try:
        manifest = read_manifest(path)
        played = division(manifest.division, suite)
        faults = folder.faults_of_folder(path, played.budget)
        faults = faults or _faults(path, manifest, played)
        if faults:
            return Verdict(path, manifest, faults)
        scenarios, faults = _scenarios(manifest, played)
        if faults:
            return Verdict(path, manifest, faults)
    except (StoreError, ScenarioError) as error:
        return Verdict(path, None, [str(error)])
    except OSError as error:
        return Verdict(path, None, [f"{error.filename or path} cannot be read: {error.strerror}"])
    found = _look(path, manifest, played, sample, workers, on_progress)
    faults = [f"{name}: {one.fault}" for name, one in found.items() if one.fault]
    if not unconfined and not all(one.confined for one in found.values()):
        faults = [UNCONFINED]
    if faults:
        return Verdict(path, manifest, faults)
    runs = {key: (one.trials, one.predicted) for key, one in zip(manifest.expected, found.values())}
    frame = scored(manifest, played, scenarios, runs, [one.microseconds for one in found.values()])
    faults = _false_claims(path, manifest, card(played, manifest, frame, runs))
    looks = found.values()
    # predictions are the agent's where it was seen to make them
    seen = {
        key: (one.trials, one.predicted if one.replayed else ()) for key, one in zip(runs, looks)
    }
    claims = card(played, manifest, frame, seen)
    return Verdict(
        path, manifest, faults, len(runs), sum(one.replayed for one in looks),
        all(one.confined for one in looks), frame, claims,
    )  # fmt: skip


def write_card(path: Path, suite: Suite) -> list[Claim]:
    """Write the claim card of a submission whose runs are all there.

    Args:
        path: its folder.
        suite: that it is of.

    Returns:
        The claims.

    Raises:
        StoreError: a file is missing or cannot be written.
    """
    manifest = read_manifest(path)
    played = division(manifest.division, suite)
    scenarios = {task: load_scenario(task) for task in manifest.tasks}
    runs = {
        (task, seed): recorded(
            scenarios[task], _text(path, task, seed, played), played.budget, played.replayed
        )
        for task, seed in manifest.expected
    }
    claims = card(played, manifest, scored(manifest, played, scenarios, runs), runs)
    write_json(path / folder.CARD, sealed({"claims": plain(claims)}))
    write_text(path / folder.CARD_TEXT, card_text(manifest, claims))
    return claims


def scored(
    manifest: Manifest,
    played: Division,
    scenarios: dict[str, Scenario],
    runs: Recorded,
    microseconds: Sequence[float] = (),
) -> pd.DataFrame:
    """The scores of a submission's runs.

    Args:
        manifest: of the entry.
        played: the division.
        scenarios: by task.
        runs: trials by task and seed.
        microseconds: of the agent per proposal, run by run, where a judge measured them.

    Returns:
        A row per run, see :func:`archgym.bench.scores.columns`.
    """
    rows = []
    for i, ((task, seed), (trials, _)) in enumerate(runs.items()):
        told = scores.of_trials(played.suite.tasks[task], scenarios[task], trials, played.suite)
        own = microseconds[i] if len(microseconds) else np.nan
        rows.append([task, manifest.entrant, seed, *told, own])
    return pd.DataFrame(rows, columns=scores.columns(played.suite))


def _faults(path: Path, manifest: Manifest, played: Division) -> list[str]:
    """What can be told from the manifest and the names and digests of files."""
    suite, out = played.suite, []
    if manifest.suite != suite.title:
        out.append(f"it is of {manifest.suite!r:.60}, this is {suite.title}")
    if manifest.budget != played.budget:
        out.append(f"budget {manifest.budget:,}, the division's is {played.budget:,}")
    out += [
        f"{t!r:.80} is no task of {suite.title}" for t in manifest.tasks if t not in suite.tasks
    ]
    if not manifest.tasks:
        out.append("it plays no task")
    if played.replayed and not manifest.agent:
        out.append(f"the {played.name} division needs an agent that can be played again")
    names = {folder.trials_name(t, s): t for t, s in manifest.expected}
    missing = [n for n in names if n not in manifest.runs]
    out += [f"run {n} is missing: go on with the command that began it" for n in missing]
    out += [
        f"run {n!r:.80} is none of the tasks and seeds" for n in manifest.runs if n not in names
    ]
    if out:
        return out[:20]
    seen: dict[str, dict[str, bytes]] = {}  # by task
    for name, run in manifest.runs.items():
        data = folder.read_plain(
            path / folder.TRIALS / name, folder.MOST_PER_TRIAL * (played.budget + 1)
        )
        if folder.digest(data) != run.sha256:
            out.append(f"{name}: its digest differs from the manifest's")
        elif data.count(NEWLINE) - 1 != run.charged:
            out.append(
                f"{name}: {data.count(NEWLINE) - 1:,} trials, the manifest says {run.charged:,}"
            )
        known = seen.setdefault(names[name], {})
        for twin, other in known.items() if not played.replayed else ():
            short, long = sorted((data.rstrip(), other), key=len)
            if long.startswith(short) and long[len(short) : len(short) + 1] in (b"", b"\n"):
                out.append(f"{name} begins as {twin} does, to the end of one: a run counts once")
        known[name] = data.rstrip()
    present = {e.name for e in (path / folder.TRIALS).iterdir()}
    out += [f"trials/{n}: no run of the manifest" for n in sorted(present - set(names))]
    return [*out, *_source_faults(path, manifest)][:20]


def _source_faults(path: Path, manifest: Manifest) -> list[str]:
    place = path / folder.SOURCE
    present = {e.name for e in place.iterdir()} if place.is_dir() else set()
    out = [f"agent/{n}: not in the manifest" for n in sorted(present - set(manifest.source))]
    for name, said in manifest.source.items():
        if name not in present:
            out.append(f"agent/{name!r:.80}: the file is missing")
        elif folder.digest(folder.read_plain(place / name, folder.MOST_SOURCE)) != said:
            out.append(f"agent/{name}: its digest differs from the manifest's")
    try:
        _, source = folder.source_of(manifest.agent, path)
        file = manifest.agent.rpartition(":")[0].rpartition("/")[2]
        if source is not None and file not in manifest.source:
            out.append(f"agent: {file!r:.80} is no file of the submission")
    except ArchgymError as error:
        out.append(str(error))
    return out


def _scenarios(manifest: Manifest, played: Division) -> tuple[dict[str, Scenario], list[str]]:
    """The tasks as they are here, and which of them are not what the submission was made with."""
    found, faults = {}, []
    for task, facts in manifest.tasks.items():
        try:
            scenario = load_scenario(task)
        except ScenarioError as error:
            if isinstance(error.__cause__, WorkloadError):
                raise ArchgymError(f"{task} cannot be judged here: {error.__cause__}") from error
            raise
        now = facts_of(scenario)
        if dict(facts) != now or not played.suite.tasks[task].fits(scenario):
            what = (
                "goal" if facts["goal"] != now["goal"] else "simulator, its version or its workload"
            )
            faults.append(f"{task}: the {what} is another one than when the submission was made")
        found[task] = scenario
    return found, faults


@dataclass(frozen=True)
class _Look:
    """What was found of one run."""

    fault: str
    trials: Trials
    predicted: Sequence[float]
    replayed: bool = False
    confined: bool = True
    microseconds: float = float("nan")


def _look(
    path: Path,
    manifest: Manifest,
    played: Division,
    sample: int | None,
    workers: int,
    on_progress: OnProgress | None,
) -> dict[str, _Look]:
    """Every run, evaluated again, and a sample of them played again."""
    runs = manifest.expected
    rng = np.random.default_rng(secrets.randbits(64))
    again = set(rng.permutation(len(runs))[: len(runs) if sample is None else sample].tolist())
    if played.replayed and folder.source_of(manifest.agent, path)[1] is not None:
        trust.vouch(f"agent {manifest.agent!r}, code of its own", str(path), "played again")
    elif played.replayed and ":" in manifest.agent:
        trust.vouch(f"agent {manifest.agent!r}, no registered name", str(path), "played again")

    def one(i: int) -> _Look:
        task, seed = runs[i]
        with trust.reading(str(path)):
            return _one(path, manifest, played, task, seed, played.replayed and i in again)

    out = {}
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(contextvars.copy_context().run, one, i) for i in range(len(runs))]
        try:
            for i, future in enumerate(futures):
                out[folder.trials_name(*runs[i])] = future.result()
                if on_progress is not None:
                    on_progress(i + 1, len(runs))
        except BaseException:  # what has not begun is not begun; what runs is waited for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return out


def _one(
    path: Path, manifest: Manifest, played: Division, task: str, seed: int, replay: bool
) -> _Look:
    scenario = load_scenario(task)
    try:
        text = _text(path, task, seed, played)
        said, predicted = recorded(scenario, text, played.budget, played.replayed)
        if played.replayed and len(said) != played.budget:
            return _Look(f"{len(said):,} trials, the budget is {played.budget:,}", said, predicted)
        if replay:
            agent, source = folder.source_of(manifest.agent, path)
            got = play(played, scenario, agent, manifest.hyperparameters, seed, source)
            fault = difference(text, text_of(scenario, got.trials, got.predicted))
            own = 1e6 * got.agent_seconds / max(len(got.trials), 1)
            return _Look(fault, got.trials, got.predicted, True, bool(got.confined), own)
        trials = Trials.of(scenario, said.x, scenario.evaluate(said.x))
        fault = difference(text, text_of(scenario, trials, predicted))
        return _Look(fault, trials, predicted)
    except TrustError:
        raise
    except ArchgymError as error:
        return _Look(str(error), no_trials(scenario), ())


def _text(path: Path, task: str, seed: int, played: Division) -> str:
    most = folder.MOST_PER_TRIAL * (played.budget + 1)
    data = folder.read_plain(path / folder.TRIALS / folder.trials_name(task, seed), most)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"no UTF-8: {error}") from error


def _false_claims(path: Path, manifest: Manifest, claims: Sequence[Claim]) -> list[str]:
    """Claims of the submission's card that are not what came out."""
    file = path / folder.CARD
    try:
        shown = folder.read_plain(path / folder.CARD_TEXT, folder.MOST_MANIFEST)
        document: Any = parse_json(folder.read_plain(file, folder.MOST_MANIFEST), str(file))
    except StoreError as error:
        return [str(error)]
    if not isinstance(document, dict) or damaged(document):
        return [f"{file.name}: its digest differs, or it is no claim card"]
    said = document.get("claims")
    if said == plain(claims):
        same = shown.decode("utf-8", "replace") == card_text(manifest, claims)
        return [] if same else [f"{folder.CARD_TEXT}: it does not say what {folder.CARD} says"]
    known = said if isinstance(said, list) else []
    pairs = zip(plain(claims), [*known, *[None] * len(claims)])
    wrong = [str(entry["question"]) for entry, told in pairs if told != entry]
    return [f"{file.name}: not what came out: {', '.join(wrong) or 'more claims than questions'}"]
