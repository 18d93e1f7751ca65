"""Every task graph has a design to compare with."""

from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.soc.simulator import SoCSimulator
from archgym.simulators.soc.task_graph import Task, Workload
from archgym.simulators.soc.workloads import names, resolve

from archgym import load_scenario
from archgym.errors import WorkloadError

CASES = Path(__file__).parent / "graphs"


def graphs():
    for name in names():
        yield name, name
    yield "all three", "audio_decoder+hpvm_cava+edge_detection"
    for kind in ("layered", "series_parallel"):
        for n in (1, 2, 40):
            text = f"random:{kind},n={n},seed={n}"
            yield text, text
    for path in sorted(CASES.iterdir()):
        if path.name.endswith(".edges.csv") or path.name.startswith(("undir", "zeroacc")):
            continue
        yield path.name, path
    accelerated = Task("a.b", 1e6, 1e4, 1e-13, 1e-8, 100)
    yield "one", Workload("one", [accelerated], [])
    yield "isolated", Workload("isolated", [Task(f"cpu{i}.bus", 1e6) for i in range(3)], [])
    yield "idle", Workload("idle", [Task("a", 0.0), Task("b", 0.0)], [(0, 1, 0.0)])


GRAPHS = dict(graphs())


@pytest.mark.parametrize("config", [{}, {"cpus": 1, "memories": 1, "buses": 1},
                                    {"cpus": 3, "memories": 5, "buses": 6},
                                    {"space": "archgym-limited"}])  # fmt: skip
@pytest.mark.parametrize("semantics", ["physical", "farsi"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_every_graph_has_a_feasible_default(graph, config, semantics):
    simulator = SoCSimulator(GRAPHS[graph], semantics=semantics, threads=1, **config)
    default = simulator.default_design()
    assert tuple(default) == tuple(simulator.space.names)
    x = simulator.space.encode([default])
    assert simulator.space.is_valid(x).all()
    e = simulator.evaluate(x)
    assert e.feasible.all(), e.reasons
    work = simulator.graph.work.sum()
    done = 0.99 if semantics == "farsi" else 1 - 1e-9
    # on one A53 the work is done one after the other
    assert e.metrics["latency"][0] >= 0.0 and (work == 0) == (e.metrics["energy"][0] == 0)
    if len(simulator.graph.ends) == 1:
        tail = sum(  # what a marked end does not wait for
            t.work for i, t in enumerate(simulator.graph.tasks) if not simulator.graph.children[i]
        )
        assert e.metrics["latency"][0] >= done * (work - tail) / 2e9


def test_the_default_is_the_reference_of_the_shipped_scenarios():
    simulator = SoCSimulator("audio_decoder")
    assert simulator.default_design() == load_scenario("soc/audio-front").reference
    simulator = SoCSimulator("hpvm_cava")
    assert simulator.default_design() == load_scenario("soc/cava-budgets").reference


def test_the_default_uses_one_of_each_block():
    simulator = SoCSimulator(resolve("random:layered,n=30"))
    (design,) = simulator.space.encode([simulator.default_design()])
    system = simulator.system(design)
    assert len(system.elements) == len(system.memories) == 1
    assert set(system.pe_bus) == set(system.mem_bus) == {0}
    outcome = simulator.simulate(system)
    assert outcome.finish.max() >= simulator.graph.work.sum() / 2e9
    assert np.isfinite(list(outcome.results.values())).all()


def test_graphs_that_are_refused_have_none():
    with pytest.raises(WorkloadError):
        SoCSimulator(CASES / "zeroacc.tasks.csv")
