"""Parts of an evaluation that are costly by themselves, such as the accuracy of a network to be trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..space import Designs


@dataclass(frozen=True)
class Query:
    """Metrics that cost something by themselves, and what decides them.

    A study counts the *different* keys among the designs whose metrics were used: training a network once
    answers for every piece of hardware.

    Attributes:
        name: what is counted, such as ``accuracy``.
        metrics: the metrics that a query answers.
        key: canonical designs (n, d) of the simulator to rows (n, k) of integers; equal rows are one query.
        description: what one query stands for.
    """

    name: str
    metrics: tuple[str, ...]
    key: Callable[[Designs], Designs]
    description: str = ""
