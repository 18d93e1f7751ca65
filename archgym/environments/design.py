"""One step proposes a whole design: a bandit step, and declared as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..goals.scenario import Scenario
from .common import View
from .render import METADATA, Shown, check_render_mode


class DesignEnv(gym.Env[NDArray[np.float32], NDArray[np.int64]]):
    """A scenario as a one-step environment.

    *Action*: a value index for every parameter, ``MultiDiscrete(nvec)``; with ``actions="unit"`` a
    point of [-1, 1]^d whose cell is the design, for continuous algorithms (SAC).  *Observation*: zeros at
    reset; after the step the design's metrics, see :class:`.common.View`.  *Reward*: minus the
    scenario's cost.  Every episode ends after one step (``terminated``), so this is a contextual
    bandit without context: algorithms that learn from transitions between states have nothing to
    learn from here.  ``store`` keeps every evaluation in a file; ``cost_model``, the folder of a
    proxy, answers in the simulator's place (``info["guessed"]`` then is True).  It can be pickled
    and deep-copied: a copy opens the store anew.
    """

    metadata: dict[str, Any] = METADATA

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        actions: str = "index",
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = check_render_mode(render_mode)
        self.view = View(scenario, workload, store, cost_model)
        self.scenario = self.view.scenario
        self.action_space = self.view.action_space(actions)
        self.observation_space = self.view.observation_space()  # type: ignore[assignment]
        self._actions = actions
        self._nothing = np.zeros(self.view.observation_size, np.float32)
        self._shown = Shown()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode.

        Nothing is random but the spaces' own samplers.

        Args:
            seed: of these samplers.
            options: not used.

        Returns:
            An observation of zeros, and an empty dict.
        """
        super().reset(seed=seed)
        self._shown = Shown()
        return self._nothing.copy(), {}

    def step(  # type: ignore[override]
        self, action: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], Any, bool, bool, dict[str, Any]]:
        """Evaluate one design; the episode ends.

        Args:
            action: (d,) value indices, or a point (d,) of [-1, 1]^d.

        Returns:
            Observation, reward, True, False, and a dict with metrics, feasibility and reason.

        Raises:
            ActionError: the action stands for no design.
        """
        x, e = self.view.answer(self.view.shaped([action], 1), self._actions)
        info = self.view.information(e)
        observation = self.view.observe_one(info["metrics"], info["feasible"])
        self._shown = Shown(x[0], info)
        return observation, self._reward(e), True, False, info

    def _reward(self, e: Evaluation) -> Any:
        return float(self.scenario.rewards(e)[0])

    def render(self) -> Any:
        """The present design with its metrics.

        Returns:
            Text (``ansi``), an image (480, 960, 3) of uint8 (``rgb_array``), or None.
        """
        return self._shown.render(self.view, self.render_mode)

    def close(self) -> None:
        """Close the store."""
        self.view.close()
