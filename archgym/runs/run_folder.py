"""A run on disk: manifest, evaluations, trials, result and pictures in one folder of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ..errors import ArchgymError, StoreError
from ..files.locks import hold
from ..files.text import write_json
from ..versions import versions
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document

MANIFEST, EVALUATIONS, RESULT, TRIALS, LOCK = (
    "manifest.json",
    "evaluations.sqlite",
    "result.json",
    "trials.csv",
    "lock",
)


def make_manifest(
    scenario: Scenario,
    agent: str,
    hyper: Mapping[str, Any],
    seed: int,
    budget: int,
    batch: int,
    screen: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What is needed to replay a run; ``id`` digests all of it but the package versions."""
    recipe = {
        "scenario": dict(scenario.document),
        "workloads": list(scenario.workloads),
        "simulators": [s.fingerprint() for s in scenario.simulators],
        "agent": agent,
        "hyperparameters": dict(hyper),
        "seed": seed,
        "budget": budget,
        "batch": batch,
    }
    if screen:
        recipe["screen"] = dict(screen)
    text = json.dumps(recipe, sort_keys=True, default=str)
    identity = hashlib.sha256(text.encode()).hexdigest()[:12]
    return {"id": identity, **recipe, "versions": versions()}


def default_path(root: Path, scenario: Scenario, manifest: Mapping[str, Any]) -> Path:
    """``runs/<scenario>/<agent>-seed<seed>-<id>``."""
    name = f"{manifest['agent']}-seed{manifest['seed']}-{manifest['id'][:8]}"
    return root / scenario.name.replace("/", "-") / name


class RunFolder:
    """A run's folder, held by one process at a time."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._lock: IO[str] | None = None

    @classmethod
    def create(cls, path: Path, manifest: dict[str, Any]) -> RunFolder:
        """A new run; the folder must not hold one already."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            if (path / MANIFEST).exists():
                raise ArchgymError(
                    f"{path} already holds a run: continue it with --resume, or choose another --output"
                )
            write_json(path / MANIFEST, manifest)
        except OSError as error:
            raise StoreError(
                f"cannot create the run folder {path}: {error.strerror}; choose another --output"
            ) from error
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run."""
        file = path / MANIFEST
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ArchgymError(
                f"{path} holds no run (no {MANIFEST}); start one with archgym run"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{file} cannot be read: {error}") from error
        return cls(path, manifest)

    def scenario(self) -> Scenario:
        """The scenario of the run, checked to mean what it meant then.

        Raises:
            ArchgymError: a simulator or workload has changed since.
        """
        document = {
            k: v for k, v in self.manifest["scenario"].items() if k not in ("workload", "workloads")
        }
        document["workloads"] = self.manifest["workloads"]
        scenario = from_document(document, str(self.path / MANIFEST))
        for then, simulator in zip(self.manifest["simulators"], scenario.simulators):
            now = json.loads(json.dumps(simulator.fingerprint(), default=str))
            changed = [k for k in now if now[k] != then.get(k)]
            if changed:
                raise ArchgymError(
                    f"{self.path}: the simulator is not what it was when the run started "
                    f"({', '.join(changed)} changed); start a new run"
                )
        return scenario

    def best_design(self) -> dict[str, Any]:
        """The values of the best design that a finished run found.

        Raises:
            ArchgymError: the run is not finished, or nothing it tried is feasible.
        """
        file = self.path / RESULT
        if not file.exists():
            raise ArchgymError(
                f"{self.path} has no result yet; continue it with archgym run --resume {self.path}"
            )
        best = json.loads(file.read_text(encoding="utf-8"))["best"]
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
