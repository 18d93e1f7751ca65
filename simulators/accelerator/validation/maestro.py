"""MAESTRO's rows without limits off chip or on the network: cycles of three dataflows.

Each dataflow is a mapping of the loop-nest model.  MAESTRO adds one cycle of network latency to every
step that hands a cluster's PE its next tile (``hops * latency + ceil(n / bandwidth) - 1``), and none
where the array is not clustered; that is its convention, not a law, and it is added here.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from archgym.validation import Check

from ..architecture import Architecture, Level
from ..dataflows import DATAFLOWS, fill_factors
from ..layers import Layer
from ..mapping import Cost, Mapping, evaluate_mapping
from .shapes import Shapes, rows_of

UNLIMITED_NETWORK, UNLIMITED_MEMORY = 1e8, 1e6


def check(data: Dict[str, Any], shapes: Shapes) -> list[Check]:
    """Compare MAESTRO's rows: a median error within 10 % and a rank correlation of at least 0.9.

    Args:
        data: the reference file.
        shapes: layers by (network, name).

    Returns:
        One check per dataflow.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows_of(data["maestro"]):
        if row["noc_bw"] < UNLIMITED_NETWORK or row["offchip_bw"] < UNLIMITED_MEMORY:
            continue
        layer = shapes[row["net"], row["layer"]]
        mine = cycles(layer, row["dataflow"], int(row["tile"]), int(row["pes"]))
        found.setdefault(row["dataflow"], []).append((mine, float(row["cycles"])))
    out = []
    for dataflow, pairs in found.items():
        mine, theirs = np.array(pairs).T
        error = float(np.median(np.abs(mine / theirs - 1)))
        worst = float(np.max(np.abs(mine / theirs - 1)))
        rank = float(spearmanr(mine, theirs)[0])
        out.append(
            Check(
                "cycles",
                "MAESTRO",
                f"median error {error:.2%} (worst {worst:.0%}), rank correlation {rank:.4f}",
                "10 %, 0.9",
                error <= 0.1 and rank >= 0.9,
                len(pairs),
                case=dataflow,
                figures={"median_error": error, "worst": worst, "rank_correlation": rank},
            )
        )
    return out


def cycles(layer: Layer, dataflow: str, tile: int, pes: int) -> float:
    """Cycles of one layer under one of MAESTRO's dataflows.

    Args:
        layer: its shape.
        dataflow: one of ``DATAFLOWS``.
        tile: see ``dataflows``.
        pes: processing elements.

    Returns:
        Cycles, MAESTRO's network latency included.
    """
    factor = np.empty((3, 3, 8), np.int64)
    clustered = fill_factors(layer.dims, DATAFLOWS.index(dataflow), tile, pes, factor)
    machine = Architecture(
        "unlimited",
        (
            Level("DRAM", must_keep="WIO"),
            Level("L2", fanout=(pes, pes), must_keep="WIO"),
            Level("L1", must_keep="WIO"),
        ),
        0.0,
    )
    nest = Mapping(factor, np.tile(np.arange(8), (3, 1)), np.ones((3, 3), np.bool_))
    cost = evaluate_mapping(layer, machine, nest, fill_and_drain=False)
    assert isinstance(cost, Cost), cost
    steps = float(nest.factor[:2, 0].prod()) if clustered else 0.0
    return cost.compute_cycles + steps + 1
