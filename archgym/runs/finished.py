"""A finished run, as those who show one see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs


class Finished(Protocol):
    """What the page shows of a finished run, see :class:`archgym.Run`."""

    @property
    def scenario(self) -> Scenario: ...  # noqa: D102
    @property
    def trials(self) -> Trials: ...  # noqa: D102
    @property
    def result(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def manifest(self) -> Mapping[str, Any]: ...  # noqa: D102
    def best_indices(self) -> Designs: ...  # noqa: D102

    def plot_convergence(self) -> Any: ...  # noqa: D102
    def plot_front(self) -> Any: ...  # noqa: D102
    def plot_parallel(self) -> Any: ...  # noqa: D102
    def plot_importance(self) -> Any: ...  # noqa: D102
