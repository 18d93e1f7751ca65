"""A run on disk: manifest, evaluations, trials, result and pictures in one folder of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from .. import trust
from ..answers.locations import agreed
from ..answers.store import EvaluationStore
from ..documents import read_json
from ..errors import ArchgymError, StoreError
from ..files.locks import hold
from ..files.seal import KEY, damaged
from ..files.sqlite import refuse_links
from ..files.text import write_json
from ..goals.places import require_files
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document
from .manifest import FORMAT, identity
from .naming import folder_of
from .result_file import TRIALS_DIGEST, faults_of, in_present_names

MANIFEST, EVALUATIONS, RESULT, TRIALS, LOCK = (
    "manifest.json",
    "evaluations.sqlite",
    "result.json",
    "trials.csv",
    "lock",
)
NEEDED = ("id", "scenario", "simulators", "agent", "hyperparameters", "seed", "budget", "batch")


def default_path(root: Path, scenario: Scenario, manifest: Mapping[str, Any]) -> Path:
    """Where a run goes by default: ``<root>/<scenario>@<workloads>/<agent>-seed<seed>-<id>``.

    Args:
        root: folder of all runs.
        scenario: what is searched.
        manifest: of the run.

    Returns:
        The run's folder.
    """
    name = f"{manifest['agent']}-seed{manifest['seed']}-{manifest['id'][:8]}"
    return root / folder_of(scenario) / name


class RunFolder:
    """A run's folder, held by one process at a time."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._lock: IO[str] | None = None
        self._new = False  # made in this process, from what the caller gave

    @classmethod
    def create(cls, path: Path, manifest: dict[str, Any]) -> RunFolder:
        """A new run, held; the folder must not hold one already.

        Args:
            path: of the new folder.
            manifest: what the run is.

        Returns:
            The folder, locked until it is left.

        Raises:
            ArchgymError: it does; StoreError: it cannot be written.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot create the run folder {path}: {error.strerror}; choose another --output"
            ) from error
        folder = cls(path, manifest)
        with folder:  # the lock first, then the look, then the writing
            if (path / MANIFEST).exists():
                raise ArchgymError(
                    f"{path} already holds a run: continue it with --resume, or choose another --output"
                )
            write_json(path / MANIFEST, manifest)
        folder._new = True
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """The folder of an existing run, checked.

        Args:
            path: of the folder.

        Returns:
            The folder; nothing is locked yet.

        Raises:
            ArchgymError: no run there; StoreError: a manifest that is damaged or of another format.
        """
        file = path / MANIFEST
        try:
            manifest = read_json(file)
        except (FileNotFoundError, NotADirectoryError):
            raise ArchgymError(
                f"{path} holds no run (no {MANIFEST}); start one with archgym run"
            ) from None
        except StoreError as error:
            raise StoreError(f"{error}; the manifest cannot be read, start a new run") from error
        if manifest.get("format") != FORMAT:
            raise StoreError(
                f"{file} is of format {manifest.get('format', 1)}, this version reads {FORMAT}; start the "
                "run again, or read it with the version that wrote it"
            )
        missing = [k for k in NEEDED if k not in manifest]
        if missing:
            raise StoreError(f"{file}: {', '.join(missing)} missing; the manifest is damaged")
        if identity(manifest) != manifest["id"]:
            raise StoreError(
                f"{file} is not what was written (its id does not match its contents); start a new run"
            )
        return cls(path, manifest)

    def scenario(self) -> Scenario:
        """The scenario of the run, checked to mean what it meant then.

        Raises:
            ArchgymError: a simulator, workload or program has changed since, or its file is gone.
            TrustError: the manifest names code outside the registry, and nobody has vouched for it.
        """
        require_files(self.manifest["scenario"], str(self.path))
        with trust.reading(self.place):
            scenario = from_document(self.manifest["scenario"], str(self.path / MANIFEST))
        for then, simulator in zip(self.manifest["simulators"], scenario.simulators):
            now = json.loads(json.dumps(simulator.fingerprint(), default=str))
            changed = [k for k in now if now[k] != then.get(k)]
            if changed:
                what = _what_changed(changed, then, now, scenario.config)
                raise ArchgymError(
                    f"{self.path}: {what} is not what it was when the run started "
                    f"({', '.join(changed)} changed); bring the former one back, or start a new run"
                )
        return scenario

    @property
    def place(self) -> str:
        """Where names in the manifest come from; '' where this user's own scenario made the folder."""
        own = self._new or trust.made_here(self.path, self.manifest["id"])
        return "" if own else str(self.path)

    def store_location(self, given: str = "") -> str | Path:
        """Where the evaluations of the run are: its own file, or what its manifest names.

        Args:
            given: what the caller says (``--store``): the same place, perhaps with a password.

        Returns:
            A path, or a URL.

        Raises:
            ArchgymError: ``given`` is another place.
            TrustError: nobody has vouched for the place that the manifest names.
        """
        recorded = str(self.manifest.get("store", ""))
        with trust.reading(self.place):
            elsewhere = agreed(recorded, given, str(self.path))
        return elsewhere or refuse_links(self.path / EVALUATIONS)

    @property
    def keeps_evaluations(self) -> bool:
        """Whether there is a store: the run's own file, or another place that its manifest names."""
        return bool(self.manifest.get("store")) or (self.path / EVALUATIONS).exists()

    def evaluations(self, given: str = "") -> EvaluationStore:
        """The store of the run, opened.

        Args:
            given: what the caller says of its place, as of :meth:`store_location`.

        Returns:
            The store; the caller closes it.

        Raises:
            ArchgymError: there is none yet, or ``given`` is another place.
            TrustError: nobody has vouched for the place that the manifest names.
        """
        location = self.store_location(given)
        if not self.keeps_evaluations:
            raise ArchgymError(
                f"{self.path} has a {MANIFEST} but no recorded evaluation; continue it with --resume"
            )
        return EvaluationStore(location)

    @property
    def study_arguments(self) -> dict[str, Any]:
        """The arguments of :class:`Study` that the manifest holds."""
        m = self.manifest
        names = (
            "budget",
            "seed",
            "batch",
            "answers",
            "from_reference",
            "screen",
            "screen_factor",
            "queries",
        )
        return {"hyperparameters": m["hyperparameters"], **{k: m[k] for k in names if k in m}}

    def result(self) -> dict[str, Any]:
        """The summary of a finished run.

        Raises:
            ArchgymError: the run is not finished; StoreError: the file is damaged.
        """
        file = self.path / RESULT
        try:
            result = read_json(file)
            if damaged(result):
                raise StoreError(f"{file}: its digest differs, it is damaged")
            for key in (KEY, TRIALS_DIGEST):
                result.pop(key, None)
            result = in_present_names(result)
            faults = faults_of(result)
            if faults:
                raise StoreError(f"{file}: {'; '.join(faults[:5])}")
            return result
        except FileNotFoundError:
            raise ArchgymError(
                f"{self.path} has no result yet; continue it with archgym run --resume {self.path}"
            ) from None
        except StoreError as error:
            raise StoreError(
                f"{file} cannot be read ({error}); write it again with --resume {self.path}"
            ) from error

    def best_design(self) -> dict[str, Any]:
        """The values of the best design that a finished run found.

        Raises:
            ArchgymError: the run is not finished, or nothing it tried is feasible.
        """
        best = self.result().get("best")
        if best is None:
            raise ArchgymError(f"{self.path} found no feasible design to draw")
        return dict(best["design"])

    def __enter__(self) -> RunFolder:
        self._lock = hold(
            self.path / LOCK,
            f"{self.path} is in use by another process; wait for it or choose another --output",
            f"{self.path} cannot be written to: {{why}}; choose another --output",
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _what_changed(
    changed: list[str], then: Mapping[str, Any], now: Mapping[str, Any], config: Mapping[str, Any]
) -> str:
    """What to look at, by name: a workload, a program or another setting, or the simulator itself."""
    if set(changed) & {"workload", "workload_hash"} and "simulator" not in changed:
        return f"workload {then.get('workload', now['workload'])!r}"
    if "config" in changed and not set(changed) & {"simulator", "version"}:
        old, new = then.get("config") or {}, now["config"] or {}
        keys = [k for k in {**old, **new} if old.get(k) != new.get(k)]
        files = [f"{k} {v}" for k, v in config.items() if any(n.startswith(k) for n in keys)]
        return f"the simulator's {', '.join(files or keys)} (or a file that it names)"
    return f"simulator {now['simulator']!r}"
