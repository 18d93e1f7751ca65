"""A sweep as a value: from a YAML file to runs with stable names, all checked before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..answers.evaluator import make_evaluator
from ..contracts.agent import GridPoint
from ..contracts.foreign import agent_class
from ..documents import known_keys, located, read_yaml
from ..errors import ScenarioError, UnknownNameError, WorkloadError
from ..goals.places import sweep_in_its_folder
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document, load_scenario
from ..tables.certificate import goal_digest
from ..units import parse_quantity
from .draws import METHODS, drawn, named_grid, own_grid
from .studies import located_sweep
from .values import checkpoints, count, seeds_of, truth

KEYS = (
    "name", "description", "scenarios", "agents", "answers", "budget", "checkpoints", "from_reference", "queries",
    "seeds", "timeout", "test", "keep", "store", "anonymous",
)  # fmt: skip
ENTRY_KEYS = (
    "agent", "grid", "draw", "method", "hyperparameters", "budget", "seeds", "panel", "scenarios",
    "test",
)  # fmt: skip
SCENARIO_KEYS = ("scenario", "workload", "workloads", "config", "answers", "optional")
TEST_KEYS = ("seeds",)
KEEP = ("improvements", "trials")
STORE = ("shared", "none")
FIRST_TEST_SEED = 1_000_000
TUNING, TEST = "tuning", "test"


@dataclass(frozen=True)
class RunSpec:
    """One run as a value.

    Attributes:
        id: a digest of everything that its outcome depends on.
        hyperparameters: of the agent, all of them, by name.
        seed: of the agent.
        budget: evaluations.
        panel: the group of entries that it is reported in.
        phase: ``tuning`` or ``test``.
    """

    id: str
    scenario: str
    agent: str
    hyperparameters: Mapping[str, Any]
    seed: int
    budget: int
    panel: str
    phase: str = TUNING


@dataclass(frozen=True)
class Entry:
    """One agent of a sweep.

    Attributes:
        points: its hyperparameters, one point per setting to try.
        seeds: of the tuning runs.
        budget: evaluations of a run.
        fixed_budget: whether points cannot change the budget.
        panel: the group of entries that it is reported in.
        tested: whether its best points run again with fresh seeds.
    """

    agent: str
    points: tuple[GridPoint, ...]
    seeds: tuple[int, ...]
    budget: int
    fixed_budget: bool
    panel: str
    scenarios: tuple[str, ...]
    tested: bool


@dataclass(frozen=True)
class Sweep:
    """A checked sweep file: scenarios by name, and one entry per agent.

    ``answers`` says by scenario who answers. ``from_reference`` says whether runs start from the
    reference design. ``queries`` limits the costly parts of evaluations that a run may use, by name.
    ``anonymous`` says whether agents search twins of the spaces without names.
    ``skipped`` names optional scenarios whose workload is not at hand, and why.
    """

    name: str
    document: Mapping[str, Any]
    scenarios: Mapping[str, Scenario]
    answers: Mapping[str, str]
    from_reference: bool
    entries: tuple[Entry, ...]
    budget: int
    checkpoints: tuple[int, ...]
    timeout: float | None
    test_seeds: tuple[int, ...]
    keep: str
    store: str
    skipped: Mapping[str, str]
    queries: Mapping[str, int] = field(default_factory=dict)
    anonymous: bool = False

    @cached_property
    def identities(self) -> dict[str, list[Any]]:
        """What a run's outcome depends on besides agent, seed and budget, by scenario."""
        out: dict[str, list[Any]] = {}
        for name, s in self.scenarios.items():
            facts = [dict(a.facts) for a in make_evaluator(s, self.answers[name]).answers]
            out[name] = [goal_digest(s), [simulator.key for simulator in s.simulators]]
            out[name] += [self.from_reference, *(f for f in facts if f)]
            out[name] += [{"queries": dict(self.queries)}] if self.queries else []
            out[name] += [{"anonymous": True}] if self.anonymous else []
        return out

    def spec(
        self,
        scenario: str,
        entry: Entry,
        hyperparameters: Mapping[str, Any],
        seed: int,
        budget: int,
        phase: str,
    ) -> RunSpec:
        """A run, with an id that follows from all of this.

        Args:
            scenario: its name.
            entry: the agent's line of the sweep.
            hyperparameters: by name; the agent's defaults complete them.
            seed: of the agent.
            budget: evaluations.
            phase: tuning or test.

        Returns:
            The run.
        """
        cls = agent_class(entry.agent)
        full = cls.check_hyperparameters(hyperparameters)
        recipe = [self.identities[scenario], entry.agent, full, seed, budget]
        text = json.dumps(recipe, sort_keys=True, default=str)
        return RunSpec(
            hashlib.sha256(text.encode()).hexdigest()[:20],
            scenario, entry.agent, full, seed, budget, entry.panel, phase,
        )  # fmt: skip

    def runs(self) -> Iterator[RunSpec]:
        """Every run of the tuning phase; two that mean the same are one.

        Yields:
            Runs, one at a time.
        """
        for entry in self.entries:
            for scenario in entry.scenarios:
                seen = set()
                for point in entry.points:
                    for seed in entry.seeds if point.seed is None else (point.seed,):
                        fixed = entry.fixed_budget
                        budget = entry.budget if fixed else point.budget or entry.budget
                        spec = self.spec(
                            scenario, entry, point.hyperparameters, seed, budget, TUNING
                        )
                        if spec.id not in seen:
                            seen.add(spec.id)
                            yield spec


