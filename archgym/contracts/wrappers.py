"""Wrappers round a simulator: remember, count, disturb.  Each is a simulator itself."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import ArchgymError
from ..space import Designs, Value, design_keys
from .drawing import Drawing
from .evaluation import Evaluation
from .explanation import Explanation
from .features import Features
from .simulator import Simulator


class Wrapper(Simulator):
    """A simulator that passes everything on to another one."""

    name = "wrapper"
    version = "1"

    def __init__(self, inner: Simulator) -> None:
        self.inner = inner
        self.space = inner.space
        self.metrics = inner.metrics  # type: ignore[misc]
        self.name = inner.name  # type: ignore[misc]
        self.version = inner.version  # type: ignore[misc]
        self.workload, self.workload_hash = inner.workload, inner.workload_hash
        self.features_version = inner.features_version  # type: ignore[misc]

    @property
    def config(self) -> Mapping[str, Any]:
        """The inner simulator's."""
        return self.inner.config

    @property
    def unreleased(self) -> str:
        """The inner simulator's."""
        return self.inner.unreleased

    @property
    def workload_features(self) -> Mapping[str, float]:
        """The inner simulator's."""
        return self.inner.workload_features

    @property
    def workload_notes(self) -> Mapping[str, Any]:
        """The inner simulator's."""
        return self.inner.workload_notes

    def canonical(self, x: Designs) -> Designs:
        """As the inner simulator's :meth:`Simulator.canonical`."""
        return self.inner.canonical(x)

    def repair(self, x: Designs, rng: np.random.Generator) -> Designs:
        """As the inner simulator's :meth:`Simulator.repair`."""
        return self.inner.repair(x, rng)

    def mask(self, prefix: Designs) -> Any:
        """As the inner simulator's :meth:`Simulator.mask`."""
        return self.inner.mask(prefix)

    def default_design(self) -> dict[str, Value]:
        """As the inner simulator's :meth:`Simulator.default_design`."""
        return self.inner.default_design()

    def advise(self, design: Designs, metric: str, evaluation: Evaluation) -> Designs:
        """As the inner simulator's :meth:`Simulator.advise`."""
        return self.inner.advise(design, metric, evaluation)

    def explain(self, x: Any, evaluation: Evaluation | None = None) -> Explanation:
        """As the inner simulator's :meth:`Simulator.explain`."""
        return self.inner.explain(x, evaluation)

    def draw(self, design: Designs) -> Iterable[Drawing]:
        """As the inner simulator's :meth:`Simulator.draw`."""
        return self.inner.draw(design)

    def features(self, x: Any) -> Features:
        """As the inner simulator's :meth:`Simulator.features`."""
        return self.inner.features(x)

    def prepare(self) -> None:
        """The inner simulator's."""
        self.inner.prepare()

    def _evaluate(self, x: Designs) -> Evaluation:
        return self.inner.evaluate(x)


class Counted(Wrapper):
    """Counts the designs that reach the inner simulator, in ``count``."""

    def __init__(self, inner: Simulator) -> None:
        super().__init__(inner)
        self.count = 0

    def _evaluate(self, x: Designs) -> Evaluation:
        self.count += len(x)
        return self.inner.evaluate(x)


class Cached(Wrapper):
    """Remembers every evaluation in memory, by canonical design."""

    def __init__(self, inner: Simulator) -> None:
        super().__init__(inner)
        self._known: dict[bytes, tuple[dict[str, float], bool, str]] = {}

    def _evaluate(self, x: Designs) -> Evaluation:
        canonical = self.inner.canonical(x)
        keys = design_keys(canonical)
        fresh = {k: i for i, k in enumerate(keys) if k not in self._known}
        if fresh:
            rows = list(fresh.values())
            e = self.inner.evaluate(canonical[rows])
            for j, key in enumerate(fresh):
                self._known[key] = (e.row(j), bool(e.feasible[j]), e.reason(j))
        found = [self._known[k] for k in keys]
        metrics = {m.name: np.array([f[0][m.name] for f in found]) for m in self.metrics}
        reasons = [f[2] for f in found]
        return Evaluation(
            metrics, np.array([f[1] for f in found], np.bool_), reasons if any(reasons) else ()
        )


class Noisy(Wrapper):
    """Multiplies every metric by log-normal noise that depends on the design and a seed alone."""

    def __init__(self, inner: Simulator, relative: float, seed: int = 0) -> None:
        super().__init__(inner)
        if not (np.isfinite(relative) and relative >= 0):
            raise ArchgymError(f"noise must be a share of at least 0, got {relative}")
        self.relative, self.seed = relative, seed

    @property
    def config(self) -> Mapping[str, Any]:
        """The inner simulator's, with the noise."""
        return {**self.inner.config, "noise": self.relative, "noise_seed": self.seed}

    def explain(self, x: Any, evaluation: Evaluation | None = None) -> Explanation:
        """Every metric as a whole: parts of the inner simulator do not add up to what is disturbed."""
        return Simulator.explain(self, x, evaluation)

    def _evaluate(self, x: Designs) -> Evaluation:
        e = self.inner.evaluate(x)
        seeds = [(self.seed, zlib.crc32(k)) for k in design_keys(self.inner.canonical(x))]
        draws = np.array(
            [np.random.default_rng(s).standard_normal(len(self.metrics)) for s in seeds]
        )
        metrics = {
            m.name: e.metrics[m.name] * np.exp(self.relative * draws[:, i])
            for i, m in enumerate(self.metrics)
        }
        return Evaluation(metrics, e.feasible, e.reasons)
