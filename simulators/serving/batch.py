"""Kernels around those of the physics: designs as configurations, figures as metrics.

Designs are value indices in the order of ``space``; ``numbers`` (11, 14) holds the values of ordinal knobs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arguments import Devices, Engines, Floats, Ints, Models, Setups
from .compiled import compiled
from .kernel import aggregated
from .pools import Pools, disaggregated

Bools = NDArray[np.bool_]
(
    GPU, ENGINE, PRECISION, TENSOR, STAGES, EXPERT, DATA, PREFILL_WORKERS, PREFILL_TENSOR,
    DECODE_WORKERS, CONCURRENCY,
) = range(11)  # fmt: skip
(
    M_TTFT, M_TPOT, M_THROUGHPUT, M_GPU_THROUGHPUT, M_GPUS, M_MEMORY, M_GPU_TIME, M_COST, M_ENERGY,
) = range(9)  # fmt: skip


@compiled
def canonical_all(x: Ints, experts: bool) -> None:
    """Switch off, in place, what divides nothing.

    Args:
        x: designs (n, d), value indices; written.
        experts: whether the model has routed experts.
    """
    for i in range(len(x)):
        apart = x[i, PREFILL_WORKERS] > 0
        if not apart:
            x[i, PREFILL_TENSOR] = 0
            x[i, DECODE_WORKERS] = 0
        else:
            x[i, STAGES] = 0
        if x[i, TENSOR] == 0 and x[i, PREFILL_TENSOR] == 0:
            x[i, DATA] = 0
            x[i, EXPERT] = 0
        if not experts:
            x[i, EXPERT] = 0


@compiled
def fill(x: Ints, numbers: Floats, inputs: float, outputs: float, s: Setups, p: Pools) -> None:
    """Write the configurations of designs into ``s`` and ``p``.

    Args:
        x: canonical designs (n, d), value indices.
        numbers: values of ordinal knobs (knobs, most values).
        inputs: tokens of a request.
        outputs: tokens of an answer.
        s: configurations, columns (n,); written.
        p: pools of GPUs, columns (n,); written.
    """
    for i in range(len(x)):
        s.model[i], s.device[i], s.engine[i] = x[i, PRECISION], x[i, GPU], x[i, ENGINE]
        s.tensor[i], s.stages[i] = numbers[TENSOR, x[i, TENSOR]], numbers[STAGES, x[i, STAGES]]
        data, expert = float(x[i, DATA]), float(x[i, EXPERT])
        s.data_attention[i], s.expert_parallel[i] = data, expert
        s.concurrency[i] = numbers[CONCURRENCY, x[i, CONCURRENCY]]
        s.inputs[i], s.outputs[i] = inputs, outputs
        p.prefill_workers[i] = numbers[PREFILL_WORKERS, x[i, PREFILL_WORKERS]]
        p.prefill_tensor[i] = numbers[PREFILL_TENSOR, x[i, PREFILL_TENSOR]]
        p.prefill_data[i], p.prefill_expert[i] = data, expert
        p.decode_workers[i] = numbers[DECODE_WORKERS, x[i, DECODE_WORKERS]]


@compiled
def times_all(m: Models, d: Devices, k: Engines, s: Setups, p: Pools, out: Floats) -> None:
    """TTFT and TPOT in seconds, bytes per GPU and running sequences of every row.

    Args:
        m: models.
        d: GPUs.
        k: engines.
        s: configurations.
        p: their pools of GPUs.
        out: (n, 4), written.
    """
    for i in range(len(s.model)):
        if p.prefill_workers[i] > 0.0:
            out[i, 0], out[i, 1], out[i, 2], out[i, 3] = disaggregated(m, d, k, s, p, i)
        else:
            out[i, 0], out[i, 1], out[i, 2], out[i, 3] = aggregated(m, d, k, s, i)


@compiled
def served(s: Setups, p: Pools, lacks: Bools, heads: float, out: Floats, feasible: Bools) -> None:
    """Whether a design works: it fits, its GPU has its format, and heads are divided evenly.

    Args:
        s: configurations.
        p: their pools of GPUs.
        lacks: (GPUs, formats), whether a GPU does not multiply in a format.
        heads: the attention heads of the model.
        out: (n, 4) of :func:`times_all`.
        feasible: (n,), written.
    """
    for i in range(len(out)):
        divides = heads % s.tensor[i] == 0.0 and heads % p.prefill_tensor[i] == 0.0
        feasible[i] = divides and out[i, 3] >= 1.0 and not lacks[s.device[i], s.model[i]]


@compiled
def metrics_all(
    s: Setups, p: Pools, out: Floats, feasible: Bools, power: Floats, prices: Floats, metrics: Floats
) -> None:  # fmt: skip
    """The metrics of configurations; NaN where a design does not work.

    Args:
        s: configurations.
        p: their pools of GPUs.
        out: (n, 4) of :func:`times_all`.
        feasible: (n,) of :func:`served`.
        power: of each GPU, W.
        prices: of each GPU, per hour.
        metrics: (9, n), written.
    """
    for i in range(len(out)):
        if not feasible[i]:
            for j in range(9):
                metrics[j, i] = np.nan
            continue
        gpus = s.tensor[i] * s.stages[i] * p.decode_workers[i]
        if p.prefill_workers[i] > 0.0:
            gpus = p.prefill_workers[i] * p.prefill_tensor[i] + gpus
        last = out[i, 0] + (s.outputs[i] - 1.0) * out[i, 1]
        throughput = s.concurrency[i] * s.outputs[i] / last
        time = gpus / throughput
        metrics[M_TTFT, i], metrics[M_TPOT, i] = out[i, 0], out[i, 1]
        metrics[M_THROUGHPUT, i], metrics[M_GPU_THROUGHPUT, i] = throughput, throughput / gpus
        metrics[M_GPUS, i], metrics[M_MEMORY, i], metrics[M_GPU_TIME, i] = gpus, out[i, 2], time
        metrics[M_COST, i] = time * prices[s.device[i]] / 3600.0 * 1e6
        metrics[M_ENERGY, i] = time * power[s.device[i]]


@compiled
def keys_all(x: Ints, out: Ints) -> None:
    """Where each design stands in the table of corrections; -1 where nothing corrects it.

    No measured row is known of designs whose prefill has GPUs of its own. The number of GPUs is a power of
    two up to 32.

    Args:
        x: canonical designs (n, d), value indices.
        out: (n,), written.
    """
    for i in range(len(x)):
        if x[i, PREFILL_WORKERS] > 0:
            out[i] = -1
            continue
        key = (x[i, GPU] * 3 + x[i, ENGINE]) * 5 + x[i, PRECISION]
        key = (key * 2 + x[i, EXPERT]) * 2 + x[i, DATA]
        out[i] = (key * 6 + x[i, TENSOR] + x[i, STAGES]) * 14 + x[i, CONCURRENCY]


@compiled
def factors_all(residuals: Floats, rows: Ints, table: Floats) -> None:
    """Factors of TTFT and TPOT of residuals (n, 3), into rows of the table.

    One by one: numpy's exponential of an array depends on its length in the last bit.

    Args:
        residuals: (n, 3), the first two logarithms of measured over modelled TTFT and TPOT.
        rows: (n,), where they stand in the table.
        table: (rows, 2), written.
    """
    for i in range(len(rows)):
        table[rows[i], 0] = np.exp(residuals[i, 0])
        table[rows[i], 1] = np.exp(residuals[i, 1])


@compiled
def correct_all(keys: Ints, table: Floats, out: Floats) -> None:
    """Multiply the times of rows by their factors, in place.

    Args:
        keys: (n,) of :func:`keys_all`.
        table: (rows, 2) of :func:`factors_all`.
        out: (n, 4), of which TTFT and TPOT are written.
    """
    for i in range(len(keys)):
        if keys[i] >= 0:
            out[i, 0] *= table[keys[i], 0]
            out[i, 1] *= table[keys[i], 1]
