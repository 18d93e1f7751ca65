"""The contract of a search agent: ask for designs, tell their costs; less is better."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..errors import AgentError, UnknownNameError
from ..space import Designs, DesignSpace, Setting, Value, check_settings, settings_of_space
from .evaluation import Floats
from .feedback import Feedback
from .fidelity import FULL, Offer
from .relative import Relative

NO_HYPERPARAMETERS = DesignSpace(())


@dataclass(frozen=True)
class GridPoint:
    """One point of a named grid: hyperparameters, and a budget and seed where the grid fixes them."""

    hyperparameters: Mapping[str, Value]
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
    # whether it uses a simulator's costly metrics (see archgym.contracts.query) only of designs that meet the
    # other specs; a study then counts those alone, and hides the rest from it
    costly_only_if_met: ClassVar[bool] = False
    # whether a study hands it what its store knows of other workloads (see :meth:`inherit`)
    inherits: ClassVar[bool] = False
    # whether it may ask for cheaper fidelities, which a study offers it then (see :meth:`offer`)
    uses_fidelities: ClassVar[bool] = False

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
        self.offers: tuple[Offer, ...] = ()
        self._start()

    @classmethod
    def grid_points(cls, name: str) -> list[GridPoint]:
        """Every point of a named grid of :attr:`grids`.

        Besides hyperparameters a grid may list ``budget``, ``seed`` and ``generations`` (a budget
        of that many populations), as the grids of papers do.

        Args:
            name: of the grid, a key of :attr:`grids`.

        Returns:
            Every point, in order: hyperparameters, and a budget and seed where the grid fixes them.

        Raises:
            UnknownNameError: the agent has no grid of this name.
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
    def declared_settings(cls) -> tuple[Setting, ...]:
        """The hyperparameters as settings: type, legal values or range, default.

        Returns:
            One setting per hyperparameter: type, legal values or range, default, unit.
        """
        return settings_of_space(cls.hyperparameters, cls.defaults)

    @classmethod
    def check_hyperparameters(cls, given: Mapping[str, object]) -> dict[str, Any]:
        """Complete and check hyperparameters.

        Args:
            given: values by name, as text or in their types. Numbers between two listed values are
                allowed.

        Returns:
            All hyperparameters: the defaults, overridden by ``given``.

        Raises:
            UnknownNameError: not a hyperparameter of this agent.
            SettingError: not a legal value.
        """
        owner = f"agent {cls.name!r}"
        checked = check_settings(owner, cls.declared_settings(), given, "hyperparameter")
        return {**cls.defaults, **checked}

    @property
    def batch(self) -> int:
        """How many designs the algorithm likes to be asked for at once."""
        return 16

    # ---- the public side
    def ask(self, n: int) -> Designs:
        """Propose designs to evaluate next.

        Designs that break a constraint are repaired.

        Args:
            n: how many, at least 1.

        Returns:
            Designs (n, d) of value indices, all valid.

        Raises:
            AgentError: ``n`` is below 1, or the algorithm proposed an array of another shape.
            DesignError: the algorithm proposed an index that a parameter lacks.
        """
        if n < 1:
            raise AgentError(f"ask for at least 1 design, not {n}")
        x = np.asarray(self._ask(n))
        if x.shape != (n, len(self.space)):
            raise AgentError(
                f"agent {self.name!r} proposed shape {x.shape}, expected {(n, len(self.space))}"
            )
        return self.space.repair(self.space.check(x), self.rng)

    def tell(self, x: ArrayLike, costs: ArrayLike, feedback: Feedback | None = None) -> None:
        """Learn what designs cost.

        Args:
            x: designs (n, d) of value indices. They need not come from :meth:`ask`.
            costs: (n,) or (n, k), less is better, +inf where infeasible.
            feedback: more of the same designs: their evaluation, and how far each is outside of
                every spec.

        Raises:
            AgentError: costs or feedback of another shape, or costs that are NaN or -inf.
            DesignError: ``x`` is not a batch of this space.
        """
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
        if feedback is not None and len(feedback) != len(designs):
            raise AgentError(f"tell {len(designs)} designs with feedback on {len(feedback)}")
        if len(designs):
            self._tell_with(designs, table, feedback)

    def inherit(self, relatives: Sequence[Relative]) -> None:
        """Learn from other workloads; called before the first proposal, where ``inherits`` is set.

        Args:
            relatives: other workloads of the same simulator; none where the store knows none.
        """

    def offer(self, offers: Sequence[Offer]) -> None:
        """Learn what answers more cheaply; called before the first proposal of who ``uses_fidelities``.

        Args:
            offers: cheaper fidelities, cheapest first; none where there are none.
        """
        self.offers = tuple(offers)

    @property
    def fidelity(self) -> str:
        """At which of ``offers`` the designs asked for next are to be evaluated, by name; else ``full``.

        A study reads it before every :meth:`ask` and charges the offer's cost for each of these designs.
        The answer comes with ``feedback.fidelity``.
        """
        return FULL

    # ---- what an author writes
    def _start(self) -> None:
        """Set up state; ``space``, ``rng``, ``hyper``, ``budget`` are there."""

    @abstractmethod
    def _ask(self, n: int) -> Designs:
        """``n`` designs, (n, d) within range; invalid ones are repaired by the caller."""

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        """Learn from costs (n, k) and what else is known; the default passes on the costs alone."""
        self._tell(x, costs)

    @abstractmethod
    def _tell(self, x: Designs, costs: Floats) -> None:
        """Learn from costs (n, k)."""
