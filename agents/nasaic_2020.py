"""NASAIC's search as published (Yang et al., DAC 2020, arXiv 2002.04116)."""

from __future__ import annotations

import numpy as np
import torch

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .episodes import EpisodicAgent


class Nasaic2020(EpisodicAgent):
    """An LSTM controller with REINFORCE, a moving baseline each for joint and for hardware steps.

    Advantages are divided by their moving size, which the paper does not say: penalties of 10 at the start
    would otherwise settle the networks before accuracies, which differ by 0.01, are heard.
    """

    name = "nasaic-2020"
    hyperparameters = DesignSpace(
        (
            ordinal("learning_rate", (0.001, 0.003, 0.01, 0.03, 0.1), "step of Adam", scale="log"),
            ordinal("hidden", (16, 32, 64, 128), "units of the LSTM", scale="log"),
            ordinal("hardware_steps", (0, 2, 5, 10, 20), "hardware-only steps per episode"),
            ordinal("entropy", (0.0, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0), "weight of the entropy"),
            ordinal("baseline", (0.5, 0.7, 0.9, 0.95), "memory of the moving baselines"),
            ordinal("rho", (1.0, 10.0, 100.0), "weight of the penalty in a reward", scale="log"),
        )
    )
    defaults = {
        "learning_rate": 0.03,
        "hidden": 64,
        "hardware_steps": 10,
        "entropy": 0.1,
        "baseline": 0.9,
        "rho": 10.0,
    }

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        outcome = self._outcome(costs, feedback)
        _, logs, entropies = self._learner.net(len(x), torch.as_tensor(x))
        gain = self._advantages("joint", np.array([outcome.joint]))
        loss = -(gain * logs[:1].sum(dim=1)).mean()
        if len(x) > 1:
            alone = slice(self._first, None)
            gain = self._advantages("hardware", outcome.hardware[1:])
            loss = loss - (gain * logs[1:, alone].sum(dim=1)).mean()
        loss = loss - self.hyper["entropy"] * entropies[0].sum()
        self._learner.descend(loss)
