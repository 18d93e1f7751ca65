import json

import numpy as np
import pytest
from archgym.simulators.soc import technology as tech
from archgym.simulators.soc.simulator import SoCSimulator
from archgym.simulators.soc.system import Element, System
from archgym.simulators.soc.validation import system_of, validate, workload_of
from archgym.simulators.soc.workloads import Task, Workload, resolve

from archgym.cli import main
from archgym.errors import DesignError, UnknownNameError, WorkloadError
from archgym.testing import check_simulator
from tests.conftest import REFERENCE
from tests.soc import twin


@pytest.mark.parametrize("space", ["full", "archgym-limited"])
@pytest.mark.parametrize("semantics", ["physical", "farsi"])
@pytest.mark.parametrize(
    "workload", ["audio_decoder", "hpvm_cava+edge_detection", "random:layered,n=12"]
)
def test_contract(workload, semantics, space):
    check_simulator(lambda: SoCSimulator(workload, semantics=semantics, space=space), designs=70)


def test_every_reference_row_is_equal():
    found = validate(REFERENCE / "soc_reference.json")
    *figures, rejected = found.checks
    assert found.holds and rejected.figures["equal"] == 2
    assert len(figures) == 10 and all(c.figures["equal"] == c.rows == 575 for c in figures)


def test_a_shifted_reference_fails(tmp_path, capsys):
    data = json.loads((REFERENCE / "soc_reference.json").read_text())
    data["rows"] = data["rows"][:40]
    data["rows"][7]["result"]["power_W"] *= 1 + 1e-6
    (tmp_path / "r.json").write_text(json.dumps(data))
    assert main(["validate", "soc", "--reference", str(tmp_path / "r.json"), "--json"]) == 1
    table = {c["quantity"]: c for c in json.loads(capsys.readouterr().out)["checks"]}
    assert table["power_W"]["figures"]["equal"] == 39 and table["power_W"]["verdict"] == "NO"
    assert table["energy_J"]["figures"]["equal"] == 40
    (tmp_path / "r.json").write_text("{}")
    assert main(["validate", "soc", "--reference", str(tmp_path / "r.json")]) == 2


@pytest.mark.parametrize("workload", ["audio_decoder", "edge_detection", "hpvm_cava"])
def test_random_designs_of_the_space_equal_the_twin(workload):
    """Other designs than the reference's: accelerators, bus trees, several memories."""
    data = json.loads((REFERENCE / "soc_reference.json").read_text())
    simulator = SoCSimulator(workload, semantics="farsi")
    slow = twin.Workload(data["workloads"][workload])
    equals_twin(simulator, slow, data["cacti_table"], workload, 25)


@pytest.mark.parametrize("seed", range(4))
def test_wide_graphs_on_many_buses_equal_the_twin(seed):
    """Many tasks at once, that meet on long ways: how hops, gates and memories are shared."""
    data = json.loads((REFERENCE / "soc_reference.json").read_text())
    w = resolve(f"random:{('layered', 'series_parallel')[seed % 2]},n=24,seed={seed}")
    described = {
        "tasks": [
            {
                "name": t.name,
                "work_instructions": t.work,
                "ip_cycles_at_100MHz": t.cycles,
                "ip_energy_J_unscaled": t.energy_j,
                "ip_area_m2_unscaled": t.area_m2,
                "loop_iterations": t.iterations,
            }
            for t in w.tasks
        ],
        "edges": w.edges,
        "last_task": {name: ends[0] for name, ends in w.ends.items()},
    }
    simulator = SoCSimulator(w, semantics="farsi", cpus=3, memories=4, buses=6)
    equals_twin(simulator, twin.Workload(described), data["cacti_table"], w.name, 12)


