"""A batch of whole designs in one call: n one-step environments evaluated together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ..goals.scenario import Scenario
from .common import View


class DesignVectorEnv(VectorEnv[NDArray[np.float32], NDArray[np.int64], NDArray[Any]]):
    """``num_envs`` copies of :class:`.design.DesignEnv` that cost one simulator call a step.

    Episodes last one step and start again at once (autoreset mode *same step*): the observation
    returned is that of the design just evaluated, since every first observation is zeros.  ``info``
    holds arrays: ``metrics[name]`` (n,), ``feasible`` (n,), ``specs_met`` (n,), and ``units``.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "dram/stream-low-power",
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        render_mode: None = None,
    ) -> None:
        self.view = View(scenario, workload, store, cost_model)
        self.scenario = self.view.scenario
        self.render_mode = render_mode
        self.num_envs = num_envs
        self.single_action_space = spaces.MultiDiscrete(self.view.space.nvec.copy())
        self.single_observation_space = self.view.observation_space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._ones = np.ones(num_envs, np.bool_)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Zeros for every environment."""
        super().reset(seed=seed if isinstance(seed, int) else None)
        return np.zeros((self.num_envs, self.view.observation_size), np.float32), {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[
        NDArray[np.float32],
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """Evaluate designs (num_envs, d)."""
        e = self.view.evaluate(np.asarray(actions))
        info = {
            "metrics": dict(e.metrics),
            "units": dict(self.view.units),
            "feasible": e.feasible,
            "specs_met": self.scenario.satisfied(e),
        }
        return self.view.observe(e), self.scenario.rewards(e), self._ones.copy(), ~self._ones, info
