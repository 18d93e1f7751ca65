"""SCALE-Sim's rows: cycles and SRAM accesses of systolic arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.validation import Check, equal

from ..systolic import systolic
from .shapes import Shapes, rows_of


def check(data: Mapping[str, Any], shapes: Shapes) -> list[Check]:
    """Compare SCALE-Sim's rows, which must be equal.

    Output writes are compared for the two dataflows that SCALE-Sim counts right.

    Args:
        data: the reference file.
        shapes: layers by (network, name).

    Returns:
        Four checks: cycles, reads of inputs and of weights, writes of outputs.
    """
    cycles, inputs, weights, outputs, counted = 0, 0, 0, 0, 0
    rows = list(rows_of(data["scalesim"]))
    for row in rows:
        run = systolic(shapes[row["net"], row["layer"]], row["rows"], row["cols"], row["dataflow"])
        cycles += run.cycles == row["cycles"]
        inputs += run.input_reads == row["i_sram"]
        weights += run.weight_reads == row["w_sram"]
        if row["dataflow"] != "os":  # over-reported there: see dnn.md
            counted += 1
            outputs += run.output_writes == row["o_sram"]
    return [
        equal("cycles", "SCALE-Sim", cycles, len(rows)),
        equal("input reads", "SCALE-Sim", inputs, len(rows)),
        equal("weight reads", "SCALE-Sim", weights, len(rows)),
        equal("output writes (ws, is)", "SCALE-Sim", outputs, counted),
    ]
