"""FARSI's reasoning: from a design and the evaluation that was paid for, and nothing else."""

import ast
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators import soc
from archgym.simulators.soc import advice
from archgym.simulators.soc.simulator import SoCSimulator
from archgym.simulators.soc.task_graph import Task, Workload

from archgym import Evaluation, load_scenario
from archgym.goals.explained import explained

PACKAGE = Path(soc.__file__).parent


@pytest.fixture(scope="module")
def population():
    simulator = SoCSimulator("audio_decoder+hpvm_cava", threads=1)
    x = simulator.space.sample(40, np.random.default_rng(5))
    return simulator, x, simulator.evaluate(x)


def test_advice_simulates_nothing(population, monkeypatch):
    simulator, x, e = population

    def forbidden(*_, **__):
        raise AssertionError("advice ran the simulator")

    for name in ("evaluate", "_evaluate", "simulate", "evaluate_alike"):
        monkeypatch.setattr(SoCSimulator, name, forbidden)
    monkeypatch.setattr("archgym.simulators.soc.kernel.simulate", forbidden)
    monkeypatch.setattr("archgym.simulators.soc.batch.simulate_batch", forbidden)
    for metric in e.metrics:
        moves = simulator.advise(x[0], metric, e.take([0]))
        assert moves.dtype == np.int64 and moves.shape[1:] == x[0].shape
        again = simulator.advise(x[0], metric, e.take([0]))
        np.testing.assert_array_equal(moves, again)


def test_advice_helps_more_often_than_a_random_step(population):
    simulator, x, e = population
    rng = np.random.default_rng(0)
    for metric in ("latency", "latency_hpvm_cava", "energy", "power", "area", "dram_area"):
        better = {"advised": [], "random": []}
        for i in range(len(x)):
            here = e.metrics[metric][i]
            if here == 0:
                continue
            first = simulator.advise(x[i], metric, e.take([i]))[:5]
            near = simulator.space.neighbors(x[i])
            drawn = near[rng.choice(len(near), 5, replace=False)]
            for kind, moves in (("advised", first), ("random", drawn)):
                better[kind].append((simulator.evaluate(moves).metrics[metric] < here).mean())
        assert np.mean(better["advised"]) > 2 * np.mean(better["random"]), metric


def test_a_graphs_latency_moves_its_own_tasks_only(population):
    simulator, x, e = population
    names = simulator.space.names
    audio = {t.name for t in SoCSimulator("audio_decoder").graph.tasks} - {"souurce", "siink"}
    for i in range(8):
        moves = simulator.advise(x[i], "latency_hpvm_cava", e.take([i]))
        changed = {names[k] for k in np.flatnonzero((moves != x[i]).any(axis=0))}
        hosts = {n.partition(".")[2] for n in changed if n.startswith(("host.", "unroll."))}
        assert hosts and not hosts & audio


def test_estimates_are_exact_where_nothing_is_shared():
    """A chain whose tasks have elements of their own: no task waits or shares a rate."""
    tasks = [Task(f"t{i}", 2e6 * (i + 1), 1e4, 1e-13, 1e-8, 64) for i in range(5)]
    chain = Workload("chain", tasks, [(i, i + 1, 5e5) for i in range(4)])
    simulator = SoCSimulator(chain, threads=1, buses=1)
    x = simulator.space.sample(30, np.random.default_rng(1))
    e = simulator.evaluate(x)
    for i, design in enumerate(x):
        found = advice.estimate(simulator.full, True, design)
        # reads and writes of neighbours never overlap in time on a chain
        assert found.longest == pytest.approx(e.metrics["latency"][i], rel=1e-6)
        assert found.energy.sum() <= e.metrics["energy"][i] * (1 + 1e-9)


@pytest.mark.parametrize("metric", ["latency", "power", "energy", "area", "development_cost"])
def test_an_infeasible_design_gets_advice_too(population, metric):
    simulator, x, e = population
    nothing = Evaluation.empty(list(e.metrics), 1)
    moves = simulator.advise(x[0], metric, nothing)
    assert simulator.space.is_valid(moves).all()
    assert bool(len(moves)) == (metric != "development_cost")


def test_graphs_without_work_get_no_advice():
    simulator = SoCSimulator(Workload("idle", [Task("a", 0.0)], []), threads=1)
    x = simulator.space.encode([simulator.default_design()])
    assert len(simulator.advise(x[0], "latency", simulator.evaluate(x))) == 0


def test_no_module_imports_in_a_circle():
    """Deferred imports included."""
    files = sorted(PACKAGE.rglob("*.py"))
    modules = {".".join(p.relative_to(PACKAGE).with_suffix("").parts): p for p in files}
    needs: dict[str, set[str]] = {}
    for name, path in modules.items():
        package = name.split(".")[:-1]
        needs[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.ImportFrom) and node.level):
                continue
            base = package[: len(package) + 1 - node.level]
            base += node.module.split(".") if node.module else []
            for target in [base, *([*base, alias.name] for alias in node.names)]:
                for known in (".".join(target), ".".join([*target, "__init__"])):
                    inside = known.endswith("__init__") and target == package  # its own door
                    if known in modules and known != name and not inside and target:
                        needs[name].add(known)
    assert needs["simulator"] >= {"advice", "batch", "workloads"}
    while ready := [n for n, wanted in needs.items() if not wanted & set(needs)]:
        for name in ready:
            del needs[name]
    assert not needs, f"modules in a circle: {sorted(needs)}"


def test_every_graphs_latency_is_explained_and_what_is_not_there_is_said():
    scenario = load_scenario("soc/all-budgets")
    design = scenario.reference_design[0]
    metrics = ["latency_hpvm_cava", "latency", "dram_area", "development_cost"]
    one, whole, dram, cost = explained(scenario, design, None, metrics)
    # phases of other graphs that come first make this one wait, and no more than all of them do
    assert 0 < one.value <= whole.value and len(one.breakdown.parts) > 5
    hosts = [m.knob for m in one.breakdown.moves(0)]
    tasks = {t.name for t in SoCSimulator("hpvm_cava").graph.tasks}
    assert any(k.removeprefix("host.") in tasks for k in hosts)
    assert "more." in one.sentences()[1]  # the list is cut
    assert dram.sentences() == ["Nothing is spent on it."]
    assert cost.sentences() == ["The simulator knows no parts of it."]


def test_advice_sizes_the_accelerator_that_it_proposes():
    simulator = SoCSimulator("edge_detection", threads=1)
    design = simulator.space.encode([simulator.default_design()])[0]
    e = simulator.evaluate(design[None])
    best = simulator.advise(design, "latency", e)[0]
    task = "gaussianSmoothing"  # what takes longest
    assert simulator.full.value(best, f"host.{task}") == "accelerator"
    found = advice.estimate(simulator.full, True, best)
    at = [t.name for t in simulator.graph.tasks].index(task)
    # it computes no slower than its data arrive, and a step less would
    assert found.time[at] == pytest.approx(found.transfer[at])
    slower = simulator.full.moved(best, f"clock.{task}", -1)
    assert advice.estimate(simulator.full, True, slower).time[at] > found.transfer[at]
