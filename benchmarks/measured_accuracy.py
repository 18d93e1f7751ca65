"""Really trains every network of the two small families: the table behind ``accuracy: measured``.

    python benchmarks/measured_accuracy.py digits blobs     # adds what scenarios/codesign/measured.csv lacks

*digits*: scikit-learn's 1,797 handwritten digits (8 x 8), half of them training, half test; accuracy.
*blobs*: 16 x 16 images made here: one to four bright ellipses of random place, size and angle on a
dimmer gradient with stripes and noise; 400 train, 400 test; the score is the mean intersection over
union at a threshold of one half.  Both: Adam, one-cycle rate, 12 passes, batches of 64, three seeds (of
the weights and the order of batches; the data are always the same).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from archgym.simulators.codesign.networks import FAMILIES, ResNet, UNet, canonical
from torch import nn

TABLE = Path(__file__).parent.parent / "scenarios" / "codesign" / "measured.csv"
SEEDS, PASSES, BATCH, RATE = (0, 1, 2), 12, 64, 1e-2


class Blocks(nn.Module):
    """The torch twin of ``networks.ResNet``."""

    def __init__(self, family: ResNet, choice: tuple[int, ...]) -> None:
        super().__init__()
        stem, *rest = choice
        self.stem = _conv(family.channels, stem)
        self.first, self.skips = nn.ModuleList(), nn.ModuleList()
        before = stem
        for i in range(len(family.filters)):
            filters, skips = rest[2 * i], rest[2 * i + 1]
            self.first.append(_conv(before, filters))
            self.skips.append(nn.Sequential(*[_conv(filters, filters) for _ in range(skips)]))
            before = filters
        self.last = nn.Linear(before, family.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of classes."""
        x = self.stem(x)
        for first, skips in zip(self.first, self.skips):
            x = nn.functional.max_pool2d(first(x), 2)
            if len(skips):
                x = x + skips(x)
        return self.last(x.amax(dim=(2, 3)))


class Levels(nn.Module):
    """The torch twin of ``networks.UNet``."""

    def __init__(self, family: UNet, choice: tuple[int, ...]) -> None:
        super().__init__()
        height, *filters = choice
        before = family.channels
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i in range(height):
            self.down.append(_pair(before, filters[i]))
            before = filters[i]
        self.bottom = _pair(before, 2 * before)
        before *= 2
        for i in reversed(range(height)):
            self.up.append(_pair(before + filters[i], filters[i]))
            before = filters[i]
        self.mask = nn.Conv2d(before, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of the mask."""
        kept = []
        for level in self.down:
            x = level(x)
            kept.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.bottom(x)
        for level in self.up:
            x = nn.functional.interpolate(x, scale_factor=2)
            x = level(torch.cat([x, kept.pop()], dim=1))
        return self.mask(x)[:, 0]


def _conv(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


def _pair(before: int, after: int) -> nn.Module:
    return nn.Sequential(_conv(before, after), _conv(after, after))


def digits() -> tuple[torch.Tensor, ...]:
    """Images and labels: train, test."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images.reshape(-1, 1, 8, 8) / 16, dtype=torch.float32)
    y = torch.tensor(labels)
    order = torch.tensor(np.random.default_rng(0).permutation(len(x)))
    half = len(x) // 2
    return x[order[:half]], y[order[:half]], x[order[half:]], y[order[half:]]


def blobs(n: int = 800, size: int = 16) -> tuple[torch.Tensor, ...]:
    """Images and masks: train, test."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:size, :size]
    images, masks = np.empty((n, 1, size, size)), np.zeros((n, size, size))
    for i in range(n):
        angle = rng.uniform(0, np.pi)
        slope = np.cos(angle) * rows + np.sin(angle) * columns
        image = 0.3 * slope / size + 0.25 * (np.sin(slope * rng.uniform(1, 2.5)) > 0.3)
        for _ in range(rng.integers(1, 5)):
            r, c = rng.uniform(2, size - 2, 2)
            a, b = rng.uniform(1.2, 4, 2)
            t = rng.uniform(0, np.pi)
            u = (rows - r) * np.cos(t) + (columns - c) * np.sin(t)
            v = (columns - c) * np.cos(t) - (rows - r) * np.sin(t)
            inside = (u / a) ** 2 + (v / b) ** 2 <= 1
            image = np.where(inside, rng.uniform(0.45, 0.8), image)
            masks[i] = np.maximum(masks[i], inside)
        images[i, 0] = image + rng.normal(0, 0.15, (size, size))
    x, y = torch.tensor(images, dtype=torch.float32), torch.tensor(masks, dtype=torch.float32)
    return x[: n // 2], y[: n // 2], x[n // 2 :], y[n // 2 :]


def trained(task: str, choice: tuple[int, ...], seed: int, data: tuple[torch.Tensor, ...]) -> float:
    """The test score of one network."""
    torch.manual_seed(seed)
    found = FAMILIES[task]
    x, y, test_x, test_y = data
    net: Any = Blocks(found, choice) if isinstance(found, ResNet) else Levels(found, choice)
    loss: Any = nn.CrossEntropyLoss() if isinstance(found, ResNet) else nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(net.parameters())
    steps = PASSES * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(PASSES):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(net(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        out = net(test_x)
    if isinstance(found, ResNet):
        return float((out.argmax(dim=1) == test_y).float().mean())
    mask = out > 0
    both = (mask & (test_y > 0)).sum(dim=(1, 2)).float()
    either = (mask | (test_y > 0)).sum(dim=(1, 2)).float()
    return float((both / either.clamp(min=1)).mean())


def choices(task: str) -> list[tuple[int, ...]]:
    """Every different network of a family."""
    values = [p.values for p in FAMILIES[task].parameters()]
    return sorted({canonical(task, tuple(map(int, c))) for c in itertools.product(*values)})


DATA = {"digits": digits, "blobs": blobs}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(DATA)}; default: all")
    tasks = parser.parse_args().tasks or list(DATA)
    if unknown := [task for task in tasks if task not in DATA]:
        parser.error(f"unknown task {', '.join(unknown)}; expected {' or '.join(DATA)}")
    torch.set_num_threads(1)
    done = set()
    if TABLE.exists():
        with open(TABLE, encoding="utf-8", newline="") as lines:
            done = {(r["task"], r["network"], int(r["seed"])) for r in csv.DictReader(lines)}
    else:
        TABLE.write_text("task,network,seed,score\n", encoding="utf-8")
    for task in tasks:
        data = DATA[task]()
        start = time.perf_counter()
        todo = [(c, s) for c in choices(task) for s in SEEDS]
        for i, (choice, seed) in enumerate(todo):
            name = "-".join(map(str, choice))
            if (task, name, seed) in done:
                continue
            score = trained(task, choice, seed, data)
            with open(TABLE, "a", encoding="utf-8") as file:
                file.write(f"{task},{name},{seed},{score:.5f}\n")
            if i % 100 == 0:
                seconds = time.perf_counter() - start
                print(f"{task}: {i} of {len(todo)}, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
