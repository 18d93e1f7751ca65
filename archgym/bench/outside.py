"""Optimisers of other libraries with their defaults, as agents: ``archgym bench archgym.bench.outside:SMAC``.

Each is given a space and a seed, and proposes one design at a time. Knobs are whole numbers where their order
means something, else choices. What is infeasible costs :data:`BAD`. Libraries are imported when used.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import ArchgymError
from ..extras import installed, need
from ..space import DesignSpace
from ..space.parameter import Parameter

BAD = 1e3  # costs of designs that miss a spec are about 100
BUDGET = 1000  # what those are told that want to know


def finite(cost: float) -> float:
    """A cost that every library understands.

    Args:
        cost: +inf where infeasible.

    Returns:
        The cost, at most :data:`BAD`.
    """
    return min(float(cost), BAD)


def ordered(p: Parameter) -> bool:
    """Whether a knob is a whole number to an optimiser.

    Args:
        p: the knob.

    Returns:
        Whether its order means something.
    """
    return p.kind == "ordinal"


class OneByOne:
    """An optimiser that is asked for one design, and told its cost before the next.

    Args:
        space: what is searched.
        seed: of the optimiser.
    """

    def __init__(self, space: DesignSpace, seed: int) -> None:
        self.space, self.seed = space, seed
        self.free = [i for i, p in enumerate(space.parameters) if len(p) > 1]
        self.knobs = [space.parameters[i] for i in self.free]
        self._open: list[tuple[Any, Any]] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def _propose(self) -> tuple[Any, list[int]]:
        """What the library calls its proposal, and the value indices of the knobs."""
        raise NotImplementedError

    def _learn(self, asked: Any, cost: float) -> None:
        """Tell the library what its proposal costs."""
        raise NotImplementedError

    def ask(self) -> Any:
        """The next design.

        Returns:
            (d,) value indices.
        """
        design = np.zeros(len(self.space), np.int64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked, design[self.free] = self._propose()
        self._open.append((design, asked))
        return design

    def tell(self, design: Any, cost: float) -> None:
        """What a design costs that was asked for; others, such as a reference design, are passed over.

        Args:
            design: the design.
            cost: less is better, +inf where infeasible.
        """
        for i, (known, asked) in enumerate(self._open):
            if known is design:
                del self._open[i]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._learn(asked, finite(cost))
                return


class Optuna(OneByOne):
    """A sampler of Optuna."""

    def sampler(self, optuna: Any) -> Any:
        """The sampler.

        Args:
            optuna: the library.

        Returns:
            The sampler.
        """
        raise NotImplementedError

    def _start(self) -> None:
        optuna = need("optuna", "an Optuna sampler")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(sampler=self.sampler(optuna))
        kinds = optuna.distributions
        self._space = {
            f"k{i}": kinds.IntDistribution(0, len(p) - 1)
            if ordered(p)
            else kinds.CategoricalDistribution(tuple(range(len(p))))
            for i, p in enumerate(self.knobs)
        }

    def _propose(self) -> tuple[Any, list[int]]:
        trial = self._study.ask(self._space)
        return trial, [int(trial.params[name]) for name in self._space]

    def _learn(self, asked: Any, cost: float) -> None:
        self._study.tell(asked, cost)


class OptunaTPE(Optuna):
    """Tree-structured Parzen estimators, one knob at a time (Optuna's default)."""

    def sampler(self, optuna: Any) -> Any:
        """See :class:`Optuna`."""
        return optuna.samplers.TPESampler(seed=self.seed)


class OptunaCMA(Optuna):
    """CMA-ES; knobs without order are drawn at random."""

    def sampler(self, optuna: Any) -> Any:
        """See :class:`Optuna`."""
        need("cmaes", "Optuna's CMA-ES")
        return optuna.samplers.CmaEsSampler(seed=self.seed, warn_independent_sampling=False)


class OptunaGP(Optuna):
    """A Gaussian process with log expected improvement."""

    def sampler(self, optuna: Any) -> Any:
        """See :class:`Optuna`."""
        return optuna.samplers.GPSampler(seed=self.seed)


class OptunaNSGA2(Optuna):
    """NSGA-II on one cost, 50 designs a generation."""

    def sampler(self, optuna: Any) -> Any:
        """See :class:`Optuna`."""
        return optuna.samplers.NSGAIISampler(seed=self.seed)


class Nevergrad(OneByOne):
    """An optimiser of Nevergrad, by the name in its registry."""

    optimizer = "NGOpt"

    def _start(self) -> None:
        ng = need("nevergrad", "an optimiser of Nevergrad")
        knobs = [
            ng.p.TransitionChoice(range(len(p))) if ordered(p) else ng.p.Choice(range(len(p)))
            for p in self.knobs
        ]
        space = ng.p.Tuple(*knobs)
        space.random_state.seed(self.seed)
        made = ng.optimizers.registry[self.optimizer]
        self._optimizer = made(parametrization=space, budget=BUDGET)

    def _propose(self) -> tuple[Any, list[int]]:
        asked = self._optimizer.ask()
        return asked, [int(v) for v in asked.value]

    def _learn(self, asked: Any, cost: float) -> None:
        self._optimizer.tell(asked, cost)


class NevergradNGOpt(Nevergrad):
    """Nevergrad's wizard, which chooses an algorithm by space and budget."""


class NevergradDE(Nevergrad):
    """Differential evolution with crossover at two points."""

    optimizer = "TwoPointsDE"


class NevergradOnePlusOne(Nevergrad):
    """The discrete (1 + 1) evolution strategy."""

    optimizer = "DiscreteOnePlusOne"


class SkoptForest(OneByOne):
    """A random forest with scikit-optimize's choice of acquisition."""

    def _start(self) -> None:
        skopt = need("skopt", "scikit-optimize")
        dimensions = [
            skopt.space.Integer(0, len(p) - 1)
            if ordered(p)
            else skopt.space.Categorical(list(range(len(p))))
            for p in self.knobs
        ]
        self._optimizer = skopt.Optimizer(dimensions, base_estimator="RF", random_state=self.seed)

    def _propose(self) -> tuple[Any, list[int]]:
        asked = self._optimizer.ask()
        return asked, [int(v) for v in asked]

    def _learn(self, asked: Any, cost: float) -> None:
        self._optimizer.tell(asked, cost)


class SMAC(OneByOne):
    """SMAC 3's random forest (the facade for hyperparameters); its files go with it."""

    def _start(self) -> None:
        import tempfile
        from pathlib import Path

        smac = need("smac", "SMAC")
        library = need("ConfigSpace", "SMAC's space")
        space = library.ConfigurationSpace(seed=self.seed)
        for i, p in enumerate(self.knobs):
            values = list(range(len(p)))
            kind = (
                library.OrdinalHyperparameter if ordered(p) else library.CategoricalHyperparameter
            )
            space.add(kind(f"k{i}", values))
        self._folder = tempfile.TemporaryDirectory(prefix="archgym-smac-")
        facade = smac.HyperparameterOptimizationFacade
        scenario = smac.Scenario(
            space,
            deterministic=True,
            n_trials=BUDGET,
            seed=self.seed,
            output_directory=Path(self._folder.name),
        )
        self._smac = facade(
            scenario, lambda config, seed=0: 0.0, logging_level=50, overwrite=True,
            intensifier=facade.get_intensifier(scenario, max_config_calls=1),
        )  # fmt: skip

    def _propose(self) -> tuple[Any, list[int]]:
        trial = self._smac.ask()
        return trial, [int(trial.config[f"k{i}"]) for i in range(len(self.knobs))]

    def _learn(self, asked: Any, cost: float) -> None:
        from smac.runhistory.dataclasses import TrialValue

        self._smac.tell(asked, TrialValue(cost=cost))


class Ax(OneByOne):
    """Ax with its choice of algorithms: a few designs of a Sobol sequence, then Bayesian optimisation."""

    def _start(self) -> None:
        import logging

        if not installed("ax"):  # no extra brings it: it holds BoTorch to one version
            raise ArchgymError("Ax is not installed: pip install ax-platform")
        api, kinds = need("ax.api.client", "Ax"), need("ax.api.configs", "Ax")
        self._client = api.Client(random_seed=self.seed)
        for name in list(logging.root.manager.loggerDict):  # each has a level of its own
            if name.split(".")[0] == "ax":
                logging.getLogger(name).setLevel(logging.ERROR)
        self._client.configure_experiment(
            parameters=[
                kinds.RangeParameterConfig(
                    name=f"k{i}", bounds=(0, len(p) - 1), parameter_type="int"
                )
                if ordered(p)
                else kinds.ChoiceParameterConfig(
                    name=f"k{i}", values=list(range(len(p))), parameter_type="int", is_ordered=False
                )
                for i, p in enumerate(self.knobs)
            ]
        )
        self._client.configure_optimization(objective="-cost")

    def _propose(self) -> tuple[Any, list[int]]:
        ((number, values),) = self._client.get_next_trials(max_trials=1).items()
        return number, [int(values[f"k{i}"]) for i in range(len(self.knobs))]

    def _learn(self, asked: Any, cost: float) -> None:
        self._client.complete_trial(trial_index=asked, raw_data={"cost": cost})


class CatCMA(OneByOne):
    """CatCMA with margin of the library ``cmaes``: whole numbers and choices in one distribution."""

    def _start(self) -> None:
        cmaes = need("cmaes", "CatCMA")
        self._ordered = [i for i, p in enumerate(self.knobs) if ordered(p)]
        self._choices = [i for i, p in enumerate(self.knobs) if not ordered(p)]
        arguments: dict[str, Any] = {"seed": self.seed + 1}
        if self._ordered:
            arguments["z_space"] = [list(range(len(self.knobs[i]))) for i in self._ordered]
        if self._choices:
            arguments["c_space"] = [len(self.knobs[i]) for i in self._choices]
        self._optimizer = cmaes.CatCMAwM(**arguments)
        self._told: list[tuple[Any, float]] = []

    def _propose(self) -> tuple[Any, list[int]]:
        asked = self._optimizer.ask()
        out = [0] * len(self.knobs)
        for i, value in zip(self._ordered, asked.z if self._ordered else ()):
            out[i] = int(value)
        for i, row in zip(self._choices, asked.c if self._choices else ()):
            out[i] = int(np.argmax(row))
        return asked, out

    def _learn(self, asked: Any, cost: float) -> None:
        self._told.append((asked, cost))
        if len(self._told) == self._optimizer.population_size:
            self._optimizer.tell(self._told)
            self._told = []


class PymooGA(OneByOne):
    """Pymoo's genetic algorithm on whole numbers; repeated designs are avoided."""

    def _start(self) -> None:
        need("pymoo", "an algorithm of pymoo")
        from pymoo.algorithms.soo.nonconvex.ga import GA
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM
        from pymoo.operators.repair.rounding import RoundingRepair
        from pymoo.operators.sampling.rnd import IntegerRandomSampling

        upper = np.array([len(p) - 1 for p in self.knobs])
        self._problem = Problem(n_var=len(upper), n_obj=1, xl=0 * upper, xu=upper, vtype=int)
        self._algorithm = GA(
            pop_size=50,
            sampling=IntegerRandomSampling(),
            crossover=SBX(vtype=float, repair=RoundingRepair()),
            mutation=PM(vtype=float, repair=RoundingRepair()),
            eliminate_duplicates=True,
        )
        self._algorithm.setup(self._problem, termination=NoTermination(), seed=self.seed)
        self._rng = np.random.default_rng(self.seed)
        self._population: Any = []
        self._costs = np.empty(0)
        self._next, self._spent = 0, False

    def _propose(self) -> tuple[Any, list[int]]:
        if self._next == len(self._population) and not np.isnan(self._costs).any():
            offered = None if self._spent else self._algorithm.ask()
            self._spent = offered is None  # every design was seen
            self._population = [] if offered is None else offered
            self._costs, self._next = np.full(len(self._population), np.nan), 0
        if self._next == len(self._population):  # it has nothing new to offer
            return None, [int(self._rng.integers(len(p))) for p in self.knobs]
        self._next += 1
        return self._next - 1, [round(float(v)) for v in self._population[self._next - 1].X]

    def _learn(self, asked: Any, cost: float) -> None:
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        if asked is None:
            return
        self._costs[asked] = cost
        if not np.isnan(self._costs).any():
            told = StaticProblem(self._problem, F=self._costs[:, None])
            Evaluator().eval(told, self._population)
            self._algorithm.tell(infills=self._population)
