"""Families of networks: choices to layer tables, as NASAIC searches them (arXiv 2002.04116).

*ResNet-9-like*: a 3 x 3 stem convolution, then blocks of one 3 x 3 convolution, a 2 x 2 maximum and
0 to 3 skip layers (3 x 3, residual round all of them), then one matrix product on the pooled map.
*U-Net-like*: ``height`` levels of two 3 x 3 convolutions each (or as many as chosen), halved by a
maximum, a bottom level of two, and as many levels up again whose first convolution sees the upsampled
and the skipped map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from archgym.errors import WorkloadError
from archgym.space import Parameter, ordinal

from ..accelerator.layers import Layer, Network


@dataclass(frozen=True)
class ResNet:
    """A family: input size, classes, and what may be chosen a block."""

    size: int
    channels: int
    classes: int
    stem: tuple[int, ...]
    filters: tuple[tuple[int, ...], ...]
    skips: tuple[int, ...]

    def parameters(self) -> list[Parameter]:
        """The choices: stem, then filters and skip layers a block."""
        out = [ordinal("stem", self.stem, "filters of the stem convolution", scale="log")]
        for i, filters in enumerate(self.filters, 1):
            out.append(ordinal(f"filters{i}", filters, f"filters of block {i}", scale="log"))
            out.append(ordinal(f"skips{i}", self.skips, f"skip layers of block {i}"))
        return out

    def layers(self, choice: Sequence[int]) -> tuple[Layer, ...]:
        """The layer table of a choice.

        Args:
            choice: (stem, filters, skips, filters, skips, …).

        Returns:
            One layer per row.
        """
        stem, *rest = choice
        size, before = self.size, stem
        out = [conv("stem", self.channels, stem, size)]
        for i in range(len(self.filters)):
            filters, skips = rest[2 * i], rest[2 * i + 1]
            out.append(conv(f"block{i + 1}", before, filters, size))
            size //= 2
            out += [conv(f"block{i + 1}.skip{j + 1}", filters, filters, size) for j in range(skips)]
            before = filters
        out.append(Layer("classifier", K=self.classes, C=before))
        return tuple(out)


@dataclass(frozen=True)
class UNet:
    """A family: input size, the heights, the filters that each level may have."""

    size: int
    channels: int
    heights: tuple[int, ...]
    filters: tuple[tuple[int, ...], ...]
    down: tuple[int, ...] = (2,)
    up: tuple[int, ...] = (2,)
    pixels: int = 1

    def parameters(self) -> list[Parameter]:
        """The choices: height, filters a level, then layers a level where there is a choice of them.

        Levels beyond the height do not matter.
        """
        out = [ordinal("height", self.heights, "levels above the bottom")]
        for i, filters in enumerate(self.filters, 1):
            out.append(ordinal(f"filters{i}", filters, f"filters of level {i}", scale="log"))
        for name, layers in (("down", self.down), ("up", self.up)):
            if len(layers) > 1:
                out.append(ordinal(name, layers, f"convolutions a level on the way {name}"))
        return out

    def parts(self, choice: Sequence[int]) -> tuple[int, tuple[int, ...], int, int]:
        """A choice told apart.

        Args:
            choice: one value per knob.

        Returns:
            Height, filters of all levels, layers per level on the way down, and on the way up.
        """
        last = 1 + len(self.filters)
        rest = iter(choice[last:])
        down, up = (next(rest) if len(n) > 1 else n[0] for n in (self.down, self.up))
        return choice[0], tuple(choice[1:last]), down, up

    def layers(self, choice: Sequence[int]) -> tuple[Layer, ...]:
        """The layer table of a choice; the bottom doubles the last level's filters.

        Args:
            choice: one value per knob.

        Returns:
            One layer per row.
        """
        height, filters, down, up = self.parts(choice)
        size, before = self.size, self.channels
        out = []
        for i in range(height):
            out += self._row(f"down{i + 1}", before, filters[i], size, down)
            size, before = size // 2, filters[i]
        bottom = 2 * before
        out += self._row("bottom", before, bottom, size, 2)
        before = bottom
        for i in reversed(range(height)):
            size *= 2
            out += self._row(f"up{i + 1}", before + filters[i], filters[i], size, up)
            before = filters[i]
        out.append(conv("mask", before, self.pixels, size, kernel=1))
        return tuple(out)

    @staticmethod
    def _row(name: str, before: int, after: int, size: int, layers: int) -> list[Layer]:
        inputs = [before] + [after] * (layers - 1)
        return [conv(f"{name}.{n}", c, after, size) for n, c in zip("abc", inputs)]


Family = ResNet | UNet

# CIFAR-10 and STL-10 (images scaled to 32 x 32) as classes, Nuclei (128 x 128) as a mask; filters and
# skips of papers.md B.2: the encoding <32,128,2,256,2,256,2> is NAS-best on CIFAR-10
FAMILIES: Mapping[str, Family] = {
    "cifar10": ResNet(32, 3, 10, (32, 64, 128, 256), ((32, 64, 128, 256),) * 3, (0, 1, 2)),
    "stl10": ResNet(32, 3, 10, (32, 64, 128, 256), ((32, 64, 128, 256, 512),) * 3, (0, 1, 2, 3)),
    "nuclei": UNet(
        128, 3, (1, 2, 3, 4, 5), tuple(tuple(2**i * f for f in (4, 8, 16)) for i in range(5))
    ),
    # the families that this project has trained itself (trained.csv, benchmarks/measured_training.py);
    # squares of 2 x 2 pixels come as 4 channels
    "pairs": ResNet(4, 4, 20, (2, 4, 8), ((2, 4, 8, 12, 16),) * 2, (0, 1, 2)),
    "strokes": UNet(4, 4, (1, 2), ((2, 3, 4, 5, 6, 8, 10, 12),) * 2, (1, 2, 3), (1, 2, 3), 4),
}


def conv(name: str, channels: int, filters: int, size: int, kernel: int = 3) -> Layer:
    """A convolution of stride 1 that keeps the map's size.

    Args:
        name: of the layer.
        channels: of its input.
        filters: of its output.
        size: height and width of the map.
        kernel: height and width of the filter.

    Returns:
        The layer.
    """
    return Layer(name, K=filters, C=channels, P=size, Q=size, R=kernel, S=kernel)


def family(task: str) -> Family:
    """The family that a task's networks are searched in.

    Args:
        task: its name.

    Returns:
        The family.

    Raises:
        WorkloadError: no such task.
    """
    if task not in FAMILIES:
        raise WorkloadError(f"unknown task {task!r}; known: {', '.join(FAMILIES)}")
    return FAMILIES[task]


@lru_cache(maxsize=65_536)
def layers_of(task: str, choice: tuple[int, ...]) -> tuple[Layer, ...]:
    """The layer table of a network by task and choices.

    Args:
        task: its name.
        choice: one value per knob.

    Returns:
        One layer per row.
    """
    return family(task).layers(choice)


def network(task: str, choice: Sequence[int]) -> Network:
    """A network as the accelerator's model takes it.

    Args:
        task: its name.
        choice: one value per knob.

    Returns:
        The network.
    """
    return Network(f"{task}-{'-'.join(map(str, choice))}", layers_of(task, tuple(choice)))


def parameters(layers: Sequence[Layer]) -> int:
    """Weights of all layers.

    Args:
        layers: of a network.

    Returns:
        Their number.
    """
    return sum(layer.tensor_sizes()[0] for layer in layers)


def macs(layers: Sequence[Layer]) -> int:
    """Multiply-accumulates of one inference.

    Args:
        layers: of a network.

    Returns:
        Their number.
    """
    return sum(layer.macs for layer in layers)


def canonical(task: str, choice: Sequence[int]) -> tuple[int, ...]:
    """The choice with what does not matter at its first value: filters beyond a U-Net's height.

    Args:
        task: its name.
        choice: one value per knob.

    Returns:
        A choice that makes the same network.
    """
    found = family(task)
    if isinstance(found, ResNet):
        return tuple(choice)
    height = choice[0]
    kept = list(choice)
    for i in range(height, len(found.filters)):
        kept[1 + i] = found.filters[i][0]
    return tuple(kept)
