"""One step chooses one parameter; the design is evaluated when the last is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..goals.scenario import Scenario
from .common import ActionError, View
from .masks import Masks
from .render import METADATA, Shown, check_render_mode


class SequentialDesignEnv(gym.Env[NDArray[np.float32], np.int64]):
    """A scenario as an episode of d steps.

    *Action*: ``Discrete(max(nvec))``, the value index of the parameter whose turn it is; an index
    beyond its values counts modulo their number, so that agents without masks lose nothing.
    *Masks*: ``action_masks()`` (for MaskablePPO) and ``info["action_mask"]``, from the simulator's
    knowledge of dependent knobs, in narrowed spaces too (see :class:`.masks.Masks`).
    *Observation*: the chosen values, each on [0, 1] and -1 while open, then which parameter comes
    next (one-hot).  *Reward*: 0 until the last step, then minus the scenario's cost; ``info`` then
    holds metrics with units and feasibility.  It can be pickled and deep-copied, in the middle of
    an episode too.
    """

    metadata: dict[str, Any] = METADATA

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = check_render_mode(render_mode)
        self.view = View(scenario, workload, store, cost_model)
        self.scenario = self.view.scenario
        self._nvec = self.view.space.nvec
        self._d = len(self._nvec)
        self._width = int(self._nvec.max())
        self.action_space = spaces.Discrete(self._width)
        self.observation_space = spaces.Box(-1.0, 1.0, (2 * self._d,), np.float32)
        self._masks = Masks(self.scenario)
        self._chosen: list[int] = []
        self._info: dict[str, Any] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start with no parameter chosen.

        Args:
            seed: of the spaces' own samplers.
            options: not used.

        Returns:
            An observation, and a dict with ``action_mask``.
        """
        super().reset(seed=seed)
        self._chosen, self._info = [], {}
        return self._observe(), {"action_mask": self.action_masks()}

    def step(
        self, action: np.int64 | int
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Choose the next parameter's value.

        Args:
            action: its index.

        Returns:
            Observation, reward (0 before the last parameter), whether the design is complete,
            False, and a dict with ``action_mask``, at the end also metrics.

        Raises:
            ActionError: no value index of the next parameter.
            ResetNeeded: the design is complete.
        """
        if len(self._chosen) == self._d:
            raise gym.error.ResetNeeded("the design is complete: call reset() before step()")
        self._chosen.append(self._index(action) % int(self._nvec[len(self._chosen)]))
        if len(self._chosen) < self._d:
            return self._observe(), 0.0, False, False, {"action_mask": self.action_masks()}
        x = np.array([self._chosen], np.int64)
        e = self.view.evaluate(x)
        info = self.view.information(e)
        self._info = dict(info)
        info["action_mask"] = self.action_masks()
        return self._observe(), float(self.scenario.rewards(e)[0]), True, False, info

    def _index(self, action: Any) -> int:
        """The whole number within range that an action is, however it is wrapped."""
        value = np.asarray(action)
        if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
            raise ActionError(f"an action is one value index, got {action!r}")
        number = value.reshape(-1)[0]
        if number != int(number) or not 0 <= number < self._width:
            raise ActionError(
                f"action {number} is no value index of parameter "
                f"{self.view.space.names[len(self._chosen)]!r}: expected 0..{self._width - 1}"
            )
        return int(number)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions lead to a legal value of the next parameter.

        Returns:
            Bool (max(nvec),). All True where no value is legal, and where the design is complete.
        """
        mask = np.zeros(self._width, np.bool_)
        turn = len(self._chosen)
        if turn == self._d:
            mask[:] = True
            return mask
        size = int(self._nvec[turn])
        mask[:size] = self._masks(self._chosen)
        if not mask.any():
            mask[:size] = True
        return mask

    def render(self) -> Any:
        """The values chosen so far, and the metrics once all are.

        Returns:
            Text (``ansi``), an image (480, 960, 3) of uint8 (``rgb_array``), or None.
        """
        return Shown(list(self._chosen), self._info).render(self.view, self.render_mode)

    def close(self) -> None:
        """Close the store."""
        self.view.close()

    def _observe(self) -> NDArray[np.float32]:
        out = np.zeros(2 * self._d, np.float32)
        turn = len(self._chosen)
        out[: self._d] = -1
        out[:turn] = (np.array(self._chosen) + 0.5) / self._nvec[:turn]
        if turn < self._d:
            out[self._d + turn] = 1
        return out
