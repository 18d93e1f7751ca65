import numpy as np
import pytest

from archgym import Evaluation, Scenario, load_scenario
from archgym.errors import ScenarioError, UnknownNameError
from archgym.goals.objectives import Expression, Objective, Spec
from archgym.goals.rewards import FORMULATIONS, INFEASIBLE_REWARD, VIOLATED
from archgym.goals.scenario_file import from_document, shipped
from tests.conftest import ToySimulator


def evaluation(**metrics):
    arrays = {k: np.array(v, float) for k, v in metrics.items()}
    feasible = ~np.isnan(next(iter(arrays.values())))
    return Evaluation(arrays, feasible)


def test_reference_value_comes_from_the_reference_design(toy_scenario):
    x = toy_scenario.space.encode([{"size": 16, "ways": 2, "policy": "lru"}])
    e = toy_scenario.evaluate(x)
    assert toy_scenario.resolved[0][0].reference == e.metrics["latency"][0]
    assert toy_scenario.costs(e)[0, 0] == 0.0


def test_specs_come_before_improvement(toy_scenario):
    e = evaluation(latency=[1e-9, 5e-8, np.nan], energy=[90e-12, 10e-12, np.nan])
    cost = toy_scenario.costs(e)[:, 0]
    assert cost[0] == pytest.approx(VIOLATED + np.log(1.5))
    assert cost[1] < VIOLATED
    assert cost[2] == np.inf
    assert toy_scenario.rewards(e).tolist() == [-cost[0], -cost[1], INFEASIBLE_REWARD]
    assert toy_scenario.satisfied(e).tolist() == [False, True, False]


def test_vector_costs_turn_the_sign_of_maximised_objectives(toy_document):
    toy_document["objectives"] = [{"metric": "latency"}, {"metric": "energy", "goal": "maximize"}]
    scenario = from_document(toy_document)
    e = evaluation(latency=[1e-9], energy=[5e-11])
    assert scenario.costs(e, vector=True).tolist() == [[1e-9, -5e-11]]


def test_target_distance_is_archgyms_and_peaks_at_the_target(toy_document):
    toy_document.update(
        reward="target-distance", specs={}, objectives=[{"metric": "latency", "target": "10 ns"}]
    )
    scenario = from_document(toy_document)
    e = evaluation(latency=[5e-9, 9e-9, 10e-9, 20e-9], energy=[1e-12] * 4)
    rewards = scenario.rewards(e)
    np.testing.assert_allclose(rewards, [2.0, 10.0, 1000.0, 1.0])
    assert rewards[0] < rewards[1], "the documented flaw: better than the target scores worse"


def test_weighted_accuracy_is_nasaics():
    objective = Objective(Expression("accuracy", (("accuracy", 1),)), "maximize")
    spec = Spec("latency", upper=2.0, worst=6.0)
    metrics = {"accuracy": np.array([0.9, 0.9]), "latency": np.array([1.0, 4.0])}
    cost = FORMULATIONS["weighted-accuracy"](metrics, [objective], [spec], 10.0)
    np.testing.assert_allclose(-cost, [0.9, 0.9 - 10 * 0.5])


def test_expressions_multiply_and_divide(toy):
    e = Expression.parse("energy * latency / energy", toy.metrics)
    np.testing.assert_allclose(e({"energy": np.array([2.0]), "latency": np.array([3.0])}), [3.0])
    assert Expression.parse("energy / latency", toy.metrics).unit(toy.metrics) == "J/s"
    for bad in ("", "energy latency", "* energy", "energy + latency", "2 * energy"):
        with pytest.raises(ScenarioError):
            Expression.parse(bad, toy.metrics)