def load_sweep(path: Path, **changes: Any) -> Sweep:
    """Read a sweep from its file, and check all of it.

    Args:
        path: a YAML file, or the name of a study that ships.
        **changes: keys of the file with other values, such as ``queries={"accuracy": 500}``.

    Returns:
        The sweep, checked; nothing has run.

    Raises:
        ScenarioError: a key or value makes no sense; says where.
        UnknownNameError: a study, scenario, agent, method or query that is not known.
    """
    path = located_sweep(path)
    document = sweep_in_its_folder(read_yaml(path), path.parent)
    return from_sweep_document({**document, **changes}, str(path))


def from_sweep_document(document: Mapping[str, Any], where: str = "sweep") -> Sweep:
    """A sweep from the mapping that its file holds.

    Args:
        document: the mapping.
        where: the file, for messages and for paths beside it.

    Returns:
        The sweep, checked; nothing has run.

    Raises:
        ScenarioError: a key or value makes no sense; says where.
        UnknownNameError: a scenario, agent, method or query that is not known.
    """
    with located(where):
        return _build(document)


def _build(document: Mapping[str, Any]) -> Sweep:
    known_keys(document, KEYS, "key in the sweep")
    for key in ("name", "scenarios", "agents"):
        if not document.get(key):
            raise ScenarioError(f"key {key!r} is missing; a sweep needs name, scenarios, agents")
    scenarios, answers, skipped = _scenarios(document)
    budget = count(document.get("budget", 1000), "budget")
    seeds = seeds_of(document.get("seeds", 1), 0)
    test = document.get("test") or {}
    known_keys(test, TEST_KEYS, "key in 'test'")
    test_seeds = seeds_of(test.get("seeds", 0), FIRST_TEST_SEED) if test else ()
    entries = tuple(_entry(e, scenarios, skipped, budget, seeds) for e in document["agents"])
    shared = {s for e in entries for s in e.seeds} & set(test_seeds)
    if shared:
        raise ScenarioError(f"test seeds must be fresh, but {sorted(shared)[:3]} also tune")
    names = [(e.agent, e.panel) for e in entries]
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise ScenarioError(
            f"agent {twice[0]!r} appears twice in panel {twice[1]!r}: give one a 'panel'"
        )
    keep, store = document.get("keep", "improvements"), document.get("store", "shared")
    for key, value, known in (("keep", keep, KEEP), ("store", store, STORE)):
        if value not in known:
            raise UnknownNameError(f"choice for key {key!r}", value, known)
    from_reference = truth(document, "from_reference", True)
    anonymous = truth(document, "anonymous", False)
    timeout = document.get("timeout")
    largest = max(e.budget for e in entries)
    return Sweep(
        name=str(document["name"]),
        document=dict(document),
        scenarios=scenarios,
        answers=answers,
        from_reference=from_reference,
        entries=entries,
        budget=budget,
        checkpoints=checkpoints(document.get("checkpoints"), largest),
        timeout=None if timeout is None else parse_quantity(timeout, "s"),
        test_seeds=test_seeds,
        keep=keep,
        store=store,
        skipped=skipped,
        queries=_queries(document.get("queries") or {}, scenarios),
        anonymous=anonymous,
    )