def equals_twin(simulator, slow, cacti_table, workload, n):
    x = simulator.space.sample(n, np.random.default_rng(0))
    e = simulator.evaluate(x)
    for i, design in enumerate(x):
        s = simulator.full.system(design)
        described = {
            "pes": [
                ["cpu"] if p.task is None else ["accel", p.task, p.unroll, p.frequency]
                for p in s.elements
            ],
            "mems": [list(m) for m in s.memories],
            "buses": [list(b) for b in s.buses],
            "pe_bus": s.pe_bus,
            "mem_bus": s.mem_bus,
            "bus_bus": s.links,
            "task_pe": s.task_pe,
            "edge_mem": s.edge_mem,
            "prune": s.prune,
        }
        expected = twin.simulate(slow, described, cacti_table)
        row = e.row(i)
        assert row["latency"] == pytest.approx(expected["latency_s"][workload], rel=1e-9)
        for mine, theirs in (
            ("energy", "energy_J"),
            ("power", "power_W"),
            ("development_cost", "dev_cost"),
        ):
            assert row[mine] == pytest.approx(expected[theirs], rel=1e-9), mine
        assert row["area"] == pytest.approx(expected["area_non_dram_m2"], rel=1e-9)


@pytest.mark.parametrize("semantics", ["physical", "farsi"])
def test_the_compiled_and_the_readable_way_agree(semantics):
    simulator = SoCSimulator("audio_decoder", semantics=semantics)
    x = simulator.space.sample(40, np.random.default_rng(1))
    e = simulator.evaluate(x)
    for i, design in enumerate(x):
        r = simulator.simulate(simulator.system(design)).results
        assert e.metrics["energy"][i] == pytest.approx(r["energy"], rel=1e-12)
        assert e.metrics["area"][i] == pytest.approx(
            r["pe_area"] + r["sram_area"] + r["bus_area"], rel=1e-12
        )


# ---------------------------------------------------------------- closed forms, physical
def tasks(*work):
    return [
        Task("souurce", 0.0),
        *(Task(f"t{i}", w) for i, w in enumerate(work)),
        Task("siink", 0.0),
    ]


def system(workload, elements, task_pe, width=128, clock=800e6, bus=None, memories=1):
    return System(
        [Element()] * elements,
        [("sram", width, clock)] * memories,
        [bus or (128, 800e6)],
        [0] * elements,
        [0] * memories,
        [],
        task_pe,
        [0] * len(workload.edges),
    )


def test_a_serial_chain_on_one_element_takes_the_sum_of_its_work():
    w = Workload(
        "chain",
        tasks(2e6, 4e6, 6e6),
        [(0, 1, 64.0), (1, 2, 64.0), (2, 3, 64.0), (3, 4, 64.0)],
        {"chain": 4},
    )
    outcome = SoCSimulator(w).simulate(system(w, 1, [0] * 5))
    assert outcome.finish[4] == pytest.approx(12e6 / tech.A53_RATE, rel=1e-9)
    assert outcome.results["energy"] >= 12e6 / tech.A53_INST_PER_J


def test_two_independent_tasks_run_side_by_side_until_the_bus_is_shared():
    edges = [(0, 1, 64.0), (0, 2, 64.0), (1, 3, 64.0), (2, 3, 64.0)]
    w = Workload("fork", tasks(2e6, 2e6), edges, {"fork": 3})
    both = SoCSimulator(w).simulate(system(w, 2, [0, 0, 1, 0]))
    one = SoCSimulator(w).simulate(system(w, 1, [0, 0, 0, 0]))
    assert one.finish[3] == pytest.approx(2 * both.finish[3], rel=1e-9)
    # memory-bound on a narrow bus: 8 MB in and out each, two tasks halve the bandwidth
    heavy = [(0, 1, 8e6), (0, 2, 8e6), (1, 3, 8e6), (2, 3, 8e6)]
    w = Workload("fork", tasks(2e6, 2e6), heavy, {"fork": 3})
    narrow = SoCSimulator(w).simulate(system(w, 2, [0, 0, 1, 0], bus=(4, 100e6)))
    assert narrow.finish[3] == pytest.approx(2 * 8e6 / (4 * 100e6), rel=1e-9)


@pytest.mark.parametrize("width", [4, 8, 16])
def test_a_memory_bound_task_takes_twice_as_long_at_half_the_width(width):
    w = Workload("one", tasks(2e6), [(0, 1, 8e6), (1, 2, 8e6)], {"one": 2})
    times = [
        SoCSimulator(w).simulate(system(w, 1, [0] * 3, width=k, clock=100e6)).finish[2]
        for k in (width, 2 * width)
    ]
    assert times[0] == pytest.approx(2 * times[1], rel=1e-9) and times[0] == pytest.approx(
        8e6 / (width * 1e8)
    )


