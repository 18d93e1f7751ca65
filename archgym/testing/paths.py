"""What a path or name is, and the checkers that it must pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import registry
from ..contracts.agent import Agent
from ..contracts.cost_model import CostModel
from ..contracts.making import make_simulators, simulator_with
from ..contracts.simulator import Simulator
from ..datasets.reader import Dataset
from ..documents import read_json, read_yaml
from ..errors import ArchgymError, UnknownNameError
from ..goals.scenario_file import shipped
from ..proxies.folder import DESCRIPTION as PROXY
from ..proxies.hooks import simulators_of
from ..proxies.proxy import Proxy
from ..report import leaderboard
from ..runs.run_folder import MANIFEST, RESULT, RunFolder
from ..runs.verify import verify
from ..space import DesignSpace, Parameter
from ..sweeps.driver import SweepFolder
from ..tables.certificate import Certificate
from ..tables.description import DESCRIPTION as TABLE
from ..tables.description import read_description
from ..tables.table import Table
from .agents import check_agent
from .cost_models import check_cost_model
from .documents import SAMPLE, check_alone, check_scenario_file, check_sweep_file
from .rules import require
from .simulators import check_simulator

SWEEP = "sweep.json"
Outcome = tuple[str, list[str]]  # what holds, and what to look at
PROGRAM_KEYS, MACHINE_KEYS = (
    {"command"},
    {"levels", "architecture", "memories", "operational_array"},
)


@dataclass(frozen=True)
class Task:
    """One thing to check: what it is, and the checker to call."""

    what: str
    check: Callable[[], Outcome]


def tasks_of(text: str, workload: str | None = None, sample: int = SAMPLE) -> list[Task]:
    """The checks that a path or a name must pass.

    Args:
        text: a file, a folder, ``module:Class``, ``FILE.py:Class`` or a registered name.
        workload: what a simulator is made with (default: its first named one).
        sample: designs of a scenario that are evaluated.

    Returns:
        The checks, not yet carried out.

    Raises:
        ArchgymError: nothing that archgym knows.
    """
    path = Path(text)
    if ":" in text and not path.exists():
        return [_of_class(registry.load("simulators", text), text, workload)]
    if path.is_dir():
        return [_of_folder(path)]
    if path.is_file():
        return _of_file(path, workload, sample)
    if text in shipped():
        return [Task(f"scenario {text}", partial(check_scenario_file, text, sample))]
    for kind in ("simulators", "agents", "cost_models"):
        if text in registry.names(kind):
            return [_of_class(registry.load(kind, text), text, workload)]
    raise ArchgymError(
        f"{text!r} is no file, no folder, and nothing registered; give a path, module:Class or FILE.py:Class"
    )


# ---- code
def _of_class(found: Any, text: str, workload: str | None) -> Task:
    if inspect.isclass(found) and issubclass(found, Agent):
        return Task(f"agent {found.__name__}", partial(_agent, found))
    if inspect.isclass(found) and issubclass(found, CostModel):
        return Task(f"cost model {found.__name__}", partial(_cost_model, found))
    if inspect.isclass(found) and issubclass(found, Simulator):
        return Task(f"simulator {found.__name__}", partial(_simulator, text, workload))
    raise ArgumentError(
        f"{text} is {found!r}: expected a class derived from Simulator, Agent or CostModel"
    )


class ArgumentError(ArchgymError, ValueError):
    """Something that there is no checker for."""


def _agent(make: type[Agent]) -> Outcome:
    check_agent(make)
    return (
        "proposes legal designs on every small space, repeats itself with a seed, refuses what it should",
        [],
    )


def _cost_model(make: type[CostModel]) -> Outcome:
    check_cost_model(make)
    return (
        "fits, predicts with spreads, repeats itself, is restored from its arrays bit for bit",
        [],
    )


def _simulator(name: str, workload: str | None) -> Outcome:
    names = [workload] if workload else registry.workload_names(name)[:1] or [_default(name)]
    check_simulator(lambda: make_simulators(name, names, {})[0])
    return (
        f"batches equal rows, answers repeat, metrics are numbers, a study runs (workload {names[0]!r})",
        [],
    )


def _default(name: str) -> str:
    """The workload that a constructor takes where none is given."""
    signature = inspect.signature(registry.load("simulators", name)).parameters
    default = signature["workload"].default if "workload" in signature else ""
    return default if isinstance(default, str) else "check"


def _classes(path: Path) -> Iterator[Task]:
    module = registry.module_of_file(str(path.resolve()))
    for name, found in vars(module).items():
        own = inspect.isclass(found) and found.__module__ == module.__name__
        if (
            own
            and issubclass(found, (Simulator, Agent, CostModel))
            and not inspect.isabstract(found)
        ):
            yield _of_class(found, f"{path.resolve()}:{name}", None)


# ---- files and folders
def _of_file(path: Path, workload: str | None, sample: int) -> list[Task]:
    suffix = path.suffix.lower()
    if suffix == ".py":
        tasks = [
            t if workload is None or not t.what.startswith("simulator")
            else _of_class(registry.load("simulators", f"{path.resolve()}:{t.what.split()[1]}"),
                           f"{path.resolve()}:{t.what.split()[1]}", workload)
            for t in _classes(path)
        ]  # fmt: skip
        if not tasks:
            raise ArgumentError(
                f"{path} defines no class derived from Simulator, Agent or CostModel"
            )
        return tasks
    if suffix in (".yaml", ".yml"):
        return [_of_yaml(path, sample)]
    if suffix in (".parquet", ".pq"):
        return [Task("data set", partial(_dataset, path))]
    if suffix == ".json":
        document = read_json(path)
        if "rows" in document and "format" in document:
            return [Task("leaderboard", partial(_leaderboard, path))]
        if "cost_quantiles" in document:
            return [Task("certificate", partial(_certificate, path))]
    return [Task("workload", partial(_workload, path))]


def _of_yaml(path: Path, sample: int) -> Task:
    try:
        keys = set(read_yaml(path))
    except ArchgymError:  # a list, or tags: the domains' own documents may have them
        return Task("workload", partial(_workload, path))
    if "objectives" in keys or "simulator" in keys:
        return Task("scenario", partial(check_scenario_file, path, sample))
    if "agents" in keys and "scenarios" in keys:
        return Task("sweep", partial(check_sweep_file, path))
    if keys & PROGRAM_KEYS:
        return Task("program", partial(_program, path))
    if keys & MACHINE_KEYS:
        return Task("architecture", partial(_architecture, path))
    return Task("workload", partial(_workload, path))


def _of_folder(path: Path) -> Task:
    for name, what, check in (
        (MANIFEST, "run folder", _run),
        (SWEEP, "sweep folder", _sweep),
        (PROXY, "proxy", _proxy),
        (TABLE, "table", _table),
    ):
        if (path / name).exists():
            return Task(what, partial(check, path))
    raise ArgumentError(
        f"{path} holds no run, sweep, proxy or table ({MANIFEST}, {SWEEP}, {PROXY}, {TABLE})"
    )


def _program(path: Path) -> Outcome:
    return check_alone(
        make_simulators(simulator_with("program"), ("default",), {"program": str(path)})[0]
    )


def _architecture(path: Path) -> Outcome:
    simulator = simulator_with("architecture")
    names = registry.workload_names(simulator)
    make_simulators(simulator, (names[0],), {"architecture": str(path)})
    return "a mapper can work on it", []


def _workload(path: Path) -> Outcome:
    """A workload of any simulator: those that take it, else why each does not."""
    takes, why = [], []
    for name in registry.names("simulators"):
        if name == simulator_with("program"):
            continue
        try:
            made = make_simulators(name, (str(path),), {})[0]
        except UnknownNameError as error:
            why.append(f"{name}: no such name" if error.name == str(path) else f"{name}: {error}")
        except ArchgymError as error:
            why.append(f"{name}: {error}")
        else:
            facts = [f"{k}: {v}" for k, v in made.workload_notes.items()]
            takes.append((name, facts))
    if not takes:
        raise ArgumentError("\n  ".join([f"{path} is a workload of no simulator", *why]))
    return "read by " + ", ".join(n for n, _ in takes), [f for _, facts in takes[:1] for f in facts]


def _run(path: Path) -> Outcome:
    folder = RunFolder.open(path)
    folder.scenario()
    notes = [] if (path / RESULT).exists() else ["it is not finished; continue it with --resume"]
    if not notes:
        folder.result()
    report = verify(path)
    require(
        not report["differences"],
        f"{len(report['differences'])} recorded values differ from what is computed now",
    )
    return f"{report['checked']} recorded evaluations computed again, bit for bit", notes


def _sweep(path: Path) -> Outcome:
    sweep = SweepFolder(path).sweep()
    return (
        f"{len(sweep.scenarios)} scenarios, {len(sweep.entries)} agents, unchanged since it started",
        [],
    )


def _proxy(path: Path) -> Outcome:
    proxy = Proxy.load(path)
    if proxy.structure is not None and proxy.rows is not None:
        proxy = proxy.bound(*simulators_of(proxy.rows))
    x = proxy.description.space.sample(16, np.random.default_rng(0))
    found = proxy.predict(x, proxy.workloads[0])
    for name, mean in found.mean.items():
        require(bool(np.isfinite(mean).all()), f"predictions of {name} must be numbers")
    return f"{proxy.model} of {', '.join(proxy.metrics)} on {', '.join(proxy.workloads)}", []


def _table(path: Path) -> Outcome:
    space = read_description(path).get("fingerprint", {}).get("space", [])
    table = Table.load(path, DesignSpace([Parameter(n, tuple(v)) for n, v in space]), check=True)
    return f"{len(table):,} designs, {len(table.values):,} different rows, digests as written", []


def _dataset(path: Path) -> Outcome:
    data = Dataset(path)
    x, feasible = data.x, data.feasible
    for metric in data.description.metrics:
        finite = np.isfinite(data.metric(metric.name))
        require(
            bool((finite == feasible).all()),
            f"{metric.name} must be a number exactly where a row is feasible",
        )
    return (
        f"{len(x):,} rows, {len(data.description.space)} knobs, {int(feasible.sum()):,} feasible",
        [],
    )


def _leaderboard(path: Path) -> Outcome:
    rows = leaderboard.read(path)
    return f"{len(rows)} rows; replay a sample with archgym verify --leaderboard {path}", []


def _certificate(path: Path) -> Outcome:
    found = Certificate.of(read_json(path), str(path))
    return (
        f"scenario {found['scenario']}, {found['designs']:,} designs, optimum {found.optimum:.6g}",
        [],
    )
