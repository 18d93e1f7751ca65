"""``DesignVectorEnv`` answers as ``SyncVectorEnv`` of ``DesignEnv`` does, in every autoreset mode."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import vector as wrappers

from archgym.environments import DesignEnv, DesignVectorEnv
from archgym.environments.common import ActionError
from archgym.errors import UnknownNameError
from archgym.goals.scenario_file import from_document

MODES = list(AutoresetMode)
N = 5


def pair(scenario, mode, n=N, **kwargs):
    """The native environment and Gymnasium's loop over single ones."""
    return (
        DesignVectorEnv(n, scenario, autoreset_mode=mode, **kwargs),
        SyncVectorEnv([lambda: DesignEnv(scenario, **kwargs)] * n, autoreset_mode=mode),
    )


def assert_same(ours, theirs, where):
    assert data_equivalence(ours, theirs), f"{where}\n{ours}\n{theirs}"


def needs_reset(mode):
    return mode is AutoresetMode.DISABLED


@pytest.fixture
def narrowed(toy_document):
    """A space with a share of infeasible designs (one line, eight ways)."""
    return from_document({**toy_document, "parameters": {"size": [1, 16], "ways": [2, 8]}})


@pytest.mark.parametrize("actions", ["index", "unit"])
@pytest.mark.parametrize("mode", MODES)
def test_the_same_as_gymnasiums_loop(narrowed, mode, actions):
    ours, theirs = pair(narrowed, mode, actions=actions)
    assert ours.metadata == theirs.metadata
    for space in (
        "action_space", "observation_space", "single_action_space", "single_observation_space"
    ):  # fmt: skip
        assert getattr(ours, space) == getattr(theirs, space)
    rng = np.random.default_rng(0)
    ours.action_space.seed(0)
    assert_same(ours.reset(seed=3), theirs.reset(seed=3), "reset")
    partly = 0
    for turn in range(14):
        x = ours.action_space.sample()
        a, b = ours.step(x), theirs.step(x)
        assert_same(a, b, f"step {turn}")
        assert a[0] in ours.observation_space
        assert [v.dtype for v in a[:4]] == [v.dtype for v in b[:4]]
        if needs_reset(mode):
            everyone = {"reset_mask": np.ones(N, np.bool_)}
            assert_same(ours.reset(options=dict(everyone)), theirs.reset(options=everyone), turn)
        elif rng.random() < 0.4:  # from here on environments are out of step with one another
            mask = rng.random(N) < 0.5
            mask[rng.integers(N)] = True
            partly += 1
            assert_same(
                ours.reset(options={"reset_mask": mask}),
                theirs.reset(options={"reset_mask": mask}),
                f"partial reset {turn}",
            )
    assert partly or needs_reset(mode)


def test_a_batch_that_is_infeasible_as_a_whole(narrowed):
    bad = narrowed.space.encode({"size": 1, "ways": 8, "policy": "lru"}).repeat(N, axis=0)
    for mode in MODES:
        ours, theirs = pair(narrowed, mode)
        ours.reset(), theirs.reset()
        assert_same(ours.step(bad), theirs.step(bad), mode)


def test_terminal_observations_and_infos_are_found_where_gymnasium_says(toy_scenario):
    env = DesignVectorEnv(N, toy_scenario)
    env.reset(seed=0)
    env.action_space.seed(1)
    x = env.action_space.sample()
    observations, rewards, terminated, truncated, info = env.step(x)
    assert (observations == 0).all() and terminated.all() and not truncated.any()
    e = toy_scenario.evaluate(x)
    final = info["final_info"]
    assert info["_final_obs"].all() and (np.stack(info["final_obs"]) == env.view.observe(e)).all()
    assert (final["metrics"]["energy"] == np.where(e.feasible, e.metrics["energy"], 0)).all()
    assert (final["metrics"]["_energy"] == e.feasible).all() and final["_metrics"].all()
    assert final["units"]["energy"].tolist() == ["J"] * N
    assert (rewards == toy_scenario.rewards(e)).all()


def test_answers_do_not_share_memory(toy_scenario):
    for mode in (AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP):
        env = DesignVectorEnv(N, toy_scenario, autoreset_mode=mode)
        first, _ = env.reset()
        first += 1
        mine = env.step(env.action_space.sample())
        kept = mine[0].copy()
        mine[2][:] = False
        mine[0][:] = 7
        again = env.step(env.action_space.sample())
        assert (again[0] != 7).all() and (again[2] == (mode is AutoresetMode.SAME_STEP)).all()
        assert not (kept == 7).any()