@pytest.mark.parametrize("aggregate", ["sum", "geometric_mean", "worst"])
def test_workloads_are_aggregated(toy_document, aggregate, monkeypatch):
    del toy_document["workload"]
    toy_document.update(workloads=["a", "b"], aggregate=aggregate, specs={})
    scenario = from_document(toy_document)
    scenario.simulators[1].gain = 4.0
    x = scenario.space.encode([{"size": 8, "ways": 1, "policy": "lru"}])
    one = ToySimulator().evaluate(x).metrics["latency"][0]
    expected = {"sum": 5 * one, "geometric_mean": 2 * one, "worst": 4 * one}[aggregate]
    assert scenario.evaluate(x).metrics["latency"][0] == pytest.approx(expected, rel=1e-12)


def test_parameters_pin_and_narrow(toy_document):
    toy_document["parameters"] = {"size": [8, 16, 32], "policy": "lru"}
    scenario = from_document(toy_document)
    assert scenario.space.cardinality == 3 * 4
    x = scenario.space.encode([{"size": 32, "ways": 2, "policy": "lru"}])
    whole = ToySimulator().space.encode([{"size": 32, "ways": 2, "policy": "lru"}])
    assert scenario.evaluate(x).row(0) == ToySimulator().evaluate(whole).row(0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objectivs": ["latency"]}, "did you mean 'objectives'"),
        ({"objectives": ["latensy"]}, "did you mean 'latency'"),
        ({"objectives": [{"metric": "latency", "gaol": "minimize"}]}, "did you mean 'goal'"),
        ({"objectives": [{"metric": "latency", "goal": "up"}]}, "unknown goal"),
        ({"objectives": [{"metric": "latency", "weight": -1}]}, "weight must be positive"),
        ({"objectives": []}, "no objective"),
        ({"specs": {"energi": "<= 1 J"}}, "did you mean 'energy'"),
        ({"specs": {"energy": "<= 1 s"}}, "expected a quantity in J"),
        ({"specs": {"energy": "about 1 J"}}, "expected '<= number unit'"),
        ({"specs": {"energy": {"uper": 1}}}, "did you mean 'upper'"),
        ({"specs": {"energy": float("nan")}}, "spec 'energy'"),
        ({"specs": {"energy": {"upper": float("nan")}}}, "finite"),
        ({"simulator": "tooy"}, "did you mean 'toy'"),
        ({"reward": "satisfy"}, "unknown reward formulation"),
        ({"aggregate": "mean"}, "unknown aggregate"),
        ({"budget": 0}, "budget must be at least 1"),
        ({"budget": "many"}, "whole number"),
        ({"config": {"gian": 2}}, "did you mean 'gain'"),
        ({"parameters": {"size": [3]}}, "'size': 3 is not a legal value"),
        ({"parameters": {"sise": [4]}}, "did you mean 'size'"),
        ({"reference": {"sise": 16}}, "did you mean 'size'"),
        ({"reference": {"size": 17}}, "not a legal value"),
        (
            {"specs": {"energy": "<= 1.05 x referense"}},
            "expected a quantity in J|number with a unit",
        ),
        ({"specs": {"energy": {"lower": 2, "upper": 1}}}, "above upper"),
        ({"specs": {"energy": "<= -1 J"}}, "upper bound -1 J on 'energy' is negative"),
        ({"specs": {"energy": "<= -2 x reference"}}, "is negative"),
        ({"rho": float("inf")}, "finite number"),
        ({"objectives": [{"metric": "latency", "weight": "much"}]}, "finite number"),
        ({"workload": None}, "'workload'"),
    ],
)
def test_every_mistake_in_a_scenario_is_named(toy_document, change, message):
    toy_document.update(change)
    with pytest.raises((ScenarioError, UnknownNameError), match=message):
        from_document(toy_document)


def test_all_faults_of_a_scenario_are_told_at_once(toy_document):
    toy_document.update(budget=0, rho="big", specs={"energy": "about 1 J"})
    with pytest.raises(ScenarioError) as caught:
        from_document(toy_document)
    assert all(word in str(caught.value) for word in ("2 faults", "budget", "rho"))
    toy_document.update(budget=5, rho=1, specs={"energy": "about 1", "latency": {"upper": "1 J"}})
    with pytest.raises(ScenarioError) as caught:
        from_document(toy_document)
    assert "spec 'energy'" in str(caught.value) and "spec 'latency'" in str(caught.value)


