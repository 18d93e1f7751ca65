"""Designs as players write them: read whole, with every fault told at once."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..documents import shortened
from ..errors import DesignError
from ..goals.scenario import Scenario
from ..space import Designs

SHOWN_FAULTS = 12


def read_designs(scenario: Scenario, given: Sequence[Mapping[str, Any]], most: int) -> Designs:
    """Designs of a call, completed from the reference design.

    Args:
        scenario: whose knobs they have.
        given: a mapping of knobs to values for each design; knobs left out are as in the reference design.
        most: designs in one call.

    Returns:
        Value indices (n, d), all of them valid.

    Raises:
        DesignError: what is wrong, of all designs together; none may then be evaluated.
    """
    if not given:
        raise DesignError('give at least one design, such as {"KNOB": VALUE, …}')
    if len(given) > most:
        raise DesignError(f"expected at most {most} designs in one call, got {len(given)}")
    start = start_of(scenario)
    rows, faults = [], []
    for i, design in enumerate(given):
        row = start.copy()
        wrong = _fill(scenario, design, row)
        if not wrong and (broken := scenario.space.broken(row)):
            wrong = [f"breaks the constraint {broken}"]
        faults += [f"design {i}: {fault}" for fault in wrong]
        rows.append(row)
    if faults:
        more = f" (and {len(faults) - SHOWN_FAULTS} more)" if len(faults) > SHOWN_FAULTS else ""
        raise DesignError("; ".join(faults[:SHOWN_FAULTS]) + more + ". Nothing was charged")
    return np.stack(rows)


def start_of(scenario: Scenario) -> Designs:
    """The design that supplies the knobs which a player leaves out.

    Args:
        scenario: what is played.

    Returns:
        Value indices (d,) of the reference design, or of the default design where there is none.
    """
    reference = scenario.reference_design
    if reference is not None:
        return np.asarray(reference[0])
    return np.asarray(scenario.space.encode([scenario.simulators[0].default_design()])[0])


def _fill(scenario: Scenario, design: Mapping[str, Any], row: Designs) -> list[str]:
    """Put the values of one design into a row of indices; what is wrong with it."""
    if not isinstance(design, Mapping):
        return [f"expected an object of knobs to values, got {shortened(design)}"]
    faults = []
    names = scenario.space.names
    for name, value in design.items():
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=2)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            faults.append(f"no knob {shortened(name)}{hint}")
            continue
        if isinstance(value, float) and not math.isfinite(value):
            faults.append(f"{name}: {value} is no number")
            continue
        try:
            row[scenario.space.position(name)] = scenario.space[name].index(value)
        except DesignError as error:
            faults.append(str(error))
    return faults
