"""Evolutionary algorithms of pymoo (Blank and Deb, IEEE Access 2020) under ask/tell.

NSGA-II: Deb et al., IEEE TEC 2002.  Differential evolution: Storn and Price, 1997.  Particle swarm:
Kennedy and Eberhart, 1995.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.algorithms.soo.nonconvex.pso import PSO
from pymoo.core.evaluator import Evaluator
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.crossover.ux import UX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.problems.static import StaticProblem

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, categorical, ordinal, powers_of_two

from .generation import GenerationAgent

POPULATION = ordinal("population", powers_of_two(4, 256), "designs per generation", scale="log")


class PymooAgent(GenerationAgent):
    """A pymoo algorithm on value indices (``integer``) or on the unit cube."""

    integer: ClassVar[bool] = False

    @property
    def batch(self) -> int:
        """A generation."""
        return int(self.hyper["population"])

    def _make(self) -> Any:
        raise NotImplementedError

    def _set_up(self) -> None:
        upper = self.space.nvec - 1 if self.integer else np.ones(len(self.space))
        self._problem = Problem(
            n_var=len(self.space),
            n_obj=self.objectives,
            xl=np.zeros(len(self.space)),
            xu=upper,
            vtype=int if self.integer else float,
        )
        self._algorithm = self._make()
        self._algorithm.setup(
            self._problem,
            termination=NoTermination(),
            seed=int(self.rng.integers(1 << 31)),
            verbose=False,
        )

    def _generation(self) -> Designs:
        self._population = self._algorithm.ask()
        values = np.asarray(self._population.get("X"), float)
        if self.integer:
            return np.clip(np.rint(values).astype(np.int64), 0, self.space.nvec - 1)
        return self.space.from_unit(values)

    def _learn(self, x: Designs, costs: Floats) -> None:
        Evaluator().eval(StaticProblem(self._problem, F=costs), self._population)
        self._algorithm.tell(infills=self._population)


class Nsga2(PymooAgent):
    """NSGA-II on integers: non-dominated sorting and crowding; one or several objectives."""

    name = "nsga2"
    multi_objective = True
    integer = True
    hyperparameters = DesignSpace(
        (
            POPULATION,
            categorical("crossover", ("uniform", "sbx"), "how genes are exchanged"),
            ordinal(
                "crossover_probability",
                (0.5, 0.7, 0.9, 1.0),
                "probability that two parents are crossed",
            ),
            ordinal(
                "mutation_eta",
                (1, 3, 10, 20),
                "distribution index: larger mutates nearer",
                scale="log",
            ),
        )
    )
    defaults = {
        "population": 32,
        "crossover": "uniform",
        "crossover_probability": 0.9,
        "mutation_eta": 3,
    }

    def _make(self) -> Any:
        probability = self.hyper["crossover_probability"]
        repair = RoundingRepair()
        crossover = (
            UX(prob=probability, vtype=int, repair=repair)
            if self.hyper["crossover"] == "uniform"
            else SBX(prob=probability, eta=3, vtype=float, repair=repair)
        )
        return NSGA2(
            pop_size=self.hyper["population"],
            sampling=IntegerRandomSampling(),
            crossover=crossover,
            mutation=PM(eta=self.hyper["mutation_eta"], vtype=float, repair=repair),
            eliminate_duplicates=False,
        )


class DifferentialEvolution(PymooAgent):
    """Differential evolution in the unit cube, cells of which are designs."""

    name = "differential_evolution"
    hyperparameters = DesignSpace(
        (
            POPULATION,
            categorical(
                "variant",
                ("DE/rand/1/bin", "DE/best/1/bin", "DE/best/2/bin"),
                "how vectors are made",
            ),
            ordinal(
                "crossover_rate", (0.1, 0.3, 0.5, 0.7, 0.9), "share of genes from the new vector"
            ),
            ordinal("scale", (0.3, 0.5, 0.7, 0.9), "length of difference vectors"),
        )
    )
    defaults = {"population": 32, "variant": "DE/best/1/bin", "crossover_rate": 0.5, "scale": 0.5}

    def _make(self) -> Any:
        return DE(
            pop_size=self.hyper["population"],
            variant=self.hyper["variant"],
            CR=self.hyper["crossover_rate"],
            F=self.hyper["scale"],
            dither="vector",
            jitter=False,
        )


class ParticleSwarm(PymooAgent):
    """Particle swarm optimisation in the unit cube, cells of which are designs."""

    name = "particle_swarm"
    hyperparameters = DesignSpace(
        (
            POPULATION,
            ordinal("inertia", (0.4, 0.6, 0.7, 0.9), "share of velocity that is kept"),
            ordinal("cognitive", (0.5, 1.0, 1.5, 2.0), "pull of a particle's own best"),
            ordinal("social", (0.5, 1.0, 1.5, 2.0), "pull of the swarm's best"),
        )
    )
    defaults = {"population": 32, "inertia": 0.7, "cognitive": 1.5, "social": 1.5}

    def _make(self) -> Any:
        return PSO(
            pop_size=self.hyper["population"],
            w=self.hyper["inertia"],
            c1=self.hyper["cognitive"],
            c2=self.hyper["social"],
            adaptive=True,
        )
