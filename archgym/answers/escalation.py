"""A proxy that asks the simulator when it is unsure, and learns: ``--simulator escalating[:…]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..contracts.wrappers import Wrapper
from ..datasets.blocks import hash_designs
from ..datasets.schema import Description
from ..errors import UnknownNameError
from ..proxies.proxy import Prediction, Proxy
from ..proxies.rows import ProxyError, Rows
from ..proxies.training import least_rows, train
from ..space import Designs, DesignSpace, design_keys
from .proxy_simulator import require_trained_on

SETTINGS: dict[str, Any] = {
    "width": 0.1,  # an interval's half width, as a share of the mean, that is narrow enough
    "shift": 1.0,  # how far from the data a design may lie
    "first": 40,  # evaluations before the first model
    "growth": 0.25,  # more rows, as a share of those learnt, that are worth another training
    "optimism": 0.4,  # how far towards the better end of its interval a design may hope to be
    "margin": 0.005,  # how much better than the best a design must promise to be looked at
    "model": "gaussian_process",
}
DOUBT = 0.05  # a chance of feasibility this near to 0 or 1 is settled


class EscalatingSimulator(Wrapper):
    """Answers by a proxy where it is sure, by the simulator elsewhere, and learns from that.

    Sure means: the 90 % interval of every ``watched`` metric (default: all) is narrower than
    ``width``, the shift at most ``shift``, feasibility settled.  What it answers depends on what it
    was asked before, so a store keeps the simulator's evaluations only (:attr:`recorded`), and a
    resumed run repeats the learning.  ``guessed`` and ``escalated`` count designs.

    Raises:
        ProxyError: the proxy was trained on something else.
    """

    def __init__(self, inner: Simulator, proxy: Proxy | None = None, **settings: Any) -> None:
        super().__init__(inner)
        self.settings = {**SETTINGS, **settings}
        self.watched = tuple(m.name for m in inner.metrics)
        self.guessed = self.escalated = 0
        self.proxy = self._first_proxy = proxy
        self._known: set[bytes] = set()
        self._fresh: list[tuple[Designs, Evaluation]] = []
        self._learnt = self._waiting = 0
        self._rows: Rows | None = None
        if proxy is not None:
            require_trained_on(proxy, inner)
            self._rows = None if proxy.rows is None else proxy.rows.of_workload(proxy.named(inner))
            self._learnt = proxy.facts["rows"] + proxy.facts["calibration"]

    def fresh(self) -> EscalatingSimulator:
        """One that has learnt nothing yet beyond the proxy that this one started with."""
        return EscalatingSimulator(self.inner, self._first_proxy, **self.settings)

    @property
    def recorded(self) -> Simulator:
        """The simulator itself: guesses are not kept."""
        return self.inner

    @property
    def truth(self) -> Simulator:
        """The simulator itself."""
        return self.inner

    @property
    def config(self) -> Mapping[str, Any]:
        """The simulator's, with the proxy at the start and the settings."""
        start = "" if self._first_proxy is None else self._first_proxy.digest
        return {**self.inner.config, "escalating": {"proxy": start, **self.settings}}

    # ---- answering
    def guess(self, x: Designs) -> tuple[Prediction | None, NDArray[np.bool_]]:
        """Predictions of canonical designs (n, d), and of which it is unsure (n,).

        There are no predictions before the first model.
        """
        if self.proxy is None:
            return None, np.ones(len(x), np.bool_)
        p = self.proxy.predict(x, self.proxy.named(self.inner))
        unsure = p.shift > self.settings["shift"]
        for name in self.watched:
            unsure |= ~(p.width(name) <= self.settings["width"])
        unsure |= (p.feasible > DOUBT) & (p.feasible < 1 - DOUBT)
        return p, unsure

    def learn(self, x: Designs, e: Evaluation) -> None:
        """Take in the simulator's evaluations of canonical designs; train again when it is due."""
        new = []
        for i, key in enumerate(design_keys(x)):
            if key not in self._known:
                self._known.add(key)
                new.append(i)
        self.escalated += len(new)
        if not new:
            return
        self._fresh.append((x[new], e.take(new)))
        self._waiting += len(new)
        due = (
            self.settings["first"] if self.proxy is None else self.settings["growth"] * self._learnt
        )
        if self._waiting >= due:
            self._train()

    def _train(self) -> None:
        rows = self._gathered()
        if int(rows.feasible.sum()) < least_rows(rows.description.space):
            return
        try:
            self.proxy = train(rows, self.settings["model"])
        except ProxyError:  # a metric that has not moved yet: more rows will tell
            return
        self._rows, self._fresh = rows, []
        self._learnt, self._waiting = len(rows), 0

    def _gathered(self) -> Rows:
        x = np.concatenate([part[0] for part in self._fresh])
        feasible = np.concatenate([part[1].feasible for part in self._fresh])
        metrics = {
            m.name: np.concatenate([part[1].metrics[m.name] for part in self._fresh])
            for m in self.metrics
        }
        description = Description(DesignSpace(self.space.parameters), self.inner.metrics)
        rows = Rows(
            description, x, metrics, feasible, hash_designs(x), np.zeros(len(x), np.int64),
            (self.inner.workload,), (self.inner.key,),
        )  # fmt: skip
        return rows if self._rows is None else self._rows.joined(rows)

    def _evaluate(self, x: Designs) -> Evaluation:
        x = self.inner.canonical(x)
        prediction, unsure = self.guess(x)
        parts = []
        asked = np.flatnonzero(unsure)
        if len(asked):
            unique, back = np.unique(x[asked], axis=0, return_inverse=True)
            true = self.inner.evaluate(unique)
            parts.append((asked, true.take(back.reshape(-1))))
            self.learn(unique, true)
        sure = np.flatnonzero(~unsure)
        if len(sure) and prediction is not None:
            self.guessed += len(sure)
            parts.append((sure, prediction.evaluation().take(sure)))
        return Evaluation.scatter(parts, [m.name for m in self.metrics], len(x))


def stand_in(
    simulator: Simulator, argument: str, parameters: Mapping[str, Sequence[object]]
) -> EscalatingSimulator:
    """``[PROXY][,SETTING=VALUE…]`` in a simulator's place."""
    path, *pairs = argument.split(",")
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in SETTINGS:
            raise UnknownNameError("setting of escalating:", name, SETTINGS)
        try:
            settings[name] = type(SETTINGS[name])(value)
        except ValueError:
            raise ProxyError(f"escalating, {name}: expected a number, got {value!r}") from None
    return EscalatingSimulator(simulator, Proxy.load(Path(path)) if path else None, **settings)
