"""Every registered agent keeps the contract, reaches every value and finds structure."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from archgym import registry
from archgym.errors import AgentError, MissingExtraError, UnknownNameError
from archgym.testing import check_agent, tiny_spaces
from archgym.testing.landscapes import STRUCTURED, best_found, bowl, needle, rugged

NAMES = registry.names("agents")
ADAPTIVE = [n for n in NAMES if registry.load("agents", n).adaptive]
MODEL_BASED = {"bayesian_optimization", "botorch"}
LEARNING = {
    "ppo",
    "a2c",
    "dqn",
    "sac",
    "maskable_ppo",
    "reinforce_controller",
    "nasaic",
    "nasaic-2020",
    "tpe",
}


# a contract holds whatever the hyperparameters: these train less at each turn
QUICK = {
    "botorch": {"candidates": 100, "fit_steps": 25},
    "dqn": {"gradient_steps": 4},
    "ppo": {"epochs": 1},
}
CONTRACTS = [
    *((n, QUICK.get(n, {})) for n in NAMES),
    *(pytest.param(n, {}, marks=pytest.mark.slow) for n in QUICK),
]


def load(name):
    return registry.load("agents", name)


@pytest.mark.parametrize(("name", "hyper"), CONTRACTS)
def test_contract(name, hyper):
    check_agent(partial(load(name), **hyper))


@pytest.mark.parametrize("name", [n for n in NAMES if load(n).multi_objective])
def test_contract_with_two_objectives(name):
    cls = load(name)
    # a model is fitted for each objective and a few designs: the two richest spaces are enough
    for space_name, space in list(tiny_spaces())[: 2 if name in MODEL_BASED else None]:
        agent = cls(space, seed=1, objectives=2, budget=60, **QUICK.get(name, {}))
        for _ in range(3 if name in MODEL_BASED else 5):  # first designs twice, then the model's
            x = agent.ask(7)
            costs = np.stack([x.sum(axis=1), -x[:, 0]], axis=1).astype(float)
            costs[x.sum(axis=1) % 3 == 0] = np.inf
            agent.tell(x, costs)
            assert space.is_valid(x).all(), space_name


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_parameter_is_reached(name):
    """ArchGym's agents decode 8-value knobs to 3 reachable indices; here a flat landscape shows all."""
    landscape = bowl()
    budget = 120 if name in MODEL_BASED else 400
    hyper = {"initial": 40} if name in MODEL_BASED else {}
    agent = load(name)(landscape.space, seed=3, budget=budget, **hyper)
    rng = np.random.default_rng(0)
    seen = [set() for _ in landscape.space.parameters]
    done = 0
    while done < budget:
        n = min(40 if name in MODEL_BASED else 16, budget - done)
        x = agent.ask(n)
        agent.tell(x, rng.random(n))
        done += n
        for column, values in enumerate(x.T):
            seen[column].update(values.tolist())
    missing = {
        p.name: len(p) - len(s) for p, s in zip(landscape.space.parameters, seen) if len(s) < len(p)
    }
    assert not missing


# those that take half a minute and more each are left to `make test-all`
SLOW = {"botorch", "dqn", "sac", "tpe"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in ADAPTIVE]
)
def test_beats_random_search_where_there_is_structure(name):
    budget = 60 if name in MODEL_BASED else 300
    costly = name in MODEL_BASED | LEARNING
    for make in (rugged,) if costly else STRUCTURED:
        landscape = make()
        seeds = range(8 if costly else 20)
        mine = [best_found(load(name), landscape, budget, seed) for seed in seeds]
        random = [best_found(load("random_walk"), landscape, budget, seed) for seed in range(20)]
        assert np.median(mine) < 0.9 * np.median(random), landscape.name


@pytest.mark.parametrize("name", [n for n in ADAPTIVE if n not in MODEL_BASED | LEARNING])
def test_nothing_beats_random_search_on_a_needle(name):
    """7,776 designs, one is good: the share of seeds that find it stays near that of blind search."""
    landscape = needle()
    found = sum(best_found(load(name), landscape, 300, seed) == 0 for seed in range(60))
    assert found <= 9  # 60 * 300 / 7776 = 2.3 expected; P(more than 9) is about 1e-4


