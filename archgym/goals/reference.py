"""The design that a scenario compares others with, and what happens where it does not work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..contracts.evaluation import Evaluation
from ..errors import ArchgymError, ScenarioError
from ..space import Designs, Parameter, Value

if TYPE_CHECKING:
    from .scenario import Scenario


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
    scenario: Scenario, evaluate: Callable[[Designs], Evaluation]
) -> Reference | None:
    """The reference of a scenario: the one it names, completed, or the simulator's default design.

    None where the scenario names none and states every value that it needs.  A reference that is
    infeasible gives way to the simulator's default design, with a warning; where that is infeasible
    too, objectives are compared with 1 in their SI unit, and the warning says so.

    Args:
        scenario: whose reference is meant.
        evaluate: gives the simulators' combined evaluation of designs (n, d) of the scenario's space.

    Raises:
        ScenarioError: the reference names a knob or value that does not exist.
    """
    needed = any(o.needs_reference(scenario.reward) for o in scenario.objectives)
    needed |= any(s.relative for s in scenario.specs)
    if not scenario.reference and not needed:
        return None
    design = completed(scenario)
    e = evaluate(design)
    if e.feasible[0]:
        return Reference(design, e)
    reason = e.reason(0) or "no reason given"
    if scenario.reference:
        other = default_design(scenario)
        if other is not None and (other != design).any():
            there = evaluate(other)
            if there.feasible[0]:
                return Reference(
                    other,
                    there,
                    f"the reference design of scenario {scenario.name!r} is infeasible ({reason}); the "
                    "simulator's default design takes its place",
                )
    return Reference(
        design,
        e,
        f"the reference design is infeasible ({reason}): objectives are compared with 1 in their SI unit",
    )


def completed(scenario: Scenario) -> Designs:
    """The reference design (1, d): what the scenario names, the rest by default.

    Raises:
        ScenarioError: it names a knob or value that does not exist.
    """
    space = scenario.space
    given = dict(scenario.reference)
    try:
        if len(given) == len(space) or set(given) >= set(space.names):
            return space.encode(given)
        for name in given:
            space.position(name)
        rest = _default_values(scenario)
        values = {
            p.name: given[p.name] if p.name in given else _within(p, rest.get(p.name))
            for p in space.parameters
        }
        return space.repair(space.encode(values), np.random.default_rng(0))
    except ArchgymError as error:
        raise ScenarioError(f"scenario {scenario.name!r}, reference: {error}") from error


def default_design(scenario: Scenario) -> Designs | None:
    """The simulator's default design in the scenario's space, (1, d)."""
    rest = _default_values(scenario)
    space = scenario.space
    values = {p.name: _within(p, rest.get(p.name)) for p in space.parameters}
    return space.repair(space.encode(values), np.random.default_rng(0))


def _default_values(scenario: Scenario) -> Mapping[str, Value]:
    return scenario.simulators[0].default_design()


def _within(p: Parameter, value: object) -> Value:
    """A default value where a narrowed knob has it, else the nearest or the middle one."""
    if value in p.values:
        return p.values[p.index(value)]
    if p.numeric and isinstance(value, int | float):
        numbers = np.array(p.values, float)
        return p.values[int(np.argmin(np.abs(numbers - float(value))))]
    return p.values[(len(p) - 1) // 2]
