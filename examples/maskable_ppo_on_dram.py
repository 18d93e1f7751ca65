"""MaskablePPO (sb3-contrib) on the sequential environment: one parameter a step, illegal values masked."""

import sys

import gymnasium as gym
import numpy as np
from sb3_contrib import MaskablePPO
from sb3_contrib.common.wrappers import ActionMasker

import archgym  # noqa: F401  registers the environments


def main(steps=6000, workload="sqlite@2000"):
    env = gym.make(
        "archgym/DRAMSequential-v0", scenario="dram/sqlite-low-latency", workload=workload
    )
    env = ActionMasker(env, lambda e: e.unwrapped.action_masks())
    model = MaskablePPO(
        "MlpPolicy", env, n_steps=240, batch_size=120, learning_rate=3e-3, seed=1, device="cpu"
    )
    model.learn(steps)
    rewards = []
    for episode in range(20):
        observation, info = env.reset(seed=episode)
        done = False
        while not done:
            action, _ = model.predict(observation, action_masks=env.unwrapped.action_masks())
            observation, reward, done, _, info = env.step(int(action))
        rewards.append(reward)
    last = info["metrics"]["mean_latency"] * 1e9
    print(
        f"mean reward of 20 designs after {steps} steps: {np.mean(rewards):.2f}; last {last:.0f} ns"
    )
    return float(np.mean(rewards))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
