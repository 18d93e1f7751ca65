"""AlexNet, VGG-16, ResNet and GoogLeNet."""

from __future__ import annotations

from ..layers import Network
from .feature_maps import Builder, merged

# Szegedy et al. 2015, table 1: 1x1; 3x3 reduced, 3x3; 5x5 reduced, 5x5; pool
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip


def alexnet(name: str, fully_connected: bool = True) -> Network:
    """AlexNet with two groups, at 227 pixels.

    Args:
        name: of the network.
        fully_connected: whether its last three layers belong to it.

    Returns:
        The network.
    """
    b = Builder(3, 227)
    b.conv("conv1", 96, 11, 4, 0)
    b.pool(3, 2)
    b.conv("conv2", 256, 5, groups=2)
    b.pool(3, 2)
    b.conv("conv3", 384, 3)
    b.conv("conv4", 384, 3, groups=2)
    b.conv("conv5", 256, 3, groups=2)
    if fully_connected:
        b.linear("fc6", 4096, 256 * 6 * 6)
        b.linear("fc7", 4096)
        b.linear("fc8", 1000)
    return merged(name, b.layers)


def vgg16() -> Network:
    """VGG-16 at 224 pixels.

    Returns:
        The network.
    """
    b = Builder(3, 224)
    for stage, (width, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for i in range(1, depth + 1):
            b.conv(f"conv{stage}_{i}", width, 3)
        b.pool(2, 2)
    b.linear("fc6", 4096, 512 * 49)
    b.linear("fc7", 4096)
    b.linear("fc8", 1000)
    return merged("vgg16", b.layers)


def resnet(name: str, bottleneck: bool, depths: tuple[int, ...]) -> Network:
    """A residual network at 224 pixels; the 3x3 of a bottleneck has the stride, as in torchvision.

    Args:
        name: of the network.
        bottleneck: whether a block narrows its channels.
        depths: blocks of each stage.

    Returns:
        The network.
    """
    b = Builder(3, 224)
    b.conv("conv1", 64, 7, 2)
    b.pool(3, 2, 1)
    for stage, depth in enumerate(depths):
        width = 64 << stage
        out = width * (4 if bottleneck else 1)
        for i in range(depth):
            stride = 2 if stage and not i else 1
            block = f"conv{stage + 2}_{i + 1}"
            before = b.channels
            if bottleneck:
                b.conv(f"{block}a", width, 1)
                b.conv(f"{block}b", width, 3, stride)
                b.conv(f"{block}c", out, 1)
            else:
                b.conv(f"{block}a", width, 3, stride)
                b.conv(f"{block}b", width, 3)
            if before != out:
                b.aside(f"{block}_shortcut", before, out, stride)
    b.linear("fc", 1000)
    return merged(name, b.layers)


def googlenet() -> Network:
    """GoogLeNet at 224 pixels, without its auxiliary classifiers.

    Returns:
        The network.
    """
    b = Builder(3, 224)
    b.conv("conv1", 64, 7, 2)
    b.pool(3, 2, ceil=True)
    b.conv("conv2_reduce", 64, 1)
    b.conv("conv2", 192, 3)
    b.pool(3, 2, ceil=True)
    for name, (one, three_in, three, five_in, five, pooled) in INCEPTION.items():
        if name in ("4a", "5a"):
            b.pool(3, 2, ceil=True)
        inputs = b.channels
        for branch, steps in (
            ("1x1", ((one, 1),)),
            ("3x3", ((three_in, 1), (three, 3))),
            ("5x5", ((five_in, 1), (five, 5))),
            ("pool", ((pooled, 1),)),
        ):
            b.channels = inputs
            for i, (out, kernel) in enumerate(steps):
                part = "_reduce" if len(steps) > 1 and not i else ""
                b.conv(f"{name}_{branch}{part}", out, kernel)
        b.channels = one + three + five + pooled
    b.linear("fc", 1000)
    return merged("googlenet", b.layers)
