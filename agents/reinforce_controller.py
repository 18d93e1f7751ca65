"""The LSTM controller of NASAIC: one segment a parameter, REINFORCE with a moving baseline.

Yang et al., NASAIC (DAC 2020, arXiv 2002.04116), after Zoph and Le (arXiv 1611.01578).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal

from .ordered_heads import head_and_embedding
from .rewarding import RankedReward, one_torch_thread, seeded_globals


class Controller(nn.Module):
    """An LSTM that is fed its last choice and puts out logits for the next parameter.

    With ``ordered``, ordinal parameters of many values have heads and embeddings that know their order
    (:mod:`.ordered_heads`); otherwise every value is a category of its own.
    """

    def __init__(self, space: DesignSpace, hidden: int, ordered: bool = False) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(hidden, hidden)
        self.start = nn.Parameter(torch.zeros(1, hidden))
        pairs = [head_and_embedding(p, hidden, ordered) for p in space.parameters]
        self.embed = nn.ModuleList(embed for _, embed in pairs)
        self.heads = nn.ModuleList(head for head, _ in pairs)
        for p in self.parameters():
            nn.init.uniform_(p, -0.1, 0.1)

    def forward(
        self,
        n: int,
        given: torch.Tensor | None = None,
        keep: torch.Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Designs (n, d), log-probabilities (n, d), entropies (n, d).

        Choices are drawn with ``generator`` except where ``keep`` (n or 1, d) says to take those of ``given``
        (n, d); without a generator all are given.
        """
        h = c = torch.zeros(n, self.start.shape[1])
        feed = self.start.expand(n, -1)
        values, logs, entropies = [], [], []
        for i, (head, embed) in enumerate(zip(self.heads, self.embed)):
            h, c = self.cell(feed, (h, c))
            log = torch.log_softmax(head(h), dim=1)
            if generator is None:
                assert given is not None
                value = given[:, i]
            else:
                value = torch.multinomial(log.exp(), 1, generator=generator)[:, 0]
                if given is not None and keep is not None:
                    value = torch.where(keep[:, i], given[:, i], value)
            values.append(value)
            logs.append(log.gather(1, value[:, None])[:, 0])
            entropies.append(-(log.exp() * log).sum(dim=1))
            feed = embed(value)
        return torch.stack(values, 1), torch.stack(logs, 1), torch.stack(entropies, 1)


class Learner:
    """A controller for a space with its optimiser and its source of chance."""

    def __init__(
        self,
        space: DesignSpace,
        hidden: int,
        learning_rate: float,
        rng: np.random.Generator,
        ordered: bool = False,
    ) -> None:
        one_torch_thread()
        with seeded_globals(rng):
            self.net = Controller(space, hidden, ordered)
        self._optimiser = torch.optim.Adam(self.net.parameters(), lr=learning_rate)
        self.generator = torch.Generator().manual_seed(int(rng.integers(1 << 31)))

    def descend(self, loss: torch.Tensor) -> None:
        """One step down a loss.

        Args:
            loss: one number with a gradient, which is clipped to norm 1.
        """
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimiser.step()


class ReinforceController(Agent):
    """NASAIC's controller.

    After each batch of joint steps, ``partial_steps`` batches keep the first part of the best design
    of the last joint batch (1 - ``partial_share`` of the parameters) and draw only the rest, as
    NASAIC searches hardware for a fixed network.  The default is joint steps alone.
    """

    name = "reinforce_controller"
    hyperparameters = DesignSpace(
        (
            ordinal(
                "learning_rate", (0.0003, 0.001, 0.003, 0.01, 0.03), "step of Adam", scale="log"
            ),
            ordinal("hidden", (16, 32, 64, 128), "units of the LSTM", scale="log"),
            ordinal("rollout", (4, 8, 16, 32, 64), "designs per step", scale="log"),
            ordinal("entropy", (0.0, 0.001, 0.003, 0.01, 0.03), "weight of the entropy"),
            ordinal("baseline", (0.5, 0.7, 0.9, 0.95), "memory of the moving baseline"),
            ordinal("partial_steps", (0, 1, 2, 5, 10), "partial steps after a joint one"),
            ordinal("partial_share", (0.25, 0.5, 0.75), "share of parameters a partial step draws"),
        )
    )
    defaults = {
        "learning_rate": 0.01,
        "hidden": 32,
        "rollout": 16,
        "entropy": 0.003,
        "baseline": 0.9,
        "partial_steps": 0,
        "partial_share": 0.5,
    }

    @property
    def batch(self) -> int:
        """Designs a step."""
        return int(self.hyper["rollout"])

    def _start(self) -> None:
        hidden, rate = int(self.hyper["hidden"]), self.hyper["learning_rate"]
        self._learner = Learner(self.space, hidden, rate, self.rng)
        self._reward = RankedReward()
        self._baseline: float | None = None
        self._partial_left = 0
        self._kept: Designs | None = None
        self._fixed = 0

    def _ask(self, n: int) -> Designs:
        given, keep, self._fixed = None, None, 0
        if self._partial_left > 0 and self._kept is not None:
            self._fixed = round(len(self.space) * (1 - self.hyper["partial_share"]))
            given = torch.as_tensor(np.repeat(self._kept[None], n, axis=0))
            keep = torch.arange(len(self.space))[None] < self._fixed
        with torch.no_grad():
            drawn = self._learner.net(n, given, keep, self._learner.generator)[0]
        return drawn.numpy().astype(np.int64)

    def _tell(self, x: Designs, costs: Floats) -> None:
        rewards = self._reward(costs)
        fixed = self._fixed
        if self._partial_left > 0:
            self._partial_left -= 1
        elif self.hyper["partial_steps"] > 0 and np.isfinite(costs).any():
            self._partial_left = int(self.hyper["partial_steps"])
            self._kept = x[int(np.argmin(costs[:, 0]))].copy()
        mean = float(rewards.mean())
        self._baseline = mean if self._baseline is None else self._baseline
        advantage = torch.as_tensor(rewards - self._baseline)
        memory = self.hyper["baseline"]
        self._baseline = memory * self._baseline + (1 - memory) * mean
        _, logs, entropies = self._learner.net(len(x), torch.as_tensor(x))
        free = slice(fixed, None)  # a partial step says nothing of what it kept
        loss = (
            -(advantage * logs[:, free].sum(dim=1)).mean()
            - self.hyper["entropy"] * entropies[:, free].sum(dim=1).mean()
        )
        self._learner.descend(loss)
