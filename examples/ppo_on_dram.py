"""Stable-Baselines3's own PPO on a Gymnasium environment: 64 controllers a step."""

import sys

import gymnasium as gym
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

import archgym  # noqa: F401  registers the environments


class Batched(VecEnv):
    """A natively batched Gymnasium vector environment as Stable-Baselines3 wants it."""

    def __init__(self, env):
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self):
        return self.env.reset()[0]

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        # every step is an episode: the observation is that of the next one's reset
        observation, reward, done, _, info = self.env.step(self.actions)
        infos = [
            {"terminal_observation": last, "feasible": bool(feasible)}
            for last, feasible in zip(info["final_obs"], info["final_info"]["feasible"])
        ]
        return observation, reward.astype(np.float32), done, infos

    def close(self):
        self.env.close()

    def get_attr(self, name, indices=None):
        return [getattr(self.env, name, None)] * self.num_envs

    def set_attr(self, name, value, indices=None):
        setattr(self.env, name, value)

    def env_method(self, method, *args, indices=None, **kwargs):
        return [getattr(self.env, method)(*args, **kwargs)] * self.num_envs

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * self.num_envs


def main(steps=8192, workload="sqlite@5000"):
    env = gym.make_vec(
        "archgym/DRAM-v0",
        num_envs=64,
        vectorization_mode="vector_entry_point",
        scenario="dram/sqlite-low-latency",
        workload=workload,
    )
    model = PPO(
        "MlpPolicy",
        Batched(env),
        n_steps=4,
        batch_size=256,
        learning_rate=3e-3,
        seed=1,
        device="cpu",
    )
    rng = np.random.default_rng(0)
    x = env.unwrapped.view.space.sample(64, rng)
    env.reset()
    random = env.step(x)[1]
    model.learn(steps)
    learned = env.step(
        model.predict(np.zeros((64, env.single_observation_space.shape[0]), np.float32))[0]
    )[1]
    print(
        f"mean reward: random designs {random.mean():.2f}, policy after {steps} designs {learned.mean():.2f}"
    )
    return float(random.mean()), float(learned.mean())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
