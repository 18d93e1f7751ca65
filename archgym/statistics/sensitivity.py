"""Around one design: what every single knob does when the others stay."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..goals.scenario import Scenario
from ..space import Designs, Value

QUICK_S = (
    2.0  # neighbours that take longer than this are evaluated only where somebody asks for them
)
PROBE = 8  # neighbours whose time together says how long all of them take


@dataclass(frozen=True)
class KnobEffect:
    """One knob moved through ``values``: ``gaps`` (values,) to the cost of the design itself.

    A gap below 0 is an improvement, +inf a design that is infeasible or breaks a spec.
    """

    knob: str
    value: Value
    values: tuple[Value, ...]
    gaps: Floats

    @property
    def others(self) -> Floats:
        """The gaps of the values it does not have."""
        return np.delete(self.gaps, self.values.index(self.value))


@dataclass(frozen=True)
class Neighbourhood:
    """The neighbours of a design, evaluated.

    Attributes:
        effects: one for each knob that has more than one value; empty where evaluating was given up.
        evaluations: how many the simulators carried out for it, one per legal design and workload. They are
            charged to nobody.
        complete: whether every neighbour was evaluated.
    """

    effects: list[KnobEffect]
    evaluations: int
    complete: bool = True


def one_at_a_time(
    scenario: Scenario, design: Designs, limit_s: float | None = None, most: int | None = None
) -> Neighbourhood:
    """What happens when one knob of a design alone is moved, to each of its other values.

    The scenario's simulators evaluate the neighbours, past any store or count of a run. With a limit, one
    neighbour is evaluated first, then eight. Where they show that all would take longer, no more are.

    Args:
        scenario: says what a change is worth, and evaluates.
        design: (d,) value indices.
        limit_s: seconds that all neighbours may take; None: as long as it takes.
        most: other values of a knob that are tried; of knobs with more, those beside its own, the ends, and
            others evenly between. None: all.

    Returns:
        The effects, and what they took.
    """
    here = np.asarray(design, np.int64)
    tried = {
        column: _others(len(p), int(here[column]), most)
        for column, p in enumerate(scenario.space.parameters)
        if len(p) > 1
    }
    x = _neighbours(here, tried)
    spent = _Spent(scenario)
    own = float(spent.costs(here[None])[0])  # compiles kernels, where that has to be: not timed
    costs = np.empty(len(x))
    left = np.ones(len(x), np.bool_)
    # one alone does not show what a batch gains from several cores: it stands for as many as there are
    for probe, share in ((1, os.cpu_count() or 1), (PROBE, 1)) if limit_s is not None else ():
        if probe >= left.sum():
            break
        at = np.flatnonzero(left)[np.linspace(0, left.sum() - 1, probe).astype(int)]
        start = time.perf_counter()
        costs[at], left[at] = spent.costs(x[at]), False
        if (time.perf_counter() - start) * left.sum() / (probe * share) > limit_s:
            return Neighbourhood([], spent.evaluations, complete=False)
    if left.any():
        costs[left] = spent.costs(x[left])
    return Neighbourhood(list(_effects(scenario, here, tried, own, costs)), spent.evaluations)


class _Spent:
    """Costs of designs by the simulators themselves, and how many evaluations that took."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.evaluations = 0

    def costs(self, x: Designs) -> Floats:
        """Costs (n,) of designs (n, d)."""
        legal = int(self._scenario.space.is_valid(x).sum())
        self.evaluations += legal * len(self._scenario.simulators)
        return self._scenario.costs(self._scenario.evaluate(x))[:, 0]


def _neighbours(here: Designs, tried: Mapping[int, NDArray[np.int64]]) -> Designs:
    """Designs (n, d) that differ from one (d,) in one knob, by the values of each knob that are tried."""
    x = np.repeat(here[None], sum(map(len, tried.values())), axis=0)
    at = 0
    for column, values in tried.items():
        x[at : at + len(values), column] = values
        at += len(values)
    return x


def _others(values: int, own: int, most: int | None) -> NDArray[np.int64]:
    """The positions of a knob's other values that are tried."""
    others = np.delete(np.arange(values), own)
    if most is None or len(others) <= most:
        return others
    even = others[np.linspace(0, len(others) - 1, max(2, most - 2)).astype(int)]
    return np.union1d(even, others[np.abs(others - own) == 1])


def _effects(
    scenario: Scenario,
    here: Designs,
    tried: Mapping[int, NDArray[np.int64]],
    own: float,
    costs: Floats,
) -> Iterator[KnobEffect]:
    at = 0
    for column, others in tried.items():
        parameter, mine = scenario.space.parameters[column], int(here[column])
        place = int(np.searchsorted(others, mine))  # its own value stands among the others
        several = np.insert(costs[at : at + len(others)], place, own)
        at += len(others)
        values = tuple(parameter.values[i] for i in np.insert(others, place, mine))
        gaps = scenario.gap(several, own)
        yield KnobEffect(parameter.name, parameter.values[mine], values, gaps)
