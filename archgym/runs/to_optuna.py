"""The trials of a run as a study of Optuna, for its dashboard, importances and samplers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import MissingExtraError
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Parameter


def to_optuna(scenario: Scenario, trials: Trials, name: str, storage: Any = None) -> Any:
    """A new ``optuna.Study`` that holds the trials.

    Values are the objectives in SI units, and directions those of the scenario. An infeasible trial is a
    failed one, with its reason as a user attribute. Specs are Optuna's constraints: by how much each is
    missed, at most 0 where it is met. Metrics are user attributes. Optuna has no cost as archgym has it.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.
        name: of the study.
        storage: where Optuna keeps it, such as ``"sqlite:///optuna.db"`` (default: in memory).

    Returns:
        The study.

    Raises:
        MissingExtraError: optuna is not installed.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise MissingExtraError("to_optuna", "optuna", "search") from error
    objectives, specs = scenario.resolved
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            storage=storage, study_name=name, directions=[o.goal for o in objectives]
        )
    finally:
        optuna.logging.set_verbosity(before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names of objectives are marked experimental
        study.set_metric_names([o.name for o in objectives])
    study.set_user_attr("units", scenario.units)
    distributions = {p.name: _distribution(p) for p in scenario.space.parameters}
    e = trials.evaluation
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.stack([o.expression(e.metrics) for o in objectives], axis=1)
        off = [s.violation(e.metrics) for s in specs]
    made = []
    for i, design in enumerate(scenario.space.decode(trials.x) if len(trials) else []):
        works = bool(e.feasible[i]) and bool(np.isfinite(values[i]).all())
        attributes: dict[str, Any] = e.row(i) if e.feasible[i] else {"reason": e.reason(i)}
        missed = [float(v[i]) if works else 1.0 for v in off]
        made.append(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.COMPLETE if works else optuna.trial.TrialState.FAIL,
                params=design,
                distributions=distributions,
                values=values[i].tolist() if works else None,
                user_attrs=attributes,
                system_attrs={"constraints": missed} if specs else {},
            )
        )
    study.add_trials(made)
    return study


def _distribution(p: Parameter) -> Any:
    """Whole numbers or numbers at even distances keep their order; all others are categories."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if p.kind == "ordinal" and p.numeric and len(p) > 1:
        numbers = sorted(float(v) for v in p.values)
        steps = np.diff(numbers)
        if np.allclose(steps, steps[0], rtol=1e-12, atol=0):
            if all(isinstance(v, int) for v in p.values):
                return IntDistribution(int(numbers[0]), int(numbers[-1]), step=int(steps[0]))
            if numbers[0] + steps[0] * (len(p) - 1) == numbers[-1]:
                return FloatDistribution(numbers[0], numbers[-1], step=float(steps[0]))
    return CategoricalDistribution(p.values)
