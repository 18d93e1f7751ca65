"""The contract of a simulator, checked on random designs and by a whole study."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.explanation import moved
from ..contracts.fidelity import FULL
from ..contracts.lowered import at_fidelity
from ..contracts.simulator import Simulator
from ..errors import DesignError
from ..space import Designs
from .rules import ContractError, require
from .studies import check_study


def check_simulator(
    simulator: Simulator | Callable[[], Simulator],
    *,
    designs: int = 24,
    seed: int = 0,
    study: int = 12,
) -> None:
    """Check a simulator on random designs of its space.

    Batch equals row by row bit for bit; twice equals once; metrics are declared, finite where
    feasible and NaN elsewhere; canonical designs behave alike and are fixed points; repaired designs
    are valid; the default design is one of the space; designs outside the space raise; the fingerprint
    is stable and serialisable.  Given a function that makes the simulator, a second instance must agree.
    A short study runs on it, is written into a run folder and verified.

    Args:
        simulator: an instance, or what makes one.
        designs: how many random designs are looked at.
        seed: of the random designs.
        study: how many evaluations the study has; 0 for none.

    Raises:
        ContractError: names the rule that is broken.
    """
    make = simulator if not isinstance(simulator, Simulator) else None
    sim = simulator if isinstance(simulator, Simulator) else simulator()
    rng = np.random.default_rng(seed)
    names = [m.name for m in sim.metrics]
    require(
        bool(names) and len(set(names)) == len(names), "metrics must be declared, each name once"
    )
    require(bool(sim.name) and bool(sim.version), "name and version must be set")
    x = sim.space.sample(designs, rng)
    e = sim.evaluate(x)
    require(
        sorted(e.metrics) == sorted(names),
        f"evaluate returns {sorted(e.metrics)}, declared {names}",
    )
    for name in names:
        finite = np.isfinite(e.metrics[name])
        require(
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
    none = x[:0]
    require(
        sim.evaluate(none).feasible.shape == (0,) and sim.canonical(none).shape == none.shape,
        "a batch of no designs must give no rows",
    )
    canonical = sim.canonical(x)
    require(bool((sim.canonical(canonical) == canonical).all()), "canonical must be idempotent")
    _same(e, sim.evaluate(canonical), "a design and its canonical form must behave alike")
    _check_alike(sim, x, e, rng)
    require(bool(sim.space.is_valid(sim.repair(x, rng)).all()), "repair must return valid designs")
    for bad in (x[:, :-1], x.astype(float) + 0.5, np.where(x == x, sim.space.nvec, 0)):
        try:
            sim.evaluate(bad)
        except DesignError:
            continue
        raise ContractError("designs outside the space must raise DesignError")
    require(len(sim.evaluate(x[:0])) == 0, "an empty batch must give an empty evaluation")
    default = sim.space.encode(sim.default_design())
    require(bool(sim.space.is_valid(default).all()), "the default design must be valid")
    _check_advice(sim, x, e)
    _check_features(sim, x[:6])
    _check_fidelities(sim, x[:6], e.take(list(range(min(designs, 6)))))
    _check_explanation(sim, x[:6], e.take(list(range(min(designs, 6)))))
    if make is not None:
        other = make()
        require(other.key == sim.key, "two instances of one configuration must share a fingerprint")
        _same(e, other.evaluate(x), "two instances must agree bit for bit")
    if study:
        check_study(sim, study, seed)


def _same(a: Evaluation, b: Evaluation, rule: str) -> None:
    ok = bool((a.feasible == b.feasible).all())
    for name in a.metrics:
        ok = ok and np.asarray(a.metrics[name]).tobytes() == np.asarray(b.metrics[name]).tobytes()
    require(ok, rule)


def _check_advice(sim: Simulator, x: Designs, e: Evaluation) -> None:
    """Advice is legal designs, worked out without evaluating."""
    works = np.flatnonzero(e.feasible)[:3]
    for i in works:
        moves = sim.advise(x[i], sim.metrics[0].name, e.take([i]))
        require(
            moves.ndim == 2 and moves.shape[1] == len(sim.space), "advice must be designs (k, d)"
        )
        if len(moves):
            sim.space.check(moves)


def _check_features(sim: Simulator, x: Designs) -> None:
    """Features are numbers of a batch's own rows; who gives some has a version of them."""
    found = sim.features(x)
    if not sim.features_version:
        kind = type(sim)  # which may give features of some of its spaces alone
        own = kind._features is not Simulator._features and not kind.features_version
        require(not own, "a simulator that gives features must say their version, features_version")
        return
    for i in range(len(x)):
        alone = sim.features(x[i : i + 1])
        require(alone.names == found.names, "every batch must have the same features")
        same = np.array_equal(alone.values[0], found.values[i])
        same = same and all(alone.estimates[k][0] == v[i] for k, v in found.estimates.items())
        require(same, "features of a batch must equal those of its rows bit for bit")
    require(
        set(found.estimates) <= {m.name for m in sim.metrics},
        "estimates must be named after metrics",
    )


