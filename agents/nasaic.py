"""NASAIC's search (Yang et al., DAC 2020, arXiv 2002.04116), mended; ``nasaic-2020`` is the published one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .episodes import EpisodicAgent

REDRAWS = 32  # networks drawn at once, of which the first unknown one is taken


class Nasaic(EpisodicAgent):
    """The episodes of NASAIC with six changes, each of which the published procedure lacks.

    - Networks earn the reward of their episode, hardware earns that of its own step, compared with the
      other steps of the same networks (in the paper step 0's hardware earns the best of all steps, and
      hardware is compared with that of other networks).
    - The controller's heads know the order of values, so what is learned of 2,048 PEs is not lost on 2,080.
    - A network whose accuracy is known is not drawn again.
    - The best designs that meet all specs are imitated (cross-entropy), one design per network.
    - A share of the episodes refines one of these designs: some of its choices are drawn again.
    - The entropy's weight falls from ``entropy`` to 0 over the budget.
    """

    name = "nasaic"
    ordered_heads = True
    hyperparameters = DesignSpace(
        (
            ordinal("learning_rate", (0.001, 0.003, 0.01, 0.03, 0.1), "step of Adam", scale="log"),
            ordinal("hidden", (16, 32, 64, 128), "units of the LSTM", scale="log"),
            ordinal("hardware_steps", (0, 2, 5, 10, 20), "hardware-only steps an episode"),
            ordinal("entropy", (0.0, 0.01, 0.03, 0.1, 0.3, 1.0), "first weight of the entropy"),
            ordinal("baseline", (0.5, 0.7, 0.9, 0.95), "memory of the networks' moving baseline"),
            ordinal("rho", (1.0, 10.0, 100.0), "weight of the penalty in a reward", scale="log"),
            ordinal("elites", (1, 5, 10, 20, 50), "designs that are imitated and refined"),
            ordinal("imitation", (0.0, 0.1, 0.3, 1.0, 3.0), "weight of the imitation"),
            ordinal(
                "refine", (0.0, 0.25, 0.5, 0.75, 0.9), "share of episodes that refine an elite"
            ),
            ordinal(
                "redraw", (0.05, 0.1, 0.2, 0.3, 0.5), "share of an elite's choices drawn again"
            ),
        )
    )
    defaults = {
        "learning_rate": 0.01,
        "hidden": 64,
        "hardware_steps": 10,
        "entropy": 0.3,
        "baseline": 0.9,
        "rho": 10.0,
        "elites": 5,
        "imitation": 0.3,
        "refine": 0.9,
        "redraw": 0.2,
    }

    def _start(self) -> None:
        super()._start()
        self._told = 0
        self._parent: torch.Tensor | None = None  # the elite (1, d) that this episode refines
        self._known: set[tuple[int, ...]] = set()  # networks whose accuracy was used
        self._elites: dict[tuple[int, ...], tuple[float, Designs]] = {}

    def _network(self, design: Designs) -> tuple[int, ...]:
        """The part of a design (d,) that is drawn once an episode; all of it where no knob is hardware."""
        return tuple(design[: self._first or None].tolist())

    def _joint_step(self) -> torch.Tensor:
        net, generator = self._learner.net, self._learner.generator
        self._parent = None
        if self._elites and self.rng.random() < self.hyper["refine"]:
            elites = list(self._elites.values())
            self._parent = torch.as_tensor(elites[int(self.rng.integers(len(elites)))][1])[None]
            given = self._parent.expand(REDRAWS, -1)
            drawn = net(REDRAWS, given, self._kept(REDRAWS), generator)[0]
        else:
            drawn = net(REDRAWS, generator=generator)[0]
        new = (i for i, row in enumerate(drawn.numpy()) if self._network(row) not in self._known)
        i = next(new, 0)
        return drawn[i : i + 1]

    def _hardware_steps(self, joint: torch.Tensor, n: int) -> torch.Tensor:
        if self._parent is None:
            return super()._hardware_steps(joint, n)
        keep = self._kept(n)
        keep[:, : self._first] = True
        given = torch.cat([joint[:, : self._first], self._parent[:, self._first :]], dim=1)
        return self._learner.net(n, given.expand(n, -1), keep, self._learner.generator)[0]

    def _kept(self, n: int) -> torch.Tensor:
        """Which choices (n, d) of an elite stay."""
        return torch.as_tensor(self.rng.random((n, len(self.space))) >= self.hyper["redraw"])

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        outcome = self._outcome(costs, feedback)
        if outcome.met.any():
            self._keep_elite(x, outcome.met, outcome.values)
        self._told += len(x)
        elites = np.array([e for _, e in self._elites.values()], np.int64).reshape(-1, x.shape[1])
        _, logs, entropies = self._learner.net(
            len(x) + len(elites), torch.as_tensor(np.concatenate([x, elites]))
        )
        steps, imitated = logs[: len(x)], logs[len(x) :]
        gain = self._advantages("joint", np.array([outcome.joint]))
        loss = -(gain * steps[:1, : self._first or None].sum(dim=1)).mean()
        if len(x) > 1 and self._first:
            among = outcome.hardware - outcome.hardware.mean()
            gain = torch.as_tensor(among / max(float(np.abs(among).mean()), 1e-9))
            loss = loss - (gain * steps[:, self._first :].sum(dim=1)).mean()
        left = 1.0 if self.budget is None else max(0.0, 1.0 - self._told / self.budget)
        loss = loss - self.hyper["entropy"] * left * entropies[0].sum()
        if len(elites):
            loss = loss - self.hyper["imitation"] * imitated.sum(dim=1).mean()
        self._learner.descend(loss)

    def _keep_elite(self, x: Designs, met: NDArray[np.bool_], values: Floats) -> None:
        """Take in the best design of an episode that meets the specs; forget the worst beyond ``elites``."""
        best = int(np.argmax(np.where(met, values, -np.inf)))
        network = self._network(x[best])
        self._known.update(self._network(row) for row in x[met])
        if network not in self._elites or self._elites[network][0] < values[best]:
            self._elites[network] = float(values[best]), x[best].copy()
        if len(self._elites) > self.hyper["elites"]:
            del self._elites[min(self._elites, key=lambda k: self._elites[k][0])]