# ---------------------------------------------------------------- laws
@pytest.fixture(scope="module")
def population():
    simulator = SoCSimulator("audio_decoder")
    x = simulator.space.sample(400, np.random.default_rng(2))
    return simulator, x, simulator.evaluate(x)


def test_power_times_time_is_energy(population):
    _, _, e = population
    np.testing.assert_allclose(
        e.metrics["mean_power"] * e.metrics["latency"], e.metrics["energy"], rtol=0.02
    )
    assert (e.metrics["power"] >= e.metrics["mean_power"] * (1 - 1e-9)).all()


def test_clocking_every_accelerator_up_costs_energy(population):
    simulator, x, e = population
    clocks = [i for i, n in enumerate(simulator.space.names) if n.startswith("clock.")]
    faster = x.copy()
    faster[:, clocks] = 3
    again = simulator.evaluate(faster)
    # tasks that finish at other times change a memory's peak, and with its size its energy a byte
    areas = ("area", "dram_area")
    peaks_alike = np.all([again.metrics[a] == e.metrics[a] for a in areas], axis=0)
    assert peaks_alike.mean() > 0.5
    assert (again.metrics["energy"] >= e.metrics["energy"] * (1 - 1e-12))[peaks_alike].all()


def test_a_faster_bus_that_is_no_bottleneck_changes_no_time():
    w = resolve("hpvm_cava")  # compute-bound by far
    simulator = SoCSimulator(w)
    n = len(w.tasks)
    times = [
        simulator.simulate(system(w, 1, [0] * n, bus=(width, 800e6))).finish[7]
        for width in (32, 64, 128)
    ]
    assert times[0] == times[1] == times[2]


def test_unrolling_speeds_up_and_costs_area(population):
    simulator, x, _ = population
    name = "unroll.rotateOrder3_fxp_cloned"
    column = simulator.space.position(name)
    host = simulator.space.position("host.rotateOrder3_fxp_cloned")
    low, high = x[:60].copy(), x[:60].copy()
    low[:, host] = high[:, host] = 2
    low[:, column], high[:, column] = 0, 10
    a, b = simulator.evaluate(low), simulator.evaluate(high)
    assert (b.metrics["area"] > a.metrics["area"]).all()
    assert np.median(b.metrics["latency"] / a.metrics["latency"]) <= 1.0


def test_combined_workloads_share_source_and_sink():
    w = resolve("audio_decoder+hpvm_cava")
    assert len(w.tasks) == 18 + 9 - 2 and set(w.ends) == {"audio_decoder", "hpvm_cava"}
    e = SoCSimulator(w).evaluate(SoCSimulator(w).space.sample(5, np.random.default_rng(0)))
    worst = np.maximum(e.metrics["latency_audio_decoder"], e.metrics["latency_hpvm_cava"])
    np.testing.assert_array_equal(e.metrics["latency"], worst)


def test_archgyms_space_has_its_sizes_and_almost_no_valid_design():
    sizes = {"audio_decoder": 5.44e26, "edge_detection": 1.56e17, "hpvm_cava": 1.40e18}
    for name, size in sizes.items():
        simulator = SoCSimulator(name, space="archgym-limited")
        assert simulator.space.cardinality == pytest.approx(size, rel=0.01)
        rng = np.random.default_rng(0)
        x = rng.integers(0, simulator.space.nvec, (4000, len(simulator.space)))
        assert simulator.space.is_valid(x).mean() < 0.02
        assert simulator.space.is_valid(simulator.repair(x[:200], rng)).all()


def test_masks_lead_to_valid_designs():
    simulator = SoCSimulator("hpvm_cava", space="archgym-limited")
    rng = np.random.default_rng(0)
    for _ in range(30):
        prefix = np.zeros(0, np.int64)
        while len(prefix) < len(simulator.space):
            prefix = np.append(prefix, rng.choice(np.flatnonzero(simulator.mask(prefix))))
        assert simulator.space.is_valid(prefix[None]).all()


# ---------------------------------------------------------------- FARSI's reasoning
def test_reasoning_reaches_the_budgets_with_far_fewer_evaluations():
    from archgym import Study, load_scenario

    scenario = load_scenario("soc/audio-budgets")
    needed = {
        agent: np.median(
            [
                len(Study(scenario, agent, budget=4000, seed=s).run(until_specs_met=True))
                for s in range(8)
            ]
        )
        for agent in ("farsi", "simulated_annealing")
    }
    assert needed["farsi"] * 4 < needed["simulated_annealing"]


