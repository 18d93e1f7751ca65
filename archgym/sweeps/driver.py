"""The driver of a sweep: plan, carry out, record; start again where it stopped."""

from __future__ import annotations

import hashlib
import json
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .. import trust
from ..answers.locations import agreed, told
from ..answers.store import EvaluationStore
from ..contracts.foreign import agent_class
from ..documents import read_json
from ..errors import ArchgymError, StoreError, resumable
from ..files.locks import hold
from ..files.sqlite import refuse_links
from ..files.text import write_json
from ..goals.places import absolute, require_files
from ..goals.scenario import Scenario
from ..goals.wording import objectives_in_words
from ..versions import versions
from .engine import DIED, TIMED_OUT, Engine, refuse_inside_worker
from .ledger import Ledger
from .plan import TEST, TUNING, RunSpec, Sweep, from_sweep_document
from .result import FAILED, HALTED, Result, Setup
from .selection import tested_runs
from .trials_file import write_trials

LEDGER, STORE, LOCK, TRIALS = "ledger.sqlite", "evaluations.sqlite", "lock", "trials"
FLUSH_SECONDS, FLUSH_RESULTS, FETCH = 0.5, 500, 1024


@dataclass(frozen=True)
class SweepProgress:
    """What a sweep reports after each result.

    Attributes:
        phase: ``tuning`` or ``test``.
        done: runs of the phase that have ended.
        runs: runs of the phase in all.
        failed: runs that failed in this process.
        rate: runs per second in this process.
        best: the last improvement, in words.
        scenario: of the run that has just ended.
        last: what came of that run.
    """

    phase: str
    done: int
    runs: int
    failed: int
    rate: float
    best: str
    scenario: str
    last: Result


OnProgress = Callable[[SweepProgress], None]


