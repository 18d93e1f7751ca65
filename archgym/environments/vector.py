"""A batch of whole designs in one call: n one-step environments evaluated together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..errors import UnknownNameError
from ..goals.scenario import Scenario
from ..space import Designs
from .common import ActionError, View
from .render import METADATA, Shown, check_render_mode

Answer = tuple[
    NDArray[np.float32],
    NDArray[np.float64],
    NDArray[np.bool_],
    NDArray[np.bool_],
    dict[str, Any],
]


class DesignVectorEnv(VectorEnv[NDArray[np.float32], NDArray[np.int64], NDArray[Any]]):
    """``num_envs`` copies of :class:`.design.DesignEnv` that cost one simulator call a step.

    It answers as ``gymnasium.vector.SyncVectorEnv`` of them would, in each of Gymnasium's autoreset
    modes (``autoreset_mode``, and ``metadata["autoreset_mode"]``):

    - *SameStep*, the default: every step evaluates a design in each environment and starts the next
      episode; the observation is that of the reset (zeros), the design's stands in
      ``info["final_obs"]`` and what is known of it in ``info["final_info"]``.
    - *NextStep*: the step after an episode's end ignores its action and resets, so that only every
      second step evaluates anything.
    - *Disabled*: an environment must be reset after its step, all of them or those of
      ``options={"reset_mask": (n,) bool}``.

    ``info`` holds arrays (n,) by key, each with a mask ``_key`` of the environments that have it.
    """

    metadata: dict[str, Any] = METADATA | {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "dram/stream-low-power",
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        actions: str = "index",
        autoreset_mode: str | AutoresetMode = AutoresetMode.SAME_STEP,
        render_mode: str | None = None,
    ) -> None:
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1, got {num_envs}")
        self.render_mode = check_render_mode(render_mode)
        self.autoreset_mode = _mode(autoreset_mode)
        # wrappers read the mode from here; the list is copied, as some of them add to it
        modes = list(METADATA["render_modes"])
        self.metadata = METADATA | {"render_modes": modes, "autoreset_mode": self.autoreset_mode}
        self.view = View(scenario, workload, store, cost_model)
        self.scenario = self.view.scenario
        self.num_envs = num_envs
        self._actions = actions
        self.single_action_space = self.view.action_space(actions)
        self.single_observation_space = self.view.observation_space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._observations = np.zeros((num_envs, self.view.observation_size), np.float32)
        self._ended = np.zeros(num_envs, np.bool_)  # episodes that await a reset
        self._started = np.zeros(num_envs, np.bool_)
        self._shown = [Shown()] * num_envs

    def reset(  # type: ignore[override]
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start episodes.

        Nothing is random but the spaces' own samplers.

        Args:
            seed: of these samplers, one for all or one per environment.
            options: ``reset_mask`` (n,) bool says which environments; all by default.

        Returns:
            Zeros (n, size of an observation), and a dict.

        Raises:
            ValueError: another number of seeds than environments, or a mask of wrong shape.
        """
        if isinstance(seed, Sequence | np.ndarray):
            self._seed_each(seed)
        else:
            super().reset(seed=seed)
        rows = _reset_rows(options, self.num_envs)
        self._observations[rows] = 0
        self._ended[rows], self._started[rows] = False, True
        for i in np.flatnonzero(rows).tolist():
            self._shown[i] = Shown()
        return self._observations.copy(), {}

    def _seed_each(self, seeds: Sequence[int | None]) -> None:
        if len(seeds) != self.num_envs:
            raise ValueError(
                f"expected {self.num_envs} seeds, one an environment, got {len(seeds)} of them"
            )
        for seed in seeds:
            if seed is not None and not (isinstance(seed, int) and seed >= 0):
                seeding.np_random(seed)  # says what is wrong with it
        first = next((s for s in seeds if s is not None), None)
        if first is not None:
            super().reset(seed=first)

    def step(self, actions: NDArray[np.int64]) -> Answer:
        """Evaluate one design per environment in one call.

        Args:
            actions: value indices (num_envs, d), or points of [-1, 1]^d.

        Returns:
            Observations, rewards (num_envs,), terminated, truncated, and a dict, in the form of
            Gymnasium's ``SyncVectorEnv``.

        Raises:
            ResetNeeded: before the first reset, or after an episode's end where autoreset is disabled.
            ActionError: wrong shape, or an action that stands for no design.
        """
        if not self._started.all():
            raise gym.error.ResetNeeded("call reset() before step()")
        if self.autoreset_mode is AutoresetMode.DISABLED and self._ended.any():
            raise gym.error.ResetNeeded(
                f"the episodes of environments {np.flatnonzero(self._ended).tolist()} are over and "
                "autoreset is disabled: call reset(options={'reset_mask': ended}) before step()"
            )
        n, ended = self.num_envs, self._ended
        rows = np.flatnonzero(~ended)
        observations = np.zeros((n, self.view.observation_size), np.float32)
        rewards = np.zeros(n)
        info: dict[str, Any] = {}
        # an action for an environment that resets is ignored, but its shape is not
        x = self.view.shaped(actions, n)
        if len(rows):
            designs, e = self._answer(x, rows)
            observations[rows] = self.view.observe(e)
            rewards[rows] = self.scenario.rewards(e)
            info = self.view.informations(e, rows, n)
            self._show(designs, e, rows)
        for i in np.flatnonzero(ended).tolist():
            self._shown[i] = Shown()
        terminated = ~ended
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            info = _final(observations, info)
            observations = np.zeros_like(observations)
        else:
            self._ended = terminated.copy()
        self._observations = observations
        return observations.copy(), rewards, terminated, np.zeros(n, np.bool_), info

    def _answer(self, x: NDArray[Any], rows: NDArray[np.intp]) -> tuple[Designs, Evaluation]:
        if len(rows) == self.num_envs:
            return self.view.answer(x, self._actions)
        try:
            return self.view.answer(x[rows], self._actions)
        except ActionError as error:
            raise ActionError(f"{error} (rows are environments {rows.tolist()})") from error

    def _show(self, x: Designs, e: Evaluation, rows: NDArray[np.intp]) -> None:
        """Keep what :meth:`render` shows, if anything is ever to be shown."""
        if self.render_mode is None:
            return
        for k, i in enumerate(rows.tolist()):
            self._shown[i] = Shown(x[k], self.view.information(e.take([k])))

    def render(self) -> tuple[Any, ...] | None:
        """The present design of every environment; with ``SameStep`` the one just evaluated.

        Returns:
            One text or image for each, or None without a render mode.
        """
        if self.render_mode is None:
            return None
        return tuple(shown.render(self.view, self.render_mode) for shown in self._shown)

    def close_extras(self, **_: Any) -> None:
        """Close the store."""
        self.view.close()


