"""A run that a proxy answers: it starts from what is known, and its end and its reference are simulated."""

import json

import numpy as np
import pytest

from archgym import DesignSpace, Evaluation, Metric, Simulator, ordinal
from archgym.answers.confirm import confirm
from archgym.cli import main
from archgym.datasets.blocks import hash_designs
from archgym.datasets.schema import Description
from archgym.goals.scenario_file import from_document
from archgym.proxies.rows import Rows
from archgym.proxies.training import train
from archgym.runs import runner
from archgym.search.study import STARTS, Study


class Needles(Simulator):
    """A slope that a linear model learns, and a few designs far below it that it cannot see."""

    name, version = "needles", "1"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))
    space = DesignSpace(tuple(ordinal(f"k{i}", tuple(range(1, 9))) for i in range(4)))

    def __init__(self, workload="w"):
        self.workload = self.workload_hash = str(workload)

    def _evaluate(self, x):
        latency = 1e-6 * (2.0 + x.sum(axis=1))
        deep = (x.sum(axis=1) == 26) & (x[:, 0] == 7)
        share = {"w": 0.1, "v": 0.2}[self.workload]
        latency = np.where(deep, share * 1e-6 * (1 + 0.01 * x[:, 1]), latency)
        energy = 1e-9 * (1.0 + x[:, 3])
        return Evaluation({"latency": latency, "energy": energy}, np.ones(len(x), bool))


DOCUMENT = {
    "name": "needles",
    "simulator": f"{__name__}:Needles",
    "workload": "w",
    "objectives": ["latency"],
    "reference": {"k0": 4, "k1": 4, "k2": 4, "k3": 4},
    "budget": 60,
}


def rows_of(workloads, n=800):
    parts = []
    for w in workloads:
        simulator = Needles(w)
        x = np.unique(simulator.space.sample(n, np.random.default_rng(1)), axis=0)
        parts.append((simulator, x, simulator.evaluate(x)))
    x = np.concatenate([p[1] for p in parts])
    metrics = {
        m.name: np.concatenate([p[2].metrics[m.name] for p in parts]) for m in Needles.metrics
    }
    at = np.concatenate([np.full(len(p[1]), i) for i, p in enumerate(parts)])
    return Rows(
        Description(Needles.space, Needles.metrics), x, metrics, np.ones(len(x), bool),
        hash_designs(x), at, tuple(workloads), tuple(p[0].key for p in parts),
    )  # fmt: skip


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    path = tmp_path_factory.mktemp("proxy") / "p"
    train(rows_of(["w"]), "ridge", hyperparameters={"degree": 1}).save(path)
    return path


def best_known(scenario, workload="w"):
    rows = rows_of([workload])
    x = rows.x
    met = scenario.satisfied(scenario.evaluate(x))
    return float(scenario.costs(scenario.evaluate(x))[met].min())


@pytest.mark.parametrize("budget", [1, 2, 60])
@pytest.mark.parametrize("specs", [{}, {"energy": "<= 6 nJ"}])
def test_a_proxy_run_never_ends_worse_than_its_training_data(tmp_path, proxy, budget, specs):
    scenario = from_document(DOCUMENT | {"specs": specs})
    done = runner.run(
        scenario, "random_walk", budget=budget, answers=f"proxy:{proxy}", output=tmp_path / "r"
    )
    assert done.result["best"]["cost"] <= best_known(scenario)
    assert done.result["best"]["metrics"] == scenario.evaluate(
        scenario.space.encode(done.result["best"]["design"])
    ).row(0)
    assert done.result["charged"] == budget


def test_its_first_trials_are_the_reference_and_the_best_of_the_training_data(proxy):
    scenario = from_document(DOCUMENT)
    study = Study(scenario, "random_walk", answers=f"proxy:{proxy}", budget=40)
    trials = study.run()
    assert (trials.x[0] == scenario.reference_design[0]).all()
    assert study.starts == 1 + STARTS
    rows = rows_of(["w"])
    expected = np.sort(scenario.evaluate(rows.x).metrics["latency"])[:STARTS]
    started = scenario.evaluate(trials.x[1 : 1 + STARTS]).metrics["latency"]
    np.testing.assert_array_equal(started, expected)
    # the proxy does not believe them: without the starts they would not be among the finalists
    without, with_them = confirm(scenario, trials), confirm(scenario, trials, None, study.starts)
    assert with_them.trials.cost.min() < without.trials.cost.min()


def test_known_designs_of_several_workloads_are_good_on_all(tmp_path):
    train(rows_of(["w", "v"]), "ridge", hyperparameters={"degree": 1}).save(tmp_path / "p")
    scenario = from_document(DOCUMENT | {"workloads": ["w", "v"], "workload": None})
    study = Study(scenario, "random_walk", answers=f"proxy:{tmp_path / 'p'}", budget=30)
    study.run()
    assert study.starts == 1 + STARTS
    known = study.evaluator.known_designs(1)
    rows = rows_of(["w"]).x
    assert (
        scenario.costs(scenario.evaluate(known))[0, 0]
        == scenario.costs(scenario.evaluate(rows)).min()
    )


def test_the_reference_of_a_proxy_run_is_simulated_like_the_best(tmp_path, proxy, capsys):
    scenario = from_document(DOCUMENT)
    folders = []
    for name, answers in (("exact", ""), ("guessed", f"proxy:{proxy}")):
        done = runner.run(scenario, "random_walk", answers=answers, output=tmp_path / name)
        folders.append(str(done.path))
        truth = scenario.evaluate(scenario.reference_design).row(0)
        assert done.result["reference"]["metrics"] == truth
    guess = Study(scenario, "random_walk", answers=f"proxy:{proxy}", budget=1, from_reference=True)
    assert guess.evaluator(scenario.reference_design).row(0) != truth, (
        "the proxy is not exact there"
    )
    assert main(["compare", *folders, "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert runs[0]["reference"] == runs[1]["reference"]
    assert main(["compare", *folders, "--output", str(tmp_path / "c.png")]) == 0
    out = capsys.readouterr().out
    assert "cost" not in out and "answers proxy" in out


def test_a_proxy_run_goes_on_to_the_same_end(tmp_path, proxy):
    scenario = from_document(DOCUMENT)
    first = runner.run(scenario, answers=f"proxy:{proxy}", output=tmp_path / "r", plots=False)
    again = runner.resume(tmp_path / "r", plots=True)
    assert again.result == first.result
    assert (tmp_path / "r" / "convergence.png").exists()


def test_an_escalating_run_keeps_what_the_simulator_said_on_its_way(tmp_path):
    scenario = from_document(DOCUMENT)
    study = Study(scenario, "random_walk", answers="escalating", budget=120, seed=2)
    trials = study.run()
    simulated = study.evaluator.simulated(trials.x)
    assert simulated.any()
    end = confirm(scenario, trials, None, study.starts, simulated)
    truth = scenario.costs(scenario.evaluate(trials.x[simulated]))[:, 0]
    assert end.trials.cost.min() <= truth.min()
