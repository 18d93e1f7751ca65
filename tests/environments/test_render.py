"""``render`` shows the present design as text and as an image, without a display."""

import warnings
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.environments import DesignEnv, DesignVectorEnv, SequentialDesignEnv
from archgym.errors import UnknownNameError

GOOD, BAD = np.array([2, 1, 0]), np.array([0, 3, 0])  # 4 KiB two ways; one line, eight ways


def test_text_names_values_units_metrics_references_and_specs(toy_scenario):
    env = DesignEnv(toy_scenario, render_mode="ansi")
    env.reset()
    assert "no design evaluated yet" in env.render() and "size    -" in env.render()
    _, _, _, _, info = env.step(GOOD)
    text = env.render()
    assert "toy, workload w" in text and "size    4 KiB" in text and "policy  lru" in text
    assert "energy   10 pJ  (reference 22 pJ)" in text
    assert "spec energy <= 60 pJ: met" in text
    env.step(np.array([7, 3, 0]))  # 128 KiB, eight ways: 152 pJ
    assert "spec energy <= 60 pJ: missed by 153 %" in env.render()
    env.step(BAD)
    assert "infeasible: more ways than lines" in env.render()
    env.reset()
    assert "no design evaluated yet" in env.render()
    assert info["feasible"]


def test_images_differ_as_designs_do(toy_scenario):
    env = DesignEnv(toy_scenario, render_mode="rgb_array")
    env.reset()
    frames = [env.render()]
    for design in (GOOD, BAD, np.array([7, 3, 0])):
        env.step(design)
        frames.append(env.render())
    for frame in frames:
        assert frame.shape == (480, 960, 3) and frame.dtype == np.uint8
        assert 0 < (frame < 128).mean() < 0.5  # something is drawn, most is paper
    assert all((a != b).any() for a, b in pairwise(frames))
    env.step(np.array([7, 3, 0]))
    assert (env.render() == frames[-1]).all()


def test_a_sequential_design_grows(toy_scenario):
    env = SequentialDesignEnv(toy_scenario, render_mode="ansi")
    env.reset()
    env.step(2)
    text = env.render()
    assert "size    4 KiB" in text and "ways    -" in text and "no design evaluated yet" in text
    env.step(1)
    env.step(0)
    assert "energy   10 pJ" in env.render()
    assert SequentialDesignEnv(toy_scenario).render() is None


def test_vectors_show_each_environment(toy_scenario):
    env = DesignVectorEnv(2, toy_scenario, render_mode="ansi")
    env.reset()
    env.step(np.stack([GOOD, BAD]))
    one, other = env.render()
    assert "energy   10 pJ" in one and "infeasible" in other
    after = DesignVectorEnv(2, toy_scenario, render_mode="ansi", autoreset_mode="NextStep")
    after.reset()
    after.step(np.stack([GOOD, BAD]))
    assert after.render() == (one, other)
    after.step(np.stack([GOOD, BAD]))  # resets
    assert all("no design evaluated yet" in frame for frame in after.render())
    images = DesignVectorEnv(2, toy_scenario, render_mode="rgb_array")
    images.reset()
    assert [f.shape for f in images.render()] == [(480, 960, 3)] * 2
    assert DesignVectorEnv(2, toy_scenario).render() is None


def test_large_spaces_fit():
    env = gym.make("archgym/SoC-v0", scenario="soc/cava-budgets", render_mode="rgb_array")
    env.reset(seed=0)
    env.action_space.seed(0)
    env.step(env.action_space.sample())
    assert env.render().shape == (480, 960, 3)


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
@pytest.mark.parametrize("name", ["archgym/DRAM-v0", "archgym/DRAMSequential-v0"])
def test_gymnasiums_checker_in_every_mode(name, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(name, workload="rand_rw:n=50", render_mode=mode)
        check_env(env.unwrapped)
        env.reset()
        env.render()
    frames = gym.make(name, workload="rand_rw:n=50", render_mode=f"{mode}_list")
    frames.reset()
    frames.step(frames.action_space.sample())
    assert len(frames.render()) == 2


def test_other_modes_are_refused(toy_scenario):
    for make in (DesignEnv, SequentialDesignEnv, lambda s, **k: DesignVectorEnv(2, s, **k)):
        with pytest.raises(UnknownNameError, match="did you mean 'rgb_array'"):
            make(toy_scenario, render_mode="rgb")