def wrapped_in(env, name):
    """``env`` in a wrapper of Gymnasium by name."""
    same = env.single_observation_space
    d = same.shape[0]
    wrapper = getattr(wrappers, name)
    arguments = {
        "ClipReward": {"min_reward": -1, "max_reward": 1},
        "TransformReward": {"func": lambda r: 2 * r},
        "VectorizeTransformReward": {
            "wrapper": gym.wrappers.TransformReward,
            "func": lambda r: r + 1,
        },
        "TransformObservation": {"func": lambda o: -o},
        "VectorizeTransformObservation": {
            "wrapper": gym.wrappers.TransformObservation,
            "func": lambda o: -o,
            "observation_space": same,
        },
        "DtypeObservation": {"dtype": np.float64},
        "ReshapeObservation": {"shape": (d, 1)},
        "RescaleObservation": {
            "min_obs": np.zeros(d, np.float32),
            "max_obs": np.ones(d, np.float32),
        },
        "TransformAction": {"func": lambda a: a},
        "VectorizeTransformAction": {
            "wrapper": gym.wrappers.TransformAction,
            "func": lambda a: a,
            "action_space": env.single_action_space,
        },
        "RescaleAction": {"min_action": np.float32(0), "max_action": np.float32(1)},
    }
    return wrapper(env, **arguments.get(name, {}))


# need images of observations, dictionaries of them, a screen, a video encoder, or jax
ELSEWHERE = {
    "FilterObservation", "GrayscaleObservation", "ResizeObservation", "HumanRendering",
    "RecordVideo", "JaxToNumpy", "JaxToTorch", "ArrayConversion",
}  # fmt: skip
TRIED = (
    "RecordEpisodeStatistics", "DictInfoToList", "NormalizeObservation", "NormalizeReward",
    "ClipReward", "TransformReward", "VectorizeTransformReward", "TransformObservation",
    "VectorizeTransformObservation", "FlattenObservation", "DtypeObservation",
    "ReshapeObservation", "RescaleObservation", "TransformAction", "VectorizeTransformAction",
    "ClipAction", "RescaleAction", "NumpyToTorch",
)  # fmt: skip


def test_every_wrapper_of_gymnasium_is_tried_or_named():
    assert set(TRIED) | ELSEWHERE >= set(wrappers.__all__)


def without_time(answer):
    """An answer less what ``RecordEpisodeStatistics`` measures by a clock."""
    for part in answer:
        if isinstance(part, dict) and isinstance(part.get("episode"), dict):
            part["episode"] = {k: v for k, v in part["episode"].items() if k != "t"}
    return answer


def as_numpy(part):
    if hasattr(part, "numpy"):
        return part.numpy()
    if isinstance(part, dict):
        return {k: as_numpy(v) for k, v in part.items()}
    return part


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.parametrize("mode", MODES)
def test_under_every_wrapper(toy_scenario, mode, name):
    if name == "NumpyToTorch":
        pytest.importorskip("array_api_compat", reason="Gymnasium converts arrays with it")
    actions = "unit" if name in ("ClipAction", "RescaleAction") else "index"
    inner = pair(toy_scenario, mode, actions=actions)
    try:
        theirs = wrapped_in(inner[1], name)
    except ValueError:  # Gymnasium's observation wrappers do not take every mode
        assert mode is not AutoresetMode.NEXT_STEP
        with pytest.raises(ValueError, match="autoreset_mode"):
            wrapped_in(inner[0], name)
        return
    ours = wrapped_in(inner[0], name)
    outer = (ours, theirs)
    ours.action_space.seed(4)
    assert_same(*[as_numpy(e.reset(seed=1)[0]) for e in outer], "reset")
    for turn in range(6):
        x = ours.action_space.sample()
        if name == "ClipAction":
            x = (3 * np.random.default_rng(turn).standard_normal((N, 3))).astype(np.float32)
        if name == "NumpyToTorch":
            import torch

            x = torch.as_tensor(x)
        try:
            b = without_time(theirs.step(x))
        except BufferError:  # NumpyToTorch cannot convert text, such as units
            with pytest.raises(BufferError):
                ours.step(x)
            return
        a = without_time(ours.step(x))
        for mine, other in zip(a, b):
            assert_same(as_numpy(mine), as_numpy(other), f"{name}, step {turn}")
        if needs_reset(mode):
            ours.reset(), theirs.reset()


def test_under_a_screen(toy_scenario, monkeypatch):
    for package in ("pygame", "cv2"):
        pytest.importorskip(package, reason="Gymnasium draws with it")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = wrappers.HumanRendering(DesignVectorEnv(2, toy_scenario, render_mode="rgb_array"))
    env.reset()
    assert env.step(env.action_space.sample())[2].all()
    env.close()


def test_statistics_survive_partial_resets(toy_scenario):
    """The wrapper reads the mask after the environment did, so the environment must leave it."""
    env = wrappers.RecordEpisodeStatistics(
        DesignVectorEnv(N, toy_scenario, autoreset_mode=AutoresetMode.DISABLED)
    )
    env.reset(seed=0)
    first = env.step(env.action_space.sample())[4]["episode"]
    env.reset(options={"reset_mask": np.ones(N, np.bool_)})
    second = env.step(env.action_space.sample())[4]["episode"]
    assert (first["l"] == 1).all() and (second["l"] == 1).all()


