"""Scenarios for the optimisers of other libraries, so that people keep the one they like.

Each adapter is thin and imports its library when used; the scenario's costs are minimised.  What
they return can be pickled and deep-copied, so libraries may send it to other processes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.evaluator import Evaluator, make_evaluator
from ..extras import need
from ..goals.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BIG = 1e6  # what an infeasible design costs, where +inf is not understood


def optuna_objective(scenario: Scenario, vector: bool = False) -> Callable[[Any], Any]:
    """An objective for ``optuna.Study.optimize``; all values are minimised.

    Infeasible designs raise ``optuna.TrialPruned``. Metrics go into the trial's user attributes.

    Args:
        scenario: what is searched.
        vector: return one value for each objective, for a study of several.

    Returns:
        A function of an Optuna trial.

    Raises:
        MissingExtraError: Optuna is not installed.
    """
    need("optuna", "an Optuna objective")
    return partial(_optuna_value, make_evaluator(scenario), vector)


def _optuna_value(evaluator: Evaluator, vector: bool, trial: Any) -> Any:
    optuna = need("optuna", "an Optuna objective")
    scenario = evaluator.scenario
    design = {
        p.name: trial.suggest_categorical(p.name, p.values)
        if p.kind == "categorical"
        else p.values[trial.suggest_int(p.name, 0, len(p) - 1)]
        for p in scenario.space.parameters
    }
    e = evaluator(scenario.space.encode([design]))
    costs = scenario.costs(e, vector=vector)[0]
    for name, value in e.row(0).items():
        trial.set_user_attr(name, value)
    if not np.isfinite(costs).all():
        raise optuna.TrialPruned(e.reason(0) or "infeasible or outside the specs")
    return tuple(map(float, costs)) if vector else float(costs[0])


def pymoo_problem(scenario: Scenario) -> Any:
    """A pymoo ``Problem`` over value indices, with the specs as constraints.

    Args:
        scenario: what is searched.

    Returns:
        The problem, with one objective for each of the scenario's.

    Raises:
        MissingExtraError: pymoo is not installed.
    """
    need("pymoo", "a pymoo problem")
    from .pymoo_problem import ScenarioProblem

    return ScenarioProblem(scenario)


def configspace(scenario: Scenario, seed: int = 0) -> Any:
    """A ``ConfigSpace.ConfigurationSpace`` of the scenario's parameters, for SMAC and others.

    Args:
        scenario: what is searched.
        seed: of the space's own sampler.

    Returns:
        The space; a configuration is a dict of physical values.

    Raises:
        MissingExtraError: ConfigSpace is not installed.
    """
    library = need("ConfigSpace", "a ConfigSpace")
    space = library.ConfigurationSpace(seed=seed)
    for p in scenario.space.parameters:
        if len(p) == 1:
            space.add(
                library.Constant(
                    p.name, p.values[0] if not isinstance(p.values[0], bool) else str(p.values[0])
                )
            )
        elif p.kind == "categorical":
            space.add(library.CategoricalHyperparameter(p.name, list(p.values)))
        else:
            space.add(library.OrdinalHyperparameter(p.name, list(p.values)))
    return space


def smac_target(scenario: Scenario) -> Callable[..., float]:
    """A target function for SMAC over :func:`configspace`.

    Args:
        scenario: what is searched.

    Returns:
        ``f(configuration, seed=0) -> cost``; an infeasible design costs 1e6.
    """
    # a partial of a function, since SMAC reads the code of either
    return partial(_smac_cost, make_evaluator(scenario))


def _smac_cost(evaluator: Evaluator, configuration: Mapping[str, Any], seed: int = 0) -> float:
    scenario = evaluator.scenario
    e = evaluator(scenario.space.encode([dict(configuration)]))
    cost = float(scenario.costs(e)[0, 0])
    return cost if np.isfinite(cost) else BIG


def botorch_problem(scenario: Scenario) -> tuple[Any, Callable[[Any], Any]]:
    """A scenario as a function on the unit cube, for BoTorch and Ax.

    Points are snapped to the designs in whose cells they lie. BoTorch maximises, hence the sign.

    Args:
        scenario: what is searched.

    Returns:
        Bounds (2, d), and ``f(points (n, d)) -> -costs (n, k)``, both of torch.

    Raises:
        MissingExtraError: torch is not installed.
    """
    torch = need("torch", "a BoTorch problem")
    bounds = torch.stack(
        [torch.zeros(len(scenario.space)), torch.ones(len(scenario.space))]
    ).double()
    return bounds, partial(_botorch_values, make_evaluator(scenario))


def _botorch_values(evaluator: Evaluator, points: Any) -> Any:
    import torch

    scenario = evaluator.scenario
    e = evaluator(scenario.space.from_unit(points.detach().cpu().numpy()))
    costs = (
        np.stack([o.cost(e.metrics) for o in scenario.objectives], axis=1)
        if scenario.k > 1
        else scenario.costs(e)
    )
    return -torch.as_tensor(np.nan_to_num(costs, nan=BIG, posinf=BIG))


def ax_parameters(scenario: Scenario) -> list[dict[str, Any]]:
    """Ax's description of the parameters.

    Args:
        scenario: what is searched.

    Returns:
        One choice parameter for each, ordered where it is ordinal.
    """
    kinds = {str: "str", bool: "bool", int: "int", float: "float"}
    return [
        {
            "name": p.name,
            "type": "choice",
            "values": list(p.values),
            "is_ordered": p.kind == "ordinal",
            "value_type": kinds[type(p.values[0])],
        }
        for p in scenario.space.parameters
    ]