# ---- the design to compare with
def test_a_part_of_a_reference_is_completed_by_the_default_design(toy_document):
    toy_document["reference"] = {"size": 16}
    scenario = from_document(toy_document)
    default = ToySimulator().default_design()
    assert scenario.space.decode(scenario.reference_design)[0] == {**default, "size": 16}
    toy_document["reference"] = None
    scenario = from_document(toy_document)
    assert scenario.space.decode(scenario.reference_design)[0] == default


def test_an_infeasible_reference_is_a_warning_with_another_in_its_place(toy_document, monkeypatch):
    toy_document["reference"] = {"size": 1, "ways": 8, "policy": "lru"}
    scenario = from_document(toy_document)
    assert "default design takes its place" in scenario.compared.warning
    assert scenario.compared.evaluation.feasible[0]
    corner = {"size": 1, "ways": 8, "policy": "lru"}
    monkeypatch.setattr(ToySimulator, "default_design", lambda self: corner)
    scenario = from_document(toy_document)
    assert "compared with 1 in their SI unit" in scenario.compared.warning
    e = evaluation(latency=[np.e], energy=[1e-12])
    assert scenario.costs(e)[0, 0] == pytest.approx(1.0)
    toy_document["specs"] = {"energy": "<= 1.05 x reference"}
    with pytest.raises(ScenarioError, match="no reference design is feasible"):
        from_document(toy_document).costs(e)


def test_relative_bounds_are_worked_out_for_every_workload(toy_document):
    toy_document["specs"] = {
        "latency": "<= 1.05 x reference",
        "energy": {"lower": "50 % of reference"},
    }
    toy_document["objectives"] = [{"metric": "energy", "target": "0.7 x reference"}]
    here, there = (from_document(toy_document | {"config": {"gain": g}}) for g in (1.0, 3.0))
    for scenario, gain in ((here, 1.0), (there, 3.0)):
        objectives, (latency, energy) = scenario.resolved
        own = ToySimulator(gain=gain).evaluate(scenario.reference_design).row(0)
        assert latency.upper == 1.05 * own["latency"] and energy.lower == 0.5 * own["energy"]
        assert objectives[0].target == 0.7 * own["energy"]
        assert "1.05 x reference" in scenario.specs[0].text("s")


def test_a_document_is_derived_and_gives_an_equal_scenario(toy_document):
    toy_document["specs"] = {"energy": "<= 1.05 x reference"}
    toy_document["parameters"] = {"policy": ["lru", "fifo"]}
    toy_document["others"] = "free"
    scenario = from_document(toy_document)
    again = from_document(scenario.document)
    assert again.document == scenario.document and "others" not in scenario.document
    x = scenario.space.sample(30, np.random.default_rng(0))
    e = scenario.evaluate(x)
    assert np.array_equal(again.costs(again.evaluate(x)), scenario.costs(e))


def test_a_scenario_made_in_python_has_the_same_document(toy_document):
    made = Scenario(
        "toy", "toy", ("w",), (Objective(Expression.parse("latency", ToySimulator.metrics)),),
        specs=(Spec("energy", upper=60e-12),),
        reference={"size": 16, "ways": 2, "policy": "lru"}, budget=60,
    )  # fmt: skip
    assert made.document == from_document(toy_document).document


def test_pinning_a_knob_moves_the_reference_along(toy_document, toy_scenario):
    pinned = load_scenario(toy_scenario, changes={"parameters": {"policy": ["fifo"]}})
    at = pinned.space.decode(pinned.reference_design)[0]
    assert at == {"size": 16, "ways": 2, "policy": "fifo"}
    assert any("policy" in note for note in pinned.notes)
    assert from_document(pinned.document).document == pinned.document
    with pytest.raises(ScenarioError, match="not a legal value"):
        from_document(toy_document | {"parameters": {"policy": ["fifo"]}})


