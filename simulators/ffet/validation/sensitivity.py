"""How the headline relations move with each constant."""

from __future__ import annotations

from dataclasses import asdict, replace

from ..calibration import BOUNDS, FITTED
from ..simulator import BlockPPASimulator
from .averages import Averages
from .published import CFET, DUAL, FFET, MODEST

STEP = 0.05
HEADLINES = ("F2 area", "F3 frequency", "F5 frequency", "F4 power", "F6 frequency")


def sensitivities(stack: str, seeds: int) -> list[list[str]]:
    """Derivatives of the headline relations to each constant.

    Args:
        stack: the metal stack.
        seeds: placements.

    Returns:
        Names of the relations, then one row per constant: its name and the change per percent.
    """
    base = _headlines(stack, seeds, {})
    out = [list(HEADLINES)]
    for name, value in asdict(FITTED).items():
        low, high = BOUNDS[name]
        step = STEP if value * (1 + STEP) <= high else -STEP
        # a percent of a constant that is 0 is one of its range
        other = value * (1 + step) if value else low + step * (high - low)
        moved = _headlines(stack, seeds, {name: other})
        changes = [(b - a) / (100 * step) for a, b in zip(base, moved)]
        out.append([name, *(f"{c:+.4f}" for c in changes)])
    return out


def _headlines(stack: str, seeds: int, changed: dict[str, float]) -> list[float]:
    a = Averages(BlockPPASimulator("picorv32", placements=seeds, stack=stack, calibration=changed))
    area = a.ratio("core_area", FFET, CFET)[0]
    looser = replace(FFET, utilization=FFET.utilization * area)
    slow = [replace(c, target_ghz=MODEST) for c in (FFET, CFET)]
    return [
        area,
        a.ratio("frequency", FFET, CFET)[0],
        a.ratio("frequency", looser, CFET)[0],
        a.ratio("power", *slow)[0],
        a.ratio("frequency", DUAL, FFET)[0],
    ]
