"""A schedule as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats


@dataclass(frozen=True)
class Schedule:
    """Layers as (network, name); ``assign`` and ``start`` (n,); ``latency`` and ``energy`` (n, k)."""

    layers: list[tuple[int, str]]
    assign: NDArray[np.int64]
    start: Floats
    latency: Floats
    energy: Floats
    length: float
    joules: float
