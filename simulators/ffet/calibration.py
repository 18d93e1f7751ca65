"""The fitted constants, all of them, each with its bounds and the relation that it was fitted on.

None multiplies a reported metric.  They were fitted on PicoRV32 alone (``archgym validate ffet``
prints what they give there and, held out, on VexRiscv).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from archgym.errors import ArchgymError

BOUNDS = {
    "resistance": (0.72, 1.45),
    "capacitance": (0.658, 1.0),
    "width_saving": (0.5, 1.3),
    "pin_pitches": (1.0, 6.0),
}
ARGUMENTS = {
    "resistance": "FFET's over CFET's inverter resistance; source resistance -70.5 % of at most 40 % of the "
    "whole (VLSI 2024) below, a ring at +5 % with the least capacitance above",
    "capacitance": "FFET's over CFET's input capacitance; -34.2 % for the inverter (VLSI 2024) below, none above",
    "width_saving": "factor on the width savings of complex cells (reference A.6); 20 % mean saving (DAC 2025) "
    "is the upper limit",
    "pin_pitches": "M2 track blocked by one pin, in M1 pitches: a landing and its end-of-line spacing",
}
FITTED_ON = {"resistance": "F3", "capacitance": "F5", "width_saving": "F2", "pin_pitches": "F6"}


@dataclass(frozen=True)
class Calibration:
    """What was fitted; see ``ARGUMENTS``."""

    resistance: float = 1.0
    capacitance: float = 0.8
    width_saving: float = 1.0
    pin_pitches: float = 3.0

    def __post_init__(self) -> None:
        for f in fields(self):
            low, high = BOUNDS[f.name]
            if not low <= getattr(self, f.name) <= high:
                raise ArchgymError(
                    f"calibration {f.name} must lie in {low} to {high} ({ARGUMENTS[f.name]}), "
                    f"got {getattr(self, f.name)}"
                )

    def moved(self, name: str, factor: float) -> Calibration:
        """The same with one constant times ``factor``, for sensitivities."""
        return replace(self, **{name: getattr(self, name) * factor})


FITTED = Calibration()
