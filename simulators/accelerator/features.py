"""Features of mappings: what the loop nest of each layer suggests, summed over layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from archgym.contracts.features import Features
from archgym.space import Designs

from .architecture import Architecture
from .layout import TENSORS
from .mapping import workspace
from .nest_features import PER_LEVEL, PER_TENSOR, WIDTH


def columns(architecture: Architecture) -> tuple[str, ...]:
    """Names of the columns that ``nest_features.describe`` fills.

    Args:
        architecture: whose levels they are of.

    Returns:
        One name a column.
    """
    names = []
    for level in architecture.levels:
        names += [f"{level.name}.{t}.{what}" for t in TENSORS for what in PER_TENSOR]
        names += [f"{level.name}.{what}" for what in PER_LEVEL]
    return (*names, "computing")


def mapping_features(
    parts: Iterable[tuple[Any, slice]], architecture: Architecture, x: Designs
) -> Features:
    """Features of mappings of the layers ``parts`` on fixed hardware.

    Args:
        parts: each layer's mapping space, and which columns of a design are its own.
        architecture: the hardware.
        x: designs (n, d).

    Returns:
        By level, summed over layers: words of each tensor's tile, how often one comes, words that move,
        instances, cycles of ports and network. Estimates of energy and time.
    """
    levels, n = len(architecture.levels), len(x)
    values, rough = np.zeros((n, levels * WIDTH + 1)), np.zeros((n, 2))
    for part, own in parts:
        designs = np.ascontiguousarray(x[:, own])
        part.describe(designs, architecture.arrays, part.state(), workspace(levels), values, rough)
    cycles = np.maximum(rough[:, 1], 1.0)
    estimates = {
        "energy": 1e-12 * rough[:, 0],
        "latency": cycles / architecture.clock_hz,
        "cycles": cycles,
    }
    return Features(columns(architecture), values, estimates)
