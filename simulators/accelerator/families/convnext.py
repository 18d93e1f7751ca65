"""ConvNeXt (Liu et al. 2022, section 3): depthwise 7x7, then two 1x1 convolutions."""

from __future__ import annotations

from collections.abc import Sequence

from ..layers import Network
from .feature_maps import Builder, merged


def convnext(name: str, depths: Sequence[int], widths: Sequence[int], size: int = 224) -> Network:
    """A network of four stages.

    Args:
        name: of the network.
        depths: blocks of each stage.
        widths: channels of each stage.
        size: height and width of the picture.

    Returns:
        The network, for 1,000 classes.
    """
    b = Builder(3, size)
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        if stage:
            b.conv(f"down{stage}", width, 2, 2, 0)
        else:
            b.conv("stem", width, 4, 4, 0)
        for i in range(depth):
            block = f"stage{stage}_{i}"
            b.conv(f"{block}_depthwise", width, 7, groups=width)
            b.conv(f"{block}_expand", 4 * width, 1)
            b.conv(f"{block}_project", width, 1)
    b.linear("fc", 1000)
    return merged(name, b.layers)
