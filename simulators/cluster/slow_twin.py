"""A step by closed forms of its collectives, against the simulation of every message and event."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.simulator import Simulator
from archgym.space import Designs

from .graph_space import GraphKnobs
from .simulator import ClusterSimulator
from .stages import Figures, quick
from .step import indivisible
from .training import Workload


def compare(simulator: Simulator, x: Designs) -> dict[str, tuple[Floats, Floats]]:
    """Times of a step by both.

    Args:
        simulator: a :class:`ClusterSimulator`.
        x: designs (n, d) of its space.

    Returns:
        By quantity, figures (n,) in ns by closed forms and by the simulation; NaN where a design has no step.
        None of task graphs and of designs that closed forms do not cover.
    """
    assert isinstance(simulator, ClusterSimulator)
    if isinstance(simulator.knobs, GraphKnobs):
        return {}
    assert isinstance(simulator.task, Workload)
    fast, slow = [], []
    for design in simulator.space.decode(x):
        recipe = simulator.knobs.recipe(design)
        wrong = next(indivisible(recipe, simulator.task), "")
        found = None if wrong else quick(recipe, simulator.task)
        if found is None:
            return {}
        step = simulator.step(design)
        fast.append(_row(found))
        slow.append(_row(step if isinstance(step, str) else step.figures))
    pairs = np.array(fast).T, np.array(slow).T
    return {name: (a, b) for name, a, b in zip(Figures._fields, *pairs)}


def _row(found: Figures | str) -> list[float]:
    """Figures in ns; NaN where there are none."""
    if isinstance(found, str):
        return [float("nan")] * len(Figures._fields)
    return [float(v) for v in found]
