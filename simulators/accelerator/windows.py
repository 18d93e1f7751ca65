"""What of a layer's inputs every mapping reads, where windows overlap or leave gaps."""

from __future__ import annotations

from .layers import Layer
from .layout import REUSE, TWO_ITERATIONS


def inputs_are_read(layer: Layer, reuse: str) -> bool:
    """Whether a convention counts every input that is needed at least once.

    Timeloop's takes windows of two iterations for those of all others, which may count less.

    Args:
        layer: its shape.
        reuse: one of ``layout.REUSE``.

    Returns:
        Whether it does.
    """
    axes = (
        (layer.R, layer.P, layer.stride_h, layer.dilation_h),
        (layer.S, layer.Q, layer.stride_w, layer.dilation_w),
    )
    return reuse != REUSE[TWO_ITERATIONS] or not any(
        (outputs > 1 and (taps > 1 or stride > 1)) or (taps > 1 and dilation > 1)
        for taps, outputs, stride, dilation in axes
    )


def share_read(layer: Layer, reuse: str) -> float:
    """The share of the inputs' bounding box that every mapping reads, at least.

    Args:
        layer: its shape.
        reuse: one of ``layout.REUSE``.

    Returns:
        A share from 0 to 1.
    """
    read = float(inputs_are_read(layer, reuse))
    for taps, outputs, stride, dilation in (
        (layer.R, layer.P, layer.stride_h, layer.dilation_h),
        (layer.S, layer.Q, layer.stride_w, layer.dilation_w),
    ):
        if outputs > 1:
            read *= min(1.0, taps / stride)
        if taps > 1 and dilation > 1:
            read = 0.0
    return read
