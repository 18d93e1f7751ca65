"""Documents checked: scenarios, sweeps, programs; what is legal, and what a reader should look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..search.study import Study
from ..sweeps.plan import load_sweep
from .rules import require

SAMPLE = 200


def check_scenario(
    scenario: Scenario, sample: int = SAMPLE, seed: int = 0
) -> tuple[str, list[str]]:
    """Check that a scenario can be searched, and look at a sample of its designs.

    Args:
        scenario: to check.
        sample: designs that are evaluated.
        seed: draws them.

    Returns:
        What holds, in words, and what to look at: a reference design that does not work, a spec that
        never binds, or one that no design of the sample meets.

    Raises:
        ContractError: a design's costs are no numbers; ArchgymError: the document makes no sense.
    """
    x = scenario.space.sample(max(1, sample), np.random.default_rng(seed))
    e = scenario.evaluate(x)
    costs = scenario.costs(e)
    require(
        costs.shape == (len(x), scenario.k), f"costs must be (n, {scenario.k}), got {costs.shape}"
    )
    require(not np.isnan(costs).any(), "a cost must be a number, or +inf where infeasible")
    require(not np.isnan(scenario.rewards(e)).any(), "a reward must be a number")
    notes = list(scenario.notes)
    if scenario.compared is not None:
        if not scenario.compared.evaluation.feasible[0]:
            reason = scenario.compared.evaluation.reason(0)
            notes.append(f"the reference design is infeasible{': ' + reason if reason else ''}")
        elif scenario.compared.warning:
            notes.append(scenario.compared.warning)
    works = np.flatnonzero(e.feasible)
    if not len(works):
        notes.append(f"none of {len(x)} designs drawn at random is feasible: {e.reason(0)}")
    else:
        notes += _about_specs(scenario, e.take(works))
    many = scenario.space.cardinality
    return (
        f"{len(scenario.space)} knobs, {many:,} designs; {len(works)} of {len(x)} drawn "
        f"at random feasible, {int(scenario.satisfied(e).sum())} meet every spec"
    ), notes


def _about_specs(scenario: Scenario, tried: Evaluation) -> list[str]:
    notes = []
    for spec in scenario.resolved[1]:
        met = spec.violation(tried.metrics) <= 0
        text = spec.text(scenario.units[spec.metric])
        if met.all():
            notes.append(
                f"spec {text} never binds: all {len(tried)} feasible designs of the sample meet it"
            )
        elif not met.any():
            notes.append(
                f"spec {text} is met by none of {len(tried)} feasible designs of the sample"
            )
    return notes


def check_scenario_file(path: str | Path, sample: int = SAMPLE) -> tuple[str, list[str]]:
    """:func:`check_scenario` on a name or a file, and a study of a few evaluations.

    Args:
        path: a file, or the name of a scenario.
        sample: designs that are evaluated.

    Returns:
        As :func:`check_scenario`.

    Raises:
        ContractError: a rule is broken; ArchgymError: the document makes no sense.
    """
    scenario = load_scenario(path)
    found = check_scenario(scenario, sample)
    trials = Study(scenario, "random_walk", budget=min(4, scenario.budget)).run()
    require(len(trials) == min(4, scenario.budget), "a short study must spend its budget")
    return found


def check_sweep_file(path: Path) -> tuple[str, list[str]]:
    """Check that a sweep can be carried out: every scenario, agent and hyperparameter.

    Args:
        path: of the sweep.

    Returns:
        Its size in words, and notes on what is left out.

    Raises:
        ArchgymError: what is wrong and where.
    """
    sweep = load_sweep(path)
    runs = sum(1 for _ in sweep.runs())
    require(runs > 0, "a sweep must have a run")
    notes = [f"{name} is left out: {why}" for name, why in sweep.skipped.items()]
    return f"{len(sweep.scenarios)} scenarios, {len(sweep.entries)} agents, {runs} runs", notes


def check_alone(simulator: Simulator) -> tuple[str, list[str]]:
    """One run of an external program: its default design must give figures.

    Args:
        simulator: that starts the program.

    Returns:
        What holds, in words, and notes.

    Raises:
        ArchgymError: it does not, with its last words.
    """
    x = simulator.space.encode(simulator.default_design())
    e = simulator.evaluate(np.atleast_2d(x))
    if e.feasible[0]:
        return "its default design gives every metric: " + ", ".join(e.metrics), []
    if "infeasible" in e.reason(0):
        return "it starts and answers", [f"its default design is infeasible: {e.reason(0)}"]
    raise ArchgymError(f"the program's default design gives no figures: {e.reason(0)}")
