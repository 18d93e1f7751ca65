"""NASAIC's search (Yang et al., DAC 2020, arXiv 2002.04116): networks jointly, then hardware alone.

An episode is one joint step and ten hardware-only steps for its networks.  Hardware is evaluated in
every step; accuracy is asked for only if some hardware of the episode meets all specs.
"""

from __future__ import annotations

import numpy as np
import torch

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .reinforce_controller import Learner

HARDWARE = "acc"  # knobs of hardware start with this; without any, every step draws all knobs
WORST = -10.0  # a reward is cut off here, or one hopeless design drowns all others


class Nasaic(Agent):
    """An LSTM controller with REINFORCE, a moving baseline each for joint and for hardware steps.

    Advantages are divided by their moving size, which the paper does not say: penalties of 10 at the start
    would otherwise settle the networks before accuracies, which differ by 0.01, are heard.

    Two budgets: every design costs one hardware evaluation, ``accuracy_queries`` counts the episodes
    whose networks had to be trained (or looked up).  Needs to know which specs a design breaks,
    which a study tells it; without, costs guide all steps.
    """

    name = "nasaic"
    hyperparameters = DesignSpace(
        (
            ordinal("learning_rate", (0.001, 0.003, 0.01, 0.03, 0.1), "step of Adam", scale="log"),
            ordinal("hidden", (16, 32, 64, 128), "units of the LSTM", scale="log"),
            ordinal("hardware_steps", (0, 2, 5, 10, 20), "hardware-only steps an episode"),
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

    @property
    def batch(self) -> int:
        """One episode."""
        return 1 + int(self.hyper["hardware_steps"])

    def _start(self) -> None:
        hidden, rate = int(self.hyper["hidden"]), self.hyper["learning_rate"]
        self._learner = Learner(self.space, hidden, rate, self.rng)
        hardware = [i for i, n in enumerate(self.space.names) if n.startswith(HARDWARE)]
        self._first = hardware[0] if hardware else 0
        self._usual: dict[str, tuple[float, float]] = {}
        self.accuracy_queries = 0

    def _ask(self, n: int) -> Designs:
        net, generator = self._learner.net, self._learner.generator
        with torch.no_grad():
            joint = net(1, None, 0, generator)[0]
            if n == 1:
                return joint.numpy().astype(np.int64)
            rest = net(n - 1, joint.expand(n - 1, -1), self._first, generator)[0]
        return torch.cat([joint, rest]).numpy().astype(np.int64)

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._tell_with(x, costs, None)

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        values = np.where(np.isfinite(costs[:, 0]), -costs[:, 0], WORST)
        if feedback is None:  # nothing is known of specs: the cost itself guides every step
            met, hardware = np.isfinite(costs[:, 0]), values
        else:
            penalty = feedback.penalty
            met = penalty <= 0
            hardware = np.maximum(-self.hyper["rho"] * penalty, WORST)
        joint = float(values[met].max() if met.any() else hardware.max())
        self.accuracy_queries += bool(met.any())
        _, logs, entropies = self._learner.net(len(x), torch.as_tensor(x), 0, None)
        gain = self._advantages("joint", np.array([joint]))
        loss = -(gain * logs[:1].sum(dim=1)).mean()
        if len(x) > 1:
            alone = slice(self._first, None)
            gain = self._advantages("hardware", hardware[1:])
            loss = loss - (gain * logs[1:, alone].sum(dim=1)).mean()
        loss = loss - self.hyper["entropy"] * entropies[0].sum()
        self._learner.descend(loss)

    def _advantages(self, kind: str, rewards: Floats) -> torch.Tensor:
        """Rewards less the baseline of earlier episodes, over their usual size; then taken in."""
        mean = float(rewards.mean())
        baseline, size = self._usual.get(kind, (mean, 0.0))
        gain = rewards - baseline
        memory = self.hyper["baseline"]
        now = float(np.abs(gain).mean())
        size = now if size == 0 else memory * size + (1 - memory) * now
        self._usual[kind] = memory * baseline + (1 - memory) * mean, size
        return torch.as_tensor(gain / max(size, 1e-9))
