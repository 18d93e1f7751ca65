"""How the stamps and addresses of a trace are to be understood: clock, core, folding, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from archgym.errors import UnknownNameError, WorkloadError

from ..devices import Device

PICOSECONDS = {
    "ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12,
}  # fmt: skip
HERTZ = {"hz": 1, "khz": 10**3, "mhz": 10**6, "ghz": 10**9}
FOLDS = ("none", "modulo", "pages")
SHORTEST_PS, LONGEST_PS = Fraction(1), Fraction(10**12)


@dataclass(frozen=True)
class TraceOptions:
    """What a file does not say about itself.

    Attributes:
        format: the dialect, where the suffix does not name it.
        clock: the clock that stamps count, for files that do not carry one: ``200MHz``, ``1.25ns``,
            or a number of MHz (DRAMSys' ``clkMhz``).  Without it stamps are cycles of the DRAM.
        ipc: instructions a cycle of that clock, for formats that count instructions.
        fold: what happens to addresses: ``none`` (beyond the device is an error), ``modulo`` (the
            capacity is subtracted as often as needed) or ``pages`` (4 KiB pages get frames in order
            of first touch).
        word_bytes: bytes of a word in SCALE-Sim traces.
        device: whose geometry address vectors and folding refer to, and whose cycles stamps
            without a clock count where traces of several clocks meet.
        several: there are several initiators; ``clock`` and ``ipc`` go to those they fit.

    Raises:
        WorkloadError: a value that makes no sense.
    """

    format: str | None = None
    clock: str | float | None = None
    ipc: str | float | None = None
    fold: str = "none"
    word_bytes: int | str | None = None
    device: Device | None = None
    several: bool = False

    def __post_init__(self) -> None:
        if self.fold not in FOLDS:
            raise UnknownNameError("way to fold addresses (fold)", self.fold, FOLDS)
        # each property checks its setting
        _ = self.period_ps, self.instructions_per_cycle, self.bytes_a_word

    @property
    def period_ps(self) -> Fraction | None:
        """The period of ``clock`` in picoseconds, exact."""
        return None if self.clock is None else period_ps(self.clock)

    @property
    def instructions_per_cycle(self) -> Fraction:
        """``ipc``, exact; 1 where it is not set."""
        if self.ipc is None:
            return Fraction(1)
        value = _positive(str(self.ipc))
        if value is None or not Fraction(1, 1000) <= value <= 1000:
            raise WorkloadError(
                f"ipc: expected instructions a cycle between 0.001 and 1000, got {self.ipc!r}"
            )
        return value

    @property
    def bytes_a_word(self) -> int:
        """``word_bytes``; 1 where it is not set."""
        if self.word_bytes is None:
            return 1
        value = _positive(str(self.word_bytes))
        if value is None or value.denominator != 1 or not 1 <= value <= 64:
            raise WorkloadError(
                f"word_bytes: expected a whole number from 1 to 64, got {self.word_bytes!r}"
            )
        return int(value)

    @property
    def named(self) -> dict[str, Any]:
        """The settings that change what a workload means, as far as they were made."""
        settings = {
            "clock": self.clock,
            "ipc": self.ipc,
            "fold": None if self.fold == "none" else self.fold,
            "word_bytes": self.word_bytes,
        }
        return {key: value for key, value in settings.items() if value is not None}


def period_ps(clock: str | float) -> Fraction:
    """The period of a clock given as ``200MHz``, ``1.25ns`` or a plain number of MHz.

    Args:
        clock: text, or a number of MHz.

    Returns:
        ps, exact.

    Raises:
        WorkloadError: not a clock, or none between 1 ps and 1 s.
    """
    text = str(clock).strip()
    match = re.fullmatch(r"([0-9.]+(?:[eE][+-]?[0-9]{1,2})?)\s*([A-Za-z]*)", text)
    value = _positive(match[1]) if match else None
    unit = (match[2] or "MHz").lower() if match else ""
    if value and unit in HERTZ:
        period = Fraction(10**12) / (value * HERTZ[unit])
    elif value and unit in PICOSECONDS:
        period = value * PICOSECONDS[unit]
    else:
        raise WorkloadError(
            f"clock: expected a frequency or a period such as 200MHz, 3.2GHz, 1.25ns (a plain number "
            f"is MHz), got {text[:40]!r}"
        )
    if not SHORTEST_PS <= period <= LONGEST_PS:
        raise WorkloadError(f"clock: expected a period from 1 ps to 1 s, got {text[:40]!r}")
    return period


def _positive(text: str) -> Fraction | None:
    """A positive decimal number, or None."""
    if not re.fullmatch(r"[0-9]{0,12}\.?[0-9]{0,12}(?:[eE][+-]?[0-9]{1,2})?", text):
        return None
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None
