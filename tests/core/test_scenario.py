import numpy as np
import pytest

from archgym import Evaluation, load_scenario
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
    assert toy_scenario.objectives[0].reference == e.metrics["latency"][0]
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
        ({"reference": {"size": 16}}, "lacks parameter"),
        ({"reference": {"size": 1, "ways": 8, "policy": "lru"}}, "reference design is infeasible"),
        ({"reference": None}, "needs a reference design"),
        ({"workload": None}, "'workload'"),
    ],
)
def test_every_mistake_in_a_scenario_is_named(toy_document, change, message):
    toy_document.update(change)
    with pytest.raises((ScenarioError, UnknownNameError), match=message):
        from_document(toy_document)


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
