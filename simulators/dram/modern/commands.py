"""The DRAM commands of all standards, numbered once for tables, kernel and tests.

Commands to one bank come first, then those to several banks, then those to a rank.
"""

from __future__ import annotations

ACT, PREPB, RD, WR, RDA, WRA = range(6)
PRESB, REFPB, REFP2B, REFSB, RFMSB = range(6, 11)
PREAB, REFAB, RFMAB, PDEA, PDEP, PDXA, PDXP, SREFEN, SREFEX = range(11, 20)

UNIT_COMMANDS = PRESB
RANK_COMMANDS = PREAB
N_COMMANDS = 20
NOP = -1

NAMES = (
    "ACT", "PREPB", "RD", "WR", "RDA", "WRA",
    "PRESB", "REFPB", "REFP2B", "REFSB", "RFMSB",
    "PREAB", "REFAB", "RFMAB", "PDEA", "PDEP", "PDXA", "PDXP", "SREFEN", "SREFEX",
)  # fmt: skip
CODES = {name: code for code, name in enumerate(NAMES)}
