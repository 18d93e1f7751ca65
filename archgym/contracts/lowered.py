"""A simulator at one of the cheaper fidelities that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ArchgymError, UnknownNameError
from ..space import Designs
from .evaluation import Evaluation
from .explanation import Explanation
from .features import Features
from .fidelity import FULL, Fidelity
from .simulator import Simulator
from .wrappers import Wrapper


class LowerFidelity(Wrapper):
    """A simulator at one of its cheaper fidelities.

    Its evaluations are filed under a key of their own, which no simulator has at full fidelity.
    """

    def __init__(self, simulator: Simulator, fidelity: Fidelity) -> None:
        super().__init__(fidelity.rough)
        self.full, self.fidelity = simulator, fidelity
        self.workload, self.workload_hash = simulator.workload, simulator.workload_hash
        self.expensive = simulator.expensive  # type: ignore[misc]

    @property
    def config(self) -> Mapping[str, Any]:
        """The rough simulator's, and that it is one."""
        f = self.fidelity
        part = {"name": f.name, "scale": dict(f.scale), "workload_hash": f.rough.workload_hash}
        return {**f.rough.config, "fidelity": part}

    @property
    def workload_features(self) -> Mapping[str, float]:
        """Those of the whole workload."""
        return self.full.workload_features

    @property
    def workload_notes(self) -> Mapping[str, Any]:
        """Those of the whole workload."""
        return self.full.workload_notes

    def canonical(self, x: Designs) -> Designs:
        """As at full fidelity, so that a design has one representative at every fidelity."""
        return self.full.canonical(x)

    def explain(self, x: Any, evaluation: Evaluation | None = None) -> Explanation:
        """Every metric as a whole where figures are scaled: parts would not add up to the last bit."""
        if any(v != 1 for v in self.fidelity.scale.values()):
            return Simulator.explain(self, x, evaluation)
        return super().explain(x, evaluation)

    def features(self, x: Any) -> Features:
        """Those of the simulator at full fidelity."""
        return self.full.features(x)

    def _evaluate(self, x: Designs) -> Evaluation:
        e = super()._evaluate(x)
        scale = self.fidelity.scale
        metrics = {n: v * scale[n] if n in scale else v for n, v in e.metrics.items()}
        return Evaluation(metrics, e.feasible, e.reasons)


def declared(simulator: Simulator) -> dict[str, Fidelity]:
    """The cheaper fidelities of a simulator, checked: each stands for the simulator itself.

    Args:
        simulator: the full one.

    Returns:
        By name, in the order of their declaration.

    Raises:
        ArchgymError: two of one name, or a rough simulator of another space or other metrics.
    """
    who, found = f"simulator {simulator.name!r}", simulator.fidelities()
    if not isinstance(found, tuple | list) or not all(isinstance(f, Fidelity) for f in found):
        raise ArchgymError(f"{who}: fidelities() must give a tuple of Fidelity, got {found!r:.120}")
    faults = [fault for f in found for fault in _faults(simulator, f)]
    names = [f.name for f in found]
    faults += [f"{n!r} is declared twice" for n in dict.fromkeys(names) if names.count(n) > 1]
    if faults:
        raise ArchgymError(f"fidelities of {who}: " + ", ".join(faults))
    return dict(zip(names, found))


def _faults(simulator: Simulator, fidelity: Fidelity) -> list[str]:
    """Why a fidelity cannot answer in the place of a simulator."""
    rough, who = fidelity.rough, repr(fidelity.name)
    if not isinstance(rough, Simulator):
        return [f"{who}: rough must be a simulator, got {rough!r:.60}"]
    metrics = [(m.name, m.unit) for m in simulator.metrics]
    others = [(m.name, m.unit) for m in rough.metrics]
    unknown = [n for n in fidelity.scale if n not in dict(metrics)]
    checks = (
        (rough is simulator, "rough is the simulator itself, which answers in full"),
        (rough.space != simulator.space, "rough must have the same design space"),
        (others != metrics, f"rough must have metrics {metrics}, got {others}"),
        (bool(unknown), "scale names no metric: " + ", ".join(map(repr, unknown))),
    )
    return [f"{who}: {text}" for wrong, text in checks if wrong]


def at_fidelity(simulator: Simulator, name: str) -> Simulator:
    """A simulator at one of the fidelities that it declares.

    Args:
        simulator: the full one.
        name: of a fidelity; ``full`` is the simulator itself.

    Returns:
        A simulator of the same space and metrics.

    Raises:
        UnknownNameError: the simulator declares no such fidelity.
        ArchgymError: it declares one that does not stand for it.
    """
    if name == FULL:
        return simulator
    known = declared(simulator)
    if name not in known:
        raise UnknownNameError(f"fidelity of simulator {simulator.name!r}", name, [*known, FULL])
    return LowerFidelity(simulator, known[name])
