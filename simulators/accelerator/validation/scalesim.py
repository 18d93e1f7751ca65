"""SCALE-Sim's rows: cycles and SRAM accesses of systolic arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..systolic import systolic
from .report import Check, equal
from .shapes import Shapes, rows_of


def check(data: Mapping[str, Any], shapes: Shapes) -> list[Check]:
    """Exact in cycles, reads, and the output writes of the two dataflows that SCALE-Sim counts right."""
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
        equal("SCALE-Sim: cycles", cycles, len(rows)),
        equal("SCALE-Sim: input reads", inputs, len(rows)),
        equal("SCALE-Sim: weight reads", weights, len(rows)),
        equal("SCALE-Sim: output writes (ws, is)", outputs, counted),
    ]
