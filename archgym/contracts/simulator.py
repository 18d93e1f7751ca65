"""The contract of a simulator: designs in, metrics out, nothing about what is good."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..kernels.physics import unreleased
from ..space import Designs, DesignSpace, Setting, Value, settings_of_signature
from .drawing import Drawing
from .evaluation import Evaluation, Metric, check_evaluation
from .explanation import Breakdown, Explanation, whole
from .features import Features, check_features
from .query import Query

if TYPE_CHECKING:
    from .fidelity import Fidelity


class Simulator(ABC):
    """A pure function of designs.

    An author sets ``name``, ``version``, ``metrics`` and ``space`` and writes :meth:`_evaluate`.
    The rest has defaults: :meth:`canonical` where different designs must behave alike,
    :meth:`repair` and :meth:`mask` where most combinations are senseless, :meth:`features` for what
    models should look at besides knobs, :meth:`fidelities` where rougher answers are cheaper,
    :meth:`default_design` where the middle of every knob is no
    sensible design.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    space: DesignSpace
    workload: str = ""
    workload_hash: str = ""
    # what the constructor takes besides the workload; read off its signature where left None
    settings: ClassVar[tuple[Setting, ...] | None] = None
    # whether one evaluation costs far more than a database write: workers that share a store
    # then claim a design before they compute it
    expensive: ClassVar[bool] = False
    # whether :meth:`evaluate` starts other programs: done after consent where a foreign file asks for it
    starts_programs: ClassVar[bool] = False
    # what :meth:`features` means by its columns; a new text wherever that changes, '' for no features
    features_version: ClassVar[str] = ""

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings besides the workload that change what :meth:`evaluate` answers."""
        return {}

    @property
    def workload_features(self) -> Mapping[str, float]:
        """Numbers that describe the workload, by which one proxy tells several apart; none by default."""
        return {}

    @property
    def workload_notes(self) -> Mapping[str, Any]:
        """What a reader of results must know of the workload (a share that was read, what was dropped)."""
        return {}

    @classmethod
    def declared_settings(cls) -> tuple[Setting, ...]:
        """The settings of this class: declared, or read off its constructor.

        Returns:
            The settings besides the workload, in order.
        """
        if cls.settings is not None:
            return cls.settings
        return settings_of_signature(cls, ("workload",))

    # ---- the public side
    def evaluate(self, x: ArrayLike) -> Evaluation:
        """Evaluate designs.

        Designs that break a constraint come back infeasible with the reason. A batch equals its
        rows one by one, bit for bit.

        Args:
            x: designs (n, d) of value indices.

        Returns:
            Metrics in SI units, (n,) each; NaN and a reason where a design is infeasible.

        Raises:
            DesignError: ``x`` is not a batch of this space.
            EvaluationError: the simulator broke its contract.
        """
        designs = self.space.check(x)
        n = len(designs)
        if n == 0:
            return Evaluation.empty([m.name for m in self.metrics], 0)
        if not self.space.constraints:
            return check_evaluation(self._evaluate(designs), self.metrics, n, self.name)
        valid = self.space.is_valid(designs)
        if valid.all():
            return check_evaluation(self._evaluate(designs), self.metrics, n, self.name)
        names = [m.name for m in self.metrics]
        good, bad = np.flatnonzero(valid), np.flatnonzero(~valid)
        broken = Evaluation.empty(names, len(bad))
        broken = Evaluation(
            broken.metrics, broken.feasible, [self.space.broken(designs[i]) for i in bad]
        )
        parts = [(bad, broken)]
        if len(good):
            inner = check_evaluation(
                self._evaluate(designs[good]), self.metrics, len(good), self.name
            )
            parts.append((good, inner))
        return Evaluation.scatter(parts, names, n)

    @property
    def unreleased(self) -> str:
        """A digest of the code where it is not the code recorded for this version; else empty."""
        return unreleased(type(self))

    def fingerprint(self) -> dict[str, Any]:
        """What an evaluation depends on besides the design.

        Returns:
            Name, version, workload with its hash, settings and space; a digest of the code where it
            is not the code recorded for this version.
        """
        changed = self.unreleased
        return {
            "simulator": self.name,
            "version": self.version,
            "workload": self.workload,
            "workload_hash": self.workload_hash,
            "config": dict(self.config),
            "space": [[p.name, list(p.values)] for p in self.space.parameters],
            **({"sources": changed} if changed else {}),
        }

    @property
    def key(self) -> str:
        """A digest of the fingerprint; evaluations are filed under it."""
        text = json.dumps(self.fingerprint(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    # ---- what an author may refine
    def canonical(self, x: Designs) -> Designs:
        """One representative of all designs that must behave alike.

        Args:
            x: valid designs (n, d).

        Returns:
            Designs (n, d) that give the same evaluation. The default changes nothing.
        """
        return x

    def evaluate_alike(self, x: Designs) -> tuple[Evaluation, NDArray[np.bool_] | None]:
        """An evaluation, and which other designs are thereby known to give the same bits.

        An enumeration need not evaluate those again.

        Args:
            x: valid designs (n, d).

        Returns:
            The evaluation, and None (nothing known) or bool (n, sum of ``space.nvec``), one column
            per value of a parameter: *any* combination of a row's marked values behaves like its
            design.
        """
        return self.evaluate(x), None

    def repair(self, x: Designs, rng: np.random.Generator) -> Designs:
        """Valid designs close to the ones given.

        Args:
            x: designs (n, d), possibly invalid.
            rng: draws where several repairs are possible.

        Returns:
            Valid designs (n, d); those that were valid are unchanged.
        """
        return self.space.repair(x, rng)

    def mask(self, prefix: Designs) -> NDArray[np.bool_]:
        """Which values the next parameter may take.

        Args:
            prefix: value indices (k,) of the first k parameters.

        Returns:
            Bool per value of parameter k.
        """
        return np.ones(int(self.space.nvec[len(prefix)]), np.bool_)

    def default_design(self) -> dict[str, Value]:
        """A design to compare others with, feasible on this workload if any design is.

        The default is the middle value of every knob, repaired.

        Returns:
            A design as values by parameter name.
        """
        middle = (self.space.nvec[None] - 1) // 2
        return self.space.decode(self.repair(middle, np.random.default_rng(0)))[0]

    def advise(self, design: Designs, metric: str, evaluation: Evaluation) -> Designs:
        """Moves that should lower a metric of one design.

        Advice is worked out from the design and its evaluation alone: nothing is simulated. The
        default knows nothing and gives every neighbour.

        Args:
            design: (d,) value indices.
            metric: the name of the metric to lower.
            evaluation: what was paid for that design, one row.

        Returns:
            Moved designs (k, d), best first.
        """
        return self.space.neighbors(design)

    def explain(self, x: ArrayLike, evaluation: Evaluation | None = None) -> Explanation:
        """What the metrics of designs are made of, and what limits them.

        Args:
            x: designs (n, d) of value indices.
            evaluation: theirs, where it is known; else they are evaluated.

        Returns:
            A breakdown of every metric. A metric of which the simulator knows no parts has one, itself.

        Raises:
            DesignError: ``x`` is not a batch of this space.
            EvaluationError: parts do not add up to their metric.
        """
        designs = self.space.check(x)
        known = self.evaluate(designs) if evaluation is None else evaluation
        found = {b.metric: b for b in self._explain(designs, known)}
        return Explanation(
            known, {m.name: found.get(m.name) or whole(m.name, known) for m in self.metrics}
        )

    def draw(self, design: Designs) -> Iterable[Drawing]:
        """Figures of one design for people, such as a timeline: a run's page shows those of its best.

        Args:
            design: (d,) value indices, feasible.

        Returns:
            Drawings in order; none by default.

        Raises:
            ArchgymError: the design is infeasible; says why.
        """
        return ()

    def features(self, x: ArrayLike) -> Features:
        """What physics suggests a model should look at: numbers of designs, none of them evaluated.

        They follow from the design and the workload in closed form, or from a small part of the workload,
        at a small part of an evaluation's cost. A proxy learns from them beside the knobs.

        Args:
            x: designs (n, d) of value indices, valid or not.

        Returns:
            Columns of numbers by name, and rough estimates of metrics; no columns by default.

        Raises:
            DesignError: ``x`` is not a batch of this space.
            EvaluationError: the simulator broke the contract of features.
        """
        designs = self.space.check(x)
        if not self.features_version:
            return Features.none(len(designs))
        return check_features(self._features(designs), len(designs), self.name)

    def queries(self) -> tuple[Query, ...]:
        """Parts of an evaluation that are costly by themselves.

        Returns:
            What studies count besides evaluations; none by default.
        """
        return ()

    def fidelities(self) -> tuple[Fidelity, ...]:
        """Cheaper ways to answer, with what they cost.

        Returns:
            Fidelities, cheapest first, each of another cost; none by default.
        """
        return ()

    def prepare(self) -> None:
        """Do what the first call would otherwise do silently (compile kernels, load data)."""

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Breakdowns of the metrics that the simulator knows the parts of; none by default."""
        return ()

    def _features(self, x: Designs) -> Features:
        """Features of checked designs; none by default."""
        return Features.none(len(x))

    # ---- what an author must write
    @abstractmethod
    def _evaluate(self, x: Designs) -> Evaluation:
        """Metrics of checked, valid designs."""
