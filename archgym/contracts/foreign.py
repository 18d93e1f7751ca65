"""Search algorithms that know nothing of archgym: anything that can be asked and told becomes an agent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from .. import registry
from ..errors import AgentError
from ..space import Designs
from .agent import Agent
from .evaluation import Floats


def agent_class(name: str) -> type[Agent]:
    """The agent behind a name or an import path.

    ``module:attribute`` may be an :class:`Agent`, or a class or function that is called as
    ``attribute(space, seed=seed)`` and gives an object with two methods. ``ask(n)`` returns n designs, as
    an array (n, d) of value indices or as dicts of values; ``tell(x, costs)`` is given designs (n, d) and
    their costs (n,), less is better, +inf where infeasible. Where ``ask()`` takes no number it returns one
    design, value indices (d,) or a dict, and ``tell(design, cost)`` is given each as it was asked for.

    Args:
        name: a registered name, or an import path.

    Returns:
        The class.

    Raises:
        UnknownNameError: no such agent.
        AgentError: neither an agent nor something that can be called.
        TrustError: an import path out of a file that nobody has vouched for.
    """
    found = registry.load("agents", name)
    if isinstance(found, type) and issubclass(found, Agent):
        return found
    if not callable(found):
        raise AgentError(
            f"agent {name!r} is a {type(found).__name__}: expected a class of archgym.Agent, or what gives "
            "an object with ask and tell when it is called with a space and a seed"
        )
    return _adapted(name, found)


class AskTell(Agent):
    """An agent whose algorithm is somebody else's object with ``ask`` and ``tell``."""

    make: Callable[..., Any]

    def _start(self) -> None:
        self._other = type(self).make(self.space, seed=self.seed)
        self._asked: list[Any] = []
        missing = [m for m in ("ask", "tell") if not callable(getattr(self._other, m, None))]
        if missing:
            raise AgentError(
                f"agent {self.name!r} gave a {type(self._other).__name__} without {' and '.join(missing)}"
            )

        self._one_by_one = not missing and _takes_nothing(self._other.ask)

    @property
    def batch(self) -> int:
        """One where it proposes one design at a time, so that each informs the next."""
        return 1 if self._one_by_one else super().batch

    def _ask(self, n: int) -> Designs:
        if self._one_by_one:
            found = self._asked = [self._other.ask() for _ in range(n)]
        else:
            found = self._other.ask(n)
        if len(found) and isinstance(found[0], Mapping):
            return self.space.encode(list(found))
        return np.asarray(found)

    def _tell(self, x: Designs, costs: Floats) -> None:
        if not self._one_by_one:
            self._other.tell(x, costs[:, 0])
            return
        # designs that it did not ask for, such as a reference design, come as value indices
        asked = self._asked if len(self._asked) == len(x) else list(x)
        for design, cost in zip(asked, costs[:, 0]):
            self._other.tell(design, float(cost))
        self._asked = []


def _takes_nothing(ask: Callable[..., Any]) -> bool:
    """Whether a method takes no number of designs."""
    try:
        kinds = {p.kind for p in inspect.signature(ask).parameters.values()}
    except (TypeError, ValueError):  # a method of a compiled class
        return False
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return not kinds.intersection(positional)


@cache
def _adapted(name: str, make: Callable[..., Any]) -> type[Agent]:
    """One class an object, so that two loadings of a name are one agent."""
    return type("AskTell", (AskTell,), {"name": name, "make": staticmethod(make)})
