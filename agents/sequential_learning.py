"""DQN and MaskablePPO under ask/tell: one parameter a step, reward at the end.

Mnih et al., Nature 2015 (doi 10.1038/nature14236); Huang and Ontañón, arXiv 2006.14171 (masks).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.logger import Logger

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal

from .policy_gradient import ENTROPY, HIDDEN, LEARNING_RATE, Spaces
from .rewarding import RankedReward, kept_globals, one_torch_thread, seeded_globals


class Prefixes:
    """Partial designs as observations: chosen values on [0, 1], -1 while open, then whose turn it is."""

    def __init__(self, space: DesignSpace) -> None:
        self.nvec = space.nvec
        self.d = len(space)
        self.width = int(space.nvec.max())
        self.legal = np.arange(self.width) < space.nvec[:, None]
        self.observation = spaces.Box(-1.0, 1.0, (2 * self.d,), np.float32)
        self.action = spaces.Discrete(self.width)

    def __call__(self, x: Designs, turn: int) -> NDArray[np.float32]:
        """Observations (n, 2 d) after the first ``turn`` parameters of designs ``x`` are chosen."""
        out = np.full((len(x), 2 * self.d), -1.0, np.float32)
        out[:, :turn] = (x[:, :turn] + 0.5) / self.nvec[:turn]
        out[:, self.d :] = 0
        if turn < self.d:
            out[:, self.d + turn] = 1
        return out


class Dqn(Agent):
    """Deep Q-learning over parameters; greedy with a falling share of random values.

    Targets look ahead to the end of the episode (n-step returns with n = d), since only the last
    step is rewarded.
    """

    name = "dqn"
    hyperparameters = DesignSpace(
        (
            LEARNING_RATE,
            HIDDEN,
            ordinal("explore", (0.02, 0.05, 0.1, 0.2), "random share of values at the end"),
            ordinal(
                "explore_until", (0.1, 0.25, 0.5, 0.75), "share of the budget over which it falls"
            ),
            ordinal("gradient_steps", (4, 8, 16, 32), "updates a batch", scale="log"),
        )
    )
    defaults = {
        "learning_rate": 0.003,
        "hidden": 64,
        "explore": 0.1,
        "explore_until": 0.25,
        "gradient_steps": 32,
    }
    default_budget = 1000
    buffer_designs = 4096

    def _start(self) -> None:
        one_torch_thread()
        self._prefix = Prefixes(self.space)
        hidden = int(self.hyper["hidden"])
        with kept_globals():  # the library seeds them all
            self._model = DQN(
                "MlpPolicy",
                Spaces(self._prefix.action, self._prefix.observation),
                learning_rate=self.hyper["learning_rate"],
                gamma=1.0,
                learning_starts=0,
                batch_size=128,
                buffer_size=self.buffer_designs * len(self.space),
                n_steps=len(self.space),
                device="cpu",
                policy_kwargs={"net_arch": [hidden, hidden]},
                seed=int(self.rng.integers(1 << 31)),
            )
        self._model.set_logger(Logger(folder=None, output_formats=[]))
        self._reward = RankedReward()
        self._told = 0

    def _ask(self, n: int) -> Designs:
        span = self.hyper["explore_until"] * (self.budget or self.default_budget)
        share = max(self.hyper["explore"], 1.0 - self._told / span * (1 - self.hyper["explore"]))
        x = np.zeros((n, len(self.space)), np.int64)
        for turn in range(len(self.space)):
            with torch.no_grad():
                q = self._model.q_net(torch.as_tensor(self._prefix(x, turn))).numpy()
            best = np.argmax(np.where(self._prefix.legal[turn], q, -np.inf), axis=1)
            anything = self.rng.integers(0, self.space.nvec[turn], n)
            x[:, turn] = np.where(self.rng.random(n) < share, anything, best)
        return x

    def _tell(self, x: Designs, costs: Floats) -> None:
        rewards = self._reward(costs)
        assert self._model.replay_buffer is not None
        views = [self._prefix(x, turn) for turn in range(len(self.space) + 1)]
        last = len(self.space) - 1
        for i in range(len(x)):  # episode by episode: the buffer looks ahead to the reward
            for turn in range(len(self.space)):
                self._model.replay_buffer.add(
                    views[turn][i][None],
                    views[turn + 1][i][None],
                    np.array([[x[i, turn]]]),
                    np.array([rewards[i] if turn == last else 0.0]),
                    np.array([turn == last]),
                    [{}],
                )
        self._told += len(x)
        self._model._current_progress_remaining = 1.0
        with seeded_globals(self.rng):
            self._model.train(gradient_steps=self.hyper["gradient_steps"], batch_size=128)
        # the target network follows by Polyak averaging once a batch
        for target, source in zip(
            self._model.q_net_target.parameters(), self._model.q_net.parameters()
        ):
            target.data.lerp_(source.data, 0.2)


class MaskablePpo(Agent):
    """Maskable PPO over parameters: values beyond a parameter's own are masked out."""

    name = "maskable_ppo"
    hyperparameters = DesignSpace(
        (
            LEARNING_RATE,
            ENTROPY,
            HIDDEN,
            ordinal("rollout", (8, 16, 32, 64, 128), "designs a rollout", scale="log"),
            ordinal("epochs", (1, 4, 10), "passes over a rollout"),
        )
    )
    defaults = {"learning_rate": 0.003, "entropy": 0.003, "hidden": 64, "rollout": 32, "epochs": 4}

    @property
    def batch(self) -> int:
        """Designs a rollout."""
        return int(self.hyper["rollout"])

    def _start(self) -> None:
        from sb3_contrib import MaskablePPO

        one_torch_thread()
        self._prefix = Prefixes(self.space)
        hidden = int(self.hyper["hidden"])
        with kept_globals():  # the library seeds them all
            self._model: Any = MaskablePPO(
                "MlpPolicy",
                Spaces(self._prefix.action, self._prefix.observation),
                learning_rate=self.hyper["learning_rate"],
                ent_coef=self.hyper["entropy"],
                gamma=1.0,
                gae_lambda=1.0,
                n_steps=2,
                batch_size=256,
                n_epochs=self.hyper["epochs"],
                device="cpu",
                policy_kwargs={"net_arch": [hidden, hidden]},
                seed=int(self.rng.integers(1 << 31)),
            )
        self._model.set_logger(Logger(folder=None, output_formats=[]))
        self._generator = torch.Generator().manual_seed(int(self.rng.integers(1 << 31)))
        self._reward = RankedReward()

    def _ask(self, n: int) -> Designs:
        x = np.zeros((n, len(self.space)), np.int64)
        for turn in range(len(self.space)):
            masks = np.repeat(self._prefix.legal[turn][None], n, axis=0)
            with torch.no_grad():
                distribution = self._model.policy.get_distribution(
                    torch.as_tensor(self._prefix(x, turn)), action_masks=masks
                )
                drawn = torch.multinomial(
                    distribution.distribution.probs, 1, generator=self._generator
                )
            x[:, turn] = drawn[:, 0].numpy()
        return x

    def _tell(self, x: Designs, costs: Floats) -> None:
        from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer

        if len(x) < 2:
            return
        n, d = len(x), len(self.space)
        rewards = self._reward(costs)
        buffer = MaskableRolloutBuffer(
            d,
            self._model.observation_space,
            self._model.action_space,
            device="cpu",
            gamma=1.0,
            gae_lambda=1.0,
            n_envs=n,
        )
        for turn in range(d):
            observation = self._prefix(x, turn)
            masks = np.repeat(self._prefix.legal[turn][None], n, axis=0)
            with torch.no_grad():
                values, log_prob, _ = self._model.policy.evaluate_actions(
                    torch.as_tensor(observation),
                    torch.as_tensor(x[:, turn]),
                    action_masks=torch.as_tensor(masks),
                )
            gain = rewards if turn == d - 1 else np.zeros(n, np.float32)
            start = np.full(n, turn == 0)
            buffer.add(
                observation,
                x[:, turn : turn + 1],
                gain,
                start,
                values.flatten(),
                log_prob,
                action_masks=masks,
            )
        buffer.compute_returns_and_advantage(torch.zeros(n), np.ones(n, bool))
        self._model.rollout_buffer = buffer
        self._model._current_progress_remaining = 1.0
        with seeded_globals(self.rng):
            self._model.train()
