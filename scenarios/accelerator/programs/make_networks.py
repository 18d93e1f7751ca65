"""Write ``networks/*.csv``: the published shapes of ten networks, equal layers merged by ``count``.

Sources: AlexNet (Krizhevsky et al. 2012, two groups), VGG-16 (Simonyan and Zisserman 2015), ResNet-18/50
(He et al. 2016, stride in the 3x3 of the bottleneck as torchvision has it), MobileNetV2 (Sandler et al.
2018), GoogLeNet (Szegedy et al. 2015), EfficientNet-B0 (Tan and Le 2019), ViT-B/16 (Dosovitskiy et al.
2021, 224 pixels, 197 tokens), BERT-base (Devlin et al. 2019, 512 tokens), GPT-2 (Radford et al. 2019,
124 M: a prompt of 1,024 tokens, then one more token).

Run: python scenarios/accelerator/programs/make_networks.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.workloads import write_csv


class Builder:
    """Follows the size of the feature map through a network."""

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
        """A square convolution; 'same' padding where none is given."""
        pad = kernel // 2 if pad is None else pad
        after = (self.size + 2 * pad - kernel) // stride + 1
        self.layers.append(
            Layer(
                name,
                G=groups,
                K=out // groups,
                C=self.channels // groups,
                P=after,
                Q=after,
                R=kernel,
                S=kernel,
                stride_h=stride,
                stride_w=stride,
            )
        )
        self.channels, self.size = out, after

    def pool(self, kernel: int, stride: int, pad: int = 0, ceil: bool = False) -> None:
        """A pooling layer changes the size alone."""
        span = self.size + 2 * pad - kernel
        self.size = (-(-span // stride) if ceil else span // stride) + 1

    def linear(self, name: str, out: int, inputs: int | None = None) -> None:
        """A fully connected layer on one vector."""
        self.layers.append(Layer(name, K=out, C=inputs or self.channels))
        self.channels = out


def alexnet(fully_connected: bool = True) -> list[Layer]:
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
    return b.layers


def vgg16() -> list[Layer]:
    b = Builder(3, 224)
    for stage, (width, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for i in range(1, depth + 1):
            b.conv(f"conv{stage}_{i}", width, 3)
        b.pool(2, 2)
    b.linear("fc6", 4096, 512 * 49)
    b.linear("fc7", 4096)
    b.linear("fc8", 1000)
    return b.layers


def resnet(bottleneck: bool, depths: tuple[int, ...]) -> list[Layer]:
    b = Builder(3, 224)
    b.conv("conv1", 64, 7, 2)
    b.pool(3, 2, 1)
    for stage, depth in enumerate(depths):
        width = 64 << stage
        out = width * (4 if bottleneck else 1)
        for i in range(depth):
            stride = 2 if stage and not i else 1
            name = f"conv{stage + 2}_{i + 1}"
            before = b.channels, b.size
            if bottleneck:
                b.conv(f"{name}a", width, 1)
                b.conv(f"{name}b", width, 3, stride)
                b.conv(f"{name}c", out, 1)
            else:
                b.conv(f"{name}a", width, 3, stride)
                b.conv(f"{name}b", width, 3)
            if before[0] != out:
                after = b.channels, b.size
                b.channels, b.size = before
                b.conv(f"{name}_shortcut", out, 1, stride)
                b.channels, b.size = after
    b.linear("fc", 1000)
    return b.layers


def inverted(
    b: Builder, name: str, out: int, factor: int, kernel: int, stride: int, squeeze: int = 0
) -> None:
    """An inverted residual block, with squeeze and excitation where ``squeeze`` is the inner width."""
    wide = b.channels * factor
    if factor > 1:
        b.conv(f"{name}_expand", wide, 1)
    b.conv(f"{name}_depthwise", wide, kernel, stride, groups=wide)
    if squeeze:
        b.linear(f"{name}_squeeze", squeeze)
        b.linear(f"{name}_excite", wide)
    b.conv(f"{name}_project", out, 1)


def mobilenet_v2() -> list[Layer]:
    b = Builder(3, 224)
    b.conv("conv0", 32, 3, 2)
    k = 0
    for factor, out, depth, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):  # fmt: skip
        for i in range(depth):
            inverted(b, f"block{k}", out, factor, 3, stride if not i else 1)
            k += 1
    b.conv("head", 1280, 1)
    b.linear("fc", 1000)
    return b.layers


def efficientnet_b0() -> list[Layer]:
    b = Builder(3, 224)
    b.conv("stem", 32, 3, 2)
    k = 0
    for factor, out, depth, stride, kernel in (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    ):  # fmt: skip
        for i in range(depth):
            squeeze = max(1, b.channels // 4)
            inverted(b, f"block{k}", out, factor, kernel, stride if not i else 1, squeeze)
            k += 1
    b.conv("head", 1280, 1)
    b.linear("fc", 1000)
    return b.layers


def googlenet() -> list[Layer]:
    b = Builder(3, 224)
    b.conv("conv1", 64, 7, 2)
    b.pool(3, 2, ceil=True)
    b.conv("conv2_reduce", 64, 1)
    b.conv("conv2", 192, 3)
    b.pool(3, 2, ceil=True)
    modules = {
        "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
        "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
        "5b": (384, 192, 384, 48, 128, 128),
    }  # fmt: skip
    for name, (one, three_in, three, five_in, five, pooled) in modules.items():
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
                b.conv(
                    f"{name}_{branch}{'_reduce' if len(steps) > 1 and not i else ''}", out, kernel
                )
        b.channels = one + three + five + pooled
    b.linear("fc", 1000)
    return b.layers


def transformer(
    tokens: int, width: int, heads: int, blocks: int, context: int | None = None
) -> list[Layer]:
    """The matrix products of identical blocks; ``context`` is what attention looks at."""
    context = context or tokens
    size = width // heads
    attention = {"G": heads, "P": tokens, "count": blocks, "own_weights": 1}
    return [
        Layer("qkv", K=3 * width, C=width, P=tokens, count=blocks),
        Layer("scores", K=context, C=size, **attention),
        Layer("values", K=size, C=context, **attention),
        Layer("projection", K=width, C=width, P=tokens, count=blocks),
        Layer("mlp_up", K=4 * width, C=width, P=tokens, count=blocks),
        Layer("mlp_down", K=width, C=4 * width, P=tokens, count=blocks),
    ]


def vit_b() -> list[Layer]:
    patches = Layer("patches", K=768, C=3, P=14, Q=14, R=16, S=16, stride_h=16, stride_w=16)
    return [patches, *transformer(197, 768, 12, 12), Layer("head", K=1000, C=768)]


def gpt2(tokens: int, context: int) -> list[Layer]:
    return [*transformer(tokens, 768, 12, 12, context), Layer("vocabulary", K=50257, C=768)]


NETWORKS = {
    "alexnet": alexnet(),
    "alexnet-conv": alexnet(fully_connected=False),
    "vgg16": vgg16(),
    "resnet18": resnet(False, (2, 2, 2, 2)),
    "resnet50": resnet(True, (3, 4, 6, 3)),
    "mobilenet-v2": mobilenet_v2(),
    "googlenet": googlenet(),
    "efficientnet-b0": efficientnet_b0(),
    "vit-b": vit_b(),
    "bert-base": [*transformer(512, 768, 12, 12), Layer("pooler", K=768, C=768)],
    "gpt2-prefill": gpt2(1024, 1024),
    "gpt2-decode": gpt2(1, 1025),
}


def merged(layers: list[Layer]) -> tuple[Layer, ...]:
    """Layers of one shape as one layer with a count, named after the first."""
    out: dict[tuple[int, ...], Layer] = {}
    for layer in layers:
        key = (*layer.shape, layer.own_weights)
        before = out.get(key)
        out[key] = layer if before is None else replace(before, count=before.count + layer.count)
    return tuple(out.values())


if __name__ == "__main__":
    for name, layers in NETWORKS.items():
        network = Network(name, merged(layers))
        write_csv(network, Path(__file__).parent.parent / "networks" / f"{name}.csv")
        print(f"{name}: {len(network.layers)} shapes, {network.macs / 1e9:.3f} GMAC")
