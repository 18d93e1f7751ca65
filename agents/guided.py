"""A search that listens to explanations: it relieves what limits the best designs, and follows what helps.

It knows no domain.  Which steps should relieve the binding resource comes from the simulator's explanation of
a design that was paid for (``Feedback.relieve``).  A step that helps is taken further (a line search), steps
that help one design by themselves are taken together, and where explanations are used up, knobs are drawn
from the better fifth of what was seen (Bergstra et al., 2011, one parameter at a time).
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

TRIES = 24  # draws of one proposal before it may repeat
ENOUGH = 24  # designs seen before densities are drawn from
FRONT = 16  # designs of the front of the specs that are kept
GOOD = 0.2  # share of the seen that counts as good


class Guided(Agent):
    """Moves that explanations name, line searches along those that help, densities of good designs.

    Without feedback, or with a simulator that knows no parts, the last of these is all of it.
    """

    name = "guided"
    hyperparameters = DesignSpace(
        (
            ordinal(
                "explained", (0.0, 0.25, 0.5, 0.7, 0.9), "share of proposals from explanations"
            ),
            ordinal("elites", (1, 2, 4, 8), "designs that are explained", scale="log"),
            ordinal("starts", (1, 8, 16, 32), "random designs before anything else", scale="log"),
            ordinal("reach", (1, 2, 3, 4), "knobs that a free proposal changes at most"),
        )
    )
    defaults = {"explained": 0.7, "elites": 4, "starts": 16, "reach": 3}

    @property
    def batch(self) -> int:
        """Few: every answer changes what is asked next."""
        return 8

    def _start(self) -> None:
        self._designs: list[Designs] = []
        self._costs: list[float] = []
        self._seen: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._told: dict[bytes, tuple[Feedback, int]] = {}
        self._moves: dict[bytes, tuple[Designs, Floats]] = {}
        # what a proposal was made from, and its cost
        self._from: dict[bytes, tuple[Designs, float]] = {}
        # what helped, by parent and knob: cost, value
        self._helped: dict[bytes, dict[int, tuple[float, int]]] = {}
        self._queue: list[Designs] = []
        self._vectors: dict[bytes, Floats] = {}  # how far outside of every spec, and the cost
        self._front: list[int] = []  # designs that no other beats in all of these

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
        early = len(self._asked) + len(self._designs) < self.hyper["starts"]
        if early or not self._designs:
            return self.space.sample(1, self.rng)[0]
        for _ in range(TRIES):
            listens = self.rng.random() < self.hyper["explained"]
            found = self._relieved() if listens else None
            design = self._drawn() if found is None else found
            if self._is_new(design):
                return design
        return self.space.sample(1, self.rng)[0]

    def _is_new(self, design: Designs) -> bool:
        key = design.tobytes()
        return key not in self._seen and key not in self._asked

    def _elite(self) -> tuple[Designs, float]:
        """One of the best designs, the better the likelier; half the time one of the front of the specs.

        A step that relieves one spec often costs another: on the way to designs that meet all of them, the
        sum of both may get worse first.
        """
        if len(self._front) > 1 and self.rng.random() < 0.5:
            at = self._front[self.rng.integers(len(self._front))]
            return self._designs[at], self._costs[at]
        ranked = np.argsort(self._costs, kind="stable")[: int(self.hyper["elites"])]
        at = int(ranked[min(int(self.rng.geometric(0.5)) - 1, len(ranked) - 1)])
        return self._designs[at], self._costs[at]

    def _relieved(self) -> Designs | None:
        """A step that an explanation names; None where an elite has none left that is new."""
        parent, cost = self._elite()
        key = parent.tobytes()
        if key not in self._moves:
            known = self._told.pop(key, None)
            if known is None:
                return None
            self._moves[key] = self._listen(parent, *known)
        moves, weights = self._moves[key]
        fresh = np.array([self._is_new(m) for m in moves], np.bool_)
        self._moves[key] = moves, weights = moves[fresh], weights[fresh]
        if not len(moves):
            return None
        at = int(self.rng.choice(len(moves), p=weights / weights.sum()))
        self._from[moves[at].tobytes()] = parent, cost
        return moves[at]

    def _listen(self, parent: Designs, feedback: Feedback, row: int) -> tuple[Designs, Floats]:
        """Moves and weights: what explanations say, and advice where it is choosy."""
        moves, weights = feedback.relieve(parent, row)
        weights = weights / max(float(weights.sum()), 1e-300)
        advised = feedback.advise(parent, row)
        if 0 < len(advised) < len(self.space):  # a simulator without advice names every neighbour
            rank = 0.8 ** np.arange(len(advised))
            moves = np.concatenate([moves, advised])
            weights = np.concatenate([weights, rank / rank.sum()])
        return moves, weights

    def _drawn(self) -> Designs:
        """An elite with a few knobs drawn anew: neighbours while little is known, then densities."""
        parent, cost = self._elite()
        out = parent.copy()
        count = int(self.rng.integers(1, int(self.hyper["reach"]) + 1))
        wide = np.flatnonzero(self.space.nvec > 1)
        columns = self.rng.permutation(wide)[:count]
        good = None
        if len(self._costs) >= ENOUGH:
            best = np.argsort(self._costs, kind="stable")[: max(4, int(GOOD * len(self._costs)))]
            good = np.array([self._designs[i] for i in best])
        for column in map(int, columns):
            size = int(self.space.nvec[column])
            if good is None or self.rng.random() < 0.3:
                step = int(self.rng.choice([-1, 1])) * int(self.rng.geometric(0.5))
                near = int(np.clip(out[column] + step, 0, size - 1))
                ordered = self.space.parameters[column].kind != "categorical"
                out[column] = near if ordered else self.rng.integers(size)
            else:
                out[column] = good[self.rng.integers(len(good)), column]
        out = self.space.repair(out[None], self.rng)[0]
        self._from[out.tobytes()] = parent, cost
        return out

    # ---- what is learned
    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        for i, design in enumerate(x):
            if feedback is not None:
                self._told[design.tobytes()] = feedback, i
                off = [float(v[i]) for v in feedback.violations.values()]
                self._vectors[design.tobytes()] = np.nan_to_num(
                    [*off, float(costs[i, 0])], nan=np.inf
                )
        self._tell(x, costs)
        if feedback is not None:  # only elites are ever explained
            self._front = self._undominated() if len(feedback.violations) > 1 else []
            ranked = np.argsort(self._costs, kind="stable")[: 4 * int(self.hyper["elites"])]
            kept = {self._designs[i].tobytes() for i in [*ranked, *self._front]}
            self._told = {k: v for k, v in self._told.items() if k in kept}

    def _undominated(self) -> list[int]:
        """Feasible designs that no other beats in every spec and in cost, the least costly first."""
        ranked = [
            int(i) for i in np.argsort(self._costs, kind="stable") if np.isfinite(self._costs[i])
        ]
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
            self._designs.append(design.copy())
            self._costs.append(float(cost))
            if origin is not None and cost < origin[1]:
                self._follow(origin[0], design, float(cost))

    def _follow(self, parent: Designs, design: Designs, cost: float) -> None:
        """A proposal that helped: take its step further, and together with what else helped its parent."""
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
            self._enqueue(design, further, cost)
        if len(helped) > 1:
            together = parent.copy()
            for column, (_, value) in helped.items():
                together[column] = value
            self._enqueue(design, self.space.repair(together[None], self.rng)[0], cost)

    def _enqueue(self, parent: Designs, design: Designs, cost: float) -> None:
        if self._is_new(design) and bool(self.space.is_valid(design[None])[0]):
            self._from[design.tobytes()] = parent, cost
            self._queue.append(design)
