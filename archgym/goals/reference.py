"""The design that a scenario compares others with, and what happens where it does not work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..space import Designs, DesignSpace, Parameter, Value


@dataclass(frozen=True)
class Reference:
    """A design (1, d) of the scenario's space with its combined evaluation.

    ``warning`` says in words what is wrong with it, where anything is.
    """

    design: Designs
    evaluation: Evaluation
    warning: str = ""

    @property
    def values(self) -> Mapping[str, float]:
        """Its metrics; none where it is infeasible."""
        return self.evaluation.row(0) if self.evaluation.feasible[0] else {}


def find_reference(
    space: DesignSpace,
    simulator: Simulator,
    named: Mapping[str, object],
    evaluate: Callable[[Designs], Evaluation],
) -> Reference:
    """The reference design: the one that is named, completed, or the simulator's default design.

    A reference that is infeasible gives way to the default design, with a warning; where that is
    infeasible too, objectives are compared with 1 in their SI unit, and the warning says so.

    Args:
        space: of the scenario.
        simulator: whose default design completes the reference.
        named: all, some or none of the knobs.
        evaluate: combined metrics of designs (n, d) of the space.

    Returns:
        The design and its evaluation, with a warning where it is not the one that was named.

    Raises:
        DesignError, UnknownNameError: a knob or value that does not exist.
    """
    design = completed(space, simulator, named)
    e = evaluate(design)
    if e.feasible[0]:
        return Reference(design, e)
    reason = e.reason(0) or "no reason given"
    if named:
        other = completed(space, simulator, {})
        there = evaluate(other)
        if there.feasible[0]:
            warning = (
                f"the reference design that the scenario names is infeasible here ({reason}); the "
                "simulator's default design takes its place"
            )
            return Reference(other, there, warning)
    warning = (
        f"the reference design is infeasible ({reason}): objectives are compared with 1 in their SI "
        "unit"
    )
    return Reference(design, e, warning)


def completed(space: DesignSpace, simulator: Simulator, named: Mapping[str, object]) -> Designs:
    """The named knobs, the others as in the simulator's default design; (1, d), evaluates nothing.

    Args:
        space: of the scenario.
        simulator: whose default design completes it.
        named: values by knob.

    Returns:
        (1, d) value indices, repaired where they break a constraint.

    Raises:
        DesignError, UnknownNameError: a knob or value that does not exist.
    """
    for name in named:
        space.position(name)
    if set(named) >= set(space.names):
        return space.encode(dict(named))
    rest = simulator.default_design()
    values = {
        p.name: named[p.name] if p.name in named else _within(p, rest.get(p.name))
        for p in space.parameters
    }
    return space.repair(space.encode(values), np.random.default_rng(0))


def _within(p: Parameter, value: object) -> Value:
    """A default value where a narrowed knob has it, else the nearest or the middle one."""
    if value in p.values:
        return p.values[p.index(value)]
    if p.numeric and isinstance(value, int | float):
        numbers = np.array(p.values, float)
        return p.values[int(np.argmin(np.abs(numbers - float(value))))]
    return p.values[(len(p) - 1) // 2]
