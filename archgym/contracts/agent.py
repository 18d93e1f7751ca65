"""The contract of a search agent: ask for designs, tell their costs; less is better."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..errors import AgentError, DesignError, UnknownNameError
from ..space import Designs, DesignSpace, Value
from .evaluation import Floats

NO_HYPERPARAMETERS = DesignSpace(())


@dataclass(frozen=True)
class GridPoint:
    """One point of a named grid: hyperparameters, and a budget and seed where the grid fixes them."""

    hyper: Mapping[str, Value]
    budget: int | None = None
    seed: int | None = None


class Agent(ABC):
    """An algorithm that proposes designs of one space and learns from their costs.

    An author sets ``name``, ``hyperparameters`` (a :class:`DesignSpace`, so that a sweep can draw
    them) and ``defaults``, and writes :meth:`_ask` and :meth:`_tell`.  Every choice is drawn from
    ``self.rng``.  Costs are (n, 1), or (n, k) where ``multi_objective`` is set and ``objectives``
    is k; +inf marks an infeasible design.

    ``budget`` is the number of evaluations to come, for algorithms with a schedule; it is a hint.
    """

    name: ClassVar[str]
    hyperparameters: ClassVar[DesignSpace] = NO_HYPERPARAMETERS
    defaults: ClassVar[Mapping[str, Value]] = {}
    grids: ClassVar[Mapping[str, Mapping[str, tuple[Value, ...]]]] = {}
    multi_objective: ClassVar[bool] = False
    adaptive: ClassVar[bool] = True
    # what a domain-specific agent may ask of the scenario: moves from one design (d,) -> (k, d)
    advise: Callable[[Designs], Designs] | None = None
    # how far designs (n, d) are outside the scenario's specs, (n,); +inf where infeasible
    penalty: Callable[[Designs], Floats] | None = None

    def __init__(
        self,
        space: DesignSpace,
        *,
        seed: int = 0,
        objectives: int = 1,
        budget: int | None = None,
        **hyper: Value,
    ) -> None:
        if objectives < 1 or (objectives > 1 and not self.multi_objective):
            raise AgentError(f"agent {self.name!r} searches one objective, not {objectives}")
        if budget is not None and budget < 1:
            raise AgentError(f"budget must be at least 1, got {budget}")
        self.space = space
        self.seed = seed
        self.objectives = objectives
        self.budget = budget
        self.rng = np.random.default_rng(seed)
        self.hyper = self.check_hyperparameters(hyper)
        self._start()

    @classmethod
    def grid_points(cls, name: str) -> list[GridPoint]:
        """Every point of a named grid of :attr:`grids`.

        Besides hyperparameters a grid may list ``budget``, ``seed`` and ``generations`` (a budget
        of that many populations), as the grids of papers do.
        """
        if name not in cls.grids:
            raise UnknownNameError(f"grid of agent {cls.name!r}", name, cls.grids)
        axes = cls.grids[name]
        points = []
        for values in itertools.product(*axes.values()):
            chosen = dict(zip(axes, values))
            budget, seed = chosen.pop("budget", None), chosen.pop("seed", None)
            generations = chosen.pop("generations", None)
            hyper = cls.check_hyperparameters(chosen)
            if generations is not None:
                budget = int(generations) * int(hyper["population"])
            points.append(
                GridPoint(
                    {k: hyper[k] for k in chosen},
                    None if budget is None else int(budget),
                    None if seed is None else int(seed),
                )
            )
        return points

    @classmethod
    def check_hyperparameters(cls, given: Mapping[str, object]) -> dict[str, Any]:
        """Defaults overridden by ``given``; numbers between two listed values are allowed.

        Raises:
            UnknownNameError: not a hyperparameter of this agent; AgentError: not a legal value.
        """
        out: dict[str, Any] = dict(cls.defaults)
        for name, value in given.items():
            if name not in cls.hyperparameters.names:
                raise UnknownNameError(
                    f"hyperparameter of agent {cls.name!r}:", name, cls.hyperparameters.names
                )
            p = cls.hyperparameters[name]
            try:
                out[name] = p.values[p.index(value)]
            except DesignError as error:
                number = _number(value)
                numbers = [v for v in p.values if isinstance(v, int | float)]
                between = (
                    number is not None and p.numeric and min(numbers) <= number <= max(numbers)
                )
                if not between or number is None or p.kind == "categorical":
                    raise AgentError(f"agent {cls.name!r}, hyper{error}") from None
                whole = all(isinstance(v, int) for v in p.values)
                if whole and number != int(number):
                    raise AgentError(
                        f"agent {cls.name!r}, {name}: expected a whole number, got {value!r}"
                    ) from None
                out[name] = int(number) if whole else number
        return out

    @property
    def batch(self) -> int:
        """How many designs the algorithm likes to be asked for at once."""
        return 16

    # ---- the public side
    def ask(self, n: int) -> Designs:
        """``n`` valid designs to evaluate next, (n, d)."""
        if n < 1:
            raise AgentError(f"ask for at least 1 design, not {n}")
        x = np.asarray(self._ask(n))
        if x.shape != (n, len(self.space)):
            raise AgentError(
                f"agent {self.name!r} proposed shape {x.shape}, expected {(n, len(self.space))}"
            )
        return self.space.repair(self.space.check(x), self.rng)

    def tell(self, x: ArrayLike, costs: ArrayLike) -> None:
        """Learn the costs (n,) or (n, k) of designs (n, d); they need not come from :meth:`ask`."""
        designs = self.space.check(x)
        table = np.asarray(costs, np.float64)
        if table.ndim == 1:
            table = table[:, None]
        if table.shape != (len(designs), self.objectives):
            raise AgentError(
                f"tell {len(designs)} designs with costs of shape ({len(designs)}, {self.objectives}), "
                f"got {table.shape}"
            )
        if np.isnan(table).any() or np.isneginf(table).any():
            raise AgentError("costs must be numbers, +inf where infeasible; got NaN or -inf")
        if len(designs):
            self._tell(designs, table)

    # ---- what an author writes
    def _start(self) -> None:
        """Set up state; ``space``, ``rng``, ``hyper``, ``budget`` are there."""

    @abstractmethod
    def _ask(self, n: int) -> Designs:
        """``n`` designs, (n, d) within range; invalid ones are repaired by the caller."""

    @abstractmethod
    def _tell(self, x: Designs, costs: Floats) -> None:
        """Learn from costs (n, k)."""


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