# ---- objectives that may be 0 or negative
def test_values_of_zero_and_below_have_finite_costs_in_order(toy_document):
    scenario = from_document(toy_document | {"specs": {}})
    values = [-5.0, -1e-8, 0.0, 1e-30, 1e-9, 2e-8, 1.0]
    cost = scenario.costs(evaluation(latency=values, energy=[1e-12] * 7))[:, 0]
    assert np.isfinite(cost).all() and (np.diff(cost) > 0).all() and np.abs(cost).max() < VIOLATED


def test_differences_compare_where_they_are_declared(toy_document):
    toy_document["objectives"] = [
        {"metric": "latency", "compare": "difference", "reference": "0 s", "scale": "1 ns"}
    ]
    scenario = from_document(toy_document | {"specs": {}})
    cost = scenario.costs(evaluation(latency=[-1e-9, 0.0, 1e-9], energy=[1e-12] * 3))[:, 0]
    np.testing.assert_allclose(cost, np.arcsinh([-1, 0, 1]))
    np.testing.assert_allclose(scenario.gap(cost, cost[0]), [0, 1, 2])


def test_a_negative_metric_has_no_geometric_mean(toy_document):
    del toy_document["workload"]
    toy_document.update(workloads=["a", "b"], aggregate="geometric_mean")
    scenario = from_document(toy_document)
    parts = [evaluation(latency=[v], energy=[1e-12]) for v in (1.0, -1.0)]
    with pytest.raises(ScenarioError, match="no geometric mean"):
        scenario.combine(parts)


def test_what_an_agent_is_told_comes_from_the_evaluation_alone(toy_scenario):
    x = toy_scenario.space.sample(20, np.random.default_rng(0))
    e = toy_scenario.evaluate(x)
    toy_scenario.costs(e)  # the reference is evaluated once, when first needed
    calls = toy_scenario.simulators[0].calls
    feedback = toy_scenario.feedback(e)
    spec = toy_scenario.resolved[1][0]
    assert np.array_equal(feedback.violations["energy"], spec.violation(e.metrics), equal_nan=True)
    assert np.array_equal(feedback.penalty[e.feasible], spec.violation(e.metrics)[e.feasible])
    assert np.isinf(feedback.penalty[~e.feasible]).all()
    assert len(feedback.advise(x[0], 0)) > 0
    assert toy_scenario.simulators[0].calls == calls, "feedback and advice evaluate nothing"


@pytest.mark.parametrize(
    ("bounds", "values", "expected"),
    [
        ({"upper": 2.0}, [1, 2, 3], [0, 0, 0.5]),
        ({"lower": 2.0}, [1, 2, 3], [0.5, 0, 0]),
        ({"lower": 2.0, "upper": 4.0}, [1, 2, 3, 4, 6], [0.5, 0, 0, 0, 0.5]),
        ({"lower": -4.0}, [-6, -4, 0], [0.5, 0, 0]),
        ({"upper": 0.0}, [-1, 0, 3], [0, 0, 3]),
    ],
)
def test_violations_are_shares_of_the_bound_that_is_broken(bounds, values, expected):
    metrics = {"m": np.array(values, float)}
    assert Spec("m", **bounds).violation(metrics).tolist() == expected


def test_yaml_mistakes_are_named(tmp_path):
    for text, message in [
        ("name: [1, 2", "not valid YAML"),
        ("- a\n- b\n", "expected a mapping"),
        ("name: a\nname: b\n", "twice"),
        ("name: a\n", "'simulator' is missing"),
    ]:
        path = tmp_path / "s.yaml"
        path.write_text(text)
        with pytest.raises(ScenarioError, match=message):
            load_scenario(path)
    with pytest.raises(ScenarioError, match="cannot read"):
        load_scenario(tmp_path / "none.yaml")


def test_unknown_scenario_suggests():
    name = next(iter(shipped()))
    with pytest.raises(UnknownNameError, match="did you mean"):
        load_scenario(name[:-1])
