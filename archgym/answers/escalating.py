"""A proxy that asks the simulator when it is unsure, and learns: ``--answers escalating[:…]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..datasets.blocks import hash_designs
from ..datasets.schema import Description
from ..proxies.matching import require_trained_on
from ..proxies.prediction import Prediction
from ..proxies.proxy import Proxy
from ..proxies.rows import ProxyError, Rows
from ..proxies.training import least_rows, train
from ..space import Designs, DesignSpace, Setting, check_settings, defaults_of, design_keys
from .answers import Answers
from .exact import ExactAnswers
from .rough_features import Glanced
from .store import EvaluationStore

SETTINGS = (
    Setting(
        "width",
        "number",
        0.1,
        low=0.0,
        description="half width of an interval, as a share of the mean, that is narrow enough",
    ),
    Setting("shift", "number", 1.0, low=0.0, description="how far from the data a design may lie"),
    Setting("first", "whole", 40, low=1, description="evaluations before the first model"),
    Setting(
        "growth",
        "number",
        0.25,
        low=0.0,
        description="more rows, as a share of those learnt, that are worth another training",
    ),
    Setting(
        "optimism",
        "number",
        0.4,
        low=0.0,
        high=1.0,
        description="how far towards the better end of its interval a design may hope to be",
    ),
    Setting(
        "margin",
        "number",
        0.005,
        low=0.0,
        description="how much better than the best a design must promise to be looked at",
    ),
    Setting("model", "text", "gaussian_process", description="the cost model"),
    Setting(
        "fidelity",
        "text",
        "",
        description="a cheaper fidelity that looks at every design first; what it answers the model sees as estimates",
    ),
)

DOUBT = 0.05  # a chance of feasibility this near to 0 or 1 is settled


class EscalatingAnswers(Answers):
    """A proxy's guess where it is sure, the simulator's answer elsewhere; learns from the latter.

    Sure means: the 90 % interval of every ``watched`` metric (default: all) is narrower than
    ``width``, the shift at most ``shift``, feasibility settled.  A guess depends on what was asked
    before, so a store keeps the simulator's evaluations only, and a resumed run repeats the learning.
    ``guessed`` and ``escalated`` count designs.

    Raises:
        ProxyError: the proxy was trained on something else.
    """

    exact = False

    def __init__(
        self,
        simulator: Simulator,
        proxy: Proxy | None = None,
        store: EvaluationStore | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(simulator)
        given = check_settings("escalating", SETTINGS, settings)
        self.settings = {**defaults_of(SETTINGS), **given}
        self.watched = tuple(m.name for m in simulator.metrics)
        self.guessed = self.escalated = 0
        self.proxy = self._first_proxy = None if proxy is None else proxy.bound(simulator)
        structural = proxy is not None and proxy.structure is not None
        self._described_by: tuple[Simulator, ...] = (simulator,) if structural else ()
        self._glanced = None
        if self.settings["fidelity"]:
            if proxy is not None:
                raise ProxyError(
                    "escalating: a trained proxy knows nothing of cheaper fidelities; give a folder or fidelity=NAME"
                )
            self._glanced = Glanced(simulator, self.settings["fidelity"], store)
            self._described_by = (self._glanced,)
        self._store = store
        self._truth = ExactAnswers(simulator, store)
        self._known: set[bytes] = set()
        self._fresh: list[tuple[Designs, Evaluation]] = []
        self._learnt = self._waiting = 0
        self._rows: Rows | None = None
        if proxy is not None:
            require_trained_on(proxy, simulator)
            named = proxy.named(simulator)
            known = proxy.rows is not None and named in proxy.rows.workloads
            self._rows = proxy.rows.of_workload(named) if proxy.rows is not None and known else None
            self._learnt = proxy.facts["rows"] + proxy.facts["calibration"]

    def fresh(self) -> EscalatingAnswers:
        """Answers that have learnt nothing yet beyond the proxy that these started with."""
        return EscalatingAnswers(self.simulator, self._first_proxy, self._store, **self.settings)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The proxy at the start and the settings."""
        start = "" if self._first_proxy is None else self._first_proxy.digest
        return {"escalating": {"proxy": start, **self.settings}}

    @property
    def glances(self) -> Mapping[str, tuple[float, int]]:
        """What was evaluated at the cheaper fidelity, where there is one."""
        return {} if self._glanced is None else self._glanced.answers.glances

    def learnt(self) -> tuple[Designs, Evaluation] | None:
        """The rows that the proxy at the start was trained on."""
        first = self._first_proxy
        return None if first is None else first.training_rows(self.simulator)

    def simulated(self, x: Designs) -> NDArray[np.bool_]:
        """Which canonical designs (n, d) were passed on to the simulator, (n,)."""
        return np.array([key in self._known for key in design_keys(x)], np.bool_)

    def true(self, x: Designs) -> Evaluation:
        """The simulator's own answers for canonical designs (n, d); counted.

        Args:
            x: canonical designs (n, d), value indices.

        Returns:
            Their evaluation.
        """
        e = self._truth(x)
        self.computed = self._truth.computed
        return e

    # ---- answering
    def guess(self, x: Designs) -> tuple[Prediction | None, NDArray[np.bool_]]:
        """Predictions of canonical designs (n, d), and of which it is unsure (n,).

        There are no predictions before the first model.

        Args:
            x: canonical designs (n, d), value indices.

        Returns:
            Predictions, or None, and which of them the simulator has to answer, (n,) bool.
        """
        if self.proxy is None:
            return None, np.ones(len(x), np.bool_)
        p = self.proxy.predict(x, self.proxy.named(self.simulator))
        unsure = p.shift > self.settings["shift"]
        for name in self.watched:
            unsure |= ~(p.width(name) <= self.settings["width"])
        unsure |= (p.feasible > DOUBT) & (p.feasible < 1 - DOUBT)
        return p, unsure

    def observe(self, x: Designs, e: Evaluation) -> None:
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
            self.proxy = train(rows, self.settings["model"], simulators=self._described_by)
        except ProxyError:  # a metric that has not moved yet: more rows will tell
            return
        self._rows, self._fresh = rows, []
        self._learnt, self._waiting = len(rows), 0

    def _gathered(self) -> Rows:
        x = np.concatenate([part[0] for part in self._fresh])
        feasible = np.concatenate([part[1].feasible for part in self._fresh])
        metrics = {
            m.name: np.concatenate([part[1].metrics[m.name] for part in self._fresh])
            for m in self.simulator.metrics
        }
        description = Description(
            DesignSpace(self.simulator.space.parameters), self.simulator.metrics
        )
        rows = Rows(
            description, x, metrics, feasible, hash_designs(x), np.zeros(len(x), np.int64),
            (self.simulator.workload,), (self.simulator.key,),
        )  # fmt: skip
        return rows if self._rows is None else self._rows.joined(rows)

    def _answer(self, x: Designs) -> Evaluation:
        prediction, unsure = self.guess(x)
        parts = []
        asked = np.flatnonzero(unsure)
        if len(asked):
            true = self.true(x[asked])
            parts.append((asked, true))
            self.observe(x[asked], true)
        sure = np.flatnonzero(~unsure)
        if len(sure) and prediction is not None:
            self.guessed += len(sure)
            parts.append((sure, prediction.evaluation().take(sure)))
        return Evaluation.scatter(parts, [m.name for m in self.simulator.metrics], len(x))
