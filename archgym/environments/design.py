"""One step proposes a whole design: a bandit step, and declared as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..scenario import Scenario
from .common import View


class DesignEnv(gym.Env[NDArray[np.float32], NDArray[np.int64]]):
    """A scenario as a one-step environment.

    *Action*: a value index for every parameter, ``MultiDiscrete(nvec)``.  *Observation*: zeros at
    reset; after the step the design's metrics, see :class:`.common.View`.  *Reward*: minus the
    scenario's cost.  Every episode ends after one step (``terminated``), so this is a contextual
    bandit without context: algorithms that learn from transitions between states have nothing to
    learn from here.  ``store`` keeps every evaluation in a file.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        render_mode: None = None,
    ) -> None:
        self.view = View(scenario, workload, store)
        self.scenario = self.view.scenario
        self.render_mode = render_mode
        self.action_space = spaces.MultiDiscrete(self.view.space.nvec.copy())
        self.observation_space = self.view.observation_space()  # type: ignore[assignment]
        self._nothing = np.zeros(self.view.observation_size, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; nothing is random but the spaces' own samplers."""
        super().reset(seed=seed)
        return self._nothing.copy(), {}

    def step(
        self, action: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Evaluate one design, (d,) value indices."""
        x = np.asarray(action)[None]
        e = self.view.evaluate(x)
        reward = float(self.scenario.rewards(e)[0])
        info = self.view.information(e)
        observation = self.view.observe_one(info["metrics"], info["feasible"])
        return observation, reward, True, False, info
