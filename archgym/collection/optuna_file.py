"""Runs and sweeps as studies in an SQLite file of Optuna, for its dashboard."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArchgymError, StoreError
from ..extras import need
from ..files.text import share
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..runs.keeping import load
from ..runs.run_folder import MANIFEST
from ..runs.to_optuna import to_optuna
from ..sweeps.driver import LEDGER, TRIALS, SweepFolder
from ..sweeps.ledger import Ledger
from ..sweeps.trials_file import read_trials, trials_file

SUFFIXES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class _Found:
    """One run that becomes a study: its name there, what it searched, and what it tried."""

    name: str
    scenario: Scenario
    trials: Trials
    facts: dict[str, Any]


def to_optuna_file(
    paths: Sequence[Path], to: Path, on_progress: Callable[[int], None] | None = None
) -> tuple[int, int]:
    """Write run folders and sweeps (``keep: trials``) into one file, one Optuna study per run.

    Args:
        paths: run folders and sweep folders, in order.
        to: the file; one that is there is replaced once the new one is whole.
        on_progress: called with the number of trials so far.

    Returns:
        The number of studies, and of trials.

    Raises:
        MissingExtraError: Optuna is not installed.
        ArchgymError: a folder is neither a run nor a sweep that kept its trials.
        StoreError: the file cannot be written.
    """
    optuna = need("optuna", "export to a file of Optuna")
    taken: set[str] = set()
    total = 0
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=to.parent) as place:
            file = Path(place, "optuna.db")
            storage = _storage(optuna, file)
            for found in (f for path in paths for f in _runs(path)):
                name = _free(found.name, taken)
                study = to_optuna(found.scenario, found.trials, name, storage)
                for key, value in found.facts.items():
                    study.set_user_attr(key, value)
                total += len(found.trials)
                if on_progress is not None:
                    on_progress(total)
            storage.remove_session()
            storage.engine.dispose()
            if not total:
                raise ArchgymError(
                    "nothing to export: no trial is recorded in " + ", ".join(map(str, paths))
                )
            share(file)
            file.replace(to)
    except OSError as error:
        if isinstance(error, ArchgymError):
            raise
        raise StoreError(
            f"cannot write {to}: {error.strerror}; free some space and export again"
        ) from error
    return len(taken), total


def _storage(optuna: Any, file: Path) -> Any:
    """Optuna's storage in a file that nobody else sees yet: it need not outlive a power cut."""
    from sqlalchemy import event

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    finally:
        optuna.logging.set_verbosity(before)

    @event.listens_for(storage.engine, "connect")
    def _fast(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")

    storage.engine.dispose()  # connections that were made before the listener
    return storage


def _runs(path: Path) -> Iterator[_Found]:
    if (path / MANIFEST).exists():
        run = load(path)
        m = run.manifest
        yield _Found(
            f"{path.resolve().name}: {run.scenario.name}, {m['agent']}, seed {m['seed']}",
            run.scenario,
            run.trials,
            {k: m[k] for k in ("id", "agent", "seed", "budget", "hyperparameters")}
            | {"answers": m.get("answers") or "exact"},
        )
    elif (path / LEDGER).exists():
        yield from _runs_of_sweep(path)
    else:
        raise ArchgymError(
            f"{path} is neither a run folder (no {MANIFEST}) nor a sweep (no {LEDGER})"
        )


def _runs_of_sweep(path: Path) -> Iterator[_Found]:
    sweep = SweepFolder(path).sweep()
    if sweep.keep != "trials":
        raise ArchgymError(
            f"{path} kept improvements only; a sweep that is to become studies needs `keep: trials` in its file"
        )
    with Ledger(path / LEDGER) as ledger:
        columns = "id, scenario, agent, hyperparameters, seed, budget, phase"
        for name, scenario_name, agent, hyperparameters, seed, budget, phase in ledger.rows(
            columns
        ):
            scenario = sweep.scenarios[scenario_name]
            x, evaluation = read_trials(
                trials_file(path / TRIALS, scenario_name, agent, name), scenario
            )
            yield _Found(
                f"{path.resolve().name}: {scenario_name}, {agent}, seed {seed}, run {name}",
                scenario,
                Trials.of(scenario, x, evaluation),
                {
                    "id": name, "agent": agent, "seed": seed, "budget": budget, "phase": phase,
                    "hyperparameters": hyperparameters,
                },
            )  # fmt: skip


def _free(name: str, taken: set[str]) -> str:
    """A name that no study of the file has yet."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    taken.add(found)
    return found
