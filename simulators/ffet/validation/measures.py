"""Relations that do not hold, each measured and written as text: what experiments and options compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..choices import Choices
from ..flow import build
from ..metrics import figures
from ..simulator import BlockPPASimulator
from .averages import Averages
from .published import CFET, DUAL, FFET, MODEST
from .relations import highest, layers_of

Measure = Callable[[Averages], str]


def equal_area(a: Averages) -> str:
    """F5: frequency of FFET over CFET at equal core area.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    area = a.ratio("core_area", FFET, CFET)[0]
    looser = replace(FFET, utilization=FFET.utilization * area)
    return text(*a.ratio("frequency", looser, CFET))


def dual_sided(a: Averages) -> str:
    """F6 at half the pins: frequency of both sides over one.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("frequency", DUAL, FFET))


def least_area(a: Averages) -> str:
    """F8: least valid area of both sides over one.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    best = [highest(a, c) for c in (DUAL, FFET)]
    if np.isnan(best).any():
        return "not one routes"
    pair = [replace(c, utilization=u, target_ghz=1.5) for c, u in zip((DUAL, FFET), best)]
    return text(*a.ratio("core_area", *pair))


def in_order(a: Averages) -> str:
    """F9: the highest utilisations of FFET, CFET, and FFET with both sides.

    Args:
        a: of a simulator.

    Returns:
        The utilisations.
    """
    found = (highest(a, c) for c in (FFET, CFET, DUAL))
    return ", ".join("none" if np.isnan(u) else f"{u:.2f}" for u in found)


def layers(a: Averages) -> str:
    """Where the wire of CFET lies.

    Args:
        a: of a simulator.

    Returns:
        Shares on M2 and M3, on M4 and M5, and above.
    """
    return ", ".join(f"{share:.2f}" for share in layers_of(a, CFET))


def few_pins(a: Averages) -> str:
    """F11: frequency with 4 % of the pins at the back over none.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("frequency", replace(DUAL, back_pin_share=0.04), FFET))


def scattered(a: Averages) -> str:
    """As :func:`few_pins`, the pins at the back drawn by chance instead of by nets.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    choices = replace(DUAL, back_pin_share=0.04)
    found = [_by_chance(a.simulator, choices, s) for s in _seeds(a.simulator)]
    return text(*a.paired(np.array(found), a.of(FFET)["frequency"]))


def _by_chance(simulator: BlockPPASimulator, choices: Choices, seed: int) -> float:
    placed, activity = simulator.placements.get(choices.technology, choices.aspect_ratio, seed)
    n = placed.netlist
    drawn = np.random.default_rng(seed).random(len(n.pin_net)) < choices.back_pin_share
    sides = np.concatenate([drawn & ~n.pin_output, np.zeros(len(n.port_net), bool)]).astype(
        np.int64
    )
    return figures(build(placed, sides, choices, simulator.stack, simulator.fitted), activity)[
        "frequency"
    ]


def rise(a: Averages) -> str:
    """F12: core area of CFET for a target out of reach over that for 1 GHz.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("core_area", CFET, replace(CFET, target_ghz=MODEST)))


def equal_utilization(a: Averages) -> str:
    """F3: frequency of FFET over CFET at equal utilisation.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("frequency", FFET, CFET))


def overlay(a: Averages) -> str:
    """F13: frequency of FFET with sides that miss each other by 8 nm, over CFET.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("frequency", replace(FFET, overlay_nm=8.0), CFET))


def little_overlay(a: Averages) -> str:
    """F13: frequency with sides that miss each other by 4 nm over that with sides that meet.

    Args:
        a: of a simulator.

    Returns:
        The ratio and its standard error.
    """
    return text(*a.ratio("frequency", replace(FFET, overlay_nm=4.0), FFET))


def _seeds(simulator: BlockPPASimulator) -> range:
    return range(simulator.seed, simulator.seed + simulator.count)


def text(value: float, error: float) -> str:
    """A ratio as it stands in tables.

    Args:
        value: the ratio.
        error: its standard error.

    Returns:
        Both, to three digits.
    """
    return f"{value:.3f} ± {error:.3f}"
