"""One step proposes a whole design: a bandit step, and declared as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..errors import UnknownNameError
from ..goals.scenario import Scenario
from .common import View


class DesignEnv(gym.Env[NDArray[np.float32], NDArray[np.int64]]):
    """A scenario as a one-step environment.

    *Action*: a value index for every parameter, ``MultiDiscrete(nvec)``; with ``actions="unit"`` a
    point of [-1, 1]^d whose cell is the design, for continuous algorithms (SAC).  *Observation*: zeros at
    reset; after the step the design's metrics, see :class:`.common.View`.  *Reward*: minus the
    scenario's cost.  Every episode ends after one step (``terminated``), so this is a contextual
    bandit without context: algorithms that learn from transitions between states have nothing to
    learn from here.  ``store`` keeps every evaluation in a file; ``cost_model``, the folder of a
    proxy, answers in the simulator's place (``info["guessed"]`` then is True).
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        actions: str = "index",
        render_mode: None = None,
    ) -> None:
        self.view = View(scenario, workload, store, cost_model)
        self.scenario = self.view.scenario
        self.render_mode = render_mode
        if actions not in ("index", "unit"):
            raise UnknownNameError("kind of actions", actions, ["index", "unit"])
        self._unit = actions == "unit"
        d = len(self.view.space)
        self.action_space = (
            spaces.Box(-1.0, 1.0, (d,), np.float32)  # type: ignore[assignment]
            if self._unit
            else spaces.MultiDiscrete(self.view.space.nvec.copy())
        )
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
        if self._unit:
            x = self.view.space.from_unit((x + 1) / 2)
        e = self.view.evaluate(x)
        reward = float(self.scenario.rewards(e)[0])
        info = self.view.information(e)
        observation = self.view.observe_one(info["metrics"], info["feasible"])
        return observation, reward, True, False, info
