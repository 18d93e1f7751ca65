"""Room for the kernels to work in: allocated once for a batch, cleared by who uses it."""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .layout import LEG, SPEED
from .state import Chip, Legs, Run, Scratch, Shares, Topology, Traffic

N_LEG, N_SPEED = len(LEG), len(SPEED)


@compiled
def room(n_tasks, n_edges, n_pes, n_buses, n_mems):
    """Room for designs of at most these sizes.

    Args:
        n_tasks: tasks.
        n_edges: edges.
        n_pes: processing elements.
        n_buses: buses; this number is exact.
        n_mems: memories.

    Returns:
        :class:`.state.Scratch`.
    """
    n = n_pes + n_buses + n_mems
    c, h, g = n_buses + n_mems, n_buses * n_buses + n_mems, n_pes + n_buses * n_buses
    phases = 2 * n_tasks + 4
    topology = Topology(
        np.zeros((n_buses, n + 4), np.int16),
        np.zeros(n_buses, np.int16),
        np.zeros(n, np.int16),
        np.zeros((n_buses, n_buses), np.int16),
        np.zeros(n, np.bool_),
        np.zeros(n, np.int16),
        np.zeros(n, np.int16),
        np.zeros(n, np.int16),
        np.zeros(n, np.int16),
        np.zeros(n_buses, np.int16),
    )
    traffic = Traffic(
        np.zeros((n_tasks, 2, c)),
        np.zeros((n_tasks, 2, c), np.int64),
        np.zeros((c, n_tasks), np.bool_),
        np.zeros((c, n_tasks), np.int32),
        np.zeros(c, np.int32),
        np.zeros(n_edges, np.int32),
        np.zeros(n_mems + 1, np.int16),
        np.zeros(n_tasks + 1, np.int32),
        np.zeros(n_tasks + 1, np.int32),
        np.zeros(n_tasks, np.bool_),
    )
    legs = Legs(
        np.zeros((n_tasks, 2), np.int16),
        np.zeros((n_tasks, 2, h, N_LEG), np.int64),
        np.zeros((n_tasks, 2, h, N_SPEED)),
    )
    shares = Shares(
        np.zeros((g, 2), np.int64),
        np.zeros((n_mems, 2), np.int64),
        np.zeros((h, 2), np.int64),
        np.zeros((h, 2, g), np.int64),
        np.zeros(1, np.int64),
    )
    run = Run(
        np.zeros(n_tasks),
        np.zeros(n_tasks),
        np.zeros(n_tasks),
        np.zeros(n_tasks),
        np.zeros(n_tasks),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.bool_),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_pes, np.int32),
        np.zeros(n_mems + 1),
        np.zeros(n_mems + 1),
        np.zeros(phases),
        np.zeros(phases),
        np.zeros(phases + 1, np.int32),
        np.zeros(phases + 1, np.int64),
        np.empty(phases * min(n_pes, n_tasks)),
        np.empty(phases * min(n_pes, n_tasks), np.int32),
        np.zeros(n_tasks),
        np.zeros(n_pes, np.bool_),
        np.zeros(n_pes),
        np.zeros(2, np.int64),
    )
    return Scratch(topology, traffic, legs, shares, run)


@compiled
def chip_room(n_tasks, n_edges, n_pes, n_buses, n_mems):
    """Room for the systems of designs of at most these sizes.

    Args:
        n_tasks: tasks.
        n_edges: edges.
        n_pes: processing elements.
        n_buses: buses.
        n_mems: memories.

    Returns:
        :class:`.state.Chip`; ``batch.build`` cuts it to size.
    """
    return Chip(
        np.zeros(n_tasks, np.int16),
        np.zeros(n_edges, np.int16),
        np.zeros(n_pes, np.int16),
        np.zeros(n_mems, np.int16),
        np.zeros((n_buses - 1, 2), np.int16),
        np.zeros(n_tasks),
        np.zeros(n_tasks),
        np.zeros(n_pes),
        np.zeros(n_pes),
        np.zeros(n_mems, np.int16),
        np.zeros(n_mems),
        np.zeros(n_buses),
        np.zeros(n_mems),
        np.zeros(n_mems),
        np.zeros(n_buses),
        np.zeros(n_buses),
    )
