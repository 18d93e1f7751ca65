"""Batches of designs: the table of corrections says what the process says of each design by itself."""

import numpy as np
import pytest
from archgym.simulators.serving import ServingSimulator
from archgym.simulators.serving.predict import learned, mechanistic
from archgym.simulators.serving.residual import _solve, points


@pytest.fixture(scope="module")
def designs():
    simulator = ServingSimulator("llama-3.1-70b-chat")
    x = simulator.space.sample(400, np.random.default_rng(6))
    return simulator, simulator.canonical(x)


def test_corrections_are_those_of_the_process(designs):
    simulator, x = designs
    s, p = simulator.configurations(x)
    out = mechanistic(simulator._pairs, s, pools=p)
    residual, versions = learned()
    numbers = np.full(len(x), versions([""])[0], np.int64)
    more = residual(points(s, simulator._pairs, numbers))
    more[p.prefill_workers > 0] = 0.0
    e = simulator.evaluate(x)
    for column, metric in enumerate(("ttft", "tpot")):
        expected = out[:, column] * np.exp(more[:, column])
        np.testing.assert_allclose(e.metrics[metric][e.feasible], expected[e.feasible], rtol=1e-14)
    assert (more[:, :2] != 0).any()


def test_an_answer_does_not_depend_on_what_was_asked_before(designs):
    _, x = designs
    fresh, used = (ServingSimulator("llama-3.1-70b-chat") for _ in range(2))
    for row in x[:200]:
        used.evaluate(row[None])
    a, b = fresh.evaluate(x), used.evaluate(x)
    assert all(np.array_equal(a.metrics[m], b.metrics[m], equal_nan=True) for m in a.metrics)


def test_evaluation_leaves_designs_as_they_are(designs):
    simulator, _ = designs
    x = simulator.space.sample(50, np.random.default_rng(1))
    before = x.copy()
    simulator.evaluate(x)
    simulator.canonical(x)
    assert (x == before).all()


def test_weights_are_those_of_a_library():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(40, 40))
    a, y = root @ root.T + np.eye(40), rng.normal(size=40)
    found = y.copy()
    _solve(a.copy(), found)
    np.testing.assert_allclose(found, np.linalg.solve(a, y), rtol=1e-9)
