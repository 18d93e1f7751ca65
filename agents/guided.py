"""A search that listens to explanations: it relieves what limits the best designs, and follows what helps.

It knows no domain.  Which steps should relieve the binding resource comes from the simulator's explanation of
a design that was paid for (``Feedback.relieve``), and from its advice.  Steps are made alone or several at
once, a step that helps is taken further (a line search), and steps that help one design by themselves are
taken together.  Beside these, knobs are drawn from the better fifth of what was seen (Bergstra et al., 2011,
one parameter at a time), and a model of the costs picks the most promising of many moves and draws.  How
often each is tried follows from how often it helped (Fialho et al., 2010).

Where nothing new comes for long, the search starts anew from a design with knobs drawn at random.  With
several objectives it goes on from designs of their front, and the model learns blends of them (Knowles, 2006,
"ParEGO").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, ordinal

from .drawing import redrawn
from .fronts import Front
from .kriging import Kriging
from .listening import Listener

PATIENCE = 4  # random designs in vain at the start
TRIES = 24  # draws of one proposal before it may repeat
ENOUGH = 24  # designs seen before densities are drawn from
FRONTAL = 0.2  # of proposals from that front
FRONT = 16  # designs of the front of the specs that are kept
ALONG = 0.8  # of proposals from the front of several objectives, once a design meets the specs
KNOWN = 10  # designs seen before a model is learnt
POOL = 64  # free draws that a model looks at, beside the moves of their parents
PARENTS = 3  # of these draws
STALE = 4  # designs per knob that bring nothing new, then the search starts anew
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

    Without feedback, or with a simulator that knows no parts, densities and the model are all of it.
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
            ordinal(
                "modelled",
                (0.0, 0.25, 0.5, 0.75),
                "first share of proposals that a model picks",
            ),
            ordinal("reach", (1, 2, 3, 4), "knobs that a free proposal changes at most"),
        )
    )
    defaults = {"explained": 0.9, "elites": 4, "starts": 1, "modelled": 0.25, "reach": 3}

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
        self._of_specs = Front()  # in how far outside of every spec a design is, and in cost
        self._front: list[int] = []  # the least costly of them
        self._tradeoff = Front()  # of the objectives, where there are several
        self._vectors: dict[bytes, tuple[Floats, Floats]] = {}  # costs on both, of a batch
        self._objectives: list[Floats] = []  # of every design
        self._since = 0  # the first design since the search started anew
        self._least = np.inf  # cost since then
        self._stale = 0  # designs in a row that brought nothing new
        self._listener = Listener(self.space, self.rng)
        share = float(self.hyper["explained"])
        modelled = float(self.hyper.get("modelled", 0.0))
        rest = (1 - modelled) * share / 2
        first = {
            "relief": rest,
            "advice": rest,
            "drawn": (1 - modelled) * (1 - share),
            "model": modelled,
        }
        self._model = Kriging(self.space)
        self._meets = False  # whether a design meets every spec
        self._fitted = 0  # designs that the model has learnt from
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
        nothing = not np.isfinite(self._least)  # that works
        if nothing or (early and self._vain < PATIENCE):
            return self.space.sample(1, self.rng)[0]
        for _ in range(TRIES):
            source = self._source()
            if source == "model":
                chosen = self._promising()
                if chosen is not None:
                    return chosen
            parent, cost, walker = self._parent()
            heard = None if source in ("drawn", "model") else self._listener.move(parent, source)
            design = self._drawn(parent) if heard is None else heard
            if self._is_new(design):
                source = "drawn" if heard is None else source
                self._from[design.tobytes()] = Origin(parent, cost, source, walker)
                return design
        return self.space.sample(1, self.rng)[0]

    def _promising(self) -> Designs | None:
        """Of many moves and free draws, the one that a model expects most of; None where all are known."""
        if len(self._costs) > self._fitted:
            self._fitted = len(self._costs)
            costs = self._tradeoff.blended(self._objectives, np.array(self._costs), self.rng)
            self._model.fit(np.array(self._designs), costs)
        parents = [self._parent() for _ in range(PARENTS)]
        parts = []
        for parent, _, _ in parents:
            heard = self._listener.hear(parent)
            moves = parent[None] if heard is None else heard.moves
            reach, many = int(self.hyper["reach"]), POOL // PARENTS
            free = redrawn(self.space, parent, self._good_ones(), reach, many, self.rng)
            parts.append(np.concatenate([moves, free]))
        pool, owner = np.concatenate(parts), np.repeat(np.arange(PARENTS), [len(p) for p in parts])
        new = np.array([self._is_new(d) for d in pool])
        if not new.any():
            return None
        pool, owner = pool[new], owner[new]
        at = int(np.argmax(self._model.promise(pool)))
        parent, cost, walker = parents[owner[at]]
        design = pool[at].copy()
        self._from[design.tobytes()] = Origin(parent, cost, "model", walker)
        return design

    def _source(self) -> str:
        """Where the next proposal comes from: the oftener it helped, the likelier.

        A model has a say once a design meets the specs.  Until then explanations know better.
        """
        asked = self._meets and len(self._costs) >= KNOWN
        others = 1.0 if asked else 1.0 - self._first_shares.get("model", 0.0)
        first = {k: p / others for k, p in self._first_shares.items() if asked or k != "model"}
        shares = np.array(
            [
                (PRIOR * p + self._helps[k]) / (PRIOR + self._tries[k]) + LEAST
                for k, p in first.items()
            ]
        )
        return list(first)[int(self.rng.choice(len(shares), p=shares / shares.sum()))]

    def _ranked(self) -> Designs:
        """Positions of the designs that were told, best first; worked out once after each answer."""
        if self._order is None:
            self._order = np.argsort(self._costs, kind="stable")
        return self._order

    def _is_new(self, design: Designs) -> bool:
        key = design.tobytes()
        return key not in self._seen and key not in self._asked

    def _parent(self) -> tuple[Designs, float, int]:
        """One of the best designs, the better the likelier; at times one of the front of the specs.

        A step that relieves one spec often costs another: on the way to designs that meet all of them, the
        sum of both may get worse first.  With several objectives it is mostly one of their front, the
        likelier the farther its neighbours there are.
        """
        if len(self._tradeoff) and self.rng.random() < ALONG:
            spacing = self._tradeoff.spacing()
            at = self._tradeoff.rows[int(self.rng.choice(len(spacing), p=spacing / spacing.sum()))]
        elif len(self._front) > 1 and self.rng.random() < FRONTAL:
            at = self._front[self.rng.integers(len(self._front))]
        else:
            ranked = self._recent()[: self._elites]
            at = int(ranked[min(int(self.rng.geometric(0.5)) - 1, len(ranked) - 1)])
        return self._designs[at], self._costs[at], 0

    def _recent(self) -> Designs:
        """Positions of the designs since the search started anew, best first."""
        ranked = self._ranked()
        return ranked[ranked >= self._since] if self._since < len(ranked) else ranked

    def _kicked(self) -> Designs:
        """Where the search starts anew: the best design with some knobs drawn at random, or all of them."""
        best = self._designs[int(self._ranked()[0])]
        drawn = self.space.sample(1, self.rng)[0]
        if self.rng.random() < 0.5:
            return drawn
        count = int(self.rng.integers(2, max(3, len(best) // 2 + 1)))
        columns = self.rng.permutation(len(best))[:count]
        out = best.copy()
        out[columns] = drawn[columns]
        return self.space.repair(out[None], self.rng)[0]

    def _good_ones(self) -> Designs:
        """The better fifth of the designs since the search started anew, or the front of objectives."""
        if self._good is None:
            recent = self._recent()
            best = recent[: max(4, int(GOOD * len(recent)))]
            if len(self._tradeoff) >= 4:
                best = np.array(self._tradeoff.rows)
            self._good = np.array([self._designs[i] for i in best])
        return self._good

    def _drawn(self, parent: Designs) -> Designs:
        """A design with a few knobs drawn anew: neighbours while little is known, then densities."""
        out = parent.copy()
        count = int(self.rng.integers(1, int(self.hyper["reach"]) + 1))
        wide = np.flatnonzero(self.space.nvec > 1)
        columns = self.rng.permutation(wide)[:count]
        good = self._good_ones() if len(self._costs) - self._since >= ENOUGH else None
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
        met = np.isfinite(costs[:, 0]) if feedback is None else feedback.penalty <= 0
        self._meets |= bool(met.any())
        if feedback is not None:
            self._listener.tell(x, feedback)
            self._note(x, costs, feedback)
        self._tell(x, costs)
        if feedback is not None:
            self._front = self._of_specs.least(FRONT)
            self._listener.keep(self._explained())

    def _note(self, x: Designs, costs: Floats, feedback: Feedback) -> None:
        """Costs by which designs (n, d) are compared on fronts: specs and cost, objectives."""
        none = np.empty(0)
        self._vectors = {}
        for i, design in enumerate(x):
            off = [float(v[i]) for v in feedback.violations.values()]
            specs = np.nan_to_num([*off, float(costs[i, 0])], nan=np.inf, posinf=np.inf)
            objectives = none if feedback.objectives is None else feedback.objectives[i]
            self._vectors[design.tobytes()] = (specs if len(off) > 1 else none), objectives

    def _explained(self) -> Iterable[Designs]:
        """Designs that may yet be explained."""
        ranked = self._recent()[: 4 * self._elites]
        return (self._designs[i] for i in [*ranked, *self._front, *self._tradeoff.rows])

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
            joined = self._join_fronts(key)
            self._settle(design, float(cost), origin)
            self._stale = 0 if joined or cost < self._least else self._stale + 1
            self._least = min(float(cost), self._least)
            if origin is None:
                continue
            helped = joined or cost < origin.cost
            for name in self._tries:
                self._tries[name] *= MEMORY
                self._helps[name] *= MEMORY
            if origin.source in self._tries:
                self._tries[origin.source] += 1
                self._helps[origin.source] += helped
            if helped:
                self._follow(origin, design, float(cost))
        self._start_anew()

    def _join_fronts(self, key: bytes) -> bool:
        """Whether the newest design joins the front of several objectives."""
        specs, objectives = self._vectors.pop(key, (np.empty(0), np.empty(0)))
        row = len(self._designs) - 1
        if len(specs):
            self._of_specs.add(row, specs)
        self._objectives.append(objectives)
        return len(objectives) > 0 and self._tradeoff.add(row, objectives)

    def _start_anew(self) -> None:
        """Search elsewhere, where nothing new has come for long; a front of objectives is wide enough."""
        if self._stale > STALE * len(self.space) and not len(self._tradeoff):
            self._since, self._least, self._stale = len(self._designs), np.inf, 0
            self._queue = [self._kicked() for _ in range(self.batch)]

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