def _check_fidelities(sim: Simulator, x: Designs, e: Evaluation) -> None:
    """Cheaper fidelities answer in the same shapes, again the same, and leave full answers as they are."""
    declared = sim.fidelities()
    costs = [f.cost for f in declared]
    require(
        costs == sorted(set(costs)), "fidelities must come cheapest first, each of another cost"
    )
    names = [f.name for f in declared]
    require(len(set(names)) == len(names), "fidelities must have names of their own")
    keys = {sim.key}
    for fidelity in declared:
        metrics = {m.name for m in sim.metrics}
        require(set(fidelity.scale) <= metrics, "scales of a fidelity must be named after metrics")
        rough = at_fidelity(sim, fidelity.name)
        require(rough.key not in keys, "every fidelity must have a key of its own")
        keys.add(rough.key)
        require(rough.space is sim.space, "a fidelity must answer for the same space")
        found = rough.evaluate(x)
        require(list(found.metrics) == list(e.metrics), "a fidelity must give the same metrics")
        _same(
            found, at_fidelity(sim, fidelity.name).evaluate(x), "a fidelity must be deterministic"
        )
        for i in range(len(x)):
            _same(
                found.take([i]), rough.evaluate(x[i : i + 1]),
                "a batch at a lower fidelity must equal its rows bit for bit",
            )  # fmt: skip
        alike = rough.evaluate(sim.canonical(x))
        _same(found, alike, "canonical designs must behave alike at every fidelity")
    require(at_fidelity(sim, FULL) is sim, "the full fidelity must be the simulator itself")
    if declared:
        _same(e, sim.evaluate(x), "rough answers must not change what full ones are, not by a bit")


def _check_explanation(sim: Simulator, x: Designs, e: Evaluation) -> None:
    """Parts add up to their metric to the last bit; relief is by knobs of the space."""
    found = sim.explain(x)
    _same(e, found.evaluation, "explain must give the evaluation that evaluate gives")
    for name, values in e.metrics.items():
        b = found[name]
        names = [p.name for p in b.parts]
        require(len(set(names)) == len(names), f"the parts of {name} must have names of their own")
        for i in np.flatnonzero(e.feasible):
            require(
                math.fsum(b.values[i]) == values[i],
                f"the parts of {name} must add up to it exactly",
            )
            require(bool(b.binding[i]), f"{name} must name the resource that limits it")
            slack = float(b.slack[i])
            require(slack == slack, f"{name} must say how much its limit leaves to gain")
            moved(sim.space, x[i], b.moves(int(i)))


def _check_alike(sim: Simulator, x: Designs, e: Evaluation, rng: np.random.Generator) -> None:
    """Any combination of the values that a run marks as alike gives the same bits."""
    again, marked = sim.evaluate_alike(x)
    _same(e, again, "evaluate_alike must evaluate as evaluate does")
    if marked is None:
        return
    nvec = sim.space.nvec
    require(marked.shape == (len(x), int(nvec.sum())), "alike has a column a value of a parameter")
    start = np.concatenate([[0], np.cumsum(nvec)[:-1]])
    own = marked[np.arange(len(x))[:, None], x + start]
    require(bool(own.all()), "a design is like itself")
    other = x.copy()
    for row, column in np.ndindex(*x.shape):
        values = np.flatnonzero(marked[row, start[column] : start[column] + nvec[column]])
        other[row, column] = rng.choice(values)
    _same(e, sim.evaluate(other), "designs marked alike must behave alike")
