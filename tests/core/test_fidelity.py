"""Cheaper fidelities: declared by simulators, charged by their cost, never mixed with full answers."""

import csv
import json

import numpy as np
import pytest

import archgym
from archgym import Agent, Evaluation, EvaluationStore, Study, registry
from archgym.contracts.fidelity import FULL, Fidelity
from archgym.contracts.lowered import at_fidelity
from archgym.errors import AgentError, ArchgymError, UnknownNameError
from archgym.goals.scenario_file import from_document
from archgym.runs.rough_file import spent_of
from archgym.space import DesignSpace
from archgym.testing import ContractError, check_simulator
from archgym.testing.simulators import _check_fidelities
from tests.conftest import ToySimulator

# small ones of the simulators whose usual workload takes seconds
OF_PROGRAMS = "subprocess"  # which programs it runs is said by a scenario
SMALL = {"ffet": "mac16", "accelerator": "alexnet-conv", "dram": "stream"}


class Rough(ToySimulator):
    """Latency is off by a little that depends on the design."""

    def _evaluate(self, x):
        e = super()._evaluate(x)
        off = 1 + 0.02 * np.cos(x.sum(axis=1))
        return Evaluation(
            {**e.metrics, "latency": e.metrics["latency"] * off / 10}, e.feasible, e.reasons
        )


class Layered(ToySimulator):
    """The toy with two cheaper fidelities."""

    def fidelities(self):
        scale = {"latency": 10.0}
        return (
            Fidelity("glance", 0.05, Rough(self.workload, self.gain), scale, "a tenth of the work"),
            Fidelity("look", 0.2, Rough(self.workload, self.gain), scale, "a fifth of the work"),
        )


@pytest.fixture
def layered(monkeypatch, toy_document):
    known = registry.table

    def table(kind):
        more = {"layered": "tests.core.test_fidelity:Layered"} if kind == "simulators" else {}
        return {**known(kind), **more}

    monkeypatch.setattr(registry, "table", table)
    monkeypatch.setitem(
        __import__("sys").modules, "tests.core.test_fidelity", __import__("sys").modules[__name__]
    )
    return from_document({**toy_document, "simulator": "layered", "budget": 40})


@pytest.mark.parametrize("name", [n for n in registry.names("simulators") if n != OF_PROGRAMS])
def test_every_declared_fidelity_keeps_the_contract(name):
    cls = registry.load("simulators", name)
    simulator = cls(SMALL[name]) if name in SMALL else cls()
    if not simulator.fidelities():
        assert name not in SMALL
        pytest.skip("declares no cheaper fidelity")
    x = simulator.space.sample(3, np.random.default_rng(0))
    _check_fidelities(simulator, x, simulator.evaluate(x))


def test_the_toy_keeps_the_contract():
    check_simulator(Layered)


def test_a_fidelity_that_breaks_the_contract_is_named(toy):
    class SameCost(Layered):
        def fidelities(self):
            return tuple(Fidelity(n, 0.5, Rough()) for n in ("a", "b"))

    with pytest.raises(ContractError, match="cheapest first"):
        check_simulator(SameCost(), study=0)
    for cost in (0, 1, -0.5, 1e-320, float("nan"), "0.1", None, True):
        with pytest.raises(ArchgymError, match="share of at least 1e-06 and below 1"):
            Fidelity("a", cost, toy)
    with pytest.raises(UnknownNameError, match="glance"):
        at_fidelity(Layered(), "glanze")
    assert at_fidelity(toy, FULL) is toy


class _Narrow(ToySimulator):
    space = DesignSpace(ToySimulator.space.parameters[:2])


class _Shorter(ToySimulator):
    metrics = ToySimulator.metrics[:1]


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        (lambda s: [Fidelity("a", c, Rough(gain=c)) for c in (0.1, 0.5)], "'a' is declared twice"),
        (lambda s: [Fidelity("a", 0.1, s)], "rough is the simulator itself"),
        (lambda s: [Fidelity("a", 0.1, Rough)], "rough must be a simulator"),
        (lambda s: [Fidelity("a", 0.1, _Narrow())], "the same design space"),
        (lambda s: [Fidelity("a", 0.1, _Shorter())], "rough must have metrics"),
        (lambda s: [Fidelity("a", 0.1, Rough(), {"latancy": 2.0})], "names no metric: 'latancy'"),
        (lambda s: [Fidelity("a", 0.1, Rough(), {"latency": -1.0})], "positive numbers by metric"),
        (lambda s: [Fidelity("a b", 0.1, Rough())], "one word"),
        (lambda s: Fidelity("a", 0.1, Rough()), "a tuple of Fidelity"),
        (lambda s: None, "a tuple of Fidelity"),
    ],
)
def test_what_cannot_stand_for_a_simulator_is_refused(layered, monkeypatch, declare, fault):
    monkeypatch.setattr(Layered, "fidelities", declare)
    with pytest.raises(ArchgymError, match=fault):
        Study(layered, "successive_halving", budget=5)


