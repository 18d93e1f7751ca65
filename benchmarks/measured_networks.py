"""The torch twins of ``simulators/codesign/networks.py``, several networks and seeds side by side.

S trainings are one network of S times the channels whose convolutions are grouped: none sees another, and
a step of 25 costs little more than that of one.  Networks of one form and of different widths are padded
with channels whose weights are 0.  Such weights stay 0: nothing goes in, so nothing comes out, and the
gradients of both are 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from archgym.simulators.codesign.networks import FAMILIES, ResNet, UNet
from torch import nn

Choice = tuple[int, ...]


class Blocks(nn.Module):
    """``networks.ResNet``; scores (n, S, classes)."""

    def __init__(self, family: ResNet, choice: Choice, seeds: int) -> None:
        super().__init__()
        stem, *rest = choice
        self.seeds = seeds
        self.stem = _conv((family.channels,), stem, seeds)
        self.first, self.skips = nn.ModuleList(), nn.ModuleList()
        before = stem
        for i in range(len(family.filters)):
            filters, skips = rest[2 * i], rest[2 * i + 1]
            self.first.append(_conv((before,), filters, seeds))
            layers = [_conv((filters,), filters, seeds) for _ in range(skips)]
            self.skips.append(nn.Sequential(*layers))
            before = filters
        self.last = _grouped((before,), family.classes, seeds, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of classes of images (n, S * channels, h, w)."""
        x = self.stem(x)
        for first, skips in zip(self.first, self.skips):
            x = nn.functional.max_pool2d(first(x), 2)
            if len(skips):
                x = x + skips(x)
        return self.last(x.mean(dim=(2, 3), keepdim=True)).reshape(len(x), self.seeds, -1)


class Levels(nn.Module):
    """``networks.UNet``; logits of masks (n, S, pixels, h, w)."""

    def __init__(self, family: UNet, choice: Choice, seeds: int) -> None:
        super().__init__()
        height, filters, down, up = family.parts(choice)
        self.seeds = seeds
        before = family.channels
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i in range(height):
            self.down.append(_row((before,), filters[i], down, seeds))
            before = filters[i]
        self.bottom = _row((before,), 2 * before, 2, seeds)
        before *= 2
        for i in reversed(range(height)):
            self.up.append(_row((before, filters[i]), filters[i], up, seeds))
            before = filters[i]
        self.mask = _grouped((before,), family.pixels, seeds, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of the masks of images (n, S * channels, h, w)."""
        kept = []
        for level in self.down:
            x = level(x)
            kept.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.bottom(x)
        for level in self.up:
            x = nn.functional.interpolate(x, scale_factor=2)
            x = level(self._joined(x, kept.pop()))
        return self.mask(x).unflatten(1, (self.seeds, -1))

    def _joined(self, *maps: torch.Tensor) -> torch.Tensor:
        """Channels of maps (n, S * c, h, w), seed by seed."""
        by_seed = [m.unflatten(1, (self.seeds, -1)) for m in maps]
        return torch.cat(by_seed, dim=2).flatten(1, 2)


def form(task: str, choice: Choice) -> Choice:
    """What networks that are trained side by side have in common: all but the widths."""
    family = FAMILIES[task]
    if isinstance(family, ResNet):
        return choice[2::2]
    height, _, down, up = family.parts(choice)
    return height, down, up


def build(task: str, choices: Sequence[Choice], seeds: Sequence[int]) -> nn.Module:
    """Networks of one form, each once a seed: the first network's seeds, then the second's.

    Weights depend on the network and the seed alone, not on what is trained beside them.
    """
    wide = tuple(map(max, zip(*choices)))
    net = _empty(task, wide, len(choices) * len(seeds))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.zeros_(m.weight)
    for place, (choice, seed) in enumerate(itertools.product(choices, seeds)):
        drawn = torch.Generator().manual_seed(seed)
        for into, m in zip(net.modules(), _empty(task, choice, 1).modules(), strict=True):
            if isinstance(m, nn.Conv2d) and isinstance(into, nn.Conv2d):
                nn.init.orthogonal_(m.weight, generator=drawn)
                outputs = place * (into.out_channels // into.groups)
                _pad(m, into, outputs)
    for m in net.modules():
        if isinstance(m, nn.Conv2d) and m.bias is not None:
            nn.init.zeros_(m.bias)
    if isinstance(net, Blocks):  # skip layers start as nothing: steadier in short training
        for skips in net.skips:
            if len(skips):
                nn.init.zeros_(skips[-1][1].weight)
    return net


def _pad(m: nn.Conv2d, into: nn.Conv2d, first: int) -> None:
    """Copy the weights of a narrow convolution; the maps that it joins lie apart in the wide one."""
    with torch.no_grad():
        here = there = 0
        for narrow, wide in zip(m.joined, into.joined, strict=True):
            part = m.weight[:, here : here + narrow]
            into.weight[first : first + len(part), there : there + narrow] = part
            here, there = here + narrow, there + wide


def _empty(task: str, choice: Choice, seeds: int) -> nn.Module:
    family = FAMILIES[task]
    if isinstance(family, ResNet):
        return Blocks(family, choice, seeds)
    return Levels(family, choice, seeds)


def _grouped(joined: tuple[int, ...], after: int, seeds: int, **options: Any) -> nn.Conv2d:
    """A convolution of every training's own channels; ``joined`` are the maps that it reads."""
    conv = nn.Conv2d(seeds * sum(joined), seeds * after, groups=seeds, **options)
    conv.joined = joined  # type: ignore[assignment]
    return conv


def _conv(joined: tuple[int, ...], after: int, seeds: int) -> nn.Module:
    return nn.Sequential(
        _grouped(joined, after, seeds, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(seeds * after),
        nn.ReLU(inplace=True),
    )


def _row(joined: tuple[int, ...], after: int, layers: int, seeds: int) -> nn.Module:
    rest = [_conv((after,), after, seeds) for _ in range(layers - 1)]
    return nn.Sequential(_conv(joined, after, seeds), *rest)
