"""PPO and A2C of Stable-Baselines3 under ask/tell: a policy over whole designs.

Schulman et al., arXiv 1707.06347; Mnih et al., arXiv 1602.01783; Raffin et al., JMLR 2021.  The
policy is a product of categorical distributions (MultiDiscrete); an episode is one step, so the
advantage is the reward less the value of the one observation.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal

from .rewarding import RankedReward, kept_globals, one_torch_thread, seeded_globals


class Spaces(gym.Env[Any, Any]):
    """An environment that is never stepped: it only tells a library the spaces."""

    def __init__(self, action: spaces.Space[Any], observation: spaces.Space[Any]) -> None:
        self.action_space, self.observation_space = action, observation

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Some observation."""
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> Any:
        """Never called."""
        raise NotImplementedError


ENTROPY = ordinal(
    "entropy", (0.001, 0.003, 0.01, 0.03, 0.1), "weight of the policy's entropy", scale="log"
)
LEARNING_RATE = ordinal(
    "learning_rate", (0.0003, 0.001, 0.003, 0.01, 0.03), "step of the optimiser", scale="log"
)
HIDDEN = ordinal("hidden", (16, 32, 64, 128), "units a layer", scale="log")


class PolicyAgent(Agent):
    """Samples designs from the policy; learns from each told batch as one rollout."""

    algorithm: ClassVar[Any]

    @property
    def batch(self) -> int:
        """Designs a rollout."""
        return int(self.hyper["rollout"])

    def _settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def _start(self) -> None:
        one_torch_thread()
        action = spaces.MultiDiscrete(self.space.nvec)
        environment = Spaces(action, spaces.Box(0.0, 1.0, (1,), np.float32))
        hidden = int(self.hyper["hidden"])
        with kept_globals():  # the library seeds them all
            self._model = type(self).algorithm(
                "MlpPolicy",
                environment,
                learning_rate=self.hyper["learning_rate"],
                ent_coef=self.hyper["entropy"],
                gamma=1.0,
                gae_lambda=1.0,
                device="cpu",
                seed=int(self.rng.integers(1 << 31)),
                policy_kwargs={"net_arch": [hidden, hidden]},
                **self._settings(),
            )
        self._model.set_logger(Logger(folder=None, output_formats=[]))
        self._generator = torch.Generator().manual_seed(int(self.rng.integers(1 << 31)))
        self._reward = RankedReward()

    def _ask(self, n: int) -> Designs:
        with torch.no_grad():
            observation = torch.ones((1, 1))
            distribution = self._model.policy.get_distribution(observation).distribution
            columns = [
                torch.multinomial(d.probs[0], n, replacement=True, generator=self._generator)
                for d in distribution
            ]
        return torch.stack(columns, dim=1).numpy().astype(np.int64)

    def _tell(self, x: Designs, costs: Floats) -> None:
        if len(x) < 2:
            return  # an advantage needs something to compare with
        n = len(x)
        rewards = self._reward(costs)
        policy = self._model.policy
        buffer = RolloutBuffer(
            1,
            self._model.observation_space,
            self._model.action_space,
            device="cpu",
            gamma=1.0,
            gae_lambda=1.0,
            n_envs=n,
        )
        observation = np.ones((n, 1), np.float32)
        with torch.no_grad():
            values, log_prob, _ = policy.evaluate_actions(
                torch.as_tensor(observation), torch.as_tensor(x)
            )
        buffer.add(observation, x, rewards, np.ones(n, bool), values.flatten(), log_prob)
        buffer.compute_returns_and_advantage(torch.zeros(n), np.ones(n, bool))
        self._model.rollout_buffer = buffer
        self._model._current_progress_remaining = 1.0
        with seeded_globals(self.rng):
            self._model.train()


class Ppo(PolicyAgent):
    """Proximal policy optimisation."""

    name = "ppo"
    algorithm = PPO
    hyperparameters = DesignSpace(
        (
            LEARNING_RATE,
            ENTROPY,
            HIDDEN,
            ordinal("rollout", (8, 16, 32, 64, 128, 256), "designs a rollout", scale="log"),
            ordinal("epochs", (1, 4, 10, 20), "passes over a rollout"),
            ordinal("clip", (0.1, 0.2, 0.3, 0.7), "clipping of the policy's ratio"),
        )
    )
    defaults = {
        "learning_rate": 0.01,
        "entropy": 0.003,
        "hidden": 32,
        "rollout": 32,
        "epochs": 10,
        "clip": 0.2,
    }

    def _settings(self) -> dict[str, Any]:
        n = int(self.hyper["rollout"])
        return {
            "n_steps": n,
            "batch_size": n,
            "n_epochs": self.hyper["epochs"],
            "clip_range": self.hyper["clip"],
        }


class A2c(PolicyAgent):
    """Advantage actor-critic."""

    name = "a2c"
    algorithm = A2C
    hyperparameters = DesignSpace(
        (
            LEARNING_RATE,
            ENTROPY,
            HIDDEN,
            ordinal("rollout", (8, 16, 32, 64, 128, 256), "designs a rollout", scale="log"),
        )
    )
    defaults = {"learning_rate": 0.01, "entropy": 0.003, "hidden": 32, "rollout": 16}

    def _settings(self) -> dict[str, Any]:
        return {
            "n_steps": int(self.hyper["rollout"]),
            "normalize_advantage": True,
            "use_rms_prop": False,
        }
