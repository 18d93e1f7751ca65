"""One design in physical values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choices:
    """One design in physical values; ``target_ghz`` is what sizing aims at."""

    technology: str = "ffet-3.5t"
    front_layers: int = 12
    back_layers: int = 0
    back_pin_share: float = 0.0
    utilization: float = 0.76
    aspect_ratio: float = 1.0
    target_ghz: float = 1.5
    vdd: float = 0.7
    overlay_nm: float = 0.0
