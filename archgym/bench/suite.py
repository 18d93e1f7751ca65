"""The suite: which tasks, what is known of each, and how hard it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..documents import Faults, is_number, known_keys, located, read_yaml
from ..errors import ScenarioError
from ..goals.scenario import Scenario
from ..goals.scenario_file import folder
from ..tables.certificate import Certificate, find, goal_digest, random_cost

KEYS = ("name", "version", "description", "ladder", "seeds", "tasks")
CERTIFIED, KNOWN = "certified", "best known"
EASY = 0.01  # a task is easy where random search gets so close, as a share of the objective …
EASY_DRAWS = 100  # … with so many evaluations, in the median


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        scenario: its name.
        kind: ``certified``, or ``best known``.
        designs: in its space; rounded where a document cannot hold the number.
        best: the cost of the certified optimum, or the least that any recorded run found.
        random: the cost of the mean random design that meets the specs.
        within: the share of all designs within 1 % of the optimum; None where that is not known.
        at_100: the gap of random search after 100 evaluations, its median, as a share of the objective; None
            where the median search meets no spec by then, or it is not known.
        easy: whether that is within 1 %.
        goal: a digest of what is searched for.
        simulators: keys of the simulators that the figures hold for.
        record: where it is not certified, who found the best known cost.
    """

    scenario: str
    kind: str
    designs: float
    best: float
    random: float
    within: float | None
    at_100: float | None
    easy: bool
    goal: str
    simulators: tuple[str, ...]
    record: str = ""

    def normalised(self, cost: Any) -> Any:
        """The gap on a scale from the optimum (0) to the mean random design (1).

        Args:
            cost: (n,) costs, as the scenario has them.

        Returns:
            (n,), from 0 to 1; 1 where a design is no better than random, infeasible or misses a spec.
        """
        share = (np.asarray(cost, np.float64) - self.best) / (self.random - self.best)
        return np.clip(np.where(np.isnan(share), 1.0, share), 0.0, 1.0)

    def fits(self, scenario: Scenario) -> bool:
        """Whether what is known of the task holds for a scenario as it is now.

        Args:
            scenario: of this name.

        Returns:
            Whether goal and simulators are those of the task.
        """
        now = (goal_digest(scenario), tuple(s.key for s in scenario.simulators))
        return now == (self.goal, self.simulators)


@dataclass(frozen=True)
class Suite:
    """Tasks, and how they are played.

    Attributes:
        name: of the suite.
        version: a whole number; results of two versions are not compared.
        ladder: evaluations after which results are compared; the last is the budget of a run.
        seeds: how many runs of each task count as an entry.
        tasks: by name of the scenario.
    """

    name: str
    version: int
    ladder: tuple[int, ...]
    seeds: int
    tasks: Mapping[str, Task]

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def short(self, budget: int) -> Suite:
        """The same tasks up to a step of the ladder, for agents that take seconds for a proposal.

        Args:
            budget: evaluations of a run, a step of the ladder.

        Returns:
            The suite with the steps up to there.

        Raises:
            ScenarioError: no step of the ladder.
        """
        if budget not in self.ladder:
            steps = ", ".join(f"{n:,}" for n in self.ladder)
            raise ScenarioError(
                f"budget: expected a step of the ladder of {self.title} ({steps}), got {budget!r}"
            )
        return replace(self, ladder=tuple(n for n in self.ladder if n <= budget))


def shipped() -> Path:
    """The file of the suite that ships."""
    return folder() / "suites" / "archgym-bench.yaml"


def recorded(budget: int | None = None) -> Path:
    """The file of the results that ship with it.

    Args:
        budget: evaluations of a run, where it is a step before the last.

    Returns:
        The path; there may be nothing.
    """
    return folder() / "suites" / ("baselines.csv" if budget is None else f"baselines-{budget}.csv")


def load_suite(path: Path | None = None) -> Suite:
    """Read a suite.

    Args:
        path: its file (default: the one that ships).

    Returns:
        The suite.

    Raises:
        ScenarioError: a key or a value makes no sense; names all of them.
    """
    place = path or shipped()
    document = read_yaml(place)
    with located(str(place)):
        return _suite(document)