def test_a_small_space_is_searched_in_full_once_looks_show_nothing_new(layered):
    study = Study(layered, "successive_halving", budget=100, seed=1)
    study.run()
    assert len(study.trials) > 40  # of 96 designs, of which a quarter alone would go up
    assert max(study.ladder.counts.values()) < 500


def test_nothing_is_explained_that_was_not_paid_for_in_full(layered):
    class Curious(Agent):
        name = "curious"
        uses_fidelities = True
        told = ()

        @property
        def fidelity(self):
            return "glance" if len(self.told) % 2 else FULL

        def _ask(self, n):
            return self.space.sample(n, self.rng)

        def _tell_with(self, x, costs, feedback):
            works = np.flatnonzero(feedback.evaluation.feasible)
            moves = sum(len(feedback.relieve(x[i], int(i)).moves) for i in works)
            self.told = (*self.told, (feedback.fidelity, moves))

        def _tell(self, x, costs): ...

    scenario = layered
    simulator = scenario.simulators[0]
    asked = []
    simulator.explain = lambda x, e=None: asked.append(e) or ToySimulator.explain(simulator, x, e)
    study = Study(scenario, Curious, budget=6, batch=2)
    study.run()
    assert {f for f, _ in study.agent.told} == {FULL, "glance"}
    assert all(moves == 0 for f, moves in study.agent.told if f == "glance")
    full = {float(v) for v in study.trials.evaluation.metrics["latency"]}
    assert asked and {float(e.metrics["latency"][0]) for e in asked} <= full


def test_what_was_charged_is_read_where_a_knob_is_called_share(tmp_path):
    (tmp_path / "rough.csv").write_text("before_step,fidelity,share,share\n1,look,0.25,8\n")
    assert spent_of(tmp_path, 3).tolist() == [1, 2.25, 3.25]


def test_rough_answers_are_scaled_and_filed_apart(tmp_path):
    full = Layered()
    rough = at_fidelity(full, "glance")
    x = full.space.sample(9, np.random.default_rng(1))
    e, r = full.evaluate(x), rough.evaluate(x)
    works = e.feasible
    assert (r.feasible == works).all() and (
        r.metrics["energy"][works] == e.metrics["energy"][works]
    ).all()
    assert np.allclose(r.metrics["latency"][works], e.metrics["latency"][works], rtol=0.03)
    with EvaluationStore(tmp_path / "s.sqlite") as store:
        store.put(rough, x, r)
        assert store.count(rough) == len(np.unique(x, axis=0)) and store.count(full) == 0
        assert not store.get(full, x)[0].any()


def test_a_study_charges_by_cost(layered):
    study = Study(layered, "successive_halving", budget=20, seed=1)
    trials = study.run()
    told = {f["name"]: f for f in study.ladder.told}
    assert set(told) == {"glance", "look"} and told["glance"]["evaluations"] > 30
    shares = sum(f["evaluations"] * f["cost"] for f in told.values())
    assert study.charged == pytest.approx(len(trials) + shares)
    assert 19 < study.charged <= 20 + 1e-9 and study.done == 20
    assert (np.diff(trials.spent) >= 1 - 1e-9).all() and trials.spent[-1] <= 20 + 1e-9
    # every trial is what the simulator itself says
    again = layered.simulators[0].evaluate(layered.to_simulator(trials.x))
    assert again.metrics["latency"].tobytes() == trials.evaluation.metrics["latency"].tobytes()


def test_without_fidelities_the_proposer_searches_alone(toy_scenario):
    run = archgym.run(toy_scenario, "successive_halving", budget=20)
    assert len(run.trials) == 20 and "fidelities" not in run.result
    assert any("no cheaper fidelity" in note for note in run.result["notes"])


