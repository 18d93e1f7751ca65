"""Why a relation does not hold: one change of the flow each, everything else as it is, nothing refitted."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..simulator import BlockPPASimulator
from ..technology import DATA, STACKS, rows
from .averages import Averages
from .measures import (
    Measure,
    dual_sided,
    equal_area,
    few_pins,
    in_order,
    least_area,
    overlay,
    scattered,
)

SLOWER_WIRES = 4.0


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


PITCHES = 4.5
PINS = f"a pin blocks {PITCHES:g} pitches of M2, not 3"
EXPERIMENTS = (
    Experiment(
        "F5 frequency at equal core area", "1.160", f"wires and vias of {SLOWER_WIRES:g} x the resistance",
        "what a larger core costs is wire: it hangs on the wire's part of the longest path",
        equal_area, slower_wires=True,
    ),
    Experiment(
        "F6 dual-sided, half the pins, over single-sided: frequency", "1.106",
        f"wires and vias of {SLOWER_WIRES:g} x the resistance",
        "what the back saves is wire too: the gain grows with the wire's part of the path",
        dual_sided, slower_wires=True,
    ),
    Experiment(
        "F8 least valid area, dual over single-sided", "0.932", PINS,
        "the back brings room only where pins, not rows, limit the front",
        least_area, constants={"pin_pitches": PITCHES},
    ),
    Experiment(
        "F9 highest utilisation: FFET, CFET, dual", "in order", PINS,
        "in order where pins, not rows, limit a side",
        in_order, constants={"pin_pitches": PITCHES},
    ),
    Experiment(
        "F11 frequency at a share of 0.04 over single-sided", "0.97 to 1.03",
        "the 4 % of pins drawn by chance, not by nets",
        "a part of the gain at 4 % is that pins are chosen by nets",
        few_pins, changed=scattered,
    ),
    Experiment(
        "F13 overlay of 8 nm: FFET over CFET", "about 1",
        "FFET's inverter resistance 1.05 of CFET's, not 0.88",
        "the crossover of a ring asks for a ring's start; a quarter ahead (F3), FFET stays ahead",
        overlay, constants={"resistance": 1.05},
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
