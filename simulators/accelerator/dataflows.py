"""Three fixed dataflows as mappings of three levels (memory, shared buffer, PE): MAESTRO's templates.

| dataflow | over clusters | inside a cluster | a PE |
|---|---|---|---|
| KCP (weight-stationary, NVDLA) | output channels K | ``tile`` input channels C | the filter R x S |
| YXP (output-stationary, ShiDianNao) | output rows P | ``tile`` output columns Q | the filter |
| YRP (row-stationary, Eyeriss) | output rows P | filter rows R | ``tile`` output channels, S |

Kwon et al., MAESTRO (MICRO 2019), ``data/mapping/Resnet50_{kcp_ws,yxp_os,rs}.m``.
"""

from __future__ import annotations

from .compiled import compiled
from .layout import SPATIAL_X, SPATIAL_Y, TEMPORAL, C, G, K, P, Q, R, S

KCP, YXP, YRP = range(3)
DATAFLOWS = ("KCP", "YXP", "YRP")


@compiled
def fill_factors(dims, dataflow, tile, pes, factor):
    """The factors of a layer under a fixed dataflow on ``pes`` PEs.

    Under KCP a depthwise layer spreads its groups over all PEs without clusters. Under YXP a matrix
    product spreads its rows so. A cluster is at most all PEs.

    Args:
        dims: (8,) int64, the layer's extents.
        dataflow: KCP, YXP or YRP.
        tile: the tile of the module's table.
        pes: processing elements in all.
        factor: (3, 3, 8) int64, filled.

    Returns:
        Whether the PEs are clustered.
    """
    factor[:] = 1
    clustered = True
    across, down, many = 0, 0, 1
    width = min(tile, pes)
    if dataflow == KCP and dims[G] > 1:
        across, many, clustered = G, pes, False
    elif dataflow == KCP:
        across, down, many = K, C, max(1, pes // width)
    elif dataflow == YXP and dims[Q] == 1:
        across, many, clustered = P, pes, False
    elif dataflow == YXP:
        across, down, many = P, Q, max(1, pes // width)
    else:
        width = min(dims[R], pes)
        across, down, many = P, R, max(1, pes // width)
    factor[1, SPATIAL_X, across] = min(many, dims[across])
    if clustered:
        factor[1, SPATIAL_Y, down] = min(width, dims[down])
    factor[2, TEMPORAL, S] = dims[S]
    if dataflow == YRP:
        factor[2, TEMPORAL, K] = min(tile, dims[K])
    else:
        factor[2, TEMPORAL, R] = dims[R]
    for d in range(8):
        done = factor[1, SPATIAL_X, d] * factor[1, SPATIAL_Y, d] * factor[2, TEMPORAL, d]
        factor[1, TEMPORAL, d] = -(-dims[d] // done)
    return clustered
