"""NASAIC's episodes (Yang et al., DAC 2020): one joint step, then hardware-only steps for its networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs

from .reinforce_controller import Learner

HARDWARE = "acc"  # knobs of hardware start with this; without any, every step draws all knobs
WORST = -10.0  # a reward is cut off here, or one hopeless design drowns all others


@dataclass(frozen=True)
class Outcome:
    """An episode of n steps in rewards: higher is better.

    ``met`` (n,) says which designs meet every spec, ``values`` (n,) is minus the cost, ``hardware`` (n,)
    minus the penalty of the specs times rho (0 where all are met).
    """

    met: NDArray[np.bool_]
    values: Floats
    hardware: Floats

    def part(self, start: int, end: int) -> Outcome:
        """Some of the steps.

        Args:
            start: the first of them.
            end: the one after the last.

        Returns:
            Those steps alone.
        """
        rows = slice(start, end)
        return Outcome(self.met[rows], self.values[rows], self.hardware[rows])

    @property
    def joint(self) -> float:
        """The reward of the episode's networks: their accuracy where some hardware meets the specs."""
        return float(self.values[self.met].max() if self.met.any() else self.hardware.max())


class EpisodicAgent(Agent):
    """Draws episodes from an LSTM controller and learns from their rewards.

    Hardware is evaluated in every step; a network's accuracy is used only if some hardware of its
    episode meets all specs.  Needs to know which specs a design breaks, which a study tells it; without,
    costs guide all steps.
    """

    costly_only_if_met = True
    ordered_heads = False

    @property
    def batch(self) -> int:
        """One episode."""
        return 1 + int(self.hyper["hardware_steps"])

    def _start(self) -> None:
        hidden, rate = int(self.hyper["hidden"]), self.hyper["learning_rate"]
        self._learner = Learner(self.space, hidden, rate, self.rng, ordered=self.ordered_heads)
        hardware = [i for i, n in enumerate(self.space.names) if n.startswith(HARDWARE)]
        self._first = hardware[0] if hardware else 0
        self._usual: dict[str, tuple[float, float]] = {}

    def _ask(self, n: int) -> Designs:
        with torch.no_grad():
            joint = self._joint_step()
            steps = [joint, self._hardware_steps(joint, n - 1)] if n > 1 else [joint]
        return torch.cat(steps).numpy().astype(np.int64)

    def _joint_step(self) -> torch.Tensor:
        """Networks and hardware of an episode's first step, (1, d)."""
        return self._learner.net(1, generator=self._learner.generator)[0]

    def _hardware_steps(self, joint: torch.Tensor, n: int) -> torch.Tensor:
        """Other hardware for the networks of a joint step (1, d): (n, d)."""
        networks = torch.arange(len(self.space))[None] < self._first
        given = joint.expand(n, -1)
        return self._learner.net(n, given, networks, self._learner.generator)[0]

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._tell_with(x, costs, None)

    def _outcome(self, costs: Floats, feedback: Feedback | None) -> Outcome:
        values = np.where(np.isfinite(costs[:, 0]), -costs[:, 0], WORST)
        if feedback is None:  # nothing is known of specs: the cost itself guides every step
            return Outcome(np.isfinite(costs[:, 0]), values, values)
        penalty = feedback.penalty
        hardware = np.maximum(-self.hyper["rho"] * penalty, WORST)
        return Outcome(penalty <= 0, values, hardware)

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
