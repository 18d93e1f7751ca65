"""Networks that learn one cost of designs, for choosing designs from data alone; conservative ones on request.

A plain model is wrong somewhere, and a search over it goes where it is wrong in the good direction.  With a
margin, designs walk from good rows to where a network promises more while it learns, and what it promises
them beyond the margin is pushed back.  Designs are chosen by the very same walks.  After Trabucco et al.,
Conservative Objective Models (ICML 2021), with knobs that change as in Kumar et al., PRIME (ICLR 2022), in
place of gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..contracts.evaluation import Floats
from ..extras import need
from ..space import Designs, DesignSpace
from .features import FeatureMap

WIDTH, LAYERS, MEMBERS = 128, 2, 3
STEPS, BATCH, RATE, DECAY = 600, 256, 3e-3, 1e-3
CHAINS = 64  # walks at a time while it learns
CHOICE = 2048  # walks of which the best ends are chosen
WALK = 64  # changes that a walk tries
WARM = 200  # steps before costs are pushed up
BEST = 0.1  # share of rows that walks set out from


class ConservativeModel:
    """Networks from designs to one cost; their mean is what is promised.

    Args:
        space: of the designs.
        seed: from which all random choices follow.
        margin: standard deviations of cost by which a design that the search finds may be promised to be better
            than the row that it set out from; None: any, which is a plain model.
        walk: changes that a walk tries.
    """

    def __init__(
        self, space: DesignSpace, seed: int = 0, margin: float | None = None, walk: int = WALK
    ) -> None:
        self.space, self.seed, self.margin, self.walk = space, seed, margin, walk
        self._features = FeatureMap(space)
        self._centre, self._scale = 0.0, 1.0
        self._members: list[Any] = []

    def fit(self, x: Designs, costs: Floats) -> ConservativeModel:
        """Learn from designs.

        Args:
            x: (n, d).
            costs: (n,), finite; less is better.

        Returns:
            Itself.
        """
        need("torch", "a conservative model")
        self._centre, self._scale = float(costs.mean()), float(costs.std()) or 1.0
        scaled = (costs - self._centre) / self._scale
        self._members = [self._member(x, scaled, m) for m in range(MEMBERS)]
        return self

    def costs(self, x: Designs) -> Floats:
        """What is promised.

        Args:
            x: designs (n, d).

        Returns:
            Costs (n,).
        """
        import torch

        seen = self._seen(x)
        with torch.no_grad():
            found = torch.stack([m(seen)[:, 0] for m in self._members]).mean(dim=0)
        return self._centre + self._scale * found.numpy().astype(np.float64)

    def walked(self, rows: Designs, rng: np.random.Generator) -> tuple[Designs, Floats]:
        """Where walks end that set out from rows.

        Args:
            rows: good designs (r, d).
            rng: draws rows and changes.

        Returns:
            Different designs (n, d), most promising first, and what they are promised to cost, (n,).
        """
        x = rows[rng.integers(len(rows), size=CHOICE)]
        promised = self.costs(x)
        for _ in range(self.walk):
            x, promised = improved(x, promised, self.costs, self.space, rng)
        _, first = np.unique(x, axis=0, return_index=True)
        order = first[np.argsort(promised[first], kind="stable")]
        return x[order], promised[order]

    def _seen(self, x: Designs) -> Any:
        import torch

        return torch.as_tensor(self._features(x) - 0.5, dtype=torch.float32)

    def _member(self, x: Designs, scaled: Floats, member: int) -> Any:
        """One network, trained beside the designs that search it."""
        import torch
        from torch import nn

        rng = np.random.default_rng([self.seed, member])
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**31)))
            sizes = [len(self._features) or 1, *[WIDTH] * LAYERS]
            layers: list[Any] = []
            for before, after in pairwise(sizes):
                layers += [nn.Linear(before, after), nn.SiLU()]
            net = nn.Sequential(*layers, nn.Linear(WIDTH, 1))
        features, targets = self._seen(x), torch.as_tensor(scaled, dtype=torch.float32)
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
        promising = np.argsort(scaled, kind="stable")[: max(1, int(BEST * len(x)))]
        walks = _Walks(self, x[promising], rng)
        for step in range(STEPS):
            rows = torch.as_tensor(rng.integers(len(x), size=min(BATCH, len(x))))
            loss = ((net(features[rows])[:, 0] - targets[rows]) ** 2).mean()
            if self.margin is not None and step >= WARM:
                start, found = walks.step(net)
                beyond = net(start).detach() - self.margin - net(found)
                loss = loss + torch.relu(beyond).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return net


class _Walks:
    """Designs that set out from rows, each of its own age, while a network learns."""

    def __init__(self, model: ConservativeModel, rows: Designs, rng: np.random.Generator) -> None:
        self._model, self._rows, self._rng = model, rows, rng
        self._start = rows[rng.integers(len(rows), size=CHAINS)]
        self._now = self._start.copy()
        self._age = np.arange(CHAINS) % model.walk

    def step(self, net: Any) -> tuple[Any, Any]:
        """Try one change of each design.

        Args:
            net: the network as it is now.

        Returns:
            What it sees of the rows that they set out from, and of the designs.
        """
        import torch

        old = self._age >= self._model.walk
        self._start[old] = self._rows[self._rng.integers(len(self._rows), size=int(old.sum()))]
        self._now[old], self._age[old] = self._start[old], 0
        self._age += 1

        def costs(x: Designs) -> Floats:
            with torch.no_grad():
                return np.asarray(net(self._model._seen(x))[:, 0].numpy(), np.float64)

        self._now, _ = improved(self._now, costs(self._now), costs, self._model.space, self._rng)
        return self._model._seen(self._start), self._model._seen(self._now)


def improved(
    x: Designs,
    known: Floats,
    costs: Callable[[Designs], Floats],
    space: DesignSpace,
    rng: np.random.Generator,
) -> tuple[Designs, Floats]:
    """Each design with a change, where that is promised to be better.

    Args:
        x: designs (n, d).
        known: their costs (n,).
        costs: of designs.
        space: theirs.
        rng: draws changes.

    Returns:
        Designs (n, d) and their costs (n,).
    """
    other = changed(x, space, rng)
    found = costs(other)
    better = found < known
    return np.where(better[:, None], other, x), np.where(better, found, known)


def changed(x: Designs, space: DesignSpace, rng: np.random.Generator) -> Designs:
    """Each design with one to three knobs drawn anew; as it was where that breaks a constraint.

    Args:
        x: designs (n, d).
        space: theirs.
        rng: draws knobs and values.

    Returns:
        Designs (n, d).
    """
    moving = np.flatnonzero(space.nvec > 1)
    out = x.copy()
    rows = np.arange(len(x))
    count = rng.integers(1, 4, len(x))
    for k in range(3):
        knob = moving[rng.integers(len(moving), size=len(x))]
        hit = rows[count > k]
        out[hit, knob[hit]] = rng.integers(0, space.nvec[knob[hit]])
    broken = ~space.is_valid(out)
    out[broken] = x[broken]
    return out
