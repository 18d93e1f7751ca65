"""Inverted residual blocks: MobileNetV2, and EfficientNet with its compound scaling."""

from __future__ import annotations

from math import ceil

from ..layers import Network
from .feature_maps import Builder, merged

# expansion, channels, depth, stride of the first block, kernel (Sandler et al. 2018, table 2)
MOBILENET_V2 = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
    (6, 160, 3, 2, 3), (6, 320, 1, 1, 3),
)  # fmt: skip
# the same of EfficientNet-B0 (Tan and Le 2019, table 1)
EFFICIENTNET = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)  # fmt: skip


def inverted(
    b: Builder, name: str, out: int, factor: int, kernel: int, stride: int, squeeze: int = 0
) -> None:
    """Add an inverted residual block.

    Args:
        b: the network so far.
        name: of the block.
        out: output channels.
        factor: by which the block widens.
        kernel: of the depthwise convolution.
        stride: of the depthwise convolution.
        squeeze: inner width of squeeze and excitation; 0 where there is none.
    """
    wide = b.channels * factor
    if factor > 1:
        b.conv(f"{name}_expand", wide, 1)
    b.conv(f"{name}_depthwise", wide, kernel, stride, groups=wide)
    if squeeze:
        b.linear(f"{name}_squeeze", squeeze)
        b.linear(f"{name}_excite", wide)
    b.conv(f"{name}_project", out, 1)


def mobilenet_v2() -> Network:
    """MobileNetV2 at 224 pixels.

    Returns:
        The network.
    """
    b = Builder(3, 224)
    b.conv("conv0", 32, 3, 2)
    k = 0
    for factor, out, depth, stride, kernel in MOBILENET_V2:
        for i in range(depth):
            inverted(b, f"block{k}", out, factor, kernel, stride if not i else 1)
            k += 1
    b.conv("head", 1280, 1)
    b.linear("fc", 1000)
    return merged("mobilenet-v2", b.layers)


def rounded(channels: float) -> int:
    """Scaled channels as EfficientNet rounds them: a multiple of 8, at least nine tenths.

    Args:
        channels: any number above 0.

    Returns:
        Channels.
    """
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def efficientnet(name: str, width: float, depth: float, size: int) -> Network:
    """EfficientNet-B0 scaled.

    Args:
        name: of the network.
        width: factor of channels.
        depth: factor of blocks.
        size: height and width of the picture.

    Returns:
        The network, for 1,000 classes.
    """
    b = Builder(3, size)
    b.conv("stem", rounded(32 * width), 3, 2)
    k = 0
    for factor, out, times, stride, kernel in EFFICIENTNET:
        for i in range(ceil(times * depth)):
            squeeze = max(1, b.channels // 4)
            first = stride if not i else 1
            inverted(b, f"block{k}", rounded(out * width), factor, kernel, first, squeeze)
            k += 1
    b.conv("head", 4 * b.channels, 1)
    b.linear("fc", 1000)
    return merged(name, b.layers)
