"""A slow walk of a loop nest: every iteration, every element, one instance of each level."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.simulator import Simulator
from archgym.space import Designs

from .layers import Layer
from .layout import DIMENSIONS, FILL, INPUTS, OUTPUTS, TEMPORAL, WEIGHTS, C, G, K, N, P, Q, R, S
from .mapper import Found
from .mapping import Cost, Mapping, evaluate_mapping
from .simulator import AcceleratorSimulator

MOST = 200_000  # elements that a walk touches, about half a second: what takes longer is left out
# the dimensions that a tensor's elements depend on
OF_TENSOR = {WEIGHTS: (G, K, C, R, S), INPUTS: (N, G, C, P, Q, R, S), OUTPUTS: (N, G, K, P, Q)}


def compare(simulator: Simulator, x: Designs) -> dict[str, tuple[Floats, Floats]]:
    """Words that arrive in each level that keeps a tensor, by the kernel and by the walk.

    Layers run by the mappings that the designs have. Where loops do not divide a layer, it is padded to
    whole tiles for both: the kernel's means over tiles that are cut off are beyond the twin.

    Args:
        simulator: an :class:`AcceleratorSimulator`.
        x: designs (n, d) of its space.

    Returns:
        One quantity: for each design, layer, level and tensor in turn the words that arrive at one
        instance, of the kernel and of the walk. None under another convention of reuse than
        ``physical``, and where every walk is too long.
    """
    assert isinstance(simulator, AcceleratorSimulator)
    if simulator.config["reuse"] != "physical":
        return {}
    fast: list[float] = []
    slow: list[float] = []
    kept = 0
    for design in x:
        hardware, walked = simulator.architecture(design), set()
        for layer, found in simulator.mappings(design):
            if not isinstance(found, Found) or layer.shape in walked:
                continue
            walked.add(layer.shape)
            mapping = found.mapping
            whole = padded(layer, mapping)
            cost = evaluate_mapping(whole, hardware, mapping)
            assert isinstance(cost, Cost)  # tiles are those that fit before
            for level, tensor in np.argwhere(mapping.keep):
                if level == 0:  # nothing arrives in DRAM
                    continue
                kept += 1
                if touched(mapping, level, tensor) <= MOST:
                    fast.append(float(cost.counts[level, tensor, FILL]))
                    slow.append(float(fills(whole, mapping, level, tensor)))
    if not fast:
        return {}
    name = f"the words that arrive, {len(fast)} of {kept} tensors kept in a level"
    return {name: (np.array(fast), np.array(slow))}


def padded(layer: Layer, mapping: Mapping) -> Layer:
    """A layer as large as the loops of its mapping.

    Args:
        layer: its shape.
        mapping: of that layer; loops may go beyond it.

    Returns:
        The layer with every dimension as long as the loops over it.
    """
    sizes: dict[str, Any] = dict(zip(DIMENSIONS, mapping.factor.prod(axis=(0, 1)).tolist()))
    return replace(layer, **sizes)


def touched(mapping: Mapping, level: int, tensor: int) -> int:
    """How many elements a walk touches, again and again.

    Args:
        mapping: the loops.
        level: whose tiles are walked.
        tensor: 0 weights, 1 inputs, 2 outputs.

    Returns:
        Tiles times the elements of one; rows and columns of inputs that windows share count anew.
    """
    tile = mapping.factor[level:].prod(axis=(0, 1))
    steps = mapping.factor[:level, TEMPORAL].prod()
    return int(steps * tile[list(OF_TENSOR[tensor])].prod())


def box(
    tensor: int, layer: Layer, origin: Sequence[int], extent: Sequence[int]
) -> set[tuple[int, ...]]:
    """The elements of a tensor that loops touch.

    Args:
        tensor: 0 weights, 1 inputs, 2 outputs.
        layer: whose strides and dilations hold.
        origin: where each of the eight loops stands.
        extent: how far each goes from there.

    Returns:
        Positions in the tensor.
    """
    if tensor != INPUTS:
        ranges = [range(origin[d], origin[d] + extent[d]) for d in OF_TENSOR[tensor]]
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
    """Words that arrive at instance 0 of a level.

    Args:
        layer: its shape.
        mapping: loops that divide it.
        level: at least 1.
        tensor: 0 weights, 1 inputs, 2 outputs.

    Returns:
        Words; of outputs only those that had left before.
    """
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
    held: set[tuple[int, ...]] = set()
    seen: set[tuple[int, ...]] = set()
    count = 0
    for step in itertools.product(*(range(n) for _, n, _ in loops)):
        origin = [0] * 8
        for (d, _, stride), i in zip(loops, step):
            origin[d] += stride * i
        new = box(tensor, layer, origin, extent)
        arriving = new - held
        count += len(arriving & seen) if tensor == OUTPUTS else len(arriving)
        seen |= new
        held = new
    return count
