import multiprocessing
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence

import archgym

WORKLOAD = "rand_rw:n=300"
IDS = ["archgym/DRAM-v0", "archgym/DRAMSequential-v0"]
EVERY = [
    *IDS,
    *(
        f"archgym/{d}{kind}-v0"
        for d in ("SoC", "Accelerator", "Mapping", "BlockPPA", "CoDesign")
        for kind in ("", "Sequential")
    ),
]


def make(name, **kwargs):
    if "Accelerator" in name:
        return gym.make(name, workload="alexnet-conv", **kwargs)
    if "BlockPPA" in name:
        return gym.make(name, scenario="ffet/mac16-frequency", **kwargs)
    if "Mapping" in name or "CoDesign" in name:
        return gym.make(name, **kwargs)
    if "SoC" in name:
        return gym.make(name, scenario="soc/cava-budgets", **kwargs)
    return gym.make(name, scenario="dram/stream-low-power", workload=WORKLOAD, **kwargs)


@pytest.mark.parametrize("name", EVERY)
def test_gymnasiums_checker_passes_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(name).unwrapped)


@pytest.mark.parametrize("name", EVERY)
def test_stable_baselines3s_checker_passes(name):
    from stable_baselines3.common.env_checker import check_env as sb3_check

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sb3_check(make(name).unwrapped, warn=True)


def test_made_by_its_full_name_without_an_import():
    import subprocess
    import sys

    code = (
        "import gymnasium as gym\n"
        "e = gym.make('archgym:archgym/DRAM-v0', workload='rand_rw:n=50')\n"
        "e.reset(seed=1)\nprint(e.step(e.action_space.sample())[2])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_a_step_tells_metrics_with_units_and_ends():
    env = make(IDS[0])
    observation, _ = env.reset(seed=3)
    assert (observation == 0).all()
    env.action_space.seed(3)
    action = env.action_space.sample()
    observation, reward, terminated, truncated, info = env.step(action)
    assert terminated and not truncated
    assert info["feasible"] and info["units"]["energy"] == "J"
    scenario = env.unwrapped.scenario
    e = scenario.evaluate(action[None])
    assert info["metrics"] == e.row(0)
    assert reward == -scenario.costs(e)[0, 0]
    reference = scenario.reference_evaluation
    assert observation[0] == pytest.approx(
        np.log(e.metrics["total_time"][0] / reference.metrics["total_time"][0]), rel=1e-5, abs=1e-6
    )


def test_seeded_resets_give_the_same_samples():
    first, second = make(IDS[0]), make(IDS[0])
    for env in (first, second):
        env.reset(seed=5)
        env.action_space.seed(5)
    assert (first.action_space.sample() == second.action_space.sample()).all()


def test_sequential_and_whole_designs_agree():
    env, whole = make(IDS[1]), make(IDS[0])
    rng = np.random.default_rng(0)
    design = [int(rng.integers(n)) for n in whole.action_space.nvec]
    env.reset()
    for i, value in enumerate(design):
        mask = env.unwrapped.action_masks()
        assert mask.sum() == whole.action_space.nvec[i] and mask[value]
        _, reward, terminated, _, info = env.step(value)
        assert terminated == (i == len(design) - 1)
    whole.reset()
    assert reward == whole.step(np.array(design))[1]
    assert info["metrics"] == whole.unwrapped.view.evaluate(np.array([design])).row(0)
    with pytest.raises(gym.error.ResetNeeded):
        env.unwrapped.step(0)


def test_actions_beyond_a_parameters_values_wrap():
    env = make(IDS[1])
    for action in (4, 0):  # page_policy has four values
        env.reset()
        observation = env.step(action)[0]
        assert observation[0] == pytest.approx(0.125)


def test_dqn_and_sac_learn_by_themselves():
    from stable_baselines3 import DQN, SAC

    sequential = gym.make(IDS[1], workload="rand_rw:n=60")
    DQN("MlpPolicy", sequential, learning_starts=12, train_freq=12, device="cpu").learn(36)
    unit = gym.make(IDS[0], workload="rand_rw:n=60", actions="unit")
    check_env(unit.unwrapped)
    SAC("MlpPolicy", unit, learning_starts=4, device="cpu").learn(8)
    unit.reset()
    with pytest.raises(archgym.ArchgymError, match="kind of actions"):
        gym.make(IDS[0], workload="rand_rw:n=60", actions="float")


def test_a_store_keeps_what_environments_evaluate(tmp_path):
    from archgym import EvaluationStore

    env = make(IDS[0], store=tmp_path / "e.sqlite")
    env.reset(seed=0)
    env.action_space.seed(0)
    action = env.action_space.sample()
    for _ in range(3):
        env.step(action)
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        assert store.count() == 1


def test_infeasible_designs_have_a_finite_reward(toy_scenario):
    from archgym.environments import DesignEnv
    from archgym.goals.rewards import INFEASIBLE_REWARD

    env = DesignEnv(toy_scenario)
    env.reset()
    action = toy_scenario.space.encode([{"size": 1, "ways": 8, "policy": "lru"}])[0]
    observation, reward, _, _, info = env.step(action)
    assert reward == INFEASIBLE_REWARD and (observation == 0).all()
    assert info["reason"] == "more ways than lines" and not info["specs_met"]


def test_a_sequential_action_is_one_value_index(toy_scenario):
    from archgym.environments import SequentialDesignEnv
    from archgym.environments.common import ActionError

    env = SequentialDesignEnv(toy_scenario)
    env.reset()
    for bad in (float("nan"), float("inf"), -1, 8, 0.5, [1, 2], None, "1", True):
        with pytest.raises(ActionError, match="action"):
            env.step(bad)
        assert env._chosen == []
    for good in (np.int64(1), np.array([1]), 1.0):
        env.step(good)
    assert env._chosen == [1, 1, 1]


def _in_another_process(data, action, pipe):
    pipe.send(pickle.loads(data).step(action))


def test_a_pickled_environment_goes_on_in_another_process(tmp_path):
    env = gym.make(
        "archgym/DRAM-v0", workload="rand_rw:n=50", store=tmp_path / "e.sqlite"
    ).unwrapped
    env.reset()
    data = pickle.dumps(env)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    action = np.zeros(12, np.int64)
    process = context.Process(target=_in_another_process, args=(data, action, theirs))
    process.start()
    assert ours.poll(120)
    assert data_equivalence(ours.recv(), env.step(action))
    process.join(10)
