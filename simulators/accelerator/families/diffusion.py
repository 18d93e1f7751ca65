"""The U-Net of Stable Diffusion 1 (Rombach et al. 2022; ``v1-inference.yaml`` of its repository)."""

from __future__ import annotations

from ..layers import Layer, Network
from .feature_maps import Builder, merged
from .tokens import attention, product

WIDTHS = (320, 640, 1280, 1280)
HEADS, TEXT_TOKENS, TEXT_WIDTH, TIME = 8, 77, 768, 1280


def residual(b: Builder, name: str, out: int) -> None:
    """Add a residual block: two 3x3 convolutions, the time's vector between them.

    Args:
        b: the network so far.
        name: of the block.
        out: output channels.
    """
    before = b.channels
    b.conv(f"{name}_a", out, 3)
    b.layers.append(Layer(f"{name}_time", K=out, C=TIME))
    b.conv(f"{name}_b", out, 3)
    if before != out:
        b.aside(f"{name}_skip", before, out)


def spatial_transformer(b: Builder, name: str) -> None:
    """Add a transformer over the pixels, which looks at the text too.

    Args:
        b: the network so far.
        name: of the block.
    """
    d, pixels, size = b.channels, b.size * b.size, b.channels // HEADS
    b.conv(f"{name}_in", d, 1)
    b.layers += [
        product(f"{name}_qkv", pixels, d, 3 * d),
        *attention(pixels, pixels, HEADS, size, prefix=f"{name}_"),
        product(f"{name}_projection", pixels, d, d),
        product(f"{name}_text_query", pixels, d, d),
        product(f"{name}_text_keys_values", TEXT_TOKENS, TEXT_WIDTH, 2 * d),
        *attention(pixels, TEXT_TOKENS, HEADS, size, prefix=f"{name}_text_"),
        product(f"{name}_text_projection", pixels, d, d),
        product(f"{name}_mlp_up", pixels, d, 8 * d),  # a gate and a value
        product(f"{name}_mlp_down", pixels, 4 * d, d),
    ]
    b.conv(f"{name}_out", d, 1)


def block(name: str, width: int, size: int) -> Network:
    """One residual block and one transformer, the pair that a U-Net repeats.

    Args:
        name: of the network.
        width: channels.
        size: height and width of the map.

    Returns:
        The network.
    """
    b = Builder(width, size)
    residual(b, "residual", width)
    spatial_transformer(b, "transformer")
    return Network(name, tuple(b.layers))


def unet(name: str, size: int = 64) -> Network:
    """The whole U-Net, one pass.

    Args:
        name: of the network.
        size: height and width of the latent picture, a multiple of 8.

    Returns:
        The network.
    """
    b = Builder(4, size)
    b.layers += [
        Layer("time_a", K=TIME, C=WIDTHS[0]),
        Layer("time_b", K=TIME, C=TIME),
    ]  # fmt: skip
    b.conv("in", WIDTHS[0], 3)
    kept = [b.channels]
    for level, width in enumerate(WIDTHS):
        if level:
            b.conv(f"down{level}", b.channels, 3, 2)
            kept.append(b.channels)
        for i in range(2):
            residual(b, f"down{level}_{i}", width)
            if level < 3:
                spatial_transformer(b, f"down{level}_{i}t")
            kept.append(b.channels)
    residual(b, "middle_0", WIDTHS[3])
    spatial_transformer(b, "middle_t")
    residual(b, "middle_1", WIDTHS[3])
    for level in (3, 2, 1, 0):
        for i in range(3):
            b.channels += kept.pop()
            residual(b, f"up{level}_{i}", WIDTHS[level])
            if level < 3:
                spatial_transformer(b, f"up{level}_{i}t")
        if level:
            b.size *= 2
            b.conv(f"up{level}", b.channels, 3)
    b.conv("out", 4, 3)
    return merged(name, b.layers)