class SweepFolder:
    """A sweep on disk, driven by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._new = False  # made in this process, from what the caller gave

    @classmethod
    def create(cls, path: Path, sweep: Sweep, store: str | Path | None = None) -> SweepFolder:
        """A new sweep; the folder must not hold one.

        Args:
            path: the folder.
            sweep: what is to be run.
            store: where evaluations are kept, a path or URL (default: a file in the folder); the ledger
                holds it without its password.

        Returns:
            The folder; its ledger holds every tuning run, planned.

        Raises:
            ArchgymError: the folder holds a sweep already, or this process is a worker of one.
            StoreError: it cannot be written.
        """
        refuse_inside_worker()
        elsewhere = told(store)
        if elsewhere and store is not None:  # before anything is written
            EvaluationStore(store).close()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot create {path}: {error.strerror}; choose another --output"
            ) from error
        folder = cls(path)
        with folder:  # the lock first, then the look, then the writing
            if Ledger.planned(path / LEDGER):
                raise ArchgymError(
                    f"{path} already holds a sweep: continue it with --resume {path}, or choose another --output"
                )
            write_json(path / "sweep.json", dict(sweep.document))
            folder.plan(sweep, elsewhere)
            _remember(folder, sweep, elsewhere)
        folder._new = True
        return folder

    @property
    def place(self) -> str:
        """Where names in this folder come from; '' where this user's own sweep made it."""
        own = self._new or trust.made_here(self.path, _identity(self.path))
        return "" if own else str(self.path)

    def plan(self, sweep: Sweep, elsewhere: str = "") -> None:
        """Make the ledger with every tuning run. It appears under its name when it is whole.

        Args:
            sweep: whose runs are planned.
            elsewhere: where evaluations are kept, without its password; '' for a file in the folder.
        """
        made = self.path / f".{LEDGER}.new"
        for suffix in ("", "-wal", "-shm"):  # of a making that was cut short
            made.with_name(made.name + suffix).unlink(missing_ok=True)
        with Ledger(made, create=True) as ledger:
            facts = {"identities": sweep.identities, "versions": versions(), "store": elsewhere}
            facts["goals"] = {n: _goals(s) for n, s in sweep.scenarios.items()}
            ledger.begin(sweep.runs(), facts)
            ledger.fold()
        made.replace(self.path / LEDGER)

    def sweep(self) -> Sweep:
        """The sweep of this folder, checked to mean what it meant when it started.

        Returns:
            The sweep.

        Raises:
            ArchgymError: no sweep is there.
            ChangedSweepError: a scenario or simulator has changed since.
            TrustError: it names code or programs that nobody has vouched for.
        """
        path = self.path / "sweep.json"
        try:
            document = read_json(path)
        except FileNotFoundError:
            raise ArchgymError(
                f"{self.path} holds no sweep; start one with archgym sweep FILE"
            ) from None
        require_files(document, str(self.path))
        with trust.reading(self.place):
            sweep = from_sweep_document(document, str(path))
        with Ledger(self.path / LEDGER) as ledger:
            then = ledger.meta("identities")
        now = json.loads(json.dumps(sweep.identities))
        changed = [name for name in now if then is not None and now[name] != then.get(name)]
        if changed:
            raise ChangedSweepError(self.path, changed)
        return sweep

    def __enter__(self) -> SweepFolder:
        self._lock = hold(
            self.path / LOCK,
            f"{self.path} is driven by another process; wait for it, or choose another --output "
            "(two sweeps may share evaluations with --store)",
            f"cannot write to {self.path}: {{why}}",
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _identity(path: Path) -> str:
    """A digest of what a folder's sweep is."""
    try:
        return hashlib.sha256((path / "sweep.json").read_bytes()).hexdigest()
    except OSError:
        return ""


def _remember(folder: SweepFolder, sweep: Sweep, elsewhere: str) -> None:
    """Note that this user made the folder, where it names what is opened or started after consent only."""
    scenarios = sweep.scenarios.values()
    named = [s.simulator for s in scenarios] + [e.agent for e in sweep.entries]
    vouched = trust.consented() or not any(s.untrusted for s in scenarios)
    foreign = any(":" in n for n in named) or any(s.starts_programs for s in scenarios)
    if vouched and (foreign or elsewhere):
        trust.remember(folder.path, _identity(folder.path))


class ChangedSweepError(ArchgymError):
    """A sweep whose scenarios no longer mean what they meant."""

    def __init__(self, path: Path, names: list[str]) -> None:
        super().__init__(
            f"{path}: {', '.join(names[:3])} changed since the sweep started (goal, simulator version or "
            "workload); start a new sweep"
        )


def carry_out(
    folder: SweepFolder,
    sweep: Sweep,
    engine: Engine,
    *,
    store: str | Path | None = None,
    retry_failed: bool = False,
    on_progress: OnProgress | None = None,
) -> dict[str, float]:
    """Bring a sweep to its end, from wherever it stands.

    Args:
        folder: of the sweep.
        sweep: what its file says.
        engine: who does the runs.
        store: where evaluations are kept; the folder's own file by default.
        retry_failed: do runs again that failed.
        on_progress: is called with the totals now and then.

    Returns:
        The totals of its ledger: runs, failures, evaluations charged and computed.

    Raises:
        ArchgymError: this process is a worker of a sweep, or ``store`` is another place than the ledger
            names.
        TrustError: it starts programs or names code that nobody has vouched for.
        StoreError: a disk or a store cannot take what is written. No run counts as failed then.
    """
    refuse_inside_worker()
    place = folder.place
    with (
        trust.reading(place),
        resumable(f"archgym sweep --resume {shlex.quote(str(folder.path))}"),
        folder,
        Ledger(folder.path / LEDGER) as ledger,
    ):
        _check_consent(sweep, ledger, place)
        if retry_failed:
            ledger.replan((FAILED, TIMED_OUT, DIED))
        recorded = str(ledger.meta("store") or "")
        kept = agreed(recorded, store, str(folder.path))
        kept = kept or str(refuse_links(folder.path / STORE))
        setup = Setup(
            documents={name: _document(s) for name, s in sweep.scenarios.items()},
            answers=sweep.answers,
            from_reference=sweep.from_reference,
            store=None if sweep.store == "none" else kept,
            trials=sweep.keep == "trials",
            queries=sweep.queries,
            anonymous=sweep.anonymous,
            by_value=engine.by_value and "://" not in kept,
            untrusted=trust.untrusted(),
        )
        for phase in (TUNING, TEST):
            if phase == TEST:
                if not sweep.test_seeds:
                    break
                ledger.plan(tested_runs(sweep, ledger))
            phases = _Phase(ledger, phase, on_progress, sweep.scenarios, folder.path)
            phases.carry_out(engine, setup)
        totals = ledger.totals()
        ledger.fold()
    if setup.store is not None and ("://" in setup.store or Path(setup.store).exists()):
        with EvaluationStore(setup.store) as evaluations:
            evaluations.fold()
    return totals


def _check_consent(sweep: Sweep, ledger: Ledger, place: str) -> None:
    """Refuse before the first run what every run would be refused.

    Raises:
        TrustError: a program, or an agent outside the registry, that nobody has vouched for.
    """
    for s in sweep.scenarios.values():
        if s.starts_programs:
            trust.require(f"the programs of scenario {s.name!r}", s.untrusted)
    for agent in {row[1] for row in ledger.counts()} | {e.agent for e in sweep.entries}:
        agent_class(agent)


def _document(scenario: Any) -> dict[str, Any]:
    """A scenario's document with the paths of its workloads made to hold in another process."""
    out = dict(scenario.document)
    out["workloads"] = [absolute(w, Path.cwd()) for w in scenario.workloads]
    return out


class _Phase:
    """One phase: runs out, results in, written every half second."""

    def __init__(
        self,
        ledger: Ledger,
        phase: str,
        on_progress: OnProgress | None,
        scenarios: Mapping[str, Scenario],
        path: Path,
    ) -> None:
        self.trials = path / TRIALS
        self.store: EvaluationStore | None = None  # opened for evaluations that come by value
        self.ledger, self.phase, self.on_progress = ledger, phase, on_progress
        self.scenarios = scenarios
        self.runs = ledger.count(phase)
        self.before = self.done = self.runs - ledger.count(phase, "planned")
        self.failed = 0
        self.start = self.flushed = time.monotonic()
        self.waiting: list[tuple[RunSpec, Result]] = []
        self.best: dict[str, float] = {}
        self.news = ""
        self.specs: dict[str, RunSpec] = {}
        self._queue = self._pending()

    def carry_out(self, engine: Engine, setup: Setup) -> None:
        """Run the engine; whatever happens, what has arrived is written."""
        with ExitStack() as stack:
            if setup.by_value and setup.store is not None:
                self.store = stack.enter_context(EvaluationStore(setup.store))
            try:
                if self.done < self.runs:
                    engine.run(setup, self._take, self._result)
            finally:
                self._flush()

    def _pending(self) -> Iterator[RunSpec]:
        position = -1
        while True:
            specs, position = self.ledger.pending(self.phase, position, FETCH)
            if not specs:
                return
            yield from specs

    def _take(self, n: int) -> list[RunSpec]:
        chunk = [spec for _, spec in zip(range(n), self._queue)]
        self.specs.update((s.id, s) for s in chunk)
        return chunk

    def _result(self, result: Result) -> None:
        spec = self.specs.pop(result.id)
        if result.status == HALTED:
            raise StoreError(
                f"the sweep stops, disk or store cannot take what it writes: {result.error}; nothing recorded is "
                "lost, and no run counts as failed: mend that, then continue with --resume"
            )
        self.waiting.append((spec, result))
        self.done += 1
        self.failed += result.status != "done"
        if result.best < self.best.get(spec.scenario, float("inf")):
            self.best[spec.scenario] = result.best
            words = objectives_in_words(self.scenarios[spec.scenario], result.metrics)
            missed = "" if result.satisfied else " (misses a spec)"
            self.news = f"{spec.scenario}: {words}{missed} by {spec.agent}"
        now = time.monotonic()
        if len(self.waiting) >= FLUSH_RESULTS or now - self.flushed > FLUSH_SECONDS:
            self._flush()
        if self.on_progress is not None:
            rate = (self.done - self.before) / max(now - self.start, 1e-9)
            self.on_progress(
                SweepProgress(
                    self.phase,
                    self.done,
                    self.runs,
                    self.failed,
                    rate,
                    self.news,
                    spec.scenario,
                    result,
                )
            )

    def _flush(self) -> None:
        """Evaluations and trials first: a run counts as done once all of it is kept."""
        for spec, result in self.waiting:
            for batch in result.evaluations:
                if self.store is not None:
                    self.store.absorb(batch)
            if result.trials:
                name = self.scenarios[spec.scenario].name
                write_trials(self.trials, name, spec.agent, spec.id, result.trials)
        if self.waiting:
            self.ledger.record([result for _, result in self.waiting])
        self.waiting = []
        self.flushed = time.monotonic()


def _goals(scenario: Scenario) -> dict[str, Any]:
    """What a scenario wants, as plain values: whoever reads a ledger needs no simulator to show a design."""
    wanted = [o.name for o in scenario.objectives] + [s.metric for s in scenario.specs]
    return {"units": scenario.units, "shown": list(dict.fromkeys(wanted))}
