"""Pairwise command distances: JEDEC timings turned into ``[from, to]`` tables of clock cycles.

A command may follow another at the scope of the same bank, bank group or rank after the cycles
given here (the constraint lists of DRAMSys' checkers), besides tFAW and one command per cycle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .commands import (
    ACT, N_COMMANDS, PDEA, PDEP, PDXA, PDXP, PREAB, PREPB, RANK_COMMANDS, RD, RDA, REFAB,
    SREFEN, SREFEX, WR, WRA,
)  # fmt: skip
from .devices import Device
from .layout import NEVER, TIMING_FIELDS

SEMANTICS = ("dramsys", "jedec")
BANK, GROUP, RANK = "bank", "group", "rank"
READS, WRITES = (RD, RDA), (WR, WRA)


class Timing(NamedTuple):
    """One device under one semantics, in cycles; tables are ``[from, to]``, NEVER where unconstrained."""

    bank: NDArray[np.int64]  # (14, 6): commands to the same bank
    group: NDArray[np.int64]  # (14, 6): to the same bank group
    rank: NDArray[np.int64]  # (14, 14): to the same rank
    scalars: NDArray[np.int64]  # (23,): ``layout.TIMING_FIELDS``


def constraints(device: Device, semantics: str = "dramsys") -> list[tuple[str, int, int, int]]:
    """Every pairwise constraint between commands.

    Args:
        device: whose timings count.
        semantics: ``dramsys`` or ``jedec``.

    Returns:
        (scope, from, to, cycles) of each.
    """
    t = device.t
    burst = device.burst_cycles
    read_pre = t["AL"] + t["RTP"]
    write_pre = t["WL"] + burst + t["WR"]
    wr_rd = {GROUP: t["WL"] + burst + t["WTR_L"], RANK: t["WL"] + burst + t["WTR_S"]}
    read_pd, write_pd, write_auto_pd = t["RL"] + burst + 1, write_pre, write_pre + 1
    act_act = t["RC"] if semantics == "jedec" or device.rules == "4.0" else t["RCD"]
    out: list[tuple[str, int, int, int]] = []

    def add(scope: str, sources: tuple[int, ...], targets: tuple[int, ...], cycles: int) -> None:
        out.extend((scope, a, b, cycles) for a in sources for b in targets)

    for scope, ccd in ((BANK, t["CCD_L"]), (GROUP, t["CCD_L"]), (RANK, t["CCD_S"])):
        reads, writes = ((RD,), (WR,)) if scope == BANK else (READS, WRITES)
        add(scope, reads, READS, ccd)
        add(scope, reads, WRITES, t["RDWR"])
        add(scope, writes, WRITES, ccd)
        add(scope, writes, READS, wr_rd[RANK if scope == RANK else GROUP])
    add(BANK, (WR,), (RDA,), max(wr_rd[GROUP], write_pre - t["RTP"] - t["AL"]))
    # activate
    add(BANK, (ACT,), (RD, WR, RDA, WRA), t["RCD"] - t["AL"])
    add(BANK, (ACT,), (ACT,), act_act)
    add(GROUP, (ACT,), (ACT,), t["RRD_L"])
    add(RANK, (ACT,), (ACT,), t["RRD_S"])
    add(BANK, (RDA,), (ACT,), read_pre + t["RP"])
    add(BANK, (WRA,), (ACT,), write_pre + t["RP"])
    add(BANK, (PREPB,), (ACT,), t["RP"])
    add(RANK, (PREAB,), (ACT,), t["RP"])
    # precharge
    add(BANK, (ACT,), (PREPB,), t["RAS"])
    add(BANK, (RD,), (PREPB,), read_pre)
    add(BANK, (WR,), (PREPB,), write_pre)
    add(RANK, (ACT,), (PREAB,), t["RAS"])
    add(RANK, READS, (PREAB,), read_pre)
    add(RANK, WRITES, (PREAB,), write_pre)
    # refresh and self-refresh entry
    add(RANK, (ACT,), (REFAB, SREFEN), t["RC"])
    add(RANK, (RDA,), (REFAB,), read_pre + t["RP"])
    add(RANK, (WRA,), (REFAB,), write_pre + t["RP"])
    add(RANK, (RDA,), (SREFEN,), max(read_pd, read_pre + t["RP"]))
    add(RANK, (WRA,), (SREFEN,), max(write_auto_pd, write_pre + t["RP"]))
    add(RANK, (PREPB, PREAB), (REFAB, SREFEN), t["RP"])
    add(RANK, (REFAB,), (ACT, REFAB, SREFEN), t["RFC"])
    # power-down
    add(RANK, READS, (PDEA,), read_pd)
    add(RANK, (RDA,), (PDEP,), read_pd)
    add(RANK, (WR,), (PDEA,), write_pd)
    add(RANK, (WRA,), (PDEA, PDEP), write_auto_pd)
    add(RANK, (RD,), (PDEP,), read_pd)
    add(RANK, (ACT,), (PDEA,), t["ACTPDEN"])
    add(RANK, (PREPB,), (PDEA, PDEP), t["PRPDEN"])
    add(RANK, (PREAB,), (PDEP,), t["PRPDEN"])
    add(RANK, (REFAB,), (PDEP,), t["REFPDEN"])
    add(RANK, (PDEA,), (PDXA,), t["CKE"])
    add(RANK, (PDEP,), (PDXP,), t["CKE"])
    add(RANK, (PDXA,), (PDEA,), t["CKE"])
    add(RANK, (PDXP,), (PDEP,), t["CKE"])
    add(RANK, (PDXA,), (ACT, PREPB, PREAB, RD, RDA, WR, WRA), t["XP"])
    add(RANK, (PDXP,), (ACT, REFAB, SREFEN), t["XP"])
    if device.generation == "DDR3":
        add(RANK, (PDXP,), READS, t["XPDLL"])
    # self-refresh exit
    # (DRAMSys 5.5 looks up the last exit instead of the entry)
    entry = SREFEN if semantics == "jedec" or device.rules == "4.0" else SREFEX
    add(RANK, (entry,), (SREFEX,), t["CKESR"])
    add(RANK, (SREFEX,), (ACT, REFAB, PDEP, SREFEN), t["XS"])
    add(RANK, (SREFEX,), (RD, RDA, WR, WRA), t["XSDLL"])
    return out


def timing(device: Device, semantics: str = "dramsys") -> Timing:
    """The kernel's tables for a device; where two constraints meet, the longer one holds.

    Args:
        device: whose timings count.
        semantics: ``dramsys`` or ``jedec``.

    Returns:
        The tables.
    """
    tables = {
        BANK: np.full((N_COMMANDS, RANK_COMMANDS), NEVER, np.int64),
        GROUP: np.full((N_COMMANDS, RANK_COMMANDS), NEVER, np.int64),
        RANK: np.full((N_COMMANDS, N_COMMANDS), NEVER, np.int64),
    }
    for scope, source, target, cycles in constraints(device, semantics):
        table = tables[scope]
        table[source, target] = max(table[source, target], cycles)
    t = device.t
    burst = device.burst_cycles
    newer = device.rules != "4.0"
    values = {
        "faw": t["FAW"], "refi": t["REFI"], "rfc": t["RFC"], "rcd": t["RCD"], "ras": t["RAS"],
        "rp": t["RP"], "read_precharge": t["AL"] + t["RTP"],
        "write_precharge": t["WL"] + burst + t["WR"], "read_end": t["RL"] + burst,
        "write_end": t["WL"] + burst,
        # the request path: version 5 adds a cycle of think time before the controller
        "forward": int(newer), "late_acknowledge": int(newer),
        "gap_simple": int(not newer), "gap_queued": 1,
        "response_gap_simple": 1, "response_gap_queued": 2 if newer else 1,
        "release": int(newer), "end_simple": int(newer),
        "commands_before_arrivals": int(not newer), "late_block": int(not newer),
        "count_pending_precharges": int(not newer),
        "true_bank_check": int(semantics == "jedec"),
        "banks_per_group": device.banks // device.bank_groups,
    }  # fmt: skip
    scalars = np.array([values[name] for name in TIMING_FIELDS], np.int64)
    return Timing(tables[BANK], tables[GROUP], tables[RANK], scalars)
