"""Vector rewards in MO-Gymnasium's form; checked with MO-Gymnasium itself where it is installed."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.domains import domains
from archgym.environments import DesignEnv, MultiObjectiveDesignEnv
from archgym.goals.rewards import INFEASIBLE_REWARD, VIOLATED
from archgym.goals.scenario_file import from_document

SMALL = {
    "Accelerator": {"scenario": "accelerator/mobilenet-v2-eyeriss-front", "workload": "alexnet-conv"},
    "BlockPPA": {"scenario": "ffet/mac16-frequency", "objectives": ["core_area", "power"]},
    "DRAM": {"workload": "rand_rw:n=50"},
}  # fmt: skip


def mo_gymnasium():
    return pytest.importorskip("mo_gymnasium", reason="pip install mo-gymnasium")


@pytest.fixture
def two(toy_document):
    return from_document({**toy_document, "objectives": ["latency", "energy"]})


def test_rewards_are_minus_the_costs_of_designs_that_meet_the_specs(two):
    env = MultiObjectiveDesignEnv(two)
    x = np.concatenate(list(two.space.grid()))
    e = two.evaluate(x)
    costs, met = two.costs(e, vector=True), two.satisfied(e)
    assert 10 < met.sum() < len(x)
    rewards = []
    for design, cost, ok in zip(x, costs, met):
        env.reset()
        _, reward, terminated, _, info = env.step(design)
        assert terminated and info["specs_met"] == ok
        assert reward.shape == (2,) and reward.dtype == np.float32
        assert reward in env.reward_space and np.isfinite(reward).all()
        if ok:
            assert (reward == (-cost).astype(np.float32)).all()
        rewards.append(reward)
    rewards = np.array(rewards)
    assert (rewards[e.feasible & ~met].max(axis=0) < rewards[met].min(axis=0)).all()
    assert (rewards[~e.feasible] < rewards[e.feasible].min(axis=0)).all()


def test_specs_and_infeasibility_cost_what_the_text_says(two):
    env = MultiObjectiveDesignEnv(two)
    scale = np.array([o.reference for o in two.resolved[0]])
    design = two.space.encode({"size": 128, "ways": 8, "policy": "lru"})
    e = two.evaluate(design)
    loss = VIOLATED + np.log1p((e.metrics["energy"][0] - 60e-12) / 60e-12)
    own = np.array([e.metrics["latency"][0], e.metrics["energy"][0]])
    env.reset()
    np.testing.assert_allclose(env.step(design[0])[1], -own - loss * scale, rtol=1e-6)
    env.reset()
    bad = two.space.encode({"size": 1, "ways": 8, "policy": "lru"})
    np.testing.assert_allclose(env.step(bad[0])[1], INFEASIBLE_REWARD * scale, rtol=1e-6)


def test_maximised_objectives_are_rewarded_as_they_are(toy_document):
    scenario = from_document(toy_document)
    env = MultiObjectiveDesignEnv(
        scenario, objectives=[{"metric": "latency", "goal": "maximize"}, "energy"]
    )
    env.reset()
    _, reward, _, _, info = env.step(np.array([2, 1, 0]))
    assert reward[0] == np.float32(info["metrics"]["latency"])
    assert reward[1] == np.float32(-info["metrics"]["energy"])
    assert env.objectives == ["latency", "energy"] and env.scenario.specs == scenario.specs


def test_without_a_reference_magnitudes_come_from_designs(toy_document):
    del toy_document["reference"]
    scenario = from_document(
        {**toy_document, "objectives": ["latency", "energy"], "reward": "weighted-accuracy"}
    )
    env = MultiObjectiveDesignEnv(scenario)
    env.reset()
    bad = scenario.space.encode({"size": 1, "ways": 8, "policy": "lru"})
    reward = env.step(bad[0])[1]
    assert (reward > -1e-3).all() and (reward < -1e-9).all()


def test_the_registered_ones_agree_with_their_scenarios():
    for domain in (n for d in domains().values() for n in d.multi_objective):
        spec = gym.spec(f"archgym/{domain}MO-v0")
        env = spec.make(disable_env_checker=True, **SMALL.get(domain, {}))
        inner = env.unwrapped
        assert inner.reward_dim == inner.scenario.k == inner.reward_space.shape[0] >= 2
        env.reset(seed=0)
        env.action_space.seed(0)
        _, reward, *_ = env.step(env.action_space.sample())
        assert reward in inner.reward_space and np.isfinite(reward).all()


def test_mo_gymnasiums_conventions():
    mo = mo_gymnasium()
    env = mo.make("archgym/DRAMMO-v0", workload="rand_rw:n=50")
    assert env.unwrapped.reward_dim == 2
    # as its own tests do: with the reward made one number, Gymnasium's checkers pass
    scalar = mo.wrappers.LinearReward(env, weight=np.array([0.5, 0.5]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*wrapped environment.*")
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(scalar)
    env.reset(seed=0)
    env.action_space.seed(0)
    action = env.action_space.sample()
    _, vector, *_ = env.step(action)
    scalar.reset(seed=0)
    _, number, _, _, info = scalar.step(action)
    assert number == pytest.approx(vector.sum() / 2) and (info["vector_reward"] == vector).all()


def test_under_mo_gymnasiums_wrappers(two):
    mo = mo_gymnasium()
    from mo_gymnasium.wrappers import vector

    def made():
        return MultiObjectiveDesignEnv(two)

    env = mo.wrappers.MORecordEpisodeStatistics(
        mo.wrappers.MOClipReward(mo.wrappers.MONormalizeReward(made(), idx=1), 0, -1, 1)
    )
    env.reset(seed=0)
    _, reward, _, _, info = env.step(np.array([2, 1, 0]))
    assert reward.shape == (2,) and info["episode"]["r"].shape == (2,)
    envs = vector.MOSyncVectorEnv([made] * 3)
    envs.reset(seed=0)
    x = np.stack([[2, 1, 0], [7, 3, 0], [0, 3, 0]])
    _, rewards, *_ = envs.step(x)
    single = made()
    for design, row in zip(x, rewards):
        single.reset()
        assert (single.step(design)[1] == row).all()


def test_apart_from_rewards_it_is_the_environment_of_one_number(two):
    one, several = DesignEnv(two), MultiObjectiveDesignEnv(two)
    one.reset(), several.reset()
    a, b = one.step(np.array([2, 1, 0])), several.step(np.array([2, 1, 0]))
    assert (a[0] == b[0]).all() and a[2:4] == b[2:4] and a[4] == b[4]
