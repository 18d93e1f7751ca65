"""Soft actor-critic of Stable-Baselines3 under ask/tell, on the unit cube.

Haarnoja et al., arXiv 1801.01290.  A continuous algorithm: its actions are points of the unit cube,
whose cells are designs, so the order of categorical values acts as if it meant something.
"""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import SAC
from stable_baselines3.common.logger import Logger

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal

from .policy_gradient import HIDDEN, LEARNING_RATE, Spaces
from .rewarding import RankedReward, kept_globals, one_torch_thread, seeded_globals


class Sac(Agent):
    """Samples points from the squashed Gaussian policy; learns from a replay buffer."""

    name = "sac"
    hyperparameters = DesignSpace(
        (
            LEARNING_RATE,
            HIDDEN,
            ordinal("startup", (16, 32, 64, 128), "random designs first", scale="log"),
            ordinal("gradient_steps", (2, 4, 8, 16), "updates a batch", scale="log"),
        )
    )
    defaults = {"learning_rate": 0.01, "hidden": 64, "startup": 32, "gradient_steps": 16}
    buffer_designs = 4096

    def _start(self) -> None:
        one_torch_thread()
        hidden = int(self.hyper["hidden"])
        box = spaces.Box(-1.0, 1.0, (len(self.space),), np.float32)
        with kept_globals():  # the library seeds them all
            self._model = SAC(
                "MlpPolicy",
                Spaces(box, spaces.Box(0.0, 1.0, (1,), np.float32)),
                learning_rate=self.hyper["learning_rate"],
                gamma=0.0,
                learning_starts=0,
                batch_size=128,
                buffer_size=self.buffer_designs,
                device="cpu",
                policy_kwargs={"net_arch": [hidden, hidden]},
                seed=int(self.rng.integers(1 << 31)),
            )
        self._model.set_logger(Logger(folder=None, output_formats=[]))
        self._reward = RankedReward()
        self._told = 0

    def _ask(self, n: int) -> Designs:
        if self._told < self.hyper["startup"]:
            return self.space.sample(n, self.rng)
        with torch.no_grad(), seeded_globals(self.rng):
            action = self._model.actor(torch.ones((n, 1))).numpy()
        return self.space.from_unit((action + 1) / 2)

    def _tell(self, x: Designs, costs: Floats) -> None:
        rewards = self._reward(costs)
        assert self._model.replay_buffer is not None
        action = (self.space.to_unit(x) * 2 - 1).astype(np.float32)
        one = np.ones((1, 1), np.float32)
        for a, reward in zip(action, rewards):
            self._model.replay_buffer.add(
                one, one, a[None], np.array([reward]), np.array([True]), [{}]
            )
        self._told += len(x)
        if self._told < self.hyper["startup"]:
            return
        self._model._current_progress_remaining = 1.0
        with seeded_globals(self.rng):
            self._model.train(gradient_steps=self.hyper["gradient_steps"], batch_size=128)
