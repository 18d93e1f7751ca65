"""Successive halving over cheaper fidelities: many designs roughly, the promising ones in full.

Asynchronous successive halving: Li et al., 2020, after Jamieson and Talwalkar, 2016.  Some designs skip the
rough look, as the last bracket of Hyperband does (Li et al., 2018).  Who proposes is a hyperparameter: random
draws as in Hyperband, a tree-structured Parzen estimator as in BOHB (Falkner et al., 2018), an evolutionary
search as in DEHB (Awad et al., 2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym import registry
from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.contracts.fidelity import FULL, Offer
from archgym.space import Designs, DesignSpace, categorical, design_keys, ordinal

PROPOSERS = ("genetic_algorithm", "portfolio", "random_walk", "tpe")
LATEST = 32  # designs seen roughly and in full, by which rough costs are corrected


class _Rung:
    """Designs that were answered at one fidelity below full, and which of them went up."""

    def __init__(self) -> None:
        self.costs: dict[bytes, float] = {}
        self.waiting: dict[bytes, tuple[float, Designs]] = {}  # not gone up: cost, design (d,)
        self.above = 0  # how many went up
        self.off: list[float] = []  # cost in full less cost here, of those that came to both

    def take_in(self, key: bytes, design: Designs, cost: float) -> bool:
        """Remember an answer; a design that is known changes nothing. Whether it is a new one."""
        if key in self.costs:
            return False
        self.costs[key] = cost
        if np.isfinite(cost):
            self.waiting[key] = (cost, design)
        return True

    def best(self, n: int) -> list[bytes]:
        """The ``n`` least costly of those that wait, best first."""
        return sorted(self.waiting, key=lambda k: (self.waiting[k][0], k))[:n]

    @property
    def shift(self) -> float:
        """By how much a cost in full is typically more than one here."""
        return float(np.median(self.off[-LATEST:])) if self.off else 0.0


class SuccessiveHalving(Agent):
    """Looks at many designs at a cheap fidelity; one of ``eta`` goes up to the next, the last is in full.

    The proposer learns from every answer. It is told rough costs as shifted by what costs in full typically
    differ, and never as better than the best cost in full. A share of ``direct`` of all designs in full comes
    straight from the proposer. After a batch of looks that showed nothing new, as in a small space, the best
    that wait go up, or the next designs straight to full. Where no fidelity is offered, the proposer searches
    alone.
    """

    name = "successive_halving"
    uses_fidelities = True
    hyperparameters = DesignSpace(
        (
            categorical("proposer", PROPOSERS, "who proposes designs"),
            ordinal("eta", (2, 3, 4, 6, 8), "of how many designs one goes up a rung"),
            ordinal("together", (1, 2, 4, 8, 16), "designs asked for at once"),
            ordinal(
                "direct", (0.0, 0.1, 0.25, 0.5), "share of designs in full without a rough look"
            ),
        )
    )
    defaults = {"proposer": "genetic_algorithm", "eta": 4, "together": 4, "direct": 0.1}

    @property
    def batch(self) -> int:
        """As many as go up together."""
        return int(self.hyper["together"])

    def _start(self) -> None:
        kind = registry.load("agents", str(self.hyper["proposer"]))  # late: one needs Optuna
        seed = int(self.rng.integers(0, 1 << 31))
        self.proposer = kind(self.space, seed=seed, budget=self.budget)
        self._rungs: list[_Rung] = []
        self._best = np.inf  # in full
        self._in_full = self._direct = 0
        self._idle = False  # the last batch of looks showed nothing new

    def offer(self, offers: Sequence[Offer]) -> None:
        """Make a rung of each fidelity, the cheapest first."""
        super().offer(offers)
        self._rungs = [_Rung() for _ in self.offers]

    @property
    def fidelity(self) -> str:
        """Where the next designs are looked at: as high as enough have qualified for."""
        level = self._from()
        if level is None:
            return self.offers[0].name if self._rungs and not self._straight() else FULL
        return self.offers[level + 1].name if level + 1 < len(self._rungs) else FULL

    def _from(self) -> int | None:
        """The highest rung of which a batch may go up; None where new designs are to be proposed."""
        for level in reversed(range(len(self._rungs))):
            rung = self._rungs[level]
            due = len(rung.costs) // int(self.hyper["eta"]) - rung.above
            if due >= self.batch and len(rung.waiting) >= self.batch:
                return level
        if self._idle:
            return max((i for i, rung in enumerate(self._rungs) if rung.waiting), default=None)
        return None

    def _straight(self) -> bool:
        """Whether new designs go straight to full fidelity this time."""
        return self._idle or self._direct < float(self.hyper["direct"]) * self._in_full

    def _ask(self, n: int) -> Designs:
        level = self._from()
        if level is None:
            if self._rungs and self._straight():
                self._direct += n
            return self.proposer.ask(n)
        rung = self._rungs[level]
        up = rung.best(n)
        x = np.array([rung.waiting.pop(key)[1] for key in up])
        rung.above += len(up)
        return x if len(x) == n else np.concatenate([x, self.proposer.ask(n - len(x))])

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._tell_with(x, costs, None)

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        at = FULL if feedback is None else feedback.fidelity
        keys, plain = design_keys(x), costs[:, 0].tolist()
        self._idle = False
        if at == FULL:
            self._in_full += len(x)
            self._best = min([self._best, *plain])
            for key, cost in zip(keys, plain):
                self._compare(key, cost)
            self.proposer.tell(x, costs, feedback)
            return
        rung = self._rungs[[o.name for o in self.offers].index(at)]
        new = [rung.take_in(key, design, cost) for key, design, cost in zip(keys, x, plain)]
        self._idle = rung is self._rungs[0] and not any(new)
        likely = costs + rung.shift
        if np.isfinite(self._best):
            likely = np.maximum(likely, self._best)
        self.proposer.tell(x, likely, feedback)

    def _compare(self, key: bytes, cost: float) -> None:
        """Learn from a cost in full how far off the rough ones of that design were."""
        for rung in self._rungs:
            rough = rung.costs.get(key, np.inf)
            if np.isfinite(rough) and np.isfinite(cost):
                rung.off.append(cost - rough)
