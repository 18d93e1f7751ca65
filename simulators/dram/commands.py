"""The DRAM commands, numbered once for tables, kernel and tests.

Bank commands come first, so that ``command < RANK_COMMANDS`` means "addresses one bank".
"""

from __future__ import annotations

ACT, PREPB, RD, WR, RDA, WRA = range(6)
PREAB, REFAB, PDEA, PDEP, PDXA, PDXP, SREFEN, SREFEX = range(6, 14)

RANK_COMMANDS = PREAB
N_COMMANDS = 14
NOP = -1

NAMES = (
    "ACT", "PREPB", "RD", "WR", "RDA", "WRA",
    "PREAB", "REFAB", "PDEA", "PDEP", "PDXA", "PDXP", "SREFEN", "SREFEX",
)  # fmt: skip
