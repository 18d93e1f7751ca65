"""Multi-objective Bayesian optimisation with BoTorch.

qLogNEHVI: Daulton et al., arXiv 2105.08195, Ament et al., arXiv 2310.20708; trust regions: Eriksson
et al., TuRBO (arXiv 1910.01739).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models.gp_regression import SingleTaskGP
from botorch.models.model_list_gp_regression import ModelListGP
from botorch.optim.optimize import optimize_acqf_discrete
from botorch.sampling.normal import SobolQMCNormalSampler
from gpytorch.mlls import ExactMarginalLogLikelihood

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.goals.pareto import pareto_front
from archgym.space import Designs, DesignSpace, ordinal

from .bayesian_optimization import squash
from .generation import finite
from .rewarding import one_torch_thread, seeded_globals
from .surrogate import Features, History, candidates, fresh_designs


class BotorchOptimization(Agent):
    """Gaussian processes, one an objective; noisy expected (hypervolume) improvement.

    The likelihood fit is capped (``fit_steps``; uncapped fits take over a minute at 500 points) and
    uses at most ``LOCAL`` designs.  In more than ``HIGH`` dimensions candidates come from a trust
    region that shrinks on failure and grows on success.
    """

    name = "botorch"
    multi_objective = True
    LOCAL = 150
    HIGH = 20
    hyperparameters = DesignSpace(
        (
            ordinal(
                "initial", (5, 10, 20, 40), "random designs before the first model", scale="log"
            ),
            ordinal("candidates", (100, 200, 400, 800), "designs ranked a proposal", scale="log"),
            ordinal("fit_steps", (25, 50, 75, 200), "steps of the likelihood fit", scale="log"),
            ordinal("points", (1, 2, 4, 8), "designs a model", scale="log"),
        )
    )
    defaults = {"initial": 20, "candidates": 200, "fit_steps": 50, "points": 4}

    @property
    def batch(self) -> int:
        """Designs a model."""
        return int(self.hyper["points"])

    def _start(self) -> None:
        one_torch_thread()
        self._features = Features(self.space)
        self._history = History(len(self.space), self.objectives)
        self._length, self._fails = 1.0, 0
        self._best = np.inf

    def _ask(self, n: int) -> Designs:
        history = self._history
        if len(history) < self.hyper["initial"]:
            return fresh_designs(self.space, history, n, self.rng)
        costs = finite(history.costs)
        leaders = self._leaders(costs)
        pool = candidates(
            self.space, history, history.x[leaders[:4]], self.hyper["candidates"] // 2, self.rng
        )
        pool = self._in_trust_region(pool, history.x[leaders[0]])
        pool = pool[self.rng.permutation(len(pool))[: self.hyper["candidates"]]]
        if len(pool) <= n:
            rest = fresh_designs(self.space, history, max(n - len(pool), 1), self.rng)
            return np.concatenate([pool, rest])[:n]
        keep = np.unique(
            np.concatenate(
                [
                    leaders[: self.LOCAL // 2],
                    np.arange(max(0, len(costs) - self.LOCAL // 2), len(costs)),
                ]
            )
        )
        targets = -np.stack([squash(costs[keep, j]) for j in range(self.objectives)], axis=1)
        with warnings.catch_warnings(), seeded_globals(self.rng):
            warnings.simplefilter("ignore")
            return self._propose(history.x[keep], targets, pool, n)

    def _leaders(self, costs: Floats) -> np.ndarray:
        if self.objectives == 1:
            return np.argsort(costs[:, 0], kind="stable")
        front = pareto_front(costs)
        rest = np.setdiff1d(np.argsort(costs.sum(axis=1), kind="stable"), front, assume_unique=True)
        return np.concatenate([self.rng.permutation(front), rest])

    def _in_trust_region(self, pool: Designs, centre: Designs) -> Designs:
        if len(self.space) <= self.HIGH or self._length >= 1.0:
            return pool
        changed = (pool != centre).sum(axis=1)
        near = pool[changed <= max(2, round(self._length * len(self.space)))]
        return near if len(near) >= 16 else pool

    def _propose(self, x: Designs, targets: Floats, pool: Designs, n: int) -> Designs:
        train = torch.as_tensor(self._features(x))
        models = []
        for j in range(self.objectives):
            model = SingleTaskGP(train, torch.as_tensor(targets[:, j : j + 1]))
            mll = ExactMarginalLogLikelihood(model.likelihood, model)
            fit_gpytorch_mll(
                mll,
                optimizer_kwargs={"options": {"maxiter": self.hyper["fit_steps"]}},
                max_attempts=1,
                warning_handler=lambda w: True,
            )
            models.append(model)
        sampler = SobolQMCNormalSampler(torch.Size([32]), seed=int(self.rng.integers(1 << 31)))
        if self.objectives == 1:
            acquisition: Any = qLogNoisyExpectedImprovement(
                models[0], train, sampler=sampler, prune_baseline=True
            )
        else:
            corner = targets.min(axis=0) - 0.1 * (targets.max(axis=0) - targets.min(axis=0))
            acquisition = qLogNoisyExpectedHypervolumeImprovement(
                ModelListGP(*models), corner.tolist(), train, sampler=sampler, prune_baseline=True
            )
        choices = torch.as_tensor(self._features(pool))
        picked, _ = optimize_acqf_discrete(
            acquisition, q=n, choices=choices, max_batch_size=256, unique=True
        )
        rows = [int(torch.argmin((choices - p).abs().sum(dim=1))) for p in picked]
        return pool[rows]

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._history.add(x, costs)
        total = float(np.where(np.isfinite(costs), costs, np.inf).sum(axis=1).min())
        if total < self._best:
            self._best, self._fails = total, 0
            self._length = min(1.0, self._length * 1.5)
        else:
            self._fails += 1
            if self._fails >= 8:
                self._length, self._fails = max(0.1, self._length / 2), 0