def test_a_study_may_offer_none(layered):
    study = Study(layered, "successive_halving", budget=15, fidelities=False)
    assert len(study.run()) == 15 and study.ladder.told == [] and study.agent.offers == ()


class Greedy(Agent):
    """Asks for a fidelity that nobody offered."""

    name = "greedy"
    uses_fidelities = True
    fidelity = "free"

    def _ask(self, n):
        return self.space.sample(n, self.rng)

    def _tell(self, x, costs):
        pass


def test_a_fidelity_that_was_not_offered_is_refused(layered):
    with pytest.raises(AgentError, match=r"'free'.*offered: glance, look, full"):
        Study(layered, Greedy, budget=5).run()


class _Unplugged(Exception):
    pass


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(layered, tmp_path):
    kept = {"agent": "successive_halving", "budget": 25, "seed": 3, "plots": False}
    whole = archgym.run(layered, output=tmp_path / "whole", **kept)

    class Unplug(archgym.Callback):
        def on_batch(self, study, progress):
            if sum(study.ladder.counts.values()) > 40:
                raise _Unplugged

    with pytest.raises(_Unplugged):
        archgym.run(layered, output=tmp_path / "cut", callbacks=[Unplug()], **kept)
    archgym.resume(tmp_path / "cut", plots=False)
    for name in ("trials.csv", "rough.csv", "result.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    rows = list(csv.DictReader((tmp_path / "cut" / "rough.csv").open()))
    result = json.loads((tmp_path / "cut" / "result.json").read_text())
    assert len(rows) == sum(f["evaluations"] for f in result["fidelities"])
    assert {r["fidelity"] for r in rows} == {"glance", "look"} and result["charged"] <= 25
    loaded = archgym.load(tmp_path / "cut")
    assert np.allclose(loaded.trials.spent, whole.trials.spent)
    assert archgym.verify(tmp_path / "cut")["differences"] == []


def test_verify_computes_rough_answers_again(layered, tmp_path, monkeypatch):
    archgym.run(
        layered, "successive_halving", budget=12, seed=3, output=tmp_path / "run", plots=False
    )
    report = archgym.verify(tmp_path / "run", sample=None)
    with (tmp_path / "run" / "rough.csv").open() as file:
        assert report["checked"] > 12 and len(list(csv.reader(file))) > 12
    assert report["differences"] == []
    right = Rough._evaluate

    def wrong(self, x):
        e = right(self, x)
        e.metrics["latency"][:] *= 2
        return e

    monkeypatch.setattr(Rough, "_evaluate", wrong)
    differences = archgym.verify(tmp_path / "run", sample=None)["differences"]
    assert {(d["fidelity"], d["metric"]) for d in differences} == {
        ("glance", "latency"),
        ("look", "latency"),
    }


def test_a_fidelity_answers_for_any_agent_and_the_finalists_are_full(layered):
    run = archgym.run(layered, "genetic_algorithm", budget=30, answers="fidelity:glance")
    assert run.confirmed is not None and run.result["computed"] <= 30
    best = layered.simulators[0].evaluate(layered.to_simulator(run.best_indices()[None]))
    assert best.metrics["latency"][0] == run.best_metrics["latency"]
    with pytest.raises(UnknownNameError, match="look"):
        archgym.run(layered, budget=5, answers="fidelity:lok")


def test_a_scenario_without_fidelities_says_so(toy_scenario):
    with pytest.raises(ArchgymError, match="no fidelity cheaper"):
        archgym.run(toy_scenario, budget=5, answers="fidelity:half")


def test_an_escalating_proxy_looks_at_a_fidelity_first(layered):
    plain = archgym.run(layered, budget=120, answers="escalating:,first=24")
    glanced = archgym.run(layered, budget=120, answers="escalating:,first=24,fidelity=glance")
    (told,) = glanced.result["fidelities"]
    assert told["name"] == "glance" and told["evaluations"] > 0 and told["charged"] == 0
    assert glanced.result["charged"] == 120 and "fidelities" not in plain.result
    best = layered.simulators[0].evaluate(layered.to_simulator(glanced.best_indices()[None]))
    assert best.metrics["latency"][0] == glanced.best_metrics["latency"]
    with pytest.raises(UnknownNameError, match="glance"):
        archgym.run(layered, budget=5, answers="escalating:,fidelity=gance")
    with pytest.raises(UnknownNameError, match="cheaper than"):
        archgym.run(layered, budget=5, answers="escalating:,fidelity=full")
