"""A search that listens to explanations: it relieves what limits the best designs, and follows what helps.

It knows no domain.  Which steps should relieve the binding resource comes from the simulator's explanation of
a design that was paid for (``Feedback.relieve``), and from its advice.  Steps are made alone or several at
once, a step that helps is taken further (a line search), and steps that help one design by themselves are
taken together.  Beside these, knobs are drawn from the better fifth of what was seen (Bergstra et al., 2011,
one parameter at a time).  How often each is tried follows from how often it helped (Fialho et al., 2010).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .listening import Listener

PATIENCE = 4  # random designs in vain at the start
TRIES = 24  # draws of one proposal before it may repeat
ENOUGH = 24  # designs seen before densities are drawn from
FRONTAL = 0.2  # of proposals from that front
FRONT = 16  # designs of the front of the specs that are kept
GOOD = 0.2  # share of the seen that counts as good
MEMORY = 0.97  # of a source's record, a proposal
PRIOR = 4.0  # proposals that the first shares are worth
LEAST = 0.05  # share of a source that has something to say


class Origin(NamedTuple):
    """What a proposal was made from."""

    parent: Designs
    cost: float
    source: str
    walker: int = 0


class Guided(Agent):
    """Moves that explanations name, line searches along those that help, densities of good designs.

    Without feedback, or with a simulator that knows no parts, the last of these is all of it.
    """

    name = "guided"
    hyperparameters = DesignSpace(
        (
            ordinal(
                "explained",
                (0.0, 0.25, 0.5, 0.7, 0.9),
                "first share of proposals from explanations",
            ),
            ordinal("elites", (1, 2, 4, 8), "designs that are explained", scale="log"),
            ordinal("starts", (1, 4, 8, 16, 32), "random designs at first, at most", scale="log"),
            ordinal("reach", (1, 2, 3, 4), "knobs that a free proposal changes at most"),
        )
    )
    defaults = {"explained": 0.9, "elites": 4, "starts": 1, "reach": 3}

    @property
    def batch(self) -> int:
        """Few: every answer changes what is asked next."""
        return 4

    def _start(self) -> None:
        # walks that inherit from this have neither
        self._starts = int(self.hyper.get("starts", 1))
        self._elites = int(self.hyper.get("elites", 1))
        self._designs: list[Designs] = []
        self._costs: list[float] = []
        self._order: Designs | None = None  # of the designs, best first; None while it is not known
        self._good: Designs | None = None  # the better fifth of them
        self._seen: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._from: dict[bytes, Origin] = {}
        # what helped, by parent and knob: cost, value
        self._helped: dict[bytes, dict[int, tuple[float, int]]] = {}
        self._queue: list[Designs] = []
        self._vain = 0  # random designs in a row that were no better than what was known
        self._vectors: dict[bytes, Floats] = {}  # how far outside of every spec, and the cost
        self._front: list[int] = []  # designs that no other beats in all of these
        self._listener = Listener(self.space, self.rng)
        share = float(self.hyper["explained"])
        first = {"relief": share / 2, "advice": share / 2, "drawn": 1 - share}
        self._first_shares = {k: v for k, v in first.items() if v > 0}
        self._helps = dict.fromkeys(first, 0.0)
        self._tries = dict.fromkeys(first, 0.0)

    # ---- what is proposed
    def _ask(self, n: int) -> Designs:
        out = []
        for _ in range(n):
            design = self._next()
            self._asked.add(design.tobytes())
            out.append(design)
        return np.array(out)

    def _next(self) -> Designs:
        while self._queue:
            design = self._queue.pop(0)
            if self._is_new(design):
                return design
        early = len(self._asked) + len(self._designs) < self._starts
        nothing = not np.isfinite(min(self._costs, default=np.inf))  # that works
        if nothing or (early and self._vain < PATIENCE):
            return self.space.sample(1, self.rng)[0]
        for _ in range(TRIES):
            parent, cost, walker = self._parent()
            source = self._source()
            heard = None if source == "drawn" else self._listener.move(parent, source)
            design = self._drawn(parent) if heard is None else heard
            if self._is_new(design):
                source = "drawn" if heard is None else source
                self._from[design.tobytes()] = Origin(parent, cost, source, walker)
                return design
        return self.space.sample(1, self.rng)[0]

    def _source(self) -> str:
        """Where the next proposal comes from: the oftener it helped, the likelier."""
        shares = np.array(
            [
                (PRIOR * p + self._helps[k]) / (PRIOR + self._tries[k]) + LEAST
                for k, p in self._first_shares.items()
            ]
        )
        return list(self._first_shares)[int(self.rng.choice(len(shares), p=shares / shares.sum()))]

    def _ranked(self) -> Designs:
        """Positions of the designs that were told, best first; worked out once after each answer."""
        if self._order is None:
            self._order = np.argsort(self._costs, kind="stable")
        return self._order

    def _is_new(self, design: Designs) -> bool:
        key = design.tobytes()
        return key not in self._seen and key not in self._asked

    def _parent(self) -> tuple[Designs, float, int]:
        """One of the best designs, the better the likelier; half the time one of the front of the specs.

        A step that relieves one spec often costs another: on the way to designs that meet all of them, the
        sum of both may get worse first.
        """
        if len(self._front) > 1 and self.rng.random() < FRONTAL:
            at = self._front[self.rng.integers(len(self._front))]
        else:
            ranked = self._ranked()[: self._elites]
            at = int(ranked[min(int(self.rng.geometric(0.5)) - 1, len(ranked) - 1)])
        return self._designs[at], self._costs[at], 0

    def _drawn(self, parent: Designs) -> Designs:
        """A design with a few knobs drawn anew: neighbours while little is known, then densities."""
        out = parent.copy()
        count = int(self.rng.integers(1, int(self.hyper["reach"]) + 1))
        wide = np.flatnonzero(self.space.nvec > 1)
        columns = self.rng.permutation(wide)[:count]
        good = None
        if len(self._costs) >= ENOUGH:
            if self._good is None:
                best = self._ranked()[: max(4, int(GOOD * len(self._costs)))]
                self._good = np.array([self._designs[i] for i in best])
            good = self._good
        for column in map(int, columns):
            size = int(self.space.nvec[column])
            if good is None or self.rng.random() < 0.3:
                step = int(self.rng.choice([-1, 1])) * int(self.rng.geometric(0.5))
                near = int(np.clip(out[column] + step, 0, size - 1))
                ordered = self.space.parameters[column].kind != "categorical"
                out[column] = near if ordered else self.rng.integers(size)
            else:
                out[column] = good[self.rng.integers(len(good)), column]
        return self.space.repair(out[None], self.rng)[0]

    # ---- what is learned
    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        if feedback is not None:
            self._listener.tell(x, feedback)
            for i, design in enumerate(x):
                off = [float(v[i]) for v in feedback.violations.values()]
                self._vectors[design.tobytes()] = np.nan_to_num(
                    [*off, float(costs[i, 0])], nan=np.inf
                )
        self._tell(x, costs)
        if feedback is not None:
            self._front = self._undominated() if len(feedback.violations) > 1 else []
            self._listener.keep(self._explained())

    def _explained(self) -> Iterable[Designs]:
        """Designs that may yet be explained."""
        ranked = self._ranked()[: 4 * self._elites]
        return (self._designs[i] for i in [*ranked, *self._front])

    def _undominated(self) -> list[int]:
        """Feasible designs that no other beats in every spec and in cost, the least costly first."""
        ranked = [int(i) for i in self._ranked() if np.isfinite(self._costs[i])]
        front: list[int] = []
        for i in ranked:
            vector = self._vectors.get(self._designs[i].tobytes())
            if vector is None:
                continue
            others = [self._vectors[self._designs[k].tobytes()] for k in front]
            if not any((other <= vector).all() for other in others):
                front.append(i)
            if len(front) == FRONT:
                break
        return front

    def _tell(self, x: Designs, costs: Floats) -> None:
        for design, cost in zip(x, costs[:, 0]):
            key = design.tobytes()
            self._asked.discard(key)
            origin = self._from.pop(key, None)
            if key in self._seen:
                continue
            self._seen.add(key)
            if origin is None and self._costs:
                self._vain = 0 if cost < min(self._costs) else self._vain + 1
            self._designs.append(design.copy())
            self._costs.append(float(cost))
            self._order = self._good = None
            self._settle(design, float(cost), origin)
            if origin is None:
                continue
            for name in self._tries:
                self._tries[name] *= MEMORY
                self._helps[name] *= MEMORY
            if origin.source in self._tries:
                self._tries[origin.source] += 1
                self._helps[origin.source] += cost < origin.cost
            if cost < origin.cost:
                self._follow(origin, design, float(cost))

    def _settle(self, design: Designs, cost: float, origin: Origin | None) -> None:
        """Where the search goes from here: a hook for walks; this agent has its best designs."""

    def _follow(self, origin: Origin, design: Designs, cost: float) -> None:
        """A proposal that helped: take its step further, and together with what else helped its parent."""
        parent = origin.parent
        changed = np.flatnonzero(parent != design)
        helped = self._helped.setdefault(parent.tobytes(), {})
        for column in map(int, changed):
            if cost < helped.get(column, (np.inf, 0))[0]:
                helped[column] = cost, int(design[column])
        if len(changed) == 1 and self.space.parameters[int(changed[0])].kind != "categorical":
            column = int(changed[0])
            step = 2 * (int(design[column]) - int(parent[column]))
            further = design.copy()
            further[column] = np.clip(design[column] + step, 0, self.space.nvec[column] - 1)
            self._enqueue(origin, design, further, cost)
        if len(helped) > 1:
            together = parent.copy()
            for column, (_, value) in helped.items():
                together[column] = value
            self._enqueue(origin, design, self.space.repair(together[None], self.rng)[0], cost)

    def _enqueue(self, origin: Origin, parent: Designs, design: Designs, cost: float) -> None:
        if self._is_new(design) and bool(self.space.is_valid(design[None])[0]):
            self._from[design.tobytes()] = Origin(parent, cost, "followed", origin.walker)
            self._queue.append(design)