def test_advice_lies_in_the_space(population):
    simulator, x, e = population
    for metric in ("latency", "power", "energy", "area"):
        moves = simulator.advise(x[0], metric, e.take([0]))
        assert len(moves) and (simulator.space.check(moves) != x[0]).any(axis=1).all()


# ---------------------------------------------------------------- workloads
def test_own_task_graphs_by_path(tmp_path):
    rows = "task,work_instructions\nsouurce,0\na,1000000\nsiink,0\n"
    (tmp_path / "g.tasks.csv").write_text(rows)
    (tmp_path / "g.edges.csv").write_text("parent,child,bytes\nsouurce,a,64\na,siink,64\n")
    by_csv = resolve(tmp_path / "g.tasks.csv")
    listed = [
        {"task": "souurce", "work_instructions": 0},
        {"task": "a", "work_instructions": 1e6},
        {"task": "siink", "work_instructions": 0},
    ]
    links = [
        {"parent": "souurce", "child": "a", "bytes": 64},
        {"parent": "a", "child": "siink", "bytes": 64},
    ]
    (tmp_path / "g.json").write_text(json.dumps({"tasks": listed, "edges": links}))
    assert resolve(tmp_path / "g.json").content_hash == by_csv.content_hash
    import networkx

    graph = networkx.DiGraph()
    for t in listed:
        graph.add_node(t["task"], work_instructions=t["work_instructions"])
    for k in links:
        graph.add_edge(k["parent"], k["child"], bytes=k["bytes"])
    networkx.write_graphml(graph, tmp_path / "g.graphml")
    assert resolve(tmp_path / "g.graphml").content_hash == by_csv.content_hash
    assert (
        SoCSimulator(tmp_path / "g.json")
        .evaluate(np.zeros((1, len(SoCSimulator(tmp_path / "g.json").space)), int))
        .feasible.all()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("a,1000000", "a,-5"), "'a' has work -5"),
        (("a,1000000", "a,fast"), "'fast' is not a number"),
        (("a,1000000", "a,"), "lacks work_instructions"),
        (("work_instructions", "work"), "column 'work_instructions' is missing"),
        (("a,siink,64", "a,sink,64"), "did you mean 'siink'"),
        (("a,siink,64", "a,siink,-1"), "carries -1 bytes"),
        (("a,siink,64", "a,siink,64\nsiink,a,64"), "cycle"),
        (("a,1000000", "souurce,1000000"), "listed twice"),
    ],
)
def test_bad_task_graphs_are_named(tmp_path, change, message):
    rows = "task,work_instructions\nsouurce,0\na,1000000\nsiink,0\n".replace(*change)
    links = "parent,child,bytes\nsouurce,a,64\na,siink,64\n".replace(*change)
    if "souurce,1000000" in rows:
        links = "parent,child,bytes\nsouurce,siink,64\n"
    (tmp_path / "g.tasks.csv").write_text(rows)
    (tmp_path / "g.edges.csv").write_text(links)
    with pytest.raises((WorkloadError, UnknownNameError), match=message):
        resolve(tmp_path / "g.tasks.csv")


@pytest.mark.parametrize(
    "text", ["audio", "none.json", "random:ring", "random:layered,m=3", "random:layered,n=0"]
)
def test_unknown_workloads_are_named(text):
    with pytest.raises((UnknownNameError, WorkloadError)):
        resolve(text)


@pytest.mark.parametrize("kind", ["layered", "series_parallel"])
@pytest.mark.parametrize("n", [1, 2, 10, 120])
def test_generated_graphs_are_simulated(kind, n):
    w = resolve(f"random:{kind},n={n},seed=1")
    assert len(w.tasks) == n + 2
    simulator = SoCSimulator(w)
    assert simulator.evaluate(simulator.space.sample(3, np.random.default_rng(0))).feasible.all()
    assert resolve(f"random:{kind},n={n},seed=1").content_hash == w.content_hash


def test_a_task_on_another_tasks_accelerator_is_refused():
    w = resolve("audio_decoder")
    n = len(w.tasks)
    s = System(
        [Element(), Element(2, 1, 1e8)],
        [("sram", 16, 4e8)],
        [(16, 4e8)],
        [0, 0],
        [0],
        [],
        [0] * 3 + [1] + [0] * (n - 4),
        [0] * len(w.edges),
    )
    with pytest.raises(DesignError, match="is mapped on the accelerator of"):
        SoCSimulator(w).simulate(s)


