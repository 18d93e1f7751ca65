"""What is audited: the best design and the front of a run, or of a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..documents import read_json
from ..domains import domains
from ..errors import ArchgymError, ScenarioError, WorkloadError
from ..goals.scenario import Scenario
from ..goals.scenario_file import folder, load_scenario, shipped
from ..runs.run_folder import MANIFEST, RunFolder
from ..space import Designs
from ..tables import certificate as certificates

CERTIFIED, RUN = "certified", "run"
BY_BOUNDS = "fronts"  # the folder of certificates that bound all designs and enumerate none


@dataclass(frozen=True)
class Subject:
    """One optimum.

    Attributes:
        name: of the scenario, or the run's folder.
        kind: ``certified`` or ``run``.
        scenario: what was searched.
        best: the best design, (d,) value indices.
        metrics: of the best design as they were recorded, in SI units.
        front: the other designs of the front, (m, d).
        front_metrics: theirs as they were recorded.
    """

    name: str
    kind: str
    scenario: Scenario
    best: Designs
    metrics: Mapping[str, float]
    front: Designs
    front_metrics: Sequence[Mapping[str, float]]


def subject(what: str) -> Subject:
    """What a word of the command line names.

    Args:
        what: a run's folder, or a scenario that has a certificate.

    Returns:
        The subject.

    Raises:
        ArchgymError: neither, a run without a feasible design, or a scenario without a certificate.
    """
    path = Path(what)
    if (path / MANIFEST).exists():
        return of_run(path)
    if path.is_dir():
        raise ArchgymError(
            f"{what} holds no run: give run folders, or scenarios with a certificate"
        )
    return of_scenario(load_scenario(what))


def of_run(path: Path) -> Subject:
    """The best design and the front of a finished run.

    Args:
        path: the run's folder.

    Returns:
        The subject.

    Raises:
        ArchgymError: the run is not finished, found nothing feasible, or its simulator has changed.
    """
    run = RunFolder.open(path)
    scenario, result = run.scenario(), run.result()
    best = result["best"]
    if best is None:
        raise ArchgymError(f"{path} found no feasible design, so there is nothing to audit")
    front = [entry for entry in result["front"] if entry["design"] != best["design"]]
    return _subject(str(path), RUN, scenario, best, front)


def of_scenario(scenario: Scenario) -> Subject:
    """The certified optimum and front of a scenario.

    Args:
        scenario: one whose whole space was enumerated.

    Returns:
        The subject.

    Raises:
        ArchgymError: there is no certificate of it, one of bounds alone, or nothing in it is feasible.
    """
    certificate = certificates.find(scenario)
    if certificate is None:
        if (told := _by_bounds(scenario)) is not None:
            raise ArchgymError(f"scenario {scenario.name!r} cannot be audited: {told}")
        raise ArchgymError(
            f"scenario {scenario.name!r} has no certificate: audit a run of it instead, or make one with "
            f"archgym enumerate {scenario.name}"
        )
    best = certificate["optimum"]
    if best is None:
        raise ArchgymError(f"no design of scenario {scenario.name!r} is feasible")
    points = [p for p in certificate["front"]["points"] if p["rank"] != best["rank"]]
    ranks = np.array([p["rank"] for p in points], np.int64)
    designs = scenario.space.decode(scenario.space.unrank(ranks)) if points else []
    front = [{**p, "design": d} for p, d in zip(points, designs)]
    return _subject(scenario.name, CERTIFIED, scenario, best, front)


def certified() -> tuple[list[Subject], dict[str, str]]:
    """Every certificate that ships.

    Returns:
        The subjects, and for each scenario whose workload is not at hand, whose certificate is stale, or that
        has bounds alone, the reason.
    """
    found, missing, known = [], {}, shipped()
    for path in sorted((folder() / "certified").rglob("*.json")):
        name = read_json(path)["scenario"]
        if name not in known:
            continue
        try:
            scenario = load_scenario(name)
        except ScenarioError as error:
            if not isinstance(error.__cause__, WorkloadError):
                raise
            missing[name] = str(error.__cause__)
            continue
        if path.parent.name == BY_BOUNDS:
            if certificates.find(scenario) is None:  # else it is audited by its enumeration
                missing[name] = str(_by_bounds(scenario))
            continue
        if certificates.find(scenario) is None:
            missing[name] = "its certificate is of another version of the simulator or the goal"
            continue
        found.append(of_scenario(scenario))
    return found, missing


def _by_bounds(scenario: Scenario) -> str | None:
    """What a certificate of bounds says of a scenario and who checks it; None where there is none."""
    path = folder() / "certified" / BY_BOUNDS / certificates.file_name(scenario)
    if not path.exists():
        return None
    gap = read_json(path)["gap"]
    how = "not bounded yet" if gap is None else f"within {gap:.1%} of what no design can be below"
    name = scenario.simulators[0].name
    domain = next((d.name for d in domains().values() if name in d.simulators), "DOMAIN")
    return (
        f"its front is certified by bounds, {how}; archgym {domain} front {scenario.name} --check "
        f"{path} verifies it"
    )


def _subject(
    name: str,
    kind: str,
    scenario: Scenario,
    best: Mapping[str, Any],
    front: Sequence[Mapping[str, Any]],
) -> Subject:
    space = scenario.space
    designs = (
        space.encode([dict(p["design"]) for p in front])
        if front
        else np.empty((0, len(space)), np.int64)
    )
    return Subject(
        name, kind, scenario, space.encode(dict(best["design"]))[0], best["metrics"], designs,
        [p["metrics"] for p in front],
    )  # fmt: skip
