"""Proxies inside a search: escalation, screening, confirmation, environments."""

import json

import gymnasium as gym
import numpy as np
import pytest

from archgym import Study
from archgym.answers.confirm import confirm
from archgym.answers.escalating import EscalatingAnswers
from archgym.answers.evaluator import make_evaluator
from archgym.collection.export import export
from archgym.datasets.reader import Dataset
from archgym.errors import ArchgymError, SettingError, UnknownNameError
from archgym.goals.scenario_file import from_document, load_scenario
from archgym.proxies.rows import ProxyError
from archgym.proxies.training import train
from archgym.runs import runner
from archgym.runs.verify import verify
from archgym.search.screening import ScreenedAgent
from archgym.search.study import make_agent

from .test_proxies import Smooth, rows_of

DOCUMENT = {
    "name": "smooth",
    "simulator": "tests.proxies.test_proxies:Smooth",
    "workload": "w",
    "objectives": ["latency"],
    "reference": {"size": 64, "ways": 4, "policy": "lru", "clock": 20},
    "specs": {"energy": "<= 5 nJ"},
    "budget": 400,
}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    path = tmp_path_factory.mktemp("proxy") / "p"
    train(rows_of(2000, 0), "gradient_boosting", hyperparameters={"trees": 200}).save(path)
    return path


def with_(**changes):
    return from_document({**DOCUMENT, **changes})


def test_an_escalating_search_finds_the_same_best_with_few_evaluations():
    true = Study(from_document(DOCUMENT), budget=400, seed=3)
    expected = true.run().cost.min()
    scenario = with_()
    study = Study(scenario, budget=400, seed=3, answers="escalating")
    trials = study.run()
    best = confirm(scenario, trials).trials.cost.min()
    assert scenario.gap(np.array([best]), expected)[0] < 0.01
    assert study.evaluator.computed < true.evaluator.computed / 2
    assert study.evaluator.guessed + study.evaluator.computed <= 400
    assert study.evaluator.guessed > 200


def test_what_promises_to_be_best_is_checked():
    scenario = with_()
    study = Study(scenario, "random_walk", budget=300, seed=1, answers="escalating:,margin=0")
    trials = study.run()
    e = Smooth("w").evaluate(trials.x[[trials.best]])
    assert trials.evaluation.row(trials.best) == e.row(0)


def test_two_studies_of_one_escalating_scenario_do_not_depend_on_each_other():
    scenario = with_()
    first = Study(scenario, budget=120, seed=5, answers="escalating").run()
    Study(scenario, budget=120, seed=6, answers="escalating").run()
    again = Study(scenario, budget=120, seed=5, answers="escalating").run()
    assert np.array_equal(first.cost, again.cost)


def test_an_escalating_simulator_alone_learns_and_counts():
    inner = Smooth("w")
    answers = EscalatingAnswers(inner, width=0.2, shift=2.0)
    rng = np.random.default_rng(0)
    for _ in range(12):
        x = inner.space.sample(50, rng)
        e = answers(x)
    assert answers.guessed > 50 and answers.escalated > 40
    assert answers.computed >= answers.escalated, (
        "without a store, a known design is simulated again"
    )
    assert answers.proxy is not None
    both = e.feasible & inner.evaluate(x).feasible
    ratio = e.metrics["latency"][both] / inner.evaluate(x).metrics["latency"][both]
    assert np.median(np.abs(ratio - 1)) < 0.1
    assert not answers.exact and answers.simulator is inner
    assert answers.fresh().proxy is None, "a study starts from its own"


def test_a_proxy_is_where_escalation_may_start(proxy):
    study = Study(with_(), budget=200, seed=0, answers=f"escalating:{proxy}")
    study.run()
    assert study.evaluator.computed < 60, "it knows the space already"


def test_escalation_over_several_workloads_and_objectives():
    scenario = with_(
        workload=None,
        workloads=["a", "b"],
        aggregate="geometric_mean",
        objectives=["latency", "energy"],
        specs={},
    )
    study = Study(scenario, "nsga2", budget=300, seed=0, answers="escalating")
    trials = study.run()
    assert study.evaluator.guessed > 0 and len(confirm(scenario, trials).trials) > 1


