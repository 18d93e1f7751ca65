"""A slow walk of a loop nest: every iteration, every element, one instance of each level."""

import itertools

import numpy as np
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.mapping import Mapping

N, G, K, C, P, Q, R, S = range(8)


def box(tensor, layer, origin, extent):
    """The elements of a tensor that loops from ``origin`` over ``extent`` touch, as a set."""
    if tensor == 0:
        ranges = [range(origin[d], origin[d] + extent[d]) for d in (G, K, C, R, S)]
    elif tensor == 2:
        ranges = [range(origin[d], origin[d] + extent[d]) for d in (N, G, K, P, Q)]
    else:
        ranges = [range(origin[d], origin[d] + extent[d]) for d in (N, G, C)]
        for p, r, stride, dilation in (
            (P, R, layer.stride_h, layer.dilation_h),
            (Q, S, layer.stride_w, layer.dilation_w),
        ):
            first = origin[p] * stride + origin[r] * dilation
            span = (extent[p] - 1) * stride + (extent[r] - 1) * dilation + 1
            ranges.append(range(first, first + span))
    return set(itertools.product(*ranges))


def fills(layer: Layer, mapping: Mapping, level: int, tensor: int) -> int:
    """Words that arrive at instance 0 of a level; of outputs only those that had left before."""
    levels = len(mapping.factor)
    extent = mapping.factor[level:].prod(axis=(0, 1))
    loops = []
    for outer in range(level):
        inside = np.ones(8, int)
        for i in range(outer + 1, levels):
            inside = inside * mapping.factor[i].prod(axis=0)
        inside = inside * mapping.factor[outer, 1] * mapping.factor[outer, 2]
        loops += [
            (d, int(mapping.factor[outer, 0, d]), int(inside[d])) for d in mapping.order[outer]
        ]
    held, seen, count = set(), set(), 0
    for step in itertools.product(*(range(n) for _, n, _ in loops)):
        origin = [0] * 8
        for (d, _, stride), i in zip(loops, step):
            origin[d] += stride * i
        new = box(tensor, layer, origin, extent)
        arriving = new - held
        count += len(arriving & seen) if tensor == 2 else len(arriving)
        seen |= new
        held = new
    return count
