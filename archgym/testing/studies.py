"""A whole study on a simulator, with its run folder."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..contracts.simulator import Simulator
from ..goals.objectives import Expression, Objective
from ..goals.scenario import Scenario
from ..runs.run_folder import RESULT, TRIALS
from ..runs.runner import run
from ..search.study import Study
from .rules import require


def scenario_on(simulator: Simulator, budget: int = 12) -> Scenario:
    """A scenario on a simulator as it stands: its first metric, no specs, its default design.

    Args:
        simulator: that is searched.
        budget: evaluations.

    Returns:
        The scenario.
    """
    first = simulator.metrics[0]
    return Scenario(
        name=f"check-{simulator.name}",
        simulator=f"{type(simulator).__module__}:{type(simulator).__qualname__}",
        workloads=(simulator.workload or "check",),
        objectives=(
            Objective(
                Expression(first.name, ((first.name, 1),)),
                compare="difference" if first.signed else "ratio",
            ),
        ),
        budget=budget,
        built=(simulator,),
    )


def check_study(simulator: Simulator, budget: int = 12, seed: int = 0) -> None:
    """Search a simulator for a few evaluations, twice, and keep one of the runs in a folder.

    Args:
        simulator: that is searched.
        budget: evaluations.
        seed: of the agent.

    Raises:
        ContractError: the study does not repeat itself, or its folder is not whole.
    """
    scenario = scenario_on(simulator, budget)
    first, second = (Study(scenario, "random_walk", seed=seed).run() for _ in range(2))
    require(len(first) == budget, "a study must spend its budget")
    require(bool((first.x == second.x).all()), "a study must repeat itself")
    require(
        bool(np.array_equal(first.cost, second.cost)), "a study must repeat its costs bit for bit"
    )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "run"
        done = run(scenario, "random_walk", seed=seed, output=output, plots=False)
        require(bool(np.array_equal(done.trials.cost, first.cost)), "a run must equal its study")
        for name in (RESULT, TRIALS):
            require((output / name).exists(), f"a run must write {name}")
