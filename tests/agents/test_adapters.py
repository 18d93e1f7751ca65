import numpy as np
import pytest

from archgym.goals.scenario_file import from_document
from archgym.search import adapters


@pytest.fixture
def two(toy_document):
    return from_document({**toy_document, "objectives": ["latency", "energy"]})


def test_optuna(toy_scenario, two):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(adapters.optuna_objective(toy_scenario), n_trials=30)
    p = study.best_trial.params
    assert (
        study.best_value < 0
        and study.best_trial.user_attrs["energy"] <= 60e-12
        and p["policy"] in ("lru", "fifo", "random")
    )
    many = optuna.create_study(
        directions=["minimize"] * 2, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    many.optimize(adapters.optuna_objective(two, vector=True), n_trials=30)
    assert len(many.best_trials) > 1


def test_pymoo(two):
    pytest.importorskip("pymoo")
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.optimize import minimize

    result = minimize(adapters.pymoo_problem(two), NSGA2(pop_size=16), ("n_gen", 6), seed=1)
    assert len(result.F) > 1 and (result.F[:, 1] <= 60e-12).all()


def test_configspace_and_smac_target(toy_scenario):
    pytest.importorskip("ConfigSpace")
    space = adapters.configspace(toy_scenario, seed=1)
    target = adapters.smac_target(toy_scenario)
    costs = [target(dict(c)) for c in space.sample_configuration(20)]
    assert np.isfinite(costs).all() and min(costs) < 1


def test_botorch_and_ax(two, toy_scenario):
    torch = pytest.importorskip("torch")
    bounds, function = adapters.botorch_problem(two)
    values = function(torch.rand(8, 3, dtype=torch.double))
    assert bounds.shape == (2, 3) and values.shape == (8, 2)
    assert adapters.botorch_problem(toy_scenario)[1](torch.rand(4, 3)).shape == (4, 1)
    described = adapters.ax_parameters(two)
    assert described[0]["is_ordered"] and described[2]["value_type"] == "str"


def test_a_missing_library_is_named(toy_scenario, monkeypatch):
    from archgym.errors import MissingExtraError

    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"archgym\[search\]"):
        adapters.optuna_objective(toy_scenario)
