"""Runs and sweeps as one data set: every evaluation with who asked for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers.evaluator import Evaluator, make_evaluator
from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..datasets.blocks import Block, hash_designs
from ..datasets.schema import DatasetError, Description
from ..datasets.writer import DatasetWriter
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..runs.run_folder import MANIFEST, RunFolder
from ..space import Designs, DesignSpace, design_keys
from ..sweeps.driver import LEDGER, TRIALS, SweepFolder
from ..sweeps.ledger import Ledger
from ..sweeps.trials_file import read_trials, trials_file

CHUNK = 16_384


def export(
    paths: Sequence[Path], to: Path, on_progress: Callable[[int], None] | None = None
) -> tuple[int, Description]:
    """Write every trial of run folders and sweeps (``keep: trials``) into one Parquet file.

    Rows come in the order of the paths, runs and steps.

    Args:
        paths: of run folders and sweeps.
        to: the file to write.
        on_progress: called with the number of rows written so far.

    Returns:
        The number of rows, and the description of the data set.

    Raises:
        ArchgymError: no path is given, or a folder is neither a run nor a sweep.
        DatasetError: two sources search different spaces, or no trial is recorded.
    """
    if not paths:
        raise ArchgymError("name at least one run folder or sweep to export")
    sources = [_Source.of(path) for path in paths]
    description = sources[0].description
    for source in sources[1:]:
        description.require_same(source.description, str(source.path))
    with DatasetWriter(to, description) as writer:
        for source in sources:
            writer.fingerprints |= source.fingerprints
            writer.workloads |= source.description.workloads
            for block in source.blocks():
                writer.write(block)
                if on_progress is not None:
                    on_progress(writer.rows)
            writer.sources += source.entries
        if not writer.rows:
            raise DatasetError(
                "nothing to export: no trial is recorded in " + ", ".join(map(str, paths))
            )
        rows = writer.rows
    return rows, description


class _Source:
    """One folder: its description, its blocks, an entry a run."""

    path: Path
    description: Description
    fingerprints: dict[str, Any]
    entries: list[dict[str, Any]]

    @staticmethod
    def of(path: Path) -> _Source:
        if (path / MANIFEST).exists():
            return _Run(path)
        if (path / LEDGER).exists():
            return _Sweep(path)
        raise ArchgymError(
            f"{path} is neither a run folder (no {MANIFEST}) nor a sweep (no {LEDGER})"
        )

    def blocks(self) -> Iterator[Block]:
        raise NotImplementedError


def describe(scenario: Scenario) -> Description:
    """The description of data on a scenario: the whole space of its simulator.

    Args:
        scenario: what the data are on.

    Returns:
        Knobs, metrics and workloads of the data set.
    """
    simulator = scenario.simulators[0]
    described = {s.workload: dict(s.workload_features) for s in scenario.simulators}
    return Description(
        DesignSpace(simulator.space.parameters),
        simulator.metrics,
        workloads={k: v for k, v in described.items() if v},
    )


def fingerprints(scenario: Scenario) -> dict[str, Any]:
    """The fingerprints of a scenario's simulators, less the space, by key.

    Args:
        scenario: what the data are on.

    Returns:
        By each simulator's key, what tells it from others.
    """
    return {
        s.key: {k: v for k, v in s.fingerprint().items() if k != "space"}
        for s in scenario.simulators
    }


def per_workload(
    scenario: Scenario,
    x: Designs,
    evaluator: Evaluator,
    facts: dict[str, str],
    step: NDArray[np.int64],
    computed: NDArray[np.bool_],
    seed: int,
    known_only: bool = False,
) -> Iterator[Block]:
    """One block per workload: data hold each workload apart, not their aggregate.

    Args:
        scenario: what the designs are of.
        x: designs (n, d), value indices of the scenario's space.
        evaluator: who answers for them.
        facts: what all rows share: ``scenario``, ``agent``, ``run`` and such.
        step: the number of each design in its run, (n,).
        computed: whether each design was new to its run, (n,).
        seed: of the run.
        known_only: leave out designs that the evaluator's store does not hold. A search that used a proxy
            never evaluated them.

    Yields:
        A block of rows for each workload.
    """
    inner = scenario.to_simulator(x)
    for answers in evaluator.answers:
        simulator, kept = answers.simulator, np.arange(len(x))
        if known_only and evaluator.store is not None:
            kept = np.flatnonzero(evaluator.store.get(simulator, simulator.canonical(inner))[0])
        evaluation = answers(inner[kept])
        yield _block(simulator, inner[kept], evaluation, facts, step[kept], computed[kept], seed)


def _block(
    simulator: Simulator,
    x: Designs,
    evaluation: Evaluation,
    facts: dict[str, str],
    step: NDArray[np.int64],
    computed: NDArray[np.bool_],
    seed: int,
) -> Block:
    more = {
        "simulator": simulator.key,
        "workload": simulator.workload,
        "workload_hash": simulator.workload_hash,
    }
    canonical = hash_designs(simulator.canonical(x))
    return Block(x, evaluation, canonical, step, computed, seed, facts | more)


class _Run(_Source):
    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = RunFolder.open(path)
        self._manifest = self._folder.manifest
        self._scenario = self._folder.scenario()
        self.description = describe(self._scenario)
        self.fingerprints = fingerprints(self._scenario)
        self.entries = [
            {k: self._manifest[k] for k in ("id", "agent", "hyperparameters", "seed", "budget")}
        ]

    def blocks(self) -> Iterator[Block]:
        m = self._manifest
        facts = {
            "scenario": self._scenario.name,
            "agent": m["agent"],
            "hyperparameters": json.dumps(m["hyperparameters"], sort_keys=True, default=str),
            "run": m["id"],
        }
        d = len(self._scenario.space)
        with self._folder.evaluations() as store:
            evaluator = make_evaluator(self._scenario, "exact", store)
            guessed = not make_evaluator(self._scenario, m.get("answers", "")).exact
            seen: set[bytes] = set()
            for first, x in store.trials(m["id"], d, CHUNK):
                computed = _new(self._scenario, x, seen)
                step = first + np.arange(len(x))
                yield from per_workload(
                    self._scenario, x, evaluator, facts, step, computed, m["seed"], guessed
                )


class _Sweep(_Source):
    def __init__(self, path: Path) -> None:
        self.path = path
        self._sweep = SweepFolder(path).sweep()
        if self._sweep.keep != "trials":
            raise ArchgymError(
                f"{path} kept improvements only; a sweep that is to become data needs `keep: trials` in its file"
            )
        scenarios = list(self._sweep.scenarios.values())
        self.description = describe(scenarios[0])
        self.fingerprints = {}
        for scenario in scenarios:
            self.description.require_same(describe(scenario), f"{path}, scenario {scenario.name!r}")
            self.fingerprints |= fingerprints(scenario)
        self.entries = []

    def blocks(self) -> Iterator[Block]:
        with Ledger(self.path / LEDGER) as ledger:
            for name, scenario_name, agent, hyperparameters, seed, budget in ledger.rows(
                "id, scenario, agent, hyperparameters, seed, budget"
            ):
                scenario = self._sweep.scenarios[scenario_name]
                file = trials_file(self.path / TRIALS, scenario_name, agent, name)
                x, evaluation = read_trials(file, scenario)
                facts = {
                    "scenario": scenario_name,
                    "agent": agent,
                    "hyperparameters": hyperparameters,
                    "run": name,
                }
                self.entries.append({"id": name, "agent": agent, "seed": seed, "budget": budget})
                step, computed = np.arange(len(x)), _new(scenario, x, set())
                if len(scenario.simulators) > 1:  # the file holds the aggregate
                    yield from per_workload(
                        scenario, x, make_evaluator(scenario), facts, step, computed, seed
                    )
                else:
                    yield _block(
                        scenario.simulators[0],
                        scenario.to_simulator(x),
                        evaluation,
                        facts,
                        step,
                        computed,
                        seed,
                    )


def _new(scenario: Scenario, x: Designs, seen: set[bytes]) -> NDArray[np.bool_]:
    """Which designs are the first of their kind in a run, (n,)."""
    canonical = scenario.simulators[0].canonical(scenario.to_simulator(x))
    out = np.zeros(len(x), np.bool_)
    for i, key in enumerate(design_keys(canonical)):
        if key not in seen:
            seen.add(key)
            out[i] = True
    return out
