import numpy as np
import pytest

from archgym import Constraint, DesignSpace, Evaluation, Metric, Simulator, ordinal
from archgym.contracts.wrappers import Cached, Counted, Noisy
from archgym.errors import EvaluationError
from archgym.testing import ContractError, check_simulator
from tests.conftest import ToySimulator


class Bare(Simulator):
    name, version = "bare", "1"
    metrics = (Metric("cost", "J"),)
    space = DesignSpace(
        (ordinal("x", tuple(range(5))), ordinal("y", tuple(range(5)))),
        (Constraint("order", lambda c: c["x"] <= c["y"], "x must not exceed y"),),
    )

    def __init__(self, answer):
        self.answer = answer

    def _evaluate(self, x):
        return self.answer(x)


def test_toy_keeps_the_contract(toy):
    check_simulator(ToySimulator)
    for wrapped in (Cached(toy), Counted(toy), Noisy(toy, 0.1)):
        check_simulator(wrapped)


def test_designs_that_break_a_constraint_are_infeasible_with_the_reason():
    sim = Bare(lambda x: Evaluation({"cost": x.sum(axis=1).astype(float)}, np.ones(len(x), bool)))
    e = sim.evaluate([[1, 2], [3, 0]])
    assert e.feasible.tolist() == [True, False]
    assert e.metrics["cost"][0] == 3 and np.isnan(e.metrics["cost"][1])
    assert e.reason(1) == "order: x must not exceed y"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: Evaluation({}, np.ones(len(x), bool)), "is missing"),
        (lambda x: Evaluation({"cost": np.ones(1)}, np.ones(len(x), bool)), "shape"),
        (
            lambda x: Evaluation({"cost": np.full(len(x), np.nan)}, np.ones(len(x), bool)),
            "marked feasible",
        ),
        (
            lambda x: Evaluation({"cost": np.full(len(x), np.inf)}, np.ones(len(x), bool)),
            "marked feasible",
        ),
        (lambda x: Evaluation({"cost": np.ones(len(x))}, np.ones(1, bool)), "feasible has shape"),
    ],
)
def test_a_broken_simulator_never_yields_a_number(answer, message):
    with pytest.raises(EvaluationError, match=message):
        Bare(answer).evaluate([[0, 1], [1, 2]])


def test_infeasible_rows_lose_their_numbers():
    sim = Bare(lambda x: Evaluation({"cost": np.ones(len(x))}, np.zeros(len(x), bool)))
    assert np.isnan(sim.evaluate([[0, 1]]).metrics["cost"]).all()


def test_checker_finds_a_simulator_that_remembers():
    class Drifting(ToySimulator):
        def _evaluate(self, x):
            e = super()._evaluate(x)
            return Evaluation(
                {**e.metrics, "latency": e.metrics["latency"] * (1 + self.calls)}, e.feasible
            )

    with pytest.raises(ContractError, match="twice"):
        check_simulator(Drifting())


def test_checker_finds_a_wrong_canonical_form():
    class Wrong(ToySimulator):
        def canonical(self, x):
            out = x.copy()
            out[:, 0] = 0
            return out

    with pytest.raises(ContractError, match="canonical"):
        check_simulator(Wrong())


def test_fingerprint_depends_on_all_that_matters():
    keys = {ToySimulator().key, ToySimulator("v").key, ToySimulator(gain=2.0).key}
    assert len(keys) == 3
    assert ToySimulator().key == ToySimulator().key


def test_cached_and_counted(toy):
    counted = Counted(toy)
    cached = Cached(counted)
    x = toy.space.sample(10, np.random.default_rng(0))
    first = cached.evaluate(x)
    again = cached.evaluate(x)
    assert counted.count == len(np.unique(x, axis=0))
    np.testing.assert_array_equal(first.metrics["latency"], again.metrics["latency"])


def test_noise_depends_on_design_and_seed_alone(toy):
    x = toy.space.sample(400, np.random.default_rng(0))
    clean = toy.evaluate(x)
    noisy = Noisy(toy, 0.1, seed=1).evaluate(x)
    ratio = np.log(noisy.metrics["energy"] / clean.metrics["energy"])[clean.feasible]
    assert 0.06 < ratio.std() < 0.14
    np.testing.assert_array_equal(
        noisy.metrics["energy"], Noisy(toy, 0.1, seed=1).evaluate(x).metrics["energy"]
    )
