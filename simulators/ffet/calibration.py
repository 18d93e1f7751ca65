"""The constants that relations hang on, each with its bounds; two are fitted, two only argued.

None multiplies a reported metric.  The fit was on PicoRV32 alone (``archgym validate ffet``
prints what they give there and, held out, on VexRiscv).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from archgym.errors import ArchgymError

BOUNDS = {
    "resistance": (0.72, 1.45),
    "width_saving": (0.5, 1.3),
    "capacitance": (0.658, 1.0),
    "pin_pitches": (1.0, 6.0),
    "climb_ps": (0.0, 2.0),
    "sheet": (0.0, 1.0),
    "via_pitches": (0.0, 6.0),
}
ARGUMENTS = {
    "resistance": "FFET's over CFET's inverter resistance: source resistance -70.5 % (VLSI 2024) of at most "
    "40 % of the whole, below; a ring at +5 % and the least capacitance, above",
    "width_saving": "factor on the width savings of complex cells (reference A.6); 20 % mean saving "
    "(DAC 2025) is the upper limit",
    "capacitance": "FFET's over CFET's input capacitance: by sheet width, 0.3 + 0.7 * 2.5/3; -34.2 % for the "
    "inverter (VLSI 2024, another height) below, no gain above",
    "climb_ps": "what a via on the way to a higher layer must save, in ps on the longest path: via blockage, "
    "pin access and detours that routers avoid; 0: wires climb for nothing",
    "sheet": "between GT2N's wide sheet (w31) by cell height, 0, and its narrow one (w13), 1",
    "via_pitches": "track blocked by a via that passes a layer, in the layer's pitches; 0: none, "
    "its price is climb_ps",
    "pin_pitches": "M2 track blocked by one pin, in M1 pitches: a landing and its end-of-line spacing",
}
FITTED_ON = {
    "resistance": "F3",
    "width_saving": "F2",
    "climb_ps": "layer usage",
}  # the others are argued


@dataclass(frozen=True)
class Calibration:
    """A set of them; see ``ARGUMENTS`` and ``FITTED_ON``."""

    resistance: float = 0.88
    width_saving: float = 0.8
    capacitance: float = 0.883
    pin_pitches: float = 3.0
    climb_ps: float = 0.08
    sheet: float = 0.0
    via_pitches: float = 0.0

    def __post_init__(self) -> None:
        for f in fields(self):
            low, high = BOUNDS[f.name]
            if not low <= getattr(self, f.name) <= high:
                raise ArchgymError(
                    f"calibration {f.name} must lie in {low} to {high} ({ARGUMENTS[f.name]}), "
                    f"got {getattr(self, f.name)}"
                )

    @property
    def config(self) -> dict[str, float]:
        """The constants, without those of options that are off: keys are then as before there were any."""
        return {k: v for k, v in asdict(self).items() if v or k != "via_pitches"}


FITTED = Calibration()


def calibrated(given: Mapping[str, float] | Calibration) -> Calibration:
    """A calibration, or the fitted one with other values.

    Args:
        given: a calibration, or some of its values by name.

    Returns:
        The calibration.

    Raises:
        ArchgymError: a name that it lacks, or a value that is no number.
    """
    if isinstance(given, Calibration):
        return given
    try:
        return replace(FITTED, **{k: float(v) for k, v in given.items()})
    except TypeError as error:
        raise ArchgymError(f"calibration: {error}") from None
