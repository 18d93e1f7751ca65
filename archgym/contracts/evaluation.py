"""What a simulator answers: metrics in SI units, and which designs are feasible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EvaluationError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Doubt:
    """Above which value of a metric a design is not to be believed, and why: words that follow its name."""

    above: float
    why: str


@dataclass(frozen=True)
class Metric:
    """A measured quantity: its name, SI unit and meaning.

    ``signed`` declares that its values may be 0 or negative (a slack, a count of misses), so that designs
    are compared by differences instead of ratios.  ``doubt`` says from where on results carry a warning.
    """

    name: str
    unit: str
    description: str = ""
    signed: bool = False
    doubt: Doubt | None = None

    def to_document(self) -> dict[str, Any]:
        """As a mapping for JSON; a metric that is never in doubt says nothing of it."""
        return {k: v for k, v in asdict(self).items() if k != "doubt" or v is not None}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Metric:
        """A metric from its mapping.

        Args:
            document: as :meth:`to_document` gave it.

        Returns:
            The metric.

        Raises:
            TypeError: a key is unknown or missing.
        """
        doubt = document.get("doubt")
        return cls(**{**document, "doubt": None if doubt is None else Doubt(**doubt)})


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a batch: ``metrics[name]`` (n,) float64, NaN where ``feasible`` (n,) is False.

    ``reasons`` says of each infeasible design why; '' for feasible ones.
    """

    metrics: Mapping[str, Floats]
    feasible: NDArray[np.bool_]
    reasons: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.feasible)

    def row(self, i: int) -> dict[str, float]:
        """One design's metrics.

        Args:
            i: its position in the batch.

        Returns:
            Metrics by name in SI units; NaN where the design is infeasible.
        """
        return {name: float(values[i]) for name, values in self.metrics.items()}

    def reason(self, i: int) -> str:
        """Why a design is infeasible.

        Args:
            i: its position in the batch.

        Returns:
            One sentence, or '' for a feasible design.
        """
        return self.reasons[i] if self.reasons else ""

    def take(self, index: NDArray[np.intp] | slice | list[int]) -> Evaluation:
        """A selection of the batch.

        Args:
            index: positions, or a slice.

        Returns:
            The evaluation of the chosen designs, in that order.
        """
        picked = {name: values[index] for name, values in self.metrics.items()}
        reasons: Sequence[str] = ()
        if self.reasons:
            reasons = np.array(self.reasons, dtype=object)[index].tolist()
        return Evaluation(picked, self.feasible[index], reasons)

    def copy(self) -> Evaluation:
        """The same figures in arrays of their own."""
        metrics = {name: values.copy() for name, values in self.metrics.items()}
        return Evaluation(metrics, self.feasible.copy(), list(self.reasons))

    @staticmethod
    def empty(names: Sequence[str], n: int, reason: str = "not evaluated") -> Evaluation:
        """A batch in which every design is infeasible.

        Args:
            names: of the metrics.
            n: how many designs.
            reason: of all of them.

        Returns:
            An evaluation of ``n`` designs whose metrics are NaN.
        """
        nan = {name: np.full(n, np.nan) for name in names}
        return Evaluation(nan, np.zeros(n, np.bool_), [reason] * n)

    @staticmethod
    def joined(parts: Sequence[Evaluation], names: Sequence[str]) -> Evaluation:
        """Batches one after the other.

        Args:
            parts: the batches, in order.
            names: of the metrics to keep; every part must have them.

        Returns:
            One evaluation, as long as all parts together.
        """
        metrics = {n: np.concatenate([part.metrics[n] for part in parts]) for n in names}
        reasons = [r for part in parts for r in (part.reasons or [""] * len(part))]
        feasible = np.concatenate([part.feasible for part in parts])
        return Evaluation(metrics, feasible, reasons if any(reasons) else ())

    @staticmethod
    def scatter(
        parts: Sequence[tuple[NDArray[np.intp], Evaluation]], names: Sequence[str], n: int
    ) -> Evaluation:
        """A batch put together from evaluations of parts of it.

        Args:
            parts: pairs of positions in the batch and the evaluation of the designs there.
            names: of the metrics.
            n: designs in the whole batch.

        Returns:
            The whole batch. Designs that no part names are infeasible.
        """
        out = Evaluation.empty(names, n, "")
        reasons = [""] * n
        for index, part in parts:
            for name in names:
                out.metrics[name][index] = part.metrics[name]
            out.feasible[index] = part.feasible
            if part.reasons:
                for i, reason in zip(index.tolist(), part.reasons):
                    reasons[i] = reason
        return Evaluation(out.metrics, out.feasible, reasons if any(reasons) else ())


def doubts(metrics: Sequence[Metric], e: Evaluation) -> list[str]:
    """Warnings on designs whose metrics are above what can be believed.

    Args:
        metrics: those of the simulator.
        e: of n designs.

    Returns:
        One sentence for each metric that some feasible design exceeds its doubt in.
    """
    out = []
    for metric in metrics:
        if metric.doubt is None:
            continue
        values = e.metrics[metric.name][e.feasible]
        beyond = values[values > metric.doubt.above]
        if len(beyond):
            share = "" if len(e) == 1 else f" in {len(beyond):,} of {len(e):,} designs"
            most = "" if len(e) == 1 else "up to "
            told = f"{metric.name} is {most}{beyond.max():.3g}{share}"
            out.append(f"{told}: {metric.doubt.why}")
    return out


def check_evaluation(e: Evaluation, metrics: Sequence[Metric], n: int, who: str) -> Evaluation:
    """Refuse an evaluation that breaks the contract; blank the metrics of infeasible rows.

    Args:
        e: what a simulator answered.
        metrics: those that it declares.
        n: designs that it was asked for.
        who: the simulator, for messages.

    Returns:
        The same figures, with NaN wherever a design is infeasible.

    Raises:
        EvaluationError: a metric is missing, of the wrong shape, or not finite where feasible.
    """
    feasible = np.asarray(e.feasible, np.bool_)
    if feasible.shape != (n,):
        raise EvaluationError(f"{who}: feasible has shape {feasible.shape}, expected ({n},)")
    all_feasible = bool(feasible.all())
    clean: dict[str, Floats] = {}
    for metric in metrics:
        if metric.name not in e.metrics:
            raise EvaluationError(
                f"{who}: metric {metric.name!r} is missing; got {sorted(e.metrics)}"
            )
        values = np.asarray(e.metrics[metric.name], np.float64)
        if values.shape != (n,):
            raise EvaluationError(
                f"{who}: metric {metric.name!r} has shape {values.shape}, not ({n},)"
            )
        if not all_feasible:
            values = np.where(feasible, values, np.nan)
        bad = feasible & ~np.isfinite(values)
        if bad.any():
            k = int(np.argmax(bad))
            raise EvaluationError(
                f"{who}: metric {metric.name!r} of design {k} in the batch is {values[k]} though the "
                "design is marked feasible; mark it infeasible or compute a number"
            )
        clean[metric.name] = values
    return Evaluation(clean, feasible, e.reasons)
