"""NASAIC's search (Yang et al., DAC 2020, arXiv 2002.04116), mended; ``nasaic-2020`` is the published one."""

from __future__ import annotations

import numpy as np
import torch

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .episodes import EpisodicAgent, Outcome
from .network_ranking import NetworkRanking

REDRAWS = 32  # networks drawn at once, of which the first unknown one is taken


class Nasaic(EpisodicAgent):
    """The episodes of NASAIC with changes that the published procedure lacks.

    - Networks earn the reward of their episode, hardware earns that of its own step, compared with the
      other steps of its batch (in the paper step 0's hardware earns the best of all steps, and
      hardware is compared with that of other networks).
    - The controller's heads know the order of values, so what is learned of 2,048 PEs is not lost on 2,080.
    - A network whose accuracy is known is not drawn again.  Of those that are drawn in its place, a share
      ``screen`` of the episodes takes the one that the known accuracies promise most
      (:class:`.network_ranking.NetworkRanking`).
    - The best designs that meet all specs are imitated (cross-entropy), one design per network.
    - A share of the episodes refines one of these designs: some of its choices are drawn again.
    - Where ``patience`` batches have found nothing better, a batch holds two networks in place of one, with
      half of the steps each; after twice as many three, and so on.  So accuracy queries are saved while that
      helps, and evaluations are not spent on hardware of networks whose accuracy is known.
    - The entropy's weight falls from ``entropy`` to 0 over the budget.
    """

    name = "nasaic"
    ordered_heads = True
    hyperparameters = DesignSpace(
        (
            ordinal("learning_rate", (0.001, 0.003, 0.01, 0.03, 0.1), "step of Adam", scale="log"),
            ordinal("hidden", (16, 32, 64, 128), "units of the LSTM", scale="log"),
            ordinal("hardware_steps", (0, 2, 5, 10, 20), "hardware-only steps per episode"),
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
            ordinal(
                "screen", (0.0, 0.25, 0.5, 0.75, 0.9, 1.0), "share of episodes that rank networks"
            ),
            ordinal(
                "patience", (0, 1, 3, 5, 10, 30), "batches without gain a network more; 0: never"
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
        "screen": 0.5,
        "patience": 3,
    }

    def _start(self) -> None:
        super()._start()
        self._told = 0
        self._ranking = NetworkRanking(self.space.parameters[: self._first or None])
        self._elites: dict[tuple[int, ...], tuple[float, Designs]] = {}
        self._stalled = 0  # batches since the best elite was found

    def _network(self, design: Designs) -> tuple[int, ...]:
        """The part of a design (d,) that is drawn once an episode; all of it where no knob is hardware."""
        return tuple(design[: self._first or None].tolist())

    def _ask(self, n: int) -> Designs:
        patience = int(self.hyper["patience"])
        networks = min(n, 1 + self._stalled // patience) if patience else 1
        with torch.no_grad():
            joint, hardware, refined = self._joint_steps(networks)
            sizes = torch.tensor([len(rows) for rows in np.array_split(np.arange(n), networks)])
            first = torch.cumsum(sizes, 0) - sizes
            given = torch.repeat_interleave(joint, sizes, dim=0)
            given[:, self._first :] = torch.repeat_interleave(hardware, sizes, dim=0)
            given[first] = joint
            keep = self._kept(n) & torch.repeat_interleave(refined, sizes)[:, None]
            keep[:, : self._first] = True
            keep[first] = True
            if n > networks:
                given = self._learner.net(n, given, keep, self._learner.generator)[0]
        return given.numpy().astype(np.int64)

    def _joint_steps(self, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """How k episodes begin.

        Returns:
            Their first designs (k, d), the hardware (k, h) that their other steps start from, and which of
            them refine an elite (k,).
        """
        elites = [torch.as_tensor(e) for _, e in self._elites.values()]
        refined = torch.as_tensor(self.rng.random(k) < self.hyper["refine"]) & bool(elites)
        given = torch.zeros(k, len(self.space), dtype=torch.int64)
        for i in np.flatnonzero(refined.numpy()).tolist():
            given[i] = elites[int(self.rng.integers(len(elites)))]
        several = torch.repeat_interleave(given, REDRAWS, dim=0)
        keep = self._kept(k * REDRAWS) & torch.repeat_interleave(refined, REDRAWS)[:, None]
        drawn = self._learner.net(len(several), several, keep, self._learner.generator)[0]
        values = self.rng.integers(0, self.space.nvec, several.shape)
        other = torch.where(keep, several, torch.as_tensor(values))
        taken: set[tuple[int, ...]] = set()
        joint = given.clone()
        for i in range(len(joint)):
            rows = slice(i * REDRAWS, (i + 1) * REDRAWS)
            joint[i] = self._chosen(drawn[rows], other[rows], taken)
            taken.add(self._network(joint[i].numpy()))
        start = torch.where(refined[:, None], given, joint)[:, self._first :]
        return joint, start, refined

    def _chosen(
        self, drawn: torch.Tensor, other: torch.Tensor, taken: set[tuple[int, ...]]
    ) -> torch.Tensor:
        """The design (d,) that is tried: one with a new network, if there is any.

        ``other`` (REDRAWS, d) stands in for ``drawn`` where the policy has settled on known networks.
        ``taken`` are the networks of this batch.
        """
        known = self._ranking.known
        for designs in (drawn, other):
            networks = [self._network(row) for row in designs.numpy()]
            new = [i for i, row in enumerate(networks) if row not in known and row not in taken]
            if len(new) > 1 and self._ranking and self.rng.random() < self.hyper["screen"]:
                ranked = self._ranking(np.array([networks[i] for i in new], np.int64))
                return designs[new[int(np.argmax(ranked))]]
            if new:
                return designs[new[0]]
        return drawn[0]

    def _kept(self, n: int) -> torch.Tensor:
        """Which choices (n, d) of an elite stay."""
        return torch.as_tensor(self.rng.random((n, len(self.space))) >= self.hyper["redraw"])

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        outcome = self._outcome(costs, feedback)
        cut = self._first or None
        starts = np.flatnonzero(np.append(True, (x[1:, :cut] != x[:-1, :cut]).any(axis=1)))
        ends = np.append(starts[1:], len(x))
        episodes = [outcome.part(a, b) for a, b in zip(starts.tolist(), ends.tolist())]
        self._stalled += bool(self._elites)
        for a, b, episode in zip(starts, ends, episodes):
            self._keep_elite(x[a:b], episode)
        self._told += len(x)
        elites = np.array([e for _, e in self._elites.values()], np.int64).reshape(-1, x.shape[1])
        _, logs, entropies = self._learner.net(
            len(x) + len(elites), torch.as_tensor(np.concatenate([x, elites]))
        )
        steps, imitated = logs[: len(x)], logs[len(x) :]
        gain = self._advantages("joint", np.array([e.joint for e in episodes]))
        loss = -(gain * steps[starts, :cut].sum(dim=1)).mean()
        if len(x) > 1 and self._first:
            among = outcome.hardware - outcome.hardware.mean()
            gain = torch.as_tensor(among / max(float(np.abs(among).mean()), 1e-9))
            loss = loss - (gain * steps[:, self._first :].sum(dim=1)).mean()
        left = 1.0 if self.budget is None else max(0.0, 1.0 - self._told / self.budget)
        loss = loss - self.hyper["entropy"] * left * entropies[0].sum()
        if len(elites):
            loss = loss - self.hyper["imitation"] * imitated.sum(dim=1).mean()
        self._learner.descend(loss)

    def _keep_elite(self, x: Designs, episode: Outcome) -> None:
        """Learn what a network scored, and keep its best design among the elites if it is one of the best."""
        if not episode.met.any():
            return
        best = int(np.argmax(np.where(episode.met, episode.values, -np.inf)))
        network, value = self._network(x[best]), float(episode.values[best])
        if value > self._ranking.known.get(network, -np.inf):
            self._ranking.learn(network, value)
        most = max((v for v, _ in self._elites.values()), default=-np.inf)
        if value > most:
            self._stalled = 0
        if network not in self._elites or self._elites[network][0] < value:
            self._elites[network] = value, x[best].copy()
        if len(self._elites) > self.hyper["elites"]:
            del self._elites[min(self._elites, key=lambda k: self._elites[k][0])]
