"""The contract of an agent, checked on small spaces and landscapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..contracts.agent import Agent
from ..errors import ArchgymError
from ..space import Constraint, Designs, DesignSpace, categorical, ordinal, powers_of_two
from .rules import ContractError, require

FEW = 32  # designs of a space on which costs hardly differ


def tiny_spaces() -> Iterator[tuple[str, DesignSpace]]:
    """Small spaces with every kind of parameter, a constraint, and the degenerate ones."""
    yield (
        "mixed",
        DesignSpace(
            (
                categorical("kind", ("a", "b", "c")),
                ordinal("size", powers_of_two(1, 64), scale="log"),
                ordinal("level", tuple(range(9))),
                categorical("flag", (False, True)),
            )
        ),
    )
    yield (
        "constrained",
        DesignSpace(
            (
                ordinal("rows", tuple(range(6))),
                ordinal("columns", tuple(range(6))),
                categorical("kind", ("x", "y")),
            ),
            (
                Constraint(
                    "area",
                    lambda c: np.asarray(c["rows"], int) * np.asarray(c["columns"], int) <= 9,
                    "rows * columns must be at most 9",
                ),
            ),
        ),
    )
    yield "binary", DesignSpace(tuple(categorical(f"bit{i}", (0, 1)) for i in range(5)))
    yield "single value", DesignSpace((ordinal("only", (7,)), ordinal("level", tuple(range(4)))))
    yield "one design", DesignSpace((ordinal("only", (7,)),))


def bowl(space: DesignSpace, seed: int = 0) -> Callable[[Designs], np.ndarray]:
    """A separable cost with one optimum, 0: distance of ordinals, mismatch of categoricals.

    Args:
        space: of the designs.
        seed: draws the optimum.

    Returns:
        Costs (n,) of designs (n, d), without unit.
    """
    target = space.sample(1, np.random.default_rng(seed))[0]
    kinds = np.array([p.kind == "ordinal" for p in space.parameters])

    def cost(x: Designs) -> np.ndarray:
        span = np.maximum(space.nvec - 1, 1)
        far = np.where(kinds, np.abs(x - target) / span, (x != target) * 1.0)
        return np.asarray(far.sum(axis=1))

    return cost


def check_agent(
    make: Callable[..., Agent], *, seed: int = 0, rounds: int = 6, batch: int = 7
) -> None:
    """Check an agent on :func:`tiny_spaces`.

    Proposals lie inside the space, keep constraints and have the size asked for; one seed gives one
    sequence; infeasible, constant, duplicated and huge costs are survived; designs it never asked
    for can be told first (warm start); a budget smaller than its population is fine.

    Args:
        make: the agent's class, or what makes one from a space, ``seed``, ``budget``.
        seed: of the agent.
        rounds: how often it is asked.
        batch: designs asked for at once.

    Raises:
        ContractError: names the rule that is broken.
    """
    landscapes: dict[str, Callable[[DesignSpace], Callable[[Designs], np.ndarray]]] = {
        "bowl": bowl,
        "constant": lambda s: lambda x: np.zeros(len(x)),
        "infeasible": lambda s: lambda x: np.full(len(x), np.inf),
        "half infeasible": lambda s: lambda x: np.where(x.sum(axis=1) % 2 == 0, np.inf, bowl(s)(x)),
        "decades": lambda s: lambda x: 10.0 ** (12 * bowl(s)(x)),
    }
    for space_name, space in tiny_spaces():
        # what few designs can tell apart is told by two landscapes
        small = math.prod(space.nvec.tolist()) <= FEW
        for land in ("bowl", "infeasible") if small else landscapes:
            landscape = landscapes[land]
            where = f"{getattr(make, 'name', make)} on {space_name}/{land}"
            histories = []
            for _ in range(2):
                agent = make(space, seed=seed, budget=rounds * batch)
                histories.append(_play(agent, landscape(space), rounds, batch, where))
            require(
                all((a == b).all() for a, b in zip(*histories)),
                f"{where}: one seed must give one sequence",
            )
        cost = bowl(space)
        warm = make(space, seed=seed, budget=3)
        rng = np.random.default_rng(seed)
        known = space.sample(20, rng)
        warm.tell(known, cost(known))
        _play(warm, cost, 1, 3, f"{space_name}, warm start")
    for arguments in ({"no_such_hyperparameter": 1}, {"objectives": 0}):
        try:
            make(space, **arguments)
        except ArchgymError:
            continue
        raise ContractError(f"{arguments} must be refused")


def _play(
    agent: Agent, cost: Callable[[Designs], Any], rounds: int, batch: int, where: str
) -> list[Designs]:
    space, asked = agent.space, []
    for turn in range(rounds):
        n = batch if turn else 1
        x = agent.ask(n)
        require(x.shape == (n, len(space)), f"{where}: asked for {n} designs, got shape {x.shape}")
        require(x.dtype == np.int64, f"{where}: designs must be int64, got {x.dtype}")
        require(
            bool(((x >= 0) & (x < space.nvec)).all()), f"{where}: a proposal lies outside the space"
        )
        require(bool(space.is_valid(x).all()), f"{where}: a proposal breaks a constraint")
        costs = np.asarray(cost(x), float)
        table = np.repeat(costs[:, None], agent.objectives, axis=1)
        agent.tell(x, table)
        asked.append(x)
    return asked