def test_through_make_vec_with_modes_by_name(toy_scenario):
    for given, mode in [
        ("NextStep", AutoresetMode.NEXT_STEP),
        (AutoresetMode.DISABLED, AutoresetMode.DISABLED),
    ]:
        env = gym.make_vec(
            "archgym/DRAM-v0", num_envs=3, scenario=toy_scenario, autoreset_mode=given,
            actions="unit",
        )  # fmt: skip
        assert env.metadata["autoreset_mode"] is mode
        assert isinstance(env.single_action_space, gym.spaces.Box)
        assert DesignVectorEnv.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    with pytest.raises(UnknownNameError, match="did you mean 'NextStep'"):
        DesignVectorEnv(2, toy_scenario, autoreset_mode="Nextstep")


def test_seeds_as_lists(toy_scenario):
    env = DesignVectorEnv(3, toy_scenario)
    for seed in (None, 4, [1, 2, 3], (1, None, 3), [None] * 3):
        assert (env.reset(seed=seed)[0] == 0).all()
    env.reset(seed=[5, 6, 7])
    assert env.np_random_seed == 5
    with pytest.raises(ValueError, match="expected 3 seeds, one an environment, got 2"):
        env.reset(seed=[1, 2])
    for bad in ([1, 2, -3], [1, 2, 0.5], "abc", -1, 1.5):
        with pytest.raises((gym.error.Error, ValueError)):
            env.reset(seed=bad)


@pytest.mark.parametrize("actions", ["index", "unit"])
def test_wrong_shapes_and_values_are_refused(toy_scenario, actions):
    env = DesignVectorEnv(3, toy_scenario, actions=actions)
    single = DesignEnv(toy_scenario, actions=actions)
    env.reset(), single.reset()
    good = env.action_space.sample()
    for bad in (
        good[:2], good[0], good[:, :2], good[None], np.concatenate([good, good]), None, "abc",
        [[0, 1, 2], [0, 1], [2]],
    ):  # fmt: skip
        with pytest.raises(ActionError, match="actions must"):
            env.step(bad)
    for value in (np.nan, np.inf, -np.inf):
        for dtype in (np.float32, np.float64):
            wrong = good.astype(dtype)
            wrong[1, 2] = value
            with pytest.raises(gym.error.InvalidAction):
                env.step(wrong)
            with pytest.raises(gym.error.InvalidAction):
                single.step(wrong[1])
    if actions == "index":
        for value in (-1, 99, 0.5):
            wrong = good.astype(float)
            wrong[1, 0] = value
            with pytest.raises(ActionError):
                env.step(wrong)
            with pytest.raises(ActionError):
                single.step(wrong[1])
    else:
        wrong = good.copy()
        wrong[1, 2] = np.nan
        with pytest.raises(ActionError, match="action 1, parameter 'policy': expected a number"):
            env.step(wrong)
        outside = env.step(np.full((3, 3), 9.0, np.float32))[1]
        assert (outside == env.step(np.ones((3, 3), np.float32))[1]).all()
    env.step(good)  # a refused action leaves the environment as it was


def test_an_error_names_the_environment(toy_scenario):
    env = DesignVectorEnv(3, toy_scenario, autoreset_mode=AutoresetMode.NEXT_STEP)
    env.reset()
    good = env.action_space.sample()
    env.step(good)
    env.reset(options={"reset_mask": np.array([False, False, True])})
    wrong = good.copy()
    wrong[2, 0] = 99
    with pytest.raises(ActionError, match=r"index 99 .* \(rows are environments \[2\]\)"):
        env.step(wrong)
    wrong = good.copy()
    wrong[0, 0] = 99  # this one is reset: its action is ignored, as in Gymnasium's loop
    assert env.step(wrong)[2].tolist() == [False, False, True]


def test_the_order_of_calls_is_kept(toy_scenario):
    env = DesignVectorEnv(3, toy_scenario, autoreset_mode="Disabled")
    x = env.action_space.sample()
    with pytest.raises(gym.error.ResetNeeded, match="before step"):
        env.step(x)
    env.reset()
    env.step(x)
    with pytest.raises(gym.error.ResetNeeded, match=r"environments \[0, 1, 2\] are over"):
        env.step(x)
    env.reset(options={"reset_mask": np.array([True, False, True])})
    with pytest.raises(gym.error.ResetNeeded, match=r"environments \[1\] are over"):
        env.step(x)
    for mask, error in (
        ([True] * 3, TypeError),
        (np.ones(3), TypeError),
        (np.ones(2, np.bool_), ValueError),
        (np.zeros(3, np.bool_), ValueError),
    ):
        with pytest.raises(error, match="reset_mask"):
            env.reset(options={"reset_mask": mask})
    with pytest.raises(ValueError, match="num_envs"):
        DesignVectorEnv(0, toy_scenario)
