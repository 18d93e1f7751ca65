"""Contract checkers for third parties, and for archgym's own tests.

    >>> from archgym.testing import check_simulator, check_agent
    >>> check_simulator(MySimulator())
    >>> check_agent(MyAgent)

Each raises :class:`ContractError` naming the rule that is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..contracts.agent import Agent
from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import ArchgymError, DesignError
from ..space import Constraint, Designs, DesignSpace, categorical, ordinal, powers_of_two


class ContractError(ArchgymError, AssertionError):
    """A simulator or agent that breaks its contract."""


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise ContractError(rule)


# ---------------------------------------------------------------- simulators
def check_simulator(
    simulator: Simulator | Callable[[], Simulator], *, designs: int = 24, seed: int = 0
) -> None:
    """Check a simulator on random designs of its space.

    Batch equals row by row bit for bit; twice equals once; metrics are declared, finite where
    feasible and NaN elsewhere; canonical designs behave alike and are fixed points; repaired designs
    are valid; designs outside the space raise; the fingerprint is stable and serialisable.  Given a
    function that makes the simulator, a second instance must agree.
    """
    make = simulator if not isinstance(simulator, Simulator) else None
    sim = simulator if isinstance(simulator, Simulator) else simulator()
    rng = np.random.default_rng(seed)
    names = [m.name for m in sim.metrics]
    _require(
        bool(names) and len(set(names)) == len(names), "metrics must be declared, each name once"
    )
    _require(bool(sim.name) and bool(sim.version), "name and version must be set")
    x = sim.space.sample(designs, rng)
    e = sim.evaluate(x)
    _require(
        sorted(e.metrics) == sorted(names),
        f"evaluate returns {sorted(e.metrics)}, declared {names}",
    )
    for name in names:
        finite = np.isfinite(e.metrics[name])
        _require(
            bool((finite == e.feasible).all()),
            f"{name} must be finite where feasible, NaN elsewhere",
        )
    _same(e, sim.evaluate(x), "evaluating twice must give the same bits")
    for i in range(min(designs, 8)):
        _same(
            e.take([i]),
            sim.evaluate(x[i : i + 1]),
            f"a batch must equal its rows bit for bit (row {i})",
        )
    order = rng.permutation(designs)
    _same(e.take(order), sim.evaluate(x[order]), "the order of a batch must not matter")
    canonical = sim.canonical(x)
    _require(bool((sim.canonical(canonical) == canonical).all()), "canonical must be idempotent")
    _same(e, sim.evaluate(canonical), "a design and its canonical form must behave alike")
    _check_alike(sim, x, e, rng)
    _require(bool(sim.space.is_valid(sim.repair(x, rng)).all()), "repair must return valid designs")
    for bad in (x[:, :-1], x.astype(float) + 0.5, np.where(x == x, sim.space.nvec, 0)):
        try:
            sim.evaluate(bad)
        except DesignError:
            continue
        raise ContractError("designs outside the space must raise DesignError")
    _require(len(sim.evaluate(x[:0])) == 0, "an empty batch must give an empty evaluation")
    if make is not None:
        other = make()
        _require(
            other.key == sim.key, "two instances of one configuration must share a fingerprint"
        )
        _same(e, other.evaluate(x), "two instances must agree bit for bit")


def _same(a: Evaluation, b: Evaluation, rule: str) -> None:
    ok = bool((a.feasible == b.feasible).all())
    for name in a.metrics:
        ok = ok and np.asarray(a.metrics[name]).tobytes() == np.asarray(b.metrics[name]).tobytes()
    _require(ok, rule)


def _check_alike(sim: Simulator, x: Designs, e: Evaluation, rng: np.random.Generator) -> None:
    """Any combination of the values that a run marks as alike gives the same bits."""
    again, marked = sim.evaluate_alike(x)
    _same(e, again, "evaluate_alike must evaluate as evaluate does")
    if marked is None:
        return
    nvec = sim.space.nvec
    _require(marked.shape == (len(x), int(nvec.sum())), "alike has a column a value of a parameter")
    start = np.concatenate([[0], np.cumsum(nvec)[:-1]])
    own = marked[np.arange(len(x))[:, None], x + start]
    _require(bool(own.all()), "a design is like itself")
    other = x.copy()
    for row, column in np.ndindex(*x.shape):
        values = np.flatnonzero(marked[row, start[column] : start[column] + nvec[column]])
        other[row, column] = rng.choice(values)
    _same(e, sim.evaluate(other), "designs marked alike must behave alike")


# -------------------------------------------------------------------- agents
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
    """A separable cost with one optimum, 0: distance of ordinals, mismatch of categoricals."""
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
    """
    landscapes: dict[str, Callable[[DesignSpace], Callable[[Designs], np.ndarray]]] = {
        "bowl": bowl,
        "constant": lambda s: lambda x: np.zeros(len(x)),
        "infeasible": lambda s: lambda x: np.full(len(x), np.inf),
        "half infeasible": lambda s: lambda x: np.where(x.sum(axis=1) % 2 == 0, np.inf, bowl(s)(x)),
        "decades": lambda s: lambda x: 10.0 ** (12 * bowl(s)(x)),
    }
    for space_name, space in tiny_spaces():
        for land, landscape in landscapes.items():
            where = f"{getattr(make, 'name', make)} on {space_name}/{land}"
            histories = []
            for _ in range(2):
                agent = make(space, seed=seed, budget=rounds * batch)
                histories.append(_play(agent, landscape(space), rounds, batch, where))
            _require(
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
        _require(x.shape == (n, len(space)), f"{where}: asked for {n} designs, got shape {x.shape}")
        _require(x.dtype == np.int64, f"{where}: designs must be int64, got {x.dtype}")
        _require(
            bool(((x >= 0) & (x < space.nvec)).all()), f"{where}: a proposal lies outside the space"
        )
        _require(bool(space.is_valid(x).all()), f"{where}: a proposal breaks a constraint")
        costs = np.asarray(cost(x), float)
        table = np.repeat(costs[:, None], agent.objectives, axis=1)
        agent.tell(x, table)
        asked.append(x)
    return asked
