"""A game: one player searches one scenario under one budget, and everything is kept in a run folder.

It is a run like any other, whose agent proposes what the player gives.  So the store, ``verify``, pages and
the dashboard know nothing of players.  A game that was broken off, by kill -9 too, goes on from its folder:
recorded trials are proposed again and looked up.
"""

from __future__ import annotations

import functools
import json
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from .. import trust
from ..answers.evaluator import settle_reference
from ..answers.store import EvaluationStore
from ..documents import read_json
from ..errors import AgentError, ArchgymError, StoreError
from ..files.seal import damaged, sealed
from ..files.text import write_json
from ..goals.explained import explained
from ..goals.scenario import Scenario
from ..goals.tradeoff import front_of
from ..goals.trials import Trials
from ..runs.manifest import make_manifest
from ..runs.page import write_page_if_possible
from ..runs.run import Run
from ..runs.run_folder import RunFolder, default_path
from ..runs.runner import plan_of
from ..runs.summary import best_of, summary, trials_csv
from ..runs.writing import remember_own, write_found
from ..search.callbacks import Ended, Progress
from ..search.study import Study
from ..space import Designs, design_keys
from . import given, told
from .player import NAME, Player

MOST_PER_CALL = 16
MOST_NOTE = 10_000  # characters
NOTES, SUBMISSION = "notes.jsonl", "submission.json"
P = ParamSpec("P")
R = TypeVar("R")


def start(
    scenario: Scenario,
    *,
    budget: int | None = None,
    player: str = "player",
    from_reference: bool = True,
    most_per_call: int = MOST_PER_CALL,
    queries: Mapping[str, int] | None = None,
    output: Path | None = None,
    root: Path = Path("runs"),
) -> Game:
    """Begin a game in a new run folder.

    Args:
        scenario: what is searched and what for.
        budget: evaluations that may be charged (default: the scenario's).
        player: who plays, for the record.
        from_reference: whether the reference design is the first trial, and charged.
        most_per_call: designs that one call may evaluate.
        queries: limits of costly parts of evaluations.
        output: the run folder (default: one below ``root``).
        root: where default run folders lie.

    Returns:
        The game, ready for its first design.

    Raises:
        ArchgymError: a folder that holds a run already, or a setting that makes no sense.
    """
    if most_per_call < 1:
        raise ArchgymError(f"a call must evaluate at least 1 design, got {most_per_call}")
    if not player.strip() or len(player) > 100:
        raise ArchgymError("a player needs a name of 1 to 100 characters")
    plan = plan_of(0, from_reference, "", "", None, queries)
    agent = Player(scenario.space, objectives=scenario.k)
    study = Study(scenario, agent, budget=budget, **plan)
    manifest = make_manifest(
        scenario, NAME, study, plan | {"player": player, "most_per_call": most_per_call}
    )
    path = output or default_path(root, scenario, manifest)
    folder = RunFolder.create(path, manifest)
    remember_own(scenario, manifest, path)
    return Game(folder, scenario)


def resume(path: str | Path) -> Game:
    """Go on with a game from its folder.

    Args:
        path: the run folder.

    Returns:
        The game, as far as it was played.

    Raises:
        ArchgymError: there is no run, or one that no player plays.
        StoreError: a file is damaged.
    """
    folder = RunFolder.open(Path(path))
    if "player" not in folder.manifest:
        raise ArchgymError(f"{path} is no game: go on with archgym run --resume {path}")
    return Game(folder, folder.scenario())


def _one_at_a_time(method: Callable[P, R]) -> Callable[P, R]:
    """Calls of several clients come one after the other."""

    @functools.wraps(method)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        game: Any = args[0]
        with game._lock, trust.reading(game.folder.place):
            return method(*args, **kwargs)

    return locked


