"""Starts from other workloads: what counts as one, what is proposed, what is charged."""

import numpy as np
import pytest
from archgym.agents.transfer import Transfer
from archgym.simulators.dram.simulator import DRAMSimulator

import archgym
from archgym.answers.relatives import relatives, similarities
from archgym.answers.store import EvaluationStore
from archgym.contracts.relative import Relative
from archgym.goals.scenario_file import load_scenario

NAME = "serving/llama-70b-chat"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    place = EvaluationStore(tmp_path_factory.mktemp("store") / "evaluations.sqlite")
    for seed, workload in enumerate(("llama-3.1-8b-chat", "qwen3-32b-chat")):
        scenario = load_scenario(NAME, workload)
        archgym.Study(scenario, "random_walk", budget=120, seed=seed, store=place).run()
    yield place
    place.close()


def test_relatives_are_other_workloads_of_the_same_simulator_and_settings(store):
    scenario = load_scenario(NAME)
    found = relatives(scenario, store)
    assert [r.workload for r in found] == ["llama-3.1-8b-chat", "qwen3-32b-chat"]
    for r in found:
        assert len(r.x) == len(r.costs) > 100 and np.isfinite(r.costs).any()
        assert scenario.space.is_valid(r.x).all()
    assert [r.workload for r in relatives(load_scenario(NAME, "qwen3-32b-chat"), store)] == [
        "llama-3.1-8b-chat"
    ]
    other = load_scenario("dram/sqlite-low-latency", "sqlite@200")
    assert relatives(other, store) == []


def test_the_first_proposals_are_what_other_workloads_like_and_all_is_charged(store):
    scenario = load_scenario(NAME)
    known = relatives(scenario, store)
    study = archgym.Study(scenario, "transfer", budget=12, seed=0, store=store)
    before = store.count()
    trials = study.run()
    assert len(trials) == 12 == study.done
    best = {r.x[np.argmin(r.costs)].tobytes() for r in known}
    asked = {row.tobytes() for row in trials.x[1:]}  # the reference comes first
    assert best <= asked
    assert store.count() > before
    blind = archgym.Study(scenario, "random_walk", budget=12, seed=0).run()
    cost = [scenario.costs(t.evaluation)[:, 0].min() for t in (trials, blind)]
    assert cost[0] < cost[1]


def test_workloads_that_disagree_with_what_was_found_stop_counting():
    scenario = load_scenario(NAME)
    rng = np.random.default_rng(0)
    x = scenario.space.sample(200, rng)
    truth = x[:, 0] + 0.1 * x[:, -1]
    agent = Transfer(scenario.space, seed=1)
    agent.inherit([Relative("like", x, truth, 0.5), Relative("unlike", x, -truth, 1.0)])
    assert agent._weights().tolist() == [0.5, 1.0]
    paid = scenario.space.sample(30, rng)
    agent.tell(paid, paid[:, 0] + 0.1 * paid[:, -1])
    like, unlike = agent._weights()
    assert like > 0.5 and unlike == 0.0


def test_without_other_workloads_it_searches_all_the_same():
    agent = Transfer(load_scenario(NAME).space, seed=0)
    agent.inherit([])
    x = agent.ask(4)
    agent.tell(x, np.arange(4.0))
    assert agent.ask(4).shape == x.shape


def test_workloads_are_alike_by_their_features():
    make = DRAMSimulator
    own, near, far = (make(f"rand_rw:n={n}") for n in (300, 320, 3000))
    told = similarities(own, [(s.workload, s.workload_hash) for s in (near, far)])
    assert 0 < told[1] < told[0] < 1
    assert similarities(own, [("no such trace", ""), (far.workload, "another hash")]) == [1.0, 1.0]