def _suite(document: Mapping[str, Any]) -> Suite:
    known_keys(document, KEYS, "key in the suite")
    faults = Faults()
    version, seeds = (faults.whole(document, k, 0, least=1) for k in ("version", "seeds"))
    ladder = document.get("ladder")
    if not isinstance(ladder, list) or not all(type(n) is int and n > 0 for n in ladder):
        faults.add(f"ladder: expected numbers of evaluations, got {ladder!r}")
    elif ladder != sorted(set(ladder)):
        faults.add("ladder: expected rising numbers")
    tasks: dict[str, Task] = {}
    for i, entry in enumerate(document.get("tasks") or (), 1):
        wrong = _wrong(entry)
        if wrong:
            faults.add(f"task {i}: {wrong}")
            continue
        if entry["scenario"] in tasks:
            faults.add(f"task {i}: {entry['scenario']} is there twice")
        tasks[entry["scenario"]] = Task(**{**entry, "simulators": tuple(entry["simulators"])})
    if not tasks:
        faults.add("tasks: there are none")
    faults.raise_if_any()
    name = str(document.get("name", "suite"))
    return Suite(name, version, tuple(document["ladder"]), seeds, tasks)


def _wrong(entry: Any) -> str:
    """What is wrong with a task of a file; '' where nothing is."""
    names = [f.name for f in fields(Task)]
    if not isinstance(entry, Mapping) or set(entry) != set(names):
        return f"expected a mapping with {', '.join(names)}"
    if entry["kind"] not in (CERTIFIED, KNOWN):
        return f"kind: expected {CERTIFIED} or {KNOWN}, got {entry['kind']!r}"
    for key in ("designs", "best", "random"):
        if not is_number(entry[key]):
            return f"{key}: expected a number, got {entry[key]!r}"
    if not entry["random"] > entry["best"]:
        return "random: expected a cost above the best"
    for key in ("within", "at_100"):
        if entry[key] is not None and not is_number(entry[key]):
            return f"{key}: expected a number or null, got {entry[key]!r}"
    if not isinstance(entry["record"], str) or (entry["kind"] == KNOWN) != bool(entry["record"]):
        return "record: expected who found the best known cost, and '' where it is certified"
    if not isinstance(entry["simulators"], list) or not isinstance(entry["easy"], bool):
        return "simulators: expected a list, and easy: true or false"
    return ""


def measured(scenario: Scenario, known: float | None = None, record: str = "") -> Task:
    """A task with what is known of its scenario.

    Args:
        scenario: with a certificate, or without.
        known: the least cost that is known, where there is no certificate.
        record: who found it.

    Returns:
        The task.

    Raises:
        ValueError: neither a certificate nor a known cost, or no random design meets the specs.
    """
    certificate = find(scenario)
    best = known if certificate is None else certificate.optimum
    if best is None:
        raise ValueError(f"{scenario.name} has no certificate, so its best known cost is needed")
    random = random_cost(scenario, certificate)
    if not random > best:  # also where no random design meets the specs
        raise ValueError(
            f"{scenario.name}: the mean random design is not known to be worse than the best"
        )
    at_100 = None if certificate is None else _at_100(scenario, certificate)
    return Task(
        scenario=scenario.name,
        kind=KNOWN if certificate is None else CERTIFIED,
        designs=_rounded(scenario.space.cardinality),
        best=best,
        random=random,
        within=None if certificate is None else certificate.random_within["1 %"],
        at_100=at_100,
        easy=at_100 is not None and at_100 <= EASY,
        goal=goal_digest(scenario),
        simulators=tuple(s.key for s in scenario.simulators),
        record="" if certificate is not None else record,
    )


def _rounded(count: int) -> float:
    """The number itself where a double holds it, else to three digits."""
    return count if count < 1 << 53 else float(f"{count:.3g}")


def _at_100(scenario: Scenario, certificate: Certificate) -> float | None:
    cost = certificate.random_search(np.array([EASY_DRAWS]))
    gap = float(scenario.gap(cost, certificate.optimum)[0])
    return max(gap, 0.0) if np.isfinite(gap) else None


def as_document(suite: Suite, tasks: Sequence[Task], description: str) -> dict[str, Any]:
    """What the suite's file holds.

    Args:
        suite: its name, version, ladder and seeds.
        tasks: all of them.
        description: of the suite.

    Returns:
        A mapping for YAML.
    """
    return {
        "name": suite.name, "version": suite.version, "description": description,
        "ladder": list(suite.ladder), "seeds": suite.seeds,
        "tasks": [{**asdict(t), "simulators": list(t.simulators)} for t in tasks],
    }  # fmt: skip
