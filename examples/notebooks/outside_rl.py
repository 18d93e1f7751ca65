# %% [markdown]
# # Reinforcement learning with an outside library
#
# Stable-Baselines3 knows nothing of archgym. It gets a Gymnasium environment, and its policy learns to propose
# memory controllers.

# %%
import gymnasium as gym
import matplotlib.pyplot as plt
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env

import archgym  # noqa: F401  registers the environments

torch.set_num_threads(1)  # the networks are small

env = gym.make("archgym/DRAM-v0", scenario="dram/sqlite-low-latency", workload="sqlite@500")
check_env(env)
print(env.action_space)

# %% [markdown]
# Each step proposes a whole design, so an episode has one step. The reward is minus the scenario's cost.
#
# ## Random proposals

# %%
env.action_space.seed(0)
env.reset(seed=0)
random_rewards = []
for _ in range(512):
    env.reset()
    random_rewards.append(env.step(env.action_space.sample())[1])
print(f"random: mean {np.mean(random_rewards):.3f}, best {max(random_rewards):.3f}")

# %% [markdown]
# ## Learning

# %%
rewards = []


class Recorder(gym.Wrapper):
    def step(self, action):
        answer = self.env.step(action)
        rewards.append(answer[1])
        return answer


model = PPO("MlpPolicy", Recorder(env), n_steps=128, batch_size=64, learning_rate=3e-3, seed=1)
model.learn(1024)
print(f"last 256 of {len(rewards)}: mean {np.mean(rewards[-256:]):.3f}, best {max(rewards):.3f}")

# %%
figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
axis.plot(np.convolve(rewards, np.ones(100) / 100, "valid"))
axis.axhline(np.mean(random_rewards), color="grey", ls=":", label="random proposals")
axis.set(xlabel="designs proposed", ylabel="reward, mean of 100")
axis.legend()

# %% [markdown]
# Is it a fair comparison? Count designs: the policy proposed 1,024 of them. archgym's own agents get by with
# 200. Give every method the same number before you conclude.

# %%
assert np.mean(rewards[-256:]) > np.mean(random_rewards)
