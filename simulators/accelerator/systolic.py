"""Systolic arrays by closed forms: what SCALE-Sim's cycle-by-cycle traces add up to.

A convolution is the product of M = N*P*Q pixels by K filters over C*R*S products (Samajdar et al., ISPASS
2020).  One dimension stays at the rows, one at the columns, the third streams; every fold pays the skew
of filling and draining the array.  No stalls: SRAMs are double-buffered and wide enough.
"""

from __future__ import annotations

from dataclasses import dataclass

from archgym.errors import UnknownNameError

from .layers import Layer
from .mapping import MappingError
from .sparsity import DENSE, Pattern

DATAFLOWS = ("ws", "os", "is")


@dataclass(frozen=True)
class SystolicRun:
    """Cycles, the share of multipliers busy, SRAM accesses in words, bits of metadata of the weights."""

    cycles: int
    utilisation: float
    input_reads: int
    weight_reads: int
    output_writes: int
    metadata_bits: int = 0


def systolic(
    layer: Layer, rows: int, columns: int, dataflow: str = "ws", pattern: Pattern = DENSE
) -> SystolicRun:
    """One layer on a ``rows`` x ``columns`` array.

    Args:
        layer: its shape; groups run one after the other.
        rows: multipliers down.
        columns: multipliers across.
        dataflow: ``ws`` weights, ``os`` outputs, ``is`` inputs stationary.
        pattern: of the weights: of every column, N of M values that are not zero; others are not laid
            out. A row of the array then takes its input from M. Operands of attention stay dense.

    Returns:
        Cycles, utilisation and accesses of SRAMs.

    Raises:
        MappingError: an array without rows or columns; sparse weights that are not stationary, or sparse
            by channel.
        UnknownNameError: no such dataflow.
    """
    if dataflow not in DATAFLOWS:
        raise UnknownNameError("systolic dataflow", dataflow, DATAFLOWS)
    if rows < 1 or columns < 1:
        raise MappingError(f"a systolic array needs rows and columns, got {rows} x {columns}")
    if pattern != DENSE and (dataflow != "ws" or not pattern.block):
        raise MappingError(
            f"sparsity {pattern} with dataflow {dataflow}: a systolic array leaves out N of M weights, "
            "such as 2:4, and only where weights are stationary (ws)"
        )
    m, n, k = layer.N * layer.P * layer.Q, layer.K, layer.C * layer.R * layer.S
    kept = k if layer.own_weights else pattern.rows(k)
    down, across, stream = {"os": (m, n, k), "ws": (kept, n, m), "is": (k, m, n)}[dataflow]
    folds = -(-down // rows) * -(-across // columns)
    skew = rows + columns - 2 if dataflow == "os" else 2 * rows + columns - 2
    inputs, weights, outputs = {
        "os": (m * k * -(-n // columns), n * k * -(-m // rows), m * n),
        "ws": (m * k * -(-n // columns), n * kept, m * n * -(-kept // rows)),
        "is": (m * k, n * k * -(-m // columns), m * n * -(-k // rows)),
    }[dataflow]
    cycles = layer.G * (folds * (stream + skew) - 1)
    return SystolicRun(
        cycles,
        layer.G * m * n * kept / (cycles * rows * columns),
        layer.G * inputs,
        layer.G * weights,
        layer.G * outputs,
        0 if kept == k else layer.G * n * kept * pattern.metadata_bits,
    )
