"""Convolutional networks: a builder that follows the size of the feature map."""

from __future__ import annotations

from dataclasses import replace

from ..layers import Layer, Network


class Builder:
    """Follows channels and size of a square feature map through a network.

    Args:
        channels: of the picture.
        size: its height and width.
    """

    def __init__(self, channels: int, size: int) -> None:
        self.channels, self.size = channels, size
        self.layers: list[Layer] = []

    def conv(
        self,
        name: str,
        out: int,
        kernel: int,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
    ) -> None:
        """Add a square convolution.

        Args:
            name: of the layer.
            out: output channels.
            kernel: height and width of the filter.
            stride: in both directions.
            pad: on every side; ``kernel // 2`` where none is given.
            groups: of channels.
        """
        pad = kernel // 2 if pad is None else pad
        after = (self.size + 2 * pad - kernel) // stride + 1
        shape = {"K": out // groups, "C": self.channels // groups, "G": groups}
        self.layers.append(
            Layer(
                name, **shape, P=after, Q=after, R=kernel, S=kernel,
                stride_h=stride, stride_w=stride,
            )
        )  # fmt: skip
        self.channels, self.size = out, after

    def pool(self, kernel: int, stride: int, pad: int = 0, ceil: bool = False) -> None:
        """Change the size as a pooling layer does; it has no products.

        Args:
            kernel: height and width of the window.
            stride: in both directions.
            pad: on every side.
            ceil: whether the last window may hang over.
        """
        span = self.size + 2 * pad - kernel
        self.size = (-(-span // stride) if ceil else span // stride) + 1

    def linear(self, name: str, out: int, inputs: int | None = None) -> None:
        """Add a fully connected layer on one vector.

        Args:
            name: of the layer.
            out: length of the result.
            inputs: length of the vector; the channels where none is given.
        """
        self.layers.append(Layer(name, K=out, C=inputs or self.channels))
        self.channels = out

    def aside(self, name: str, channels: int, out: int, stride: int = 1) -> None:
        """Add a 1x1 convolution of an earlier map of the size before ``stride``; the map stays.

        Args:
            name: of the layer.
            channels: of the earlier map.
            out: output channels.
            stride: in both directions.
        """
        shape = {"K": out, "C": channels, "P": self.size, "Q": self.size}
        self.layers.append(Layer(name, **shape, stride_h=stride, stride_w=stride))


def merged(name: str, layers: list[Layer]) -> Network:
    """Layers of one shape as one layer with a count, named after the first.

    Args:
        name: of the network.
        layers: in order.

    Returns:
        The network.
    """
    out: dict[tuple[int, ...], Layer] = {}
    for layer in layers:
        key = (*layer.shape, layer.own_weights)
        before = out.get(key)
        out[key] = layer if before is None else replace(before, count=before.count + layer.count)
    return Network(name, tuple(out.values()))
