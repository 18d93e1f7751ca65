"""Tasks of the suite for CARP-S: files of its configuration, and the objective function that they name.

    archgym bench --carps FOLDER
    python -m carps.run +task/archgym=serving-gpt-oss-batch … hydra.searchpath=[file://FOLDER]

A configuration of the search space holds one choice of values a knob, knobs of one value are left out.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ...answers.evaluator import Evaluator, make_evaluator
from ...contracts.anonymous import Twin
from ...contracts.evaluation import Floats
from ...extras import need
from ...files.text import write_text
from ...goals.scenario_file import load_scenario
from ..suite import Suite, Task, load_suite
from .names import file_name, made

BAD = 1e3  # what an infeasible design costs; costs of designs that miss a spec are about 100
HERE = __name__


class Problem:
    """A task as a function of configurations.

    Args:
        task: its name.
        anonymous: the twin without names.
        vector: a cost for each objective.
    """

    def __init__(self, task: str, anonymous: bool = False, vector: bool = False) -> None:
        self.evaluator: Evaluator = make_evaluator(load_scenario(task))
        self.scenario = self.evaluator.scenario
        self.vector = vector and self.scenario.k > 1
        self.twin = Twin(self.scenario.space) if anonymous else None
        self.space = self.scenario.space if self.twin is None else self.twin.space

    def configspace(self) -> Any:
        """The search space: ordinal knobs are whole numbers, positions among their values.

        Returns:
            A ``ConfigSpace.ConfigurationSpace``.
        """
        library = need("ConfigSpace", "a search space of CARP-S")
        space = library.ConfigurationSpace()
        for p in self.space.parameters:
            if len(p) > 1 and p.kind == "categorical":
                space.add(library.CategoricalHyperparameter(p.name, list(range(len(p)))))
            elif len(p) > 1:
                space.add(library.UniformIntegerHyperparameter(p.name, 0, len(p) - 1))
        return space

    def costs(self, configuration: Any) -> Floats:
        """What a design costs.

        Args:
            configuration: positions of values, by knob.

        Returns:
            (1,) or (k,) costs, at most :data:`BAD`.
        """
        given = dict(configuration)
        design = np.array([[int(given.get(p.name, 0)) for p in self.space.parameters]], np.int64)
        named = design if self.twin is None else self.twin.named(design)
        costs = self.scenario.costs(self.evaluator(named), vector=self.vector)[0]
        return np.minimum(np.where(np.isnan(costs), BAD, costs), BAD)


def configuration_space(task: str, anonymous: bool = False) -> Any:
    """The search space of a task; what its file names.

    Args:
        task: its name.
        anonymous: the twin without names.

    Returns:
        A ``ConfigSpace.ConfigurationSpace``.
    """
    return Problem(task, anonymous).configspace()


def objective_function(
    task: str, anonymous: bool = False, vector: bool = False, loggers: Any = None
) -> Any:
    """The objective function of a task; what its file names.

    Args:
        task: its name.
        anonymous: the twin without names.
        vector: a cost for each objective.
        loggers: of CARP-S.

    Returns:
        A ``carps.objective_functions.objective_function.ObjectiveFunction``.

    Raises:
        ModuleNotFoundError: CARP-S is not installed, which is who calls this.
    """
    base = import_module("carps.objective_functions.objective_function").ObjectiveFunction
    value = import_module("carps.utils.trials").TrialValue
    problem, suite = Problem(task, anonymous, vector), load_suite()

    class Objective(base):  # type: ignore[misc, valid-type]
        """Costs of designs, each charged by CARP-S."""

        configspace = property(lambda self: problem.configspace())
        f_min = property(lambda self: None if problem.vector else suite.tasks[task].best)

        def _evaluate(self, trial_info: Any) -> Any:
            costs = problem.costs(trial_info.config)
            return value(cost=costs.tolist() if problem.vector else float(costs[0]))

    return Objective(loggers)


def document(task: Task, budget: int, anonymous: bool = False) -> dict[str, Any]:
    """What the file of a task holds.

    Args:
        task: of the suite.
        budget: evaluations of a run.
        anonymous: the twin without names.

    Returns:
        A mapping for YAML.
    """
    problem = Problem(task.scenario, anonymous, vector=True)
    free = [p for p in problem.space.parameters if len(p) > 1]
    choices = sum(p.kind == "categorical" for p in free)
    named: dict[str, Any] = {"task": task.scenario, "anonymous": anonymous}
    objectives = [o.name for o in problem.scenario.objectives] if problem.vector else ["cost"]
    if anonymous:
        objectives = [f"cost{i}" for i in range(len(objectives))]
    return {
        "benchmark_id": "archgym-bench",
        "task_id": "${task.name}",
        "task": {
            "_target_": "carps.utils.task.Task",
            "name": f"archgym/{task.scenario}{'-anonymous' if anonymous else ''}",
            "seed": "${seed}",
            "objective_function": {
                "_target_": f"{HERE}.objective_function", **named, "vector": problem.vector,
            },
            "input_space": {
                "_target_": "carps.utils.task.InputSpace",
                "configuration_space": {"_target_": f"{HERE}.configuration_space", **named},
                "fidelity_space": {
                    "_target_": "carps.utils.task.FidelitySpace", "is_multifidelity": False,
                    "fidelity_type": None, "min_fidelity": None, "max_fidelity": None,
                },
                "instance_space": None,
            },
            "output_space": {
                "_target_": "carps.utils.task.OutputSpace",
                "n_objectives": len(objectives), "objectives": objectives,
            },
            "optimization_resources": {
                "_target_": "carps.utils.task.OptimizationResources",
                "n_trials": budget, "time_budget": None, "n_workers": 1,
            },
            "metadata": {
                "_target_": "carps.utils.task.TaskMetadata",
                "has_constraints": bool(problem.scenario.specs or problem.space.constraints),
                "domain": "computer architecture", "objective_function_approximation": "real",
                "has_virtual_time": False, "deterministic": True, "dimensions": len(free),
                "search_space_n_categoricals": choices, "search_space_n_ordinals": 0,
                "search_space_n_integers": len(free) - choices, "search_space_n_floats": 0,
                "search_space_has_conditionals": False, "search_space_has_forbiddens": False,
                "search_space_has_priors": False,
            },
        },
    }  # fmt: skip


def write_tasks(
    suite: Suite, tasks: list[str], folder: Path, anonymous: bool = False
) -> list[Path]:
    """Write the files of tasks.

    Args:
        suite: the suite.
        tasks: names.
        folder: to write; files lie under ``task/archgym``.
        anonymous: the twins without names.

    Returns:
        The files.

    Raises:
        StoreError: the folder cannot be written.
    """
    place = made(folder / "task" / "archgym")
    files = []
    for name in tasks:
        text = yaml.safe_dump(
            document(suite.tasks[name], suite.ladder[-1], anonymous), sort_keys=False
        )
        files.append(place / f"{file_name(name)}{'-anonymous' if anonymous else ''}.yaml")
        write_text(files[-1], f"# @package _global_\n{text}")
    return files
