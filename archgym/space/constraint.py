"""Arrays of designs, and rules that designs must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Designs = NDArray[np.int64]
Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Constraint:
    """A rule that designs must keep: ``holds(columns)`` gives (n,) bool over physical values."""

    name: str
    holds: Callable[[Columns], NDArray[np.bool_]]
    reason: str