def _queries(given: object, scenarios: Mapping[str, Scenario]) -> dict[str, int]:
    """Limits of costly parts of evaluations.

    Raises:
        ScenarioError: no mapping from names to whole numbers.
        UnknownNameError: a simulator has no such query.
    """
    if not isinstance(given, Mapping):
        raise ScenarioError(
            f"key 'queries': expected limits by name, such as accuracy: 500, got {given!r}"
        )
    for scenario in scenarios.values():
        known = [q.name for q in scenario.simulators[0].queries()]
        for name in given:
            if name not in known:
                raise UnknownNameError(
                    f"query of simulator {scenario.simulator!r} (scenario {scenario.name!r}):",
                    name,
                    known,
                )
    return {str(name): count(limit, f"queries: {name}") for name, limit in given.items()}


def _scenarios(
    document: Mapping[str, Any],
) -> tuple[dict[str, Scenario], dict[str, str], dict[str, str]]:
    """Scenarios by name, who answers for each, and the optional ones that are not at hand, with the reason."""
    default = document.get("answers") or ""
    out: dict[str, Scenario] = {}
    answers: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for item in document["scenarios"]:
        by = default
        if isinstance(item, Mapping) and "objectives" in item:  # a whole scenario, inline
            scenario = from_document(dict(item))
        else:
            entry = item if isinstance(item, Mapping) else {"scenario": item}
            known_keys(entry, SCENARIO_KEYS, "key in an entry of 'scenarios'")
            if "scenario" not in entry:
                raise ScenarioError(f"an entry of 'scenarios' names no scenario: {item!r}")
            try:
                scenario = load_scenario(
                    entry["scenario"],
                    entry.get("workloads", entry.get("workload")),
                    entry.get("config"),
                )
                by = str(entry.get("answers", default) or "")
                make_evaluator(
                    scenario, by
                )  # a table or proxy that does not fit is told before anything runs
            except ScenarioError as error:
                if entry.get("optional") is not True or not isinstance(
                    error.__cause__, WorkloadError
                ):
                    raise
                skipped[str(entry["scenario"])] = str(error.__cause__)
                continue
        if scenario.name in out:
            raise ScenarioError(f"scenario {scenario.name!r} is listed twice")
        out[scenario.name] = scenario
        answers[scenario.name] = by
    if not out:
        raise ScenarioError("no scenario is left: " + "; ".join(skipped.values()))
    return out, answers, skipped


def _entry(
    item: Any,
    scenarios: Mapping[str, Scenario],
    skipped: Mapping[str, str],
    budget: int,
    seeds: tuple[int, ...],
) -> Entry:
    entry = {"agent": item} if isinstance(item, str) else item
    if not isinstance(entry, Mapping) or "agent" not in entry:
        raise ScenarioError(
            f"an entry of 'agents' is a name or a mapping with 'agent', got {item!r}"
        )
    known_keys(entry, ENTRY_KEYS, "key in an entry of 'agents'")
    name = str(entry["agent"])
    cls = agent_class(name)
    ways = [k for k in ("grid", "draw", "hyperparameters") if k in entry]
    if len(ways) > 1:
        raise ScenarioError(f"agent {name!r}: give one of grid, draw, hyperparameters, not {ways}")
    if "grid" in entry:
        points = named_grid(cls, str(entry["grid"]))
    elif "draw" in entry:
        method = str(entry.get("method", "sobol"))
        if method not in METHODS:
            raise UnknownNameError("method of drawing", method, METHODS)
        points = drawn(cls, count(entry["draw"], f"draw of agent {name!r}"), method)
    else:
        axes: Any = entry.get("hyperparameters") or {}
        points = own_grid(cls, axes)
    chosen = [s for s in entry.get("scenarios") or scenarios if s not in skipped]
    for scenario in chosen:
        if scenario not in scenarios:
            raise UnknownNameError(f"scenario of agent {name!r}:", scenario, scenarios)
    return Entry(
        agent=name,
        points=tuple(points),
        seeds=seeds_of(entry["seeds"], 0) if "seeds" in entry else seeds,
        budget=count(entry.get("budget", budget), f"budget of agent {name!r}"),
        fixed_budget="budget" in entry or "grid" not in entry,
        panel=str(entry.get("panel", "main")),
        scenarios=tuple(chosen),
        tested=bool(entry.get("test", True)),
    )
