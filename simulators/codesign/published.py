"""Figures of NASAIC's Table I (papers.md B.3), with how far each can be relied on."""

from __future__ import annotations

from dataclasses import dataclass

from .accuracy import END_POINTS
from .networks import FAMILIES

Sub = tuple[str, int, int]


@dataclass(frozen=True)
class Row:
    """One row: sub-accelerators, latency in cycles, energy in J (nominal), area in m2, verdict.

    ``standing``: ``confirmed`` where the four headline numbers confirm latency and energy, else
    ``reported, unverified``; areas and hardware are safe in all rows.
    """

    workload: str
    approach: str
    subs: tuple[Sub, Sub]
    accuracy: tuple[float, float]
    latency: float
    energy: float
    area: float
    meets: bool
    standing: str


WEAK = "reported, unverified"
TABLE_I = (
    Row("w1", "NAS then ASIC", (("dla", 2112, 48), ("shi", 1984, 16)), (94.17, 83.94), 9.45e5, 3.56,
        4.71e-3, False, "confirmed"),
    Row("w1", "ASIC then NAS", (("dla", 1088, 24), ("shi", 2368, 40)), (91.98, 83.72), 5.80e5, 1.94,
        3.82e-3, True, WEAK),
    Row("w1", "NASAIC", (("dla", 576, 56), ("shi", 1792, 8)), (92.85, 83.74), 7.77e5, 1.43, 2.03e-3,
        True, "confirmed"),
    Row("w2", "NAS then ASIC", (("dla", 2368, 56), ("shi", 1728, 8)), (94.17, 76.50), 9.31e5, 3.55,
        4.83e-3, False, WEAK),
    Row("w2", "ASIC then NAS", (("dla", 2112, 24), ("shi", 1536, 40)), (92.53, 72.07), 9.69e5, 2.90,
        3.86e-3, True, WEAK),
    Row("w2", "NASAIC", (("dla", 2112, 40), ("shi", 1184, 24)), (92.62, 75.72), 6.48e5, 2.50,
        3.34e-3, True, WEAK),
)  # fmt: skip


def most_accurate(task: str) -> tuple[int, ...]:
    """The network that accuracy-only search ends with.

    Args:
        task: its name.

    Returns:
        One value per knob.
    """
    if task in END_POINTS:
        return END_POINTS[task].choice
    return tuple(int(p.values[-1]) for p in FAMILIES[task].parameters())
