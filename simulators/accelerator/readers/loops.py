"""A layer from its loops and what each tensor is indexed by: Timeloop's and ZigZag's way to say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from archgym.errors import WorkloadError

from ..layers import Layer

Axis = Sequence[tuple[str, int]]  # terms of one axis of a tensor: dimension and factor
ROWS = frozenset(["P", "R", "OY", "FY", "IY", "H", "Y"])


def layer_of_loops(
    name: str,
    sizes: Mapping[str, int],
    weights: Sequence[Axis],
    inputs: Sequence[Axis],
    outputs: Sequence[Axis],
    *,
    own_weights: bool = False,
) -> Layer:
    """The layer whose tensors are indexed like that.

    A dimension of weights and outputs is a filter, of weights and inputs a channel, of inputs and
    outputs a batch (a row where no window slides), of all three a group. An axis of the inputs that
    adds two dimensions is a sliding window.

    Args:
        name: of the layer.
        sizes: extents by dimension.
        weights: the axes of the weights.
        inputs: the axes of the inputs.
        outputs: the axes of the outputs.
        own_weights: whether every input of a batch brings its own weights.

    Returns:
        The layer.

    Raises:
        WorkloadError: an indexing that is no convolution and no matrix product.
    """
    in_w, in_i, in_o = (
        {d for axis in tensor for d, _ in axis} for tensor in (weights, inputs, outputs)
    )
    unknown = (in_w | in_i | in_o) - set(sizes)
    if unknown:
        raise WorkloadError(f"no size for the dimensions {', '.join(sorted(unknown))}")
    for tensor in (weights, outputs):
        if any(len(axis) != 1 or axis[0][1] != 1 for axis in tensor):
            raise WorkloadError("an axis of weights or outputs that is not one dimension")
    groups: dict[str, list[str]] = {"G": [], "K": [], "C": [], "N": []}
    for d, size in sizes.items():
        where = (d in in_w, d in in_i, d in in_o)
        kind = {
            (True, True, True): "G", (True, False, True): "K", (True, True, False): "C",
            (False, True, True): "N",
        }.get(where)  # fmt: skip
        if kind is None and size > 1:
            raise WorkloadError(
                f"dimension {d} (of {size}) is neither filter, channel, batch nor group"
            )
        if kind is not None:
            groups[kind].append(d)
    windows = [axis for axis in inputs if len(axis) > 1 or axis[0][1] != 1]
    pairs = [_window(axis, groups) for axis in windows]
    if len(pairs) > 2:
        raise WorkloadError(f"windows over {len(pairs)} axes; one or two are understood")
    if len(pairs) == 2 and not ROWS & {x.upper() for x in (pairs[0][0], pairs[0][2])}:
        pairs.reverse()
    shape = {"P": 1, "Q": 1, "R": 1, "S": 1}
    steps = {"stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1}
    places = ("PR", "QS") if len(pairs) != 1 or ROWS & {pairs[0][0].upper()} else ("QS",)
    for (pixel, stride, tap, dilation), place in zip(pairs, places):
        out, kernel = place[0], place[1]
        shape[out], shape[kernel] = sizes[pixel], sizes[tap] if tap else 1
        axis = "h" if out == "P" else "w"
        steps[f"stride_{axis}"], steps[f"dilation_{axis}"] = stride, dilation
        groups["N"].remove(pixel)
        if tap:
            groups["C"].remove(tap)
    n, k, c, g = (prod(sizes[d] for d in groups[x]) for x in "NKCG")
    if not pairs:  # a matrix product: rows, no batch
        n, shape["P"] = 1, n
    return Layer(name, N=n, G=g, K=k, C=c, own_weights=int(own_weights), **shape, **steps)


def _window(axis: Axis, groups: Mapping[str, list[str]]) -> tuple[str, int, str, int]:
    """(output dimension, stride, filter dimension, dilation) of one axis of the inputs."""
    pixels = [(d, n) for d, n in axis if d in groups["N"]]
    taps = [(d, n) for d, n in axis if d in groups["C"]]
    if len(pixels) != 1 or len(taps) > 1 or len(pixels) + len(taps) != len(axis):
        text = " + ".join(f"{n} {d}" for d, n in axis)
        raise WorkloadError(f"the axis {text} of the inputs is no sliding window")
    (pixel, stride), (tap, dilation) = pixels[0], (taps or [("", 1)])[0]
    if stride < 1 or dilation < 1:
        raise WorkloadError(f"stride {stride} and dilation {dilation} must be at least 1")
    return pixel, stride, tap, dilation
