"""YOLOv8: objects found in one pass (Jocher et al. 2023; ``yolov8.yaml`` of its repository)."""

from __future__ import annotations

from ..layers import Network
from .feature_maps import Builder, merged


def c2f(b: Builder, name: str, out: int, depth: int) -> None:
    """Add a block that splits its channels, and joins all that comes of one half.

    Args:
        b: the network so far.
        name: of the block.
        out: output channels.
        depth: pairs of 3x3 convolutions.
    """
    half = out // 2
    b.conv(f"{name}_in", out, 1)
    b.channels = half
    for i in range(depth):
        b.conv(f"{name}_{i}a", half, 3)
        b.conv(f"{name}_{i}b", half, 3)
    b.channels = (2 + depth) * half
    b.conv(f"{name}_out", out, 1)


def yolov8(name: str, width: float, depth: float, size: int = 640, classes: int = 80) -> Network:
    """A detector with three scales.

    Args:
        name: of the network.
        width: factor of channels; 0.25 is the smallest, "n".
        depth: factor of blocks; a third is "n".
        size: height and width of the picture, a multiple of 32.
        classes: of objects.

    Returns:
        The network.
    """
    wide = [int(c * width) for c in (64, 128, 256, 512, 1024)]
    few, more = max(1, round(3 * depth)), max(1, round(6 * depth))
    b = Builder(3, size)
    b.conv("stem", wide[0], 3, 2)
    kept = []
    for stage, times in enumerate((few, more, more, few), 1):
        b.conv(f"down{stage}", wide[stage], 3, 2)
        c2f(b, f"stage{stage}", wide[stage], times)
        kept.append((b.channels, b.size))
    b.conv("pool_in", wide[4] // 2, 1)
    b.channels *= 4  # the map and three poolings of it
    b.conv("pool_out", wide[4], 1)
    (eighth, eighth_size), (sixteenth, sixteenth_size) = kept[1], kept[2]
    b.channels, b.size = b.channels + sixteenth, sixteenth_size
    c2f(b, "up4", wide[3], few)
    b.channels, b.size = b.channels + eighth, eighth_size
    c2f(b, "up3", wide[2], few)
    scales = [(b.channels, b.size)]
    for stage, beside in ((4, wide[3]), (5, wide[4])):
        b.conv(f"down_again{stage}", b.channels, 3, 2)
        b.channels += beside
        c2f(b, f"again{stage}", wide[stage - 1], few)
        scales.append((b.channels, b.size))
    boxes, kinds = max(16, scales[0][0] // 4, 64), max(scales[0][0], min(classes, 100))
    for i, (channels, side) in enumerate(scales, 3):
        for kind, inner, out in (("box", boxes, 64), ("class", kinds, classes)):
            b.channels, b.size = channels, side
            b.conv(f"{kind}{i}a", inner, 3)
            b.conv(f"{kind}{i}b", inner, 3)
            b.conv(f"{kind}{i}", out, 1)
    return merged(name, b.layers)
