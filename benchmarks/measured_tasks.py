"""The data of the two tasks that ``measured_training.py`` trains on: made here, always the same.

Both are pairs of scikit-learn's 1,797 handwritten digits (8 x 8) over one another, the second half as
bright, with noise.  Training, validation and test are made of different handwritten digits.  Images come
as 4 x 4 places of 4 channels, which are 2 x 2 pixels each (space to depth).

*pairs*: both digits are to be named.  20 outputs, the score is the share of digits named rightly.
*strokes*: the pixels of the brighter digit are to be found.  The score is the mean intersection over
union at a threshold of one half.  The difficulty grows in four grades: the second digit is brighter (0.5
to 0.8 of the first), the noise stronger (deviation 0.05 to 0.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array, Labels = NDArray[np.float64], NDArray[np.int64]
Arrays = tuple[Array, NDArray[Any]]
DIM, NOISE = 0.5, 0.05  # brightness of the second digit; deviation of the noise
HARDER = (0.0, 0.1, 0.2, 0.3), (0.0, 0.05, 0.1, 0.15)  # added to both, by grade of ``strokes``
INK = 0.25  # a pixel belongs to a digit from here on
SOURCES = (897, 450, 450)  # handwritten digits behind training, validation and test
IMAGES = (8_192, 2_000, 2_000)


@dataclass(frozen=True)
class Part:
    """Images (n, 4, 4, 4) and targets: digits (n, 2) as whole numbers, or masks (n, 4, 4, 4)."""

    x: NDArray[np.float32]
    y: NDArray[Any]


@dataclass(frozen=True)
class Task:
    """What is learned from, what chooses, and what is reported."""

    train: Part
    validation: Part
    test: Part


def pairs() -> Task:
    """Both digits of a pair are named."""
    return _task(lambda images, labels, n, rng: _overlaid(images, labels, n, rng, grades=1)[:2])


def strokes() -> Task:
    """The pixels of the brighter digit are found, in four grades of difficulty, as many of each."""

    def part(images: Array, labels: Labels, n: int, rng: np.random.Generator) -> Arrays:
        x, _, first = _overlaid(images, labels, n, rng, grades=4)
        return x, (first[:, None] >= INK).astype(float)

    return _task(part)


def _task(part: Callable[[Array, Labels, int, np.random.Generator], Arrays]) -> Task:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) / 16
    rng = np.random.default_rng(0)
    order = np.split(rng.permutation(len(images)), np.cumsum(SOURCES)[:-1])
    parts = (part(images[o], labels[o], n, rng) for o, n in zip(order, IMAGES))
    return Task(*(Part(_places(x), _places(y)) for x, y in parts))


def _overlaid(
    images: Array, labels: Labels, n: int, rng: np.random.Generator, grades: int
) -> tuple[Array, Labels, Array]:
    """Pairs (n, 1, 8, 8), their digits (n, 2), and the brighter digits alone (n, 8, 8)."""
    first = rng.integers(len(images), size=n)
    second = np.empty(n, np.int64)
    for i, label in enumerate(labels[first]):
        second[i] = rng.choice(np.flatnonzero(labels != label))
    dim, noise = (np.array(h)[np.arange(n) % grades, None, None] for h in HARDER)
    x = np.maximum(images[first], (DIM + dim) * images[second])
    x = x + (NOISE + noise) * rng.normal(0, 1, x.shape)
    return x[:, None], np.stack([labels[first], labels[second]], axis=1), images[first]


def _places(values: NDArray[Any]) -> NDArray[Any]:
    """Images (n, 1, 8, 8) as (n, 4, 4, 4); labels as they are."""
    if values.ndim == 2:
        return values
    squares = values.reshape(-1, 4, 2, 4, 2).transpose(0, 2, 4, 1, 3)  # n, 2, 2, 4, 4
    return np.ascontiguousarray(squares.reshape(-1, 4, 4, 4), np.float32)


TASKS = {"pairs": pairs, "strokes": strokes}
