"""The knobs of a deployment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archgym.space import DesignSpace, categorical, ordinal

from .devices import FORMATS
from .tables import ENGINES, GPUS

CONCURRENCY = tuple(1 << k for k in range(14))


def serving_space(gpus: Sequence[str] = GPUS) -> DesignSpace:
    """The space of deployments of one replica of a model.

    Args:
        gpus: the boards to choose from.

    Returns:
        The space.
    """
    return DesignSpace(
        [
            categorical("gpu", tuple(gpus), "board"),
            categorical("engine", ENGINES, "software"),
            categorical("precision", tuple(FORMATS), "of weights and operations"),
            ordinal("tensor", (1, 2, 4, 8), "GPUs that share each layer", "GPUs", scale="log"),
            ordinal("stages", (1, 2, 4), "of a pipeline of layers", scale="log"),
            categorical("expert_parallel", (False, True), "whole experts are divided"),
            categorical("data_attention", (False, True), "attention is divided by sequences"),
            ordinal("prefill_workers", (0, 1, 2, 4), "that only prefill; 0: the same GPUs do both"),
            ordinal(
                "prefill_tensor", (1, 2, 4, 8), "GPUs of a prefill worker", "GPUs", scale="log"
            ),
            ordinal(
                "decode_workers", (1, 2, 4, 8), "that only decode, if some prefill", scale="log"
            ),
            ordinal("concurrency", CONCURRENCY, "requests at once", "requests", scale="log"),
        ]
    )


def numbers(space: DesignSpace) -> NDArray[np.float64]:
    """The values of ordinal knobs; 0 elsewhere.

    Args:
        space: of deployments.

    Returns:
        (knobs, most values).
    """
    out = np.zeros((len(space), int(space.nvec.max())))
    for row, parameter in zip(out, space.parameters):
        if parameter.kind == "ordinal":
            row[: len(parameter.values)] = np.asarray(parameter.values, np.float64)
    return out
