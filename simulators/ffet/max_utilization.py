"""The highest utilisation at which a block can be legalised and routed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .choices import Choices
from .simulator import BlockPPASimulator
from .space import UTILIZATIONS


def sweep(
    simulator: BlockPPASimulator, choices: Choices, lowest: float = 0.46
) -> list[tuple[float, float, str]]:
    """Raise the utilisation until the block fails twice in a row.

    Args:
        simulator: the simulator.
        choices: the design; its utilisation is replaced.
        lowest: where the sweep starts.

    Returns:
        (utilisation, mean violations, reason) of each; violations are NaN where the block cannot be
        built, and the reason is empty where it is valid.
    """
    out: list[tuple[float, float, str]] = []
    failed = 0
    for utilization in UTILIZATIONS:
        if utilization < lowest - 1e-9:
            continue
        built = simulator.build(replace(choices, utilization=utilization))
        violations = (
            float(np.mean([b.violations for b in built.blocks])) if built.blocks else np.nan
        )
        reason = simulator.measure(built)[1]
        out.append((utilization, violations, reason))
        failed = failed + 1 if reason else 0
        if failed == 2:
            break
    return out


def highest(found: list[tuple[float, float, str]]) -> float:
    """The highest valid utilisation of a sweep; NaN where none is.

    Args:
        found: of :func:`sweep`.

    Returns:
        The utilisation.
    """
    return max((u for u, _, reason in found if not reason), default=float("nan"))