def test_a_killed_escalating_run_goes_on_to_the_same_end(tmp_path):
    scenario = with_()
    plan = {"budget": 160, "seed": 2, "answers": "escalating", "plots": False}
    whole = runner.run(scenario, output=tmp_path / "whole", **plan)

    class Killed(Exception):
        pass

    def kill(progress):
        if progress.done >= 90:
            raise Killed

    with pytest.raises(Killed):
        runner.run(scenario, output=tmp_path / "cut", on_progress=kill, **plan)
    again = runner.resume(tmp_path / "cut", plots=False)
    assert np.array_equal(whole.trials.cost, again.trials.cost)
    assert whole.result == again.result
    assert verify(tmp_path / "cut")["differences"] == []
    rows, _ = export([tmp_path / "cut"], tmp_path / "d.parquet")
    assert rows < 160, "guesses are no data"
    data = Dataset(tmp_path / "d.parquet")
    assert np.array_equal(
        Smooth("w").evaluate(data.x).metrics["latency"], data.metric("latency"), equal_nan=True
    )


def test_final_answers_of_a_proxy_are_the_simulators(tmp_path, proxy):
    done = runner.run(
        with_(), budget=200, answers=f"proxy:{proxy}", output=tmp_path / "r", plots=False
    )
    best = done.result["best"]
    x = Smooth.space.encode(best["design"])
    assert best["metrics"] == Smooth("w").evaluate(x).row(0)
    assert best["guessed"] != best["metrics"]
    assert 1 <= done.result["confirmed"]["designs"] <= 16 + 64
    assert json.loads((tmp_path / "r" / "result.json").read_text())["confirmed"]["by"] == "smooth 1"


def test_screening_spends_the_budget_on_what_promises(proxy, tmp_path):
    plain = Study(from_document(DOCUMENT), "random_walk", budget=40, seed=0).run()
    scenario = from_document(DOCUMENT)
    screened = Study(
        scenario, "random_walk", budget=40, seed=0, screen=f"proxy:{proxy}", screen_factor=10
    ).run()
    assert np.median(screened.cost) < np.median(plain.cost)
    assert screened.cost.min() <= plain.cost.min()
    assert make_evaluator(scenario).exact
    truth = Smooth("w").evaluate(screened.x)
    assert np.array_equal(truth.metrics["latency"], screened.evaluation.metrics["latency"], True)
    run = runner.run(
        scenario, "genetic_algorithm", budget=60, output=tmp_path / "s", plots=False,
        screen=f"proxy:{proxy}", screen_factor=4,
    )  # fmt: skip
    again = runner.resume(tmp_path / "s", plots=False)
    assert again.result == run.result and "confirmed" not in run.result


@pytest.mark.parametrize("name", ["genetic_algorithm", "nsga2", "ant_colony", "cma_es", "tpe"])
def test_any_agent_can_be_screened(name, proxy):
    objectives = ["latency", "energy"] if name == "nsga2" else ["latency"]
    scenario = from_document({**DOCUMENT, "objectives": objectives})
    trials = Study(
        scenario, name, budget=30, seed=0, screen=f"proxy:{proxy}", screen_factor=3
    ).run()
    assert len(trials) == 30 and np.isfinite(trials.cost).any()


def test_a_screened_agent_repeats_itself_only_if_it_must(proxy):
    scenario = from_document(DOCUMENT)
    inner = make_agent("random_walk", scenario, seed=0, budget=50, hyperparameters={})

    def guess(x):
        return x.sum(axis=1, keepdims=True).astype(float), scenario.feedback(scenario.evaluate(x))

    agent = ScreenedAgent(inner, guess, 4)
    x = np.concatenate([agent.ask(10) for _ in range(5)])
    assert len(np.unique(x, axis=0)) == len(x)
    with pytest.raises(ArchgymError, match="at least 2 proposals"):
        ScreenedAgent(inner, guess, 1)


def test_an_environment_on_a_proxy_says_that_it_guesses(tmp_path):
    from archgym.collection.sample import sample
    from archgym.proxies.rows import Rows

    scenario = load_scenario("mapping/resnet18-conv2-loops")
    rows, _ = sample(scenario, 400, tmp_path / "d.parquet")
    assert rows == 400
    path = tmp_path / "p"
    train(Rows.of(Dataset(tmp_path / "d.parquet")), "ridge").save(path)
    env = gym.make("archgym/Mapping-v0", cost_model=path)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert info["guessed"] and np.isfinite(reward)
    env = gym.make("archgym/Mapping-v0")
    env.reset(seed=0)
    assert not env.step(env.action_space.sample())[4]["guessed"]


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        ("escalating:,widht=1", UnknownNameError, "width"),
        ("escalating:,width=x", SettingError, "expected a number"),
        ("escalating:/nowhere", ProxyError, "holds no proxy"),
    ],
)
def test_bad_settings_are_refused(argument, error, message):
    with pytest.raises(ArchgymError, match=message):
        make_evaluator(with_(), argument)
