"""Means over placements with their standard errors, each design computed once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archgym.kernels.threads import map_rows

from ..choices import Choices
from ..floorplan import NoRoom
from ..metrics import METRICS, figures
from ..simulator import BlockPPASimulator

Values = dict[str, NDArray[np.float64]]


@dataclass
class Averages:
    """Figures of designs on a simulator's placements, one value a placement."""

    simulator: BlockPPASimulator
    known: dict[Choices, Values] = field(default_factory=dict)

    @property
    def core(self) -> str:
        """The netlist's name."""
        return self.simulator.workload

    def of(self, choices: Choices) -> Values:
        """Every figure of a design on every placement.

        Args:
            choices: the design.

        Returns:
            (placements,) by figure; violations of what cannot be legalised are infinite.
        """
        if choices not in self.known:
            seeds = np.arange(self.simulator.seed, self.simulator.seed + self.simulator.count)
            rows = map_rows(lambda s: self._one(choices, int(s)), seeds, self.simulator.threads)
            self.known[choices] = {
                k: np.array([r[k] for r in rows])
                for m in METRICS
                if (k := m.name) != "frequency_stderr"
            }
        return self.known[choices]

    def _one(self, choices: Choices, seed: int) -> dict[str, float]:
        try:
            return figures(*self.simulator.build_one(choices, seed))
        except NoRoom:
            return {**dict.fromkeys((m.name for m in METRICS), np.nan), "drv": np.inf}

    def ratio(self, name: str, over: Choices, under: Choices) -> tuple[float, float]:
        """Ratio of two designs' means, and its standard error, pairing what shares a seed.

        Designs of one technology share their placements, and with them most of the noise.

        Args:
            name: the figure's name.
            over: the design in the numerator.
            under: the design in the denominator.

        Returns:
            (ratio, standard error).
        """
        return self.paired(self.of(over)[name], self.of(under)[name])

    @staticmethod
    def paired(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
        """Ratio of the means of two figures that share seeds.

        Args:
            a: (placements,) in the numerator.
            b: (placements,) in the denominator.

        Returns:
            (ratio, standard error); the error is NaN for one placement.
        """
        value = float(a.mean() / b.mean())
        if len(a) < 2:
            return value, float("nan")
        apart = a - value * b
        return value, float(apart.std(ddof=1) / len(a) ** 0.5 / b.mean())
