"""Environments and adapters can be pickled and deep-copied; a copy goes on as the original would."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

from archgym import EvaluationStore
from archgym.environments import (
    DesignEnv,
    DesignVectorEnv,
    MultiObjectiveDesignEnv,
    SequentialDesignEnv,
)
from archgym.goals.scenario_file import from_document
from archgym.search import adapters

WAYS = {"pickle": lambda e: pickle.loads(pickle.dumps(e)), "deepcopy": copy.deepcopy}
KINDS = {
    "whole": DesignEnv,
    "unit": lambda *a, **k: DesignEnv(*a, actions="unit", **k),
    "sequential": SequentialDesignEnv,
    "several objectives": MultiObjectiveDesignEnv,
    "vector": lambda *a, **k: DesignVectorEnv(3, *a, autoreset_mode="NextStep", **k),
}
pytestmark = pytest.mark.parametrize("way", WAYS)


def play(env, steps, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(steps):
        space = env.action_space
        space.seed(int(rng.integers(1 << 30)))
        out.append(env.step(space.sample()))
    return out


@pytest.mark.parametrize("store", [False, True], ids=["no store", "store"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_goes_on_as_the_original(toy_scenario, tmp_path, kind, way, store):
    given = {"store": tmp_path / "e.sqlite"} if store else {}
    env = KINDS[kind](toy_scenario, **given)
    env.reset(seed=1)
    play(env, 1)
    if kind == "sequential":  # in the middle of an episode
        assert env._chosen
    twin = WAYS[way](env)
    assert data_equivalence(play(env, 2, seed=5), play(twin, 2, seed=5))
    assert twin.scenario.document == env.scenario.document
    env.close()
    twin.reset()
    play(twin, 1)  # has a connection of its own
    twin.close()


def test_two_copies_share_one_file(toy_scenario, tmp_path, way, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = DesignEnv(toy_scenario, store="e.sqlite")  # a relative path: kept whole in the copy
    env.reset()
    env.step(np.array([0, 0, 0]))
    data = pickle.dumps(env)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    twin = pickle.loads(data) if way == "pickle" else copy.deepcopy(pickle.loads(data))
    twin.step(np.array([0, 0, 0]))
    twin.step(np.array([1, 1, 1]))
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        assert store.count() == 2
    assert not list(elsewhere.iterdir())


def test_stores_reopen(toy, tmp_path, way):
    x = toy.space.sample(5, np.random.default_rng(0))
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        store.put(toy, x, toy.evaluate(x))
        with WAYS[way](store) as twin:
            assert twin.get(toy, x)[0].all() and twin._database is not store._database
            twin.put(toy, x, toy.evaluate(x))
        assert store.count() == len(np.unique(x, axis=0))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("archgym/DRAM-v0", {"workload": "rand_rw:n=50"}),
        ("archgym/DRAMSequential-v0", {"workload": "rand_rw:n=50"}),
        ("archgym/SoC-v0", {"scenario": "soc/cava-budgets"}),
        ("archgym/SoCSequential-v0", {"scenario": "soc/audio-limited"}),
        ("archgym/Mapping-v0", {}),
        ("archgym/CoDesign-v0", {}),
        ("archgym/Accelerator-v0", {"workload": "alexnet-conv"}),
        ("archgym/BlockPPA-v0", {"scenario": "ffet/mac16-frequency"}),
    ],
)
def test_every_domain(name, given, way, tmp_path):
    env = gym.make(name, store=tmp_path / "e.sqlite", **given)
    env.reset(seed=0)
    twin = WAYS[way](env)
    env.action_space.seed(0)
    action = env.action_space.sample()
    assert data_equivalence(env.step(action), twin.step(action))


def test_simulators_themselves(way):
    from archgym.goals.scenario_file import load_scenario

    for name in ("soc/audio-limited", "ffet/mac16-frequency"):
        (simulator,) = load_scenario(name).simulators
        x = simulator.repair(
            simulator.space.sample(2, np.random.default_rng(0)), np.random.default_rng(0)
        )
        twin = WAYS[way](simulator)
        assert twin.key == simulator.key
        e, f = simulator.evaluate(x), twin.evaluate(x)
        assert all(e.metrics[n].tobytes() == f.metrics[n].tobytes() for n in e.metrics)


@pytest.fixture
def two(toy_document):
    return from_document({**toy_document, "objectives": ["latency", "energy"]})


def test_pymoo_problem(two, way):
    pytest.importorskip("pymoo")
    problem = adapters.pymoo_problem(two)
    twin = WAYS[way](problem)
    x = two.space.sample(9, np.random.default_rng(0)).astype(float)
    a, b = problem.evaluate(x, return_as_dictionary=True), None
    b = twin.evaluate(x, return_as_dictionary=True)
    assert (a["F"] == b["F"]).all() and (a["G"] == b["G"]).all()


def test_functions_for_other_optimisers(two, toy_scenario, way):
    torch = pytest.importorskip("torch")
    optuna = pytest.importorskip("optuna")
    target = adapters.smac_target(toy_scenario)
    (design,) = toy_scenario.space.decode(toy_scenario.space.nvec[None] - 1)
    assert WAYS[way](target)(design, seed=3) == target(design)
    function = adapters.botorch_problem(two)[1]
    points = torch.rand(4, 3, dtype=torch.double)
    assert (WAYS[way](function)(points) == function(points)).all()
    trial = optuna.trial.FixedTrial({"size": 4, "ways": 1, "policy": "lru"})
    objective = adapters.optuna_objective(two, vector=True)
    assert WAYS[way](objective)(trial) == objective(trial)