def _mode(given: str | AutoresetMode) -> AutoresetMode:
    """An autoreset mode, by value or by name."""
    try:
        return AutoresetMode(given)
    except ValueError:
        raise UnknownNameError("autoreset mode", given, [m.value for m in AutoresetMode]) from None


def _final(observations: NDArray[np.float32], info: dict[str, Any]) -> dict[str, Any]:
    """The information of a step that ended every episode and began the next."""
    n = len(observations)
    return {
        "final_obs": np.fromiter(observations, object, n),
        "_final_obs": np.ones(n, np.bool_),
        "final_info": info,
        "_final_info": np.ones(n, np.bool_),
    }


def _reset_rows(options: dict[str, Any] | None, n: int) -> NDArray[np.bool_]:
    """Which environments a reset concerns, (n,) bool; wrappers read the mask too, so it stays."""
    mask = None if options is None else options.get("reset_mask")
    if mask is None:
        return np.ones(n, np.bool_)
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        kind = mask.dtype if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"options['reset_mask'] must be an array of bool, got {kind}")
    if mask.shape != (n,):
        raise ValueError(f"options['reset_mask'] must have shape ({n},), got {mask.shape}")
    if not mask.any():
        raise ValueError("options['reset_mask'] marks no environment: mark one at least")
    return mask
