"""Observations are finite for every metric a simulator may answer, and ratios where it is positive."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import DesignSpace, Evaluation, Metric, Simulator, ordinal, registry
from archgym.environments import DesignEnv, DesignVectorEnv
from archgym.environments.common import OBSERVATION_LIMIT
from archgym.goals.scenario_file import from_document

MISSES = (-3.0, 0.0, 2.0, -1e300, 5e-324, 1e300, -5e-324)


class Slack(Simulator):
    """Slack and misses: of any sign, and extreme."""

    name, version = "slack", "1"
    metrics = (Metric("slack", "s"), Metric("time", "s"), Metric("misses", ""))
    space = DesignSpace((ordinal("row", tuple(range(len(MISSES)))), ordinal("time", (1, 2, 4))))

    def __init__(self, workload="w"):
        self.workload = str(workload)

    def _evaluate(self, x):
        slack = np.array(MISSES)[x[:, 0]]
        metrics = {"slack": slack, "time": 2.0 ** x[:, 1], "misses": np.maximum(slack, 0.0)}
        return Evaluation(metrics, np.ones(len(x), np.bool_))


@pytest.fixture(autouse=True)
def _slack(monkeypatch):
    known = registry.table

    def table(kind):
        extra = {"slack": f"{__name__}:Slack"} if kind == "simulators" else {}
        return {**known(kind), **extra}

    monkeypatch.setattr(registry, "table", table)


def made(**more):
    return from_document(
        {
            "name": "s",
            "simulator": "slack",
            "workload": "w",
            "objectives": [{"metric": "time", "reference": "1 s"}],
            **more,
        }
    )


# rows of MISSES that a reference design may have: positive, negative, zero, or none at all
@pytest.mark.parametrize("reference", [2, 0, 1, None])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_zero_and_negative_metrics_are_observed_finitely(reference, mode):
    more = {} if reference is None else {"reference": {"row": reference, "time": 1}}
    scenario = made(**more)
    n = scenario.space.cardinality
    x = np.concatenate(list(scenario.space.grid()))
    with np.errstate(all="raise", under="ignore"):
        single, vector = DesignEnv(scenario), DesignVectorEnv(n, scenario, autoreset_mode=mode)
        vector.reset()
        observations, _, _, _, info = vector.step(x)
        if mode == "SameStep":
            observations = np.stack(info["final_obs"])
        for row, observed in zip(x, observations):
            single.reset()
            mine, reward, *_ = single.step(row)
            assert np.isfinite(mine).all() and math.isfinite(reward)
            assert mine in single.observation_space
            np.testing.assert_allclose(observed, mine, rtol=1e-6)


def test_signed_metrics_keep_their_sign_and_order():
    env = DesignEnv(made(reference={"row": 0, "time": 1}))  # its slack is -3, its misses 0
    order = np.argsort(MISSES)
    seen = []
    for row in order:
        env.reset()
        seen.append(env.step(np.array([row, 0]))[0])
    slack, misses = np.array(seen)[:, 0], np.array(seen)[:, 2]
    assert (np.diff(slack) >= 0).all() and (np.diff(misses) >= 0).all()
    assert slack[0] == -OBSERVATION_LIMIT and slack[-1] == OBSERVATION_LIMIT
    assert slack[list(order).index(0)] == pytest.approx(-math.log(2))  # as large as the reference's
    assert misses[list(order).index(2)] == pytest.approx(
        math.log(3)
    )  # over 1, as its reference is 0


def test_a_metric_may_declare_itself_signed(monkeypatch):
    signed = Metric("slack", "s")
    object.__setattr__(signed, "signed", True)
    monkeypatch.setattr(Slack, "metrics", (signed, *Slack.metrics[1:]))
    env = DesignEnv(made(reference={"row": 2, "time": 1}))  # positive at the reference
    env.reset()
    assert env.step(np.array([0, 0]))[0][0] == pytest.approx(-math.log1p(3 / 2))


@settings(max_examples=100, deadline=None)
@given(
    st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    st.floats(min_value=0, exclude_min=True, allow_infinity=False),
)
def test_positive_metrics_are_log_ratios_to_the_reference(value, reference):
    view = DesignEnv(made(reference={"row": 2, "time": 1})).view
    view._scales = [reference] * 3
    view._scale = np.array(view._scales)
    row = dict.fromkeys(view.metrics, value)
    e = Evaluation({n: np.array([value]) for n in view.metrics}, np.ones(1, np.bool_))
    exact = math.log(value) - math.log(reference)
    exact = max(-OBSERVATION_LIMIT, min(OBSERVATION_LIMIT, exact))
    for observed in (view.observe_one(row, True), view.observe(e)[0]):
        assert observed[0] == pytest.approx(exact, rel=1e-5, abs=1e-6) and observed[-1] == 1


def test_infeasible_designs_are_zeros(toy_scenario):
    env = DesignEnv(toy_scenario)
    bad = toy_scenario.space.encode({"size": 1, "ways": 8, "policy": "lru"})
    assert (env.view.observe(env.view.evaluate(bad)) == 0).all()