def test_an_unreachable_memory_is_infeasible_with_its_reason():
    w = resolve("audio_decoder")
    s = System(
        [Element()],
        [("sram", 16, 4e8)],
        [(16, 4e8), (16, 4e8)],
        [0],
        [1],
        [],
        [0] * len(w.tasks),
        [0] * len(w.edges),
    )
    assert SoCSimulator(w).simulate(s).reason == "a task cannot reach a memory it uses"


def test_reference_designs_can_be_simulated_under_physical_semantics():
    data = json.loads((REFERENCE / "soc_reference.json").read_text())
    simulators = {n: SoCSimulator(workload_of(n, d)) for n, d in data["workloads"].items()}
    for row in data["rows"][::11]:
        outcome = simulators[row["workload"]].simulate(system_of(row["design"]))
        assert not outcome.reason
        # all work is done, so nothing is faster than under FARSI's rule of 99 %
        assert outcome.finish.max() >= max(row["result"]["task_finish_s"]) * (1 - 1e-9)


def test_bottlenecks_and_utilisation_are_told():
    w = Workload("one", tasks(2e6), [(0, 1, 8e6), (1, 2, 8e6)], {"one": 2})
    bound = SoCSimulator(w).simulate(system(w, 1, [0] * 3, width=4, clock=100e6))
    assert [b for _, b in bound.phases] == ["mem0"]
    assert bound.utilisation["mem0"] == pytest.approx(1.0) and bound.utilisation["bus0"] < 0.01
    quick = SoCSimulator(w).simulate(system(w, 1, [0] * 3))
    assert [b for _, b in quick.phases] == ["pe0"] and quick.utilisation["pe0"] == pytest.approx(
        1.0
    )
    assert sum(dt for dt, _ in quick.phases) == pytest.approx(quick.finish[2])


def test_a_run_can_be_drawn(tmp_path, capsys):
    assert (
        main(
            [
                "run",
                "soc/cava-budgets",
                "--agent",
                "farsi",
                "--budget",
                "40",
                "--no-plots",
                "--json",
                "--output",
                str(tmp_path / "r"),
            ]
        )
        == 0
    )
    assert main(["soc", "draw", str(tmp_path / "r")]) == 0
    assert "bottleneck" in capsys.readouterr().out
    for name in ("graph", "architecture", "gantt"):
        assert (tmp_path / "r" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["soc", "info", "audio_decoder+hpvm_cava", "--json"]) == 0
    assert main(["soc", "draw", "dram/stream-low-power"]) == 2


def test_a_wider_bus_can_slow_a_system_down():
    """Tasks launch in a fixed priority, so an earlier finish can start the wrong one (Graham, 1969)."""
    simulator = SoCSimulator("audio_decoder")
    narrow = simulator.space.check([ANOMALY])
    wide = narrow.copy()
    wide[0, simulator.space.position("bus2.width")] = 4
    before, after = (simulator.evaluate(x).metrics["latency"][0] for x in (narrow, wide))
    assert before == pytest.approx(3.306e-3, rel=1e-3) and after == pytest.approx(
        3.860e-3, rel=1e-3
    )


def test_budgets_are_reachable_in_the_full_space():
    from archgym import Study, load_scenario

    trials = Study(load_scenario("soc/audio-budgets"), "farsi", budget=600, seed=0).run()
    assert trials.satisfied.any()


ANOMALY = [
    2, 1, 2, 2, 3, 0, 0, 3, 2, 0, 2, 5, 2, 2, 2, 15, 0, 0, 1, 3, 0, 0, 3, 1, 1, 8, 1, 2, 2, 8, 3, 1, 0, 3, 0,
    2, 2, 0, 1, 3, 2, 2, 0, 0, 1, 1, 2, 0, 1, 2, 1, 1, 0, 0, 1, 2, 2, 1, 2, 0, 1, 1, 1, 0, 2, 1, 1, 0, 1, 1,
    2, 2, 1, 1, 1, 1, 2, 0, 3, 2, 0, 1, 0, 1, 2, 0, 1, 0, 1,
]  # fmt: skip
