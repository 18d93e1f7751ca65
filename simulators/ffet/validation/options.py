"""What the flow's options bring, and what becomes of the relations that do not hold without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..simulator import BlockPPASimulator, packed
from ..variants import variant_files
from .averages import Averages
from .measures import (
    Measure,
    dual_sided,
    equal_area,
    equal_utilization,
    few_pins,
    in_order,
    layers,
    least_area,
    little_overlay,
    overlay,
    rise,
    text,
)
from .published import CFET, DUAL, FFET, MODEST

DESIGNS = {"CFET": CFET, "FFET": FFET, "FFET, both sides": DUAL}
RELATIONS: tuple[tuple[str, str, Measure], ...] = (
    ("layers: wire on M2 and M3, M4 and M5, above, CFET", "0.57 to 0.67, 0.20 to 0.30, 0.13 to 0.14", layers),
    ("F3 frequency at equal utilisation", "1.250", equal_utilization),
    ("F5 frequency at equal core area", "1.160", equal_area),
    ("F6 both sides over one, half the pins: frequency", "1.106", dual_sided),
    ("F8 least valid area, both sides over one", "0.932", least_area),
    ("F9 highest utilisation: FFET, CFET, both sides", "in order", in_order),
    ("F11 frequency at a share of 0.04 over single-sided", "0.97 to 1.03", few_pins),
    ("F12 area for the highest frequency over that for 1 GHz, CFET", "1.37", rise),
    ("F13 overlay of 4 nm: frequency", "0.978", little_overlay),
    ("F13 overlay of 8 nm: FFET over CFET", "about 1", overlay),
)  # fmt: skip
LAYERS = RELATIONS[:1]
BLOCKED = 3.0  # pitches, as many as a pin blocks


@dataclass(frozen=True)
class Option:
    """Settings of the simulator with a name, and the relations that are measured with them."""

    name: str
    settings: Mapping[str, Any]
    relations: tuple[tuple[str, str, Measure], ...] = RELATIONS


def _constants(**values: float) -> Mapping[str, Any]:
    return {"calibration": values}


OPTIONS = (
    Option("timing-driven placement, one round", {"timing_rounds": 1}),
    Option("netlist by target", {"netlists": "by-target"}),
    Option(f"a via blocks {BLOCKED:g} pitches of the layers that it passes", _constants(via_pitches=BLOCKED)),
    Option("vias have no price", _constants(climb_ps=0.0), LAYERS),
    Option(
        f"vias have no price and block {BLOCKED:g} pitches",
        _constants(climb_ps=0.0, via_pitches=BLOCKED), LAYERS,
    ),
)  # fmt: skip


def options(core: str, stack: str, seeds: int) -> list[dict[str, Any]]:
    """Measure every option on one core.

    Args:
        core: the netlist's name.
        stack: the metal stack.
        seeds: placements.

    Returns:
        One row per option and design, with its frequency, wire, core area and power at 1 GHz over
        those of the flow as it is; one row per option and relation, without and with it.
    """
    plain = Averages(BlockPPASimulator(core, placements=seeds, stack=stack))
    out = []
    for option in OPTIONS:
        if "netlists" in option.settings and not variant_files(packed(core)):
            continue
        changed = Averages(
            BlockPPASimulator(core, placements=seeds, stack=stack, **option.settings)
        )
        about = {"option": option.name, "core": core}
        out += [about | {"of": label} | _effects(plain, changed, label) for label in DESIGNS]
        for label, asked, measure in option.relations:
            found = {"as it is": measure(plain), "with it": measure(changed)}
            out.append(about | {"of": label, "asked": asked} | found)
    return out


def _effects(plain: Averages, changed: Averages, label: str) -> dict[str, str]:
    """What a design gains, as ratios over the flow as it is, seed by seed."""
    design = DESIGNS[label]
    slow = replace(design, target_ghz=MODEST)

    def ratio(figure: str, of: Any) -> str:
        return text(*Averages.paired(changed.of(of)[figure], plain.of(of)[figure]))

    def wire(a: Averages) -> Any:
        return a.of(design)["wirelength_front"] + a.of(design)["wirelength_back"]

    return {
        "frequency": ratio("frequency", design),
        "wire": text(*Averages.paired(wire(changed), wire(plain))),
        "core area": ratio("core_area", design),
        "power at 1 GHz": ratio("power", slow),
    }
