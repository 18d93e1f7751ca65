"""Where random walks of the mapper's moves begin."""

import numpy as np
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.mapper import constraints
from archgym.simulators.accelerator.moves import ORDERS, unroll

STRIDED = Layer("strided", K=24, C=10, P=13, Q=7, R=3, S=2, stride_h=2, dilation_w=2)


def begin(layer, machine):
    """(state, spatial, room, must, optional) with the first way to unroll."""
    spatial, room, must, optional, starts = constraints(machine)
    levels = len(machine.levels)
    state = (
        np.ones((levels, 3, 8), np.int64),
        np.tile(ORDERS[4], (levels, 1)),
        must | optional,
    )
    unroll(layer.dims, state[0], spatial, room, starts[0])
    return state, spatial, room, must, optional
