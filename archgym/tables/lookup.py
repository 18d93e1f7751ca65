"""The compiled lookup: value indices to rank to row to metrics, one pass."""

from __future__ import annotations

from ..kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)


@compiled
def lookup(x, nvec, start, contribution, index, values, out, rows):
    """Fill ``out`` and ``rows`` for designs, up to the first that the table does not cover.

    Args:
        x: designs (n, d), value indices.
        nvec: number of values of each knob, (d,).
        start: where each knob begins in ``contribution``, (d,).
        contribution: what each value adds to the rank; negative where the table lacks it.
        index: rank to row.
        values: (rows, m) metrics.
        out: (m, n), written.
        rows: (n,), written.

    Returns:
        The first design that is not covered, or -1.
    """
    d = x.shape[1]
    for i in range(x.shape[0]):
        rank = 0
        for j in range(d):
            v = x[i, j]
            if v < 0 or v >= nvec[j]:
                return i
            part = contribution[start[j] + v]
            if part < 0:
                return i
            rank += part
        row = index[rank]
        rows[i] = row
        for k in range(out.shape[0]):
            out[k, i] = values[row, k]
    return -1
