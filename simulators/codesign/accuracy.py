"""What a network scores, from one of two sources that are never mixed.

*surrogate*: a smooth function of the choices, calibrated to the published end points of NASAIC (its
smallest networks and those of accuracy-only search); it is no measurement and says so.
*measured*: the mean score of networks that this project really trained (``trained.csv``): on validation
images for the search, on test images for the report.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError, UnknownNameError, WorkloadError

from .networks import canonical, family

SOURCES = ("surrogate", "measured")
STEEPNESS = 2.0  # the last doubling of filters brings little: losses are squares of distances
BEYOND = 0.1  # weight of being larger than the best, in squares of the distance


@dataclass(frozen=True)
class EndPoints:
    """Published scores of the smallest and the best network, and which the best is."""

    smallest: float
    best: float
    choice: tuple[int, ...]
    weights: tuple[float, ...]


# papers.md B.2, B.3: CIFAR-10 78.93 to 94.17 % at <32,128,2,256,2,256,2>; STL-10 71.57 to 76.50 %;
# Nuclei an intersection over union of 0.642 to 0.8394.  The best U-Net is taken to be the largest and
# the best network for STL-10 one skip layer deeper and one step wider than that for CIFAR-10, as
# neither is published.  How the loss is shared among the choices is this project's, declared here.
END_POINTS = {
    "cifar10": EndPoints(
        0.7893, 0.9417, (32, 128, 2, 256, 2, 256, 2), (0.0, 0.2, 0.1, 0.25, 0.1, 0.25, 0.1)
    ),
    "stl10": EndPoints(
        0.7157, 0.7650, (32, 128, 3, 256, 3, 512, 3), (0.0, 0.2, 0.1, 0.25, 0.1, 0.25, 0.1)
    ),
    "nuclei": EndPoints(
        0.642, 0.8394, (5, 16, 32, 64, 128, 256), (0.5, 0.15, 0.12, 0.1, 0.08, 0.05)
    ),
}


def surrogate(task: str, choice: Sequence[int]) -> float:
    """A made-up score between the published end points.

    Each choice lies at u of 0 (smallest) to 1 (that of the best network) on its scale, logarithmic for
    filters; the loss is the weighted sum of (1 - u) squared, a tenth of that beyond the best.

    Args:
        task: its name.
        choice: the network's choices, one value per knob.

    Returns:
        A score from 0 to 1.

    Raises:
        ArchgymError: no end points of this task are published.
    """
    if task not in END_POINTS:
        raise ArchgymError(
            f"no surrogate of task {task!r}: accuracies are published for {', '.join(END_POINTS)} only; "
            "use accuracy: measured for the families that were trained"
        )
    ends, found = END_POINTS[task], family(task)
    loss = 0.0
    for p, value, best, weight in zip(found.parameters(), choice, ends.choice, ends.weights):
        scale = np.log2 if p.scale == "log" else float
        low, here, there = scale(p.values[0]), scale(value), scale(best)
        u = (here - low) / (there - low) if there > low else 1.0 + (here - low)
        loss += (weight if u <= 1 else BEYOND * max(weight, 0.05)) * (1 - u) ** STEEPNESS
    return float(max(ends.best - (ends.best - ends.smallest) * loss, 0.0))


@dataclass(frozen=True)
class Trained:
    """A network's scores over the seeds that it was trained with: means, and their number."""

    validation: float
    test: float
    seeds: int


@cache
def table() -> dict[tuple[str, tuple[int, ...]], Trained]:
    """Every trained network by (task, choice).

    Raises:
        WorkloadError: the file is damaged.
    """
    scores: dict[tuple[str, tuple[int, ...]], list[tuple[float, float]]] = {}
    path = table_path()
    with open(path, encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            try:
                choice = tuple(int(c) for c in row["network"].split("-"))
                pair = float(row["validation"]), float(row["test"])
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise WorkloadError(
                    f"{path}, line {number}: expected task,network,seed,attempts,validation,test, "
                    f"got {row}"
                ) from error
            scores.setdefault((row["task"], choice), []).append(pair)
    means = {key: np.mean(pairs, axis=0) for key, pairs in scores.items()}
    return {
        key: Trained(float(validation), float(test), len(scores[key]))
        for key, (validation, test) in means.items()
    }


def table_path() -> Path:
    """Where the table of measured scores lies."""
    return Path(str(resources.files("archgym.scenarios"))) / "codesign" / "trained.csv"


def measured(task: str, choice: Sequence[int]) -> Trained:
    """What a network scored.

    Args:
        task: its name.
        choice: the network's choices, one value per knob.

    Returns:
        Its scores.

    Raises:
        WorkloadError: it was not trained. No score is guessed in its place.
    """
    key = (task, canonical(task, choice))
    found = table().get(key)
    if found is None:
        raise WorkloadError(
            f"network {'-'.join(map(str, key[1]))} of task {task!r} is not in the table of measured "
            f"scores ({table_path().name}); train it with benchmarks/measured_training.py"
        )
    return found


def accuracy(source: str, task: str, choice: Sequence[int]) -> float:
    """The score of a network that a search sees, from one of the sources.

    Args:
        source: ``surrogate`` or ``measured``.
        task: its name.
        choice: the network's choices, one value per knob.

    Returns:
        A score from 0 to 1.

    Raises:
        UnknownNameError: there is no such source.
        WorkloadError: the network was not trained.
        ArchgymError: there is no surrogate of the task.
    """
    if source not in SOURCES:
        raise UnknownNameError("source of accuracy", source, SOURCES)
    if source == "measured":
        return measured(task, choice).validation
    return surrogate(task, canonical(task, choice))


def digest(source: str) -> str:
    """A digest of what the scores of a source depend on.

    Args:
        source: ``surrogate`` or ``measured``.

    Returns:
        16 hexadecimal digits.
    """
    if source == "measured":
        return hashlib.sha256(table_path().read_bytes()).hexdigest()[:16]
    text = repr((END_POINTS, STEEPNESS, BEYOND))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