ELSEWHERE = """
from archgym import registry
from archgym.testing.landscapes import best_found, rugged

for name in {names}:
    best = best_found(registry.load("agents", name), rugged(), 48, 5, **{quick}.get(name, {{}}))
    print(name, repr(best), flush=True)
"""


def test_the_same_in_another_process():
    """All in one other process: libraries are imported once, and what one leaves behind counts."""
    names = [
        "genetic_algorithm",
        "simulated_annealing",
        "portfolio",
        "ppo",
        "bayesian_optimization",
        "botorch",
        "cma_es",
        "nsga2",
        "tpe",
    ]
    code = ELSEWHERE.format(names=names, quick=QUICK)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    there = dict(line.split() for line in done.stdout.splitlines())
    # the other way round here: what an agent does must not depend on who ran before it
    here = {n: repr(best_found(load(n), rugged(), 48, 5, **QUICK.get(n, {}))) for n in names[::-1]}
    assert there == here


@pytest.mark.parametrize("name", NAMES)
def test_hyperparameters_are_declared_with_defaults_inside(name):
    cls = load(name)
    assert cls.name == name and (cls.__doc__ or "").strip()
    assert set(cls.defaults) == set(cls.hyperparameters.names)
    for key, value in cls.defaults.items():
        cls.hyperparameters[key].index(value)
    for grid in cls.grids:
        assert cls.grid_points(grid)
    with pytest.raises(UnknownNameError):
        cls(bowl().space, populatoin=3)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if len(load(n).hyperparameters) and n not in MODEL_BASED]
)
def test_any_hyperparameters_work(name):
    cls = load(name)
    rng = np.random.default_rng(0)
    landscape = rugged()
    for row in cls.hyperparameters.decode(
        cls.hyperparameters.sample(3 if name in LEARNING else 6, rng)
    ):
        assert np.isfinite(best_found(cls, landscape, 64, 1, **row)), row


def test_archgyms_grids_have_its_sizes():
    points = {n: load(n).grid_points("archgym-grid") for n in NAMES if load(n).grids}
    sizes = {n: len(p) for n, p in points.items()}
    assert sizes == {
        "ant_colony": 600,
        "bayesian_optimization": 15,
        "gamma": 1000,
        "genetic_algorithm": 72,
    }
    assert points["genetic_algorithm"][0].budget == 2 * 8
    assert {p.seed for p in points["bayesian_optimization"]} == {1, 2, 3, 4, 5}
    with pytest.raises(UnknownNameError, match="did you mean 'archgym-grid'"):
        load("ant_colony").grid_points("archgym-gird")


def test_asking_and_telling_wrongly_is_refused():
    agent = load("genetic_algorithm")(bowl().space)
    x = agent.ask(3)
    for costs in ([1.0, 2.0], [1.0, 2.0, float("nan")], [1.0, 2.0, -float("inf")], np.ones((3, 2))):
        with pytest.raises(AgentError):
            agent.tell(x, costs)
    with pytest.raises(AgentError, match="at least 1"):
        agent.ask(0)
    with pytest.raises(AgentError, match="one objective"):
        load("genetic_algorithm")(bowl().space, objectives=2)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "archgym.agents.tpe", raising=False)
    with pytest.raises((MissingExtraError, ImportError), match="optuna"):
        registry.load("agents", "tpe")


def test_agents_import_nothing_heavy_until_used():
    light = [n for n in NAMES if n not in MODEL_BASED | LEARNING | {"cma_es", "nsga2"}]
    light = [n for n in light if n not in ("differential_evolution", "particle_swarm")]
    code = (
        "import sys\nfrom archgym import registry\n"
        f"for n in {light!r}:\n    registry.load('agents', n)\n"
        "heavy = {'torch', 'stable_baselines3', 'botorch', 'optuna', 'cma', 'pymoo', 'skopt'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
