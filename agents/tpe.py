"""Tree-structured Parzen estimators (Bergstra et al., NeurIPS 2011), by Optuna."""

from __future__ import annotations

import warnings
from collections import deque
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, categorical, ordinal

BAD = 1e30


class Tpe(Agent):
    """Optuna's TPE sampler; one or several objectives.  Infeasible designs are told a huge cost."""

    name = "tpe"
    multi_objective = True
    hyperparameters = DesignSpace(
        (
            ordinal(
                "startup", (5, 10, 20, 40), "random designs before the first model", scale="log"
            ),
            ordinal("ei_candidates", (12, 24, 48, 96), "candidates ranked a proposal", scale="log"),
            categorical("multivariate", (True, False), "model parameters jointly"),
        )
    )
    defaults = {"startup": 20, "ei_candidates": 24, "multivariate": True}

    @property
    def batch(self) -> int:
        """One: every trial informs the next (in batches of 16 it did worse than random search)."""
        return 1

    def _start(self) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # multivariate is marked experimental
            sampler = optuna.samplers.TPESampler(
                n_startup_trials=self.hyper["startup"],
                n_ei_candidates=self.hyper["ei_candidates"],
                multivariate=self.hyper["multivariate"],
                constant_liar=True,
                seed=int(self.rng.integers(1 << 31)),
            )
        self._study = optuna.create_study(
            directions=["minimize"] * self.objectives, sampler=sampler
        )
        self._distributions: dict[str, BaseDistribution] = {
            p.name: CategoricalDistribution(tuple(range(len(p))))
            if p.kind == "categorical"
            else IntDistribution(0, len(p) - 1)
            for p in self.space.parameters
        }
        self._open: deque[tuple[bytes, Any]] = deque(maxlen=1024)

    def _ask(self, n: int) -> Designs:
        rows = []
        for _ in range(n):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trial = self._study.ask(self._distributions)
            row = np.array([[trial.params[name] for name in self.space.names]], np.int64)
            row = self.space.repair(row, self.rng)
            self._open.append((row[0].tobytes(), trial))
            rows.append(row[0])
        return np.array(rows)

    def _tell(self, x: Designs, costs: Floats) -> None:
        for row, cost in zip(x, costs):
            values = [float(c) if np.isfinite(c) else BAD for c in cost]
            key = row.tobytes()
            mine = next((pair for pair in self._open if pair[0] == key), None)
            if mine is not None:
                self._open.remove(mine)
                self._study.tell(mine[1], values)
            else:
                params = {name: int(v) for name, v in zip(self.space.names, row)}
                self._study.add_trial(
                    optuna.trial.create_trial(
                        params=params, distributions=self._distributions, values=values
                    )
                )
