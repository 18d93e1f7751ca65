"""What a configuration is expected to do: kernels, corrections near measured rows, intervals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import rows as measured
from .arguments import Engines, Setups
from .devices import DEVICES, Format
from .intervals import Table, limits
from .kernel import aggregated_all
from .pools import Pools, disaggregated_all
from .residual import Residual, points
from .shapes import Shape
from .tables import DATA, devices, engines, models

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Shape, Format]]


@dataclass(frozen=True)
class Prediction:
    """Expected figures of n configurations; NaN where none runs.

    Args:
        ttft: seconds to the first token, (n,).
        tpot: seconds per further token.
        memory: bytes held by a GPU.
        running: sequences at once; 0 where not one fits.
        nearness: of measured rows, 0 to 1; 0 where the constants alone answer.
    """

    ttft: Floats
    tpot: Floats
    memory: Floats
    running: Floats
    nearness: Floats

    @classmethod
    def of(cls, out: Floats, nearness: Floats) -> Prediction:
        """A prediction of what the kernel wrote.

        Args:
            out: (n, 4) of TTFT, TPOT, bytes per GPU and running sequences.
            nearness: to measured rows, (n,).

        Returns:
            The prediction.
        """
        return cls(out[:, 0], out[:, 1], out[:, 2], out[:, 3], nearness)

    def interval(self, table: Table | None = None) -> tuple[Floats, Floats]:
        """Ranges that hold about 90 % of measurements.

        Args:
            table: what :func:`calibrate` returned (default: the one that ships).

        Returns:
            Lower and upper ends (n, 2) of TTFT and of TPOT, s.
        """
        chosen = _intervals() if table is None else table
        return (
            limits(chosen, "ttft", self.nearness, self.ttft),
            limits(chosen, "tpot", self.nearness, self.tpot),
        )

    def take(self, index: NDArray[np.int64]) -> Prediction:
        """A selection, in that order.

        Args:
            index: positions to keep.

        Returns:
            A prediction of those alone.
        """
        return Prediction(*(getattr(self, f.name)[index] for f in fields(self)))


@cache
def _intervals() -> Table:
    found: Table = json.loads((DATA / "intervals.json").read_text())
    return found


def mechanistic(
    pairs: Pairs, setups: Setups, constants: Engines | None = None, pools: Pools | None = None
) -> Floats:
    """What the constants alone say, without corrections.

    Args:
        pairs: models in their formats.
        setups: configurations.
        constants: of engines (default: those that ship).
        pools: of GPUs, where some prefill on GPUs of their own.

    Returns:
        (n, 4): TTFT and TPOT in seconds, bytes per GPU, running sequences.
    """
    out = np.empty((len(setups.model), 4))
    table = engines() if constants is None else constants
    gpus = devices(list(DEVICES.values()))
    aggregated_all(models(pairs), gpus, table, setups, out)
    if pools is not None:
        disaggregated_all(models(pairs), gpus, table, setups, pools, out)
    return out


class Versions:
    """Numbers of engine versions; one that was never seen has a number of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._known = {name: i for i, name in enumerate(dict.fromkeys(names))}

    def __call__(self, names: Sequence[str]) -> NDArray[np.int64]:
        """A number for each name."""
        return np.array([self._known.get(n, -1) for n in names], np.int64)


def residual_of(data: measured.Rows, out: Floats, versions: Versions) -> Residual:
    """Corrections learned from measured rows.

    Args:
        data: the rows.
        out: what the constants say of them, (n, 4).
        versions: numbers of the engines' versions.

    Returns:
        The corrections; rows that the model says do not fit are left out.
    """
    use = np.flatnonzero(out[:, 3] > 0)
    rest, told = data.take(use), out[use, :2]
    seen = np.stack([rest.ttft, rest.tpot], axis=1)
    at = points(rest.setups, rest.pairs, versions(measured.versions(rest.rows)))
    return Residual(at, np.log(seen / told))


@cache
def learned() -> tuple[Residual, Versions]:
    """Corrections by the rows that ship, made once."""
    data = measured.aggregated(measured.read(DATA / "measured.csv"), "measured.csv")
    versions = Versions(measured.versions(data.rows))
    return residual_of(data, mechanistic(data.pairs, data.setups), versions), versions
