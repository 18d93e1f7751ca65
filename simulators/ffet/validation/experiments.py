"""Why a relation does not hold: one change of the flow each, everything else as it is, nothing refitted."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..choices import Choices
from ..flow import build
from ..simulator import BlockPPASimulator, figures
from ..technology import DATA, STACKS, rows
from .averages import Averages
from .published import CFET, DUAL, FFET
from .relations import highest

SLOWER_WIRES = 4.0
Measure = Callable[[Averages], str]


@dataclass(frozen=True)
class Experiment:
    """``measure`` on the flow as it is and on one that ``changed`` names; ``told`` is what follows."""

    relation: str
    asked: str
    change: str
    told: str
    measure: Measure
    changed: Measure | None = None  # where the change is not one of constants
    constants: Mapping[str, float] | None = None
    slower_wires: bool = False


def _equal_area(a: Averages) -> str:
    area = a.ratio("core_area", FFET, CFET)[0]
    looser = replace(FFET, utilization=FFET.utilization * area)
    return _text(*a.ratio("frequency", looser, CFET))


def _dual(a: Averages) -> str:
    return _text(*a.ratio("frequency", DUAL, FFET))


def _least_area(a: Averages) -> str:
    best = [highest(a, c) for c in (DUAL, FFET)]
    if np.isnan(best).any():
        return "not one routes"
    pair = [replace(c, utilization=u, target_ghz=1.5) for c, u in zip((DUAL, FFET), best)]
    return _text(*a.ratio("core_area", *pair))


def _order(a: Averages) -> str:
    found = (highest(a, c) for c in (FFET, CFET, DUAL))
    return ", ".join("none" if np.isnan(u) else f"{u:.2f}" for u in found)


def _few_pins(a: Averages) -> str:
    return _text(*a.ratio("frequency", replace(DUAL, back_pin_share=0.04), FFET))


def _scattered(a: Averages) -> str:
    """As :func:`_few_pins`, the pins at the back drawn by chance instead of by nets."""
    choices = replace(DUAL, back_pin_share=0.04)
    found = [_by_chance(a.simulator, choices, s) for s in _seeds(a.simulator)]
    return _text(*a.paired(np.array(found), a.of(FFET)["frequency"]))


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


def _overlay(a: Averages) -> str:
    return _text(*a.ratio("frequency", replace(FFET, overlay_nm=8.0), CFET))


def _seeds(simulator: BlockPPASimulator) -> range:
    return range(simulator.seed, simulator.seed + simulator.count)


def _text(value: float, error: float) -> str:
    return f"{value:.3f} ± {error:.3f}"


PITCHES = 4.5
PINS = f"a pin blocks {PITCHES:g} pitches of M2, not 3"
EXPERIMENTS = (
    Experiment(
        "F5 frequency at equal core area", "1.160", f"wires and vias of {SLOWER_WIRES:g} x the resistance",
        "what a larger core costs is wire: it hangs on the wire's part of the longest path",
        _equal_area, slower_wires=True,
    ),
    Experiment(
        "F6 dual-sided, half the pins, over single-sided: frequency", "1.106",
        f"wires and vias of {SLOWER_WIRES:g} x the resistance",
        "what the back saves is wire too: the gain grows with the wire's part of the path",
        _dual, slower_wires=True,
    ),
    Experiment(
        "F8 least valid area, dual over single-sided", "0.932", PINS,
        "the back brings room only where pins, not rows, limit the front",
        _least_area, constants={"pin_pitches": PITCHES},
    ),
    Experiment(
        "F9 highest utilisation: FFET, CFET, dual", "in order", PINS,
        "in order where pins, not rows, limit a side",
        _order, constants={"pin_pitches": PITCHES},
    ),
    Experiment(
        "F11 frequency at a share of 0.04 over single-sided", "0.97 to 1.03",
        "the 4 % of pins drawn by chance, not by nets",
        "a part of the gain at 4 % is that pins are chosen by nets",
        _few_pins, changed=_scattered,
    ),
    Experiment(
        "F13 overlay of 8 nm: FFET over CFET", "about 1",
        "FFET's inverter resistance 1.05 of CFET's, not 0.88",
        "the crossover of a ring asks for a ring's start; a quarter ahead (F3), FFET stays ahead",
        _overlay, constants={"resistance": 1.05},
    ),
)  # fmt: skip


def experiments(core: str, stack: str, seeds: int) -> list[dict[str, Any]]:
    """Run every experiment on one core.

    Args:
        core: the netlist's name.
        stack: the metal stack.
        seeds: placements.

    Returns:
        One row per experiment: its relation, what is asked, without and with the change.
    """
    plain = Averages(BlockPPASimulator(core, placements=seeds, stack=stack))
    known: dict[str, Averages] = {}  # experiments that change the same share their designs
    out = []
    with slower_stack(stack, SLOWER_WIRES) as slow:
        for e in EXPERIMENTS:
            if e.changed:
                changed = e.changed(plain)
            else:
                if e.change not in known:
                    known[e.change] = Averages(BlockPPASimulator(
                        core, placements=seeds, stack=slow if e.slower_wires else stack,
                        calibration=e.constants or {},
                    ))  # fmt: skip
                changed = e.measure(known[e.change])
            out.append({
                "relation": e.relation, "core": core, "asked": e.asked, "as it is": e.measure(plain),
                "change": e.change, "with it": changed, "conclusion": e.told,
            })  # fmt: skip
    return out


@contextmanager
def slower_stack(stack: str, factor: float) -> Iterator[str]:
    """A stack with slower wires, for a while.

    Args:
        stack: a name of ``technology.STACKS``.
        factor: what the resistance of every wire and via is multiplied by.

    Yields:
        The name of the slower stack.
    """
    with tempfile.TemporaryDirectory() as folder:
        name = str(Path(folder, f"{stack}-slower"))
        table = list(rows(DATA / f"{stack}.csv"))
        for row in table:
            for column in ("ohm_per_um", "via_ohm"):
                row[column] = repr(float(row[column]) * factor)
        with open(f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        STACKS[name] = STACKS[stack]
        try:
            yield name
        finally:
            del STACKS[name]