class Game:
    """A game that is being played; it holds its folder until :meth:`close`."""

    def __init__(self, folder: RunFolder, scenario: Scenario) -> None:
        self.folder, self.scenario = folder, scenario
        self._lock = threading.RLock()
        self._open = ExitStack()
        self._closed = False
        try:
            self._open.enter_context(folder)
            self._store = self._open.enter_context(EvaluationStore(folder.store_location()))
            with trust.reading(folder.place):
                settle_reference(scenario, "", self._store)
                self._submission = self._read_submission()
                self._replay()
        except BaseException:
            self._open.close()
            raise

    # ---- what a player may ask for
    @_one_at_a_time
    def describe(self) -> dict[str, Any]:
        """Knobs with values and units, metrics, objectives, specs, the reference design, the rules."""
        out = told.described(self.scenario, bool(self.folder.manifest["from_reference"]))
        return out | {"most_designs_per_call": self.most_per_call, "budget": self.budget()}

    @_one_at_a_time
    def evaluate(self, designs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Evaluate designs; each is charged, a repeated one too.

        Args:
            designs: a mapping of knobs to values for each; knobs left out are as in the reference design.

        Returns:
            ``results``, one for each design in order, and ``budget``.

        Raises:
            ArchgymError: bad designs, or more than the budget allows: nothing is charged then.
        """
        self._require_open()
        x = given.read_designs(self.scenario, designs, self.most_per_call)
        left = self._study.budget - self._study.done
        if len(x) > left:
            raise ArchgymError(
                f"{len(x)} designs were asked for, and {left} evaluations of {self._study.budget} are left; "
                "nothing was charged. " + ("Ask for fewer." if left else "Submit a design.")
            )
        first, stopped = self._study.done, self._play(x)
        trials = self._study.trials
        out: dict[str, Any] = {
            "results": [
                told.evaluated(self.scenario, trials, i) for i in range(first, self._study.done)
            ],
            "budget": self.budget(),
        }
        return out | ({"stopped": stopped} if stopped else {})

    @_one_at_a_time
    def explain(self, design: Mapping[str, Any]) -> dict[str, Any]:
        """What limits a design that was evaluated. It is free, since the evaluation was paid for.

        Args:
            design: values by name; knobs that are left out are the reference design's.

        Returns:
            The whole design, and what :func:`archgym.play.told.why` says of it.

        Raises:
            ArchgymError: the design was not evaluated in this game or is infeasible, or its simulator
                cannot say.
        """
        x = given.read_designs(self.scenario, [design], 1)
        known = set(design_keys(self._study.trials.x))
        if design_keys(x)[0] not in known:
            raise ArchgymError(
                "only designs that were evaluated in this game are explained; evaluate it first"
            )
        start_design = given.start_of(self.scenario)
        beside = (
            start_design
            if design_keys(start_design[None])[0] in known and (start_design != x[0]).any()
            else None
        )
        found = told.why(explained(self.scenario, x[0], beside))
        return {"design": self.scenario.space.decode(x)[0], "explanations": found}

    @_one_at_a_time
    def front(self) -> dict[str, Any]:
        """The best trial so far, and the trials that no other beats in every objective."""
        trials = self._study.trials
        best = best_of(trials)
        return {
            "best": told.evaluated(self.scenario, trials, best) if best >= 0 else None,
            "front": [
                told.evaluated(self.scenario, trials, int(i))
                for i in front_of(self.scenario, trials)
            ],
        }

    @_one_at_a_time
    def budget(self) -> dict[str, Any]:
        """How many evaluations were charged, and how many are left."""
        out = told.spent(self._study.done, self._study.budget, self._study.queries.counts)
        return out | ({"submitted": True} if self._submission else {})

    @_one_at_a_time
    def note(self, text: str) -> dict[str, Any]:
        """Keep a remark beside the trials.

        Args:
            text: the remark.

        Returns:
            The step before which it was made.

        Raises:
            ArchgymError: an empty remark, or one of more than 10,000 characters.
            StoreError: it could not be written.
        """
        if not text.strip() or len(text) > MOST_NOTE:
            raise ArchgymError(f"a note has 1 to {MOST_NOTE:,} characters, got {len(text):,}")
        line = json.dumps({"step": self._study.done, "time": time.time(), "text": text})
        try:
            with (self.folder.path / NOTES).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except (OSError, UnicodeEncodeError) as error:
            raise StoreError(f"the note could not be kept: {error}") from error
        return {"noted_before_step": self._study.done}

    @_one_at_a_time
    def submit(self, design: Mapping[str, Any] | None = None, text: str = "") -> dict[str, Any]:
        """End the game.

        Args:
            design: the answer, one that was evaluated (default: the best trial).
            text: why, for the record.

        Returns:
            The submitted trial, whether it is the best one, and the run's folder.

        Raises:
            ArchgymError: nothing feasible was evaluated, or the design was not evaluated.
        """
        self._require_open()
        if len(text) > MOST_NOTE:
            raise ArchgymError(f"text has at most {MOST_NOTE:,} characters, got {len(text):,}")
        trials = self._study.trials
        best = best_of(trials)
        at = best if design is None else self._trial_of(design, trials)
        if at < 0:
            raise ArchgymError("no feasible design was evaluated, so there is nothing to submit")
        document = {"step": at, "text": text, "charged": len(trials)}
        self._finish(Ended("submitted", f"the player submitted the design of step {at}"))
        write_json(self.folder.path / SUBMISSION, sealed(document))
        self._submission = document
        return {
            "submitted": told.evaluated(self.scenario, trials, at),
            "is_the_best": at == best,
            "run": str(self.folder.path),
        }

    @_one_at_a_time
    def trials_csv(self) -> str:
        """Every trial so far, as ``trials.csv`` holds it."""
        return trials_csv(self.scenario, self._study.trials)

    @property
    def most_per_call(self) -> int:
        """Designs that one call may evaluate."""
        return int(self.folder.manifest["most_per_call"])

    @property
    def how_to_go_on(self) -> str:
        """The command that goes on with the game."""
        return f"archgym serve --resume {shlex.quote(str(self.folder.path))}"

    def close(self) -> None:
        """Write what was found so far and let go of the folder; the second time, do nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if self._study.done and not self._submission:
                    spent = self._study.done == self._study.budget
                    by = "budget" if spent else "player"
                    text = "the budget was spent" if spent else "the player has not submitted yet"
                    self._finish(Ended(by, text))
            finally:
                self._open.close()

    def __enter__(self) -> Game:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- how it goes on
    def _replay(self) -> None:
        """Bring a new study to where the recorded trials end."""
        m = self.folder.manifest
        agent = Player(self.scenario.space, objectives=self.scenario.k)
        self._player = agent
        arguments = self.folder.study_arguments
        self._study = Study(self.scenario, agent, store=self._store, run=m["id"], **arguments)
        self._steps: Iterator[Progress] = self._study.steps()
        recorded = self._store.proposed(m["id"], len(self.scenario.space))
        if m["from_reference"] and self.scenario.reference_design is not None:
            next(self._steps)  # the reference design is charged first, recorded already or not
        for row in recorded[self._study.done :]:
            self._player.queue.append(row)
            if next(self._steps, None) is None:
                raise StoreError(
                    f"{self.folder.path}: more trials are recorded than the budget allows; start a new game"
                )

    def _play(self, x: Designs) -> str:
        """Evaluate designs (n, d) in order; why it stopped before the last, or ''."""
        for row in x:
            self._player.queue.append(row)
            try:
                if next(self._steps, None) is None:
                    self._player.queue.clear()
                    return "a limit of queries was reached; submit a design"
            except ArchgymError as error:
                # a generator that raised is at its end: begin another, from what is recorded
                self._replay()
                return f"{error} (this design and those after it were not charged)"
        return ""

    def _trial_of(self, design: Mapping[str, Any], trials: Trials) -> int:
        """The first trial of a design."""
        key = design_keys(given.read_designs(self.scenario, [design], 1))[0]
        keys = design_keys(trials.x)
        if key not in keys:
            raise ArchgymError("only a design that was evaluated can be submitted; evaluate it")
        at = keys.index(key)
        if not trials.evaluation.feasible[at]:
            raise ArchgymError(f"this design is infeasible: {trials.evaluation.reason(at)}")
        return at

    def _finish(self, ended: Ended) -> None:
        """Write ``trials.csv``, ``result.json`` and the page."""
        trials, path = self._study.trials, self.folder.path
        computed = sum(self._store.count(s) for s in self.scenario.simulators)
        counts = self._study.queries.counts
        result = summary(self.scenario, trials, computed, None, counts, ended)
        write_found(path, self.scenario, trials, result)
        run = Run(path, self.scenario, trials, result, self.folder.manifest)
        write_page_if_possible(run, path)

    def _require_open(self) -> None:
        if self._submission:
            raise AgentError(
                f"this game has ended: the design of step {self._submission['step']} was submitted. "
                "Start a new one"
            )

    def _read_submission(self) -> dict[str, Any] | None:
        file = self.folder.path / SUBMISSION
        try:
            document = read_json(file)
        except FileNotFoundError:
            return None
        if damaged(document) or not isinstance(document.get("step"), int):
            raise StoreError(f"{file} is damaged: it is not what was written; start a new game")
        return dict(document)
