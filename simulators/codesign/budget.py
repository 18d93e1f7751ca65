"""The processing elements and the bandwidth that all sub-accelerators may have together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .tables import BANDWIDTHS, PES

MOST_PES, MOST_BANDWIDTH = 4096, 64
BUDGETS = ("repaired", "penalised")


def repaired(subs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sub-accelerators scaled down to the budget where they exceed it; each keeps a step of both.

    Args:
        subs: positions of dataflow, PEs and bandwidth in the tables, (n, k, 3).

    Returns:
        The positions within the budget, (n, k, 3).
    """
    out = subs.copy()
    for column, most in ((1, len(PES) - 1), (2, len(BANDWIDTHS) - 1)):
        total = out[:, :, column].sum(axis=1, keepdims=True)
        scaled = np.maximum(out[:, :, column] * most // np.maximum(total, 1), 1)
        over = (total > most) & (out[:, :, column] > 0)
        out[:, :, column] = np.where(over, scaled, out[:, :, column])
    return out


def reasons(
    pes: NDArray[np.int64], bandwidth: NDArray[np.int64], length: Floats, l1_bytes: int
) -> list[str]:
    """Why designs are infeasible.

    Args:
        pes: of each sub-accelerator, (n, k).
        bandwidth: of each sub-accelerator, (n, k), GB/s.
        length: makespans (n,), infinite where a layer runs nowhere.
        l1_bytes: of a PE.

    Returns:
        A sentence for each design, empty where it is feasible.
    """
    out = []
    for p, b, time in zip(pes, bandwidth, length):
        if p.sum() == 0:
            out.append("no sub-accelerator has a processing element")
        elif p.sum() > MOST_PES:
            out.append(f"{p.sum()} PEs in all, the budget is {MOST_PES}")
        elif b.sum() > MOST_BANDWIDTH:
            out.append(f"{b.sum()} GB/s in all, the budget is {MOST_BANDWIDTH}")
        elif not np.isfinite(time):
            out.append(f"a layer fits no sub-accelerator: its PE tile exceeds {l1_bytes} B")
        else:
            out.append("")
    return out
