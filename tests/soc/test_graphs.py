"""What users bring as task graphs is read right, or refused with every reason."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from archgym.simulators.soc.simulator import SoCSimulator
from archgym.simulators.soc.system import Element, System
from archgym.simulators.soc.task_graph import RANGES, Task, Workload, find_cycle
from archgym.simulators.soc.workloads import resolve

from archgym.errors import UnknownNameError, WorkloadError

CASES = Path(__file__).parent / "graphs"


def evaluated(workload, n=60, seed=0, **config):
    simulator = SoCSimulator(workload, threads=1, **config)
    return simulator.evaluate(simulator.space.sample(n, np.random.default_rng(seed)))


def written(folder, tasks, edges, name="g"):
    """A graph as CSV, columns by the first row."""
    for kind, rows in (("tasks", tasks), ("edges", edges)):
        (folder / f"{name}.{kind}.csv").write_text("\n".join(rows) + "\n")
    return folder / f"{name}.tasks.csv"


def one_cpu(workload, **config):
    """Everything on one A53, one SRAM, one bus."""
    simulator = SoCSimulator(workload, **config)
    e = len(simulator.graph.edges)
    chip = System(
        [Element()],
        [("sram", 128, 800e6)],
        [(128, 800e6)],
        [0],
        [0],
        [],
        [0] * len(simulator.graph.tasks),
        [0 if simulator.graph.edges[i][2] > 0 else -1 for i in range(e)],
    )
    return simulator, simulator.simulate(chip)


# ---------------------------------------------------------------- when a graph is done
@pytest.mark.parametrize("name", ["sinks_bigfirst", "sinks_biglast"])
def test_latency_is_the_last_finish_whatever_the_order_of_rows(name):
    simulator, outcome = one_cpu(resolve(CASES / f"{name}.tasks.csv"))
    assert simulator.latencies(outcome) == [outcome.finish.max()]
    assert outcome.finish.max() == pytest.approx((1e9 + 2000) / 2e9, rel=1e-9)
    e = evaluated(CASES / f"{name}.tasks.csv", cpus=1)
    # the big task alone takes half a second on the only CPU
    assert e.feasible.all() and (e.metrics["latency"] >= 0.5).all()


def test_latency_does_not_depend_on_the_order_of_rows_of_random_graphs():
    rng = np.random.default_rng(0)
    for seed in range(6):
        w = resolve(f"random:layered,n=12,seed={seed}")
        order = rng.permutation(len(w.tasks))
        place = np.argsort(order)
        edges = sorted((int(place[p]), int(place[c]), b) for p, c, b in w.edges)
        shuffled = Workload("shuffled", [w.tasks[t] for t in order], edges)
        for v in (w, shuffled):
            _, outcome = one_cpu(v)
            done = max(outcome.finish[t] for ends in v.ends.values() for t in ends)
            assert done == outcome.finish.max()


def test_marked_ends_count_instead(tmp_path):
    tasks = ["task,work_instructions,end", "a,1e6,", "b,2e6,1", "c,4e6,yes", "d,8e6,0"]
    w = resolve(written(tmp_path, tasks, ["parent,child,bytes", "a,b,8", "b,d,8", "a,c,8"]))
    assert w.ends == {"g": (1, 2)}


# ---------------------------------------------------------------- degenerate graphs
@pytest.mark.parametrize("semantics", ["physical", "farsi"])
@pytest.mark.parametrize("config", [{}, {"cpus": 1, "memories": 1, "buses": 1}, {"buses": 5}])
@pytest.mark.parametrize(
    ("tasks", "edges"),
    [
        ([Task("only", 1e6)], []),
        ([Task("only", 0.0)], []),
        ([Task("a", 1e6, 1e4, 1e-13, 1e-8, 8)], []),
        ([Task(f"t{i}", 1e6 * i, 1e4, 1e-13, 1e-8, 8) for i in range(5)], []),
        ([Task("start", 0.0), Task("b", 1e6), Task("end", 0.0)], [(0, 1, 1.0), (1, 2, 1.0)]),
        ([Task("start", 0.0), Task("b", 1e6), Task("end", 0.0)], [(0, 1, 0.0), (1, 2, 0.0)]),
        ([Task(n, 0.0) for n in "abc"], [(0, 1, 5.0), (1, 2, 0.0)]),
        ([Task(f"t{i}", 1e6, 1e4, 1e-13, 1e-8, 8) for i in range(4)], [(0, 1, 9e3), (2, 3, 8e6)]),
        ([Task(f"t{i}", 1e6, 1e4, 1e-13, 1e-8, 8) for i in range(3)], [(0, 2, 0.0), (1, 2, 1e5)]),
        ([Task("siink", 1e6), Task("souurce", 2e6), Task("dummy_last", 3e6)], [(0, 1, 64.0)]),
    ],
)
def test_degenerate_graphs_are_simulated(tasks, edges, config, semantics):
    """One task, isolated ones, several parts, zero work, control edges: every design is a system."""
    w = Workload("g", tasks, edges)
    e = evaluated(w, semantics=semantics, **config)
    assert e.feasible.all(), set(e.reasons)
    work = w.work.sum()
    for name, values in e.metrics.items():
        assert (values >= 0).all(), name
    accelerated = any(t.cycles for t in tasks)
    if not accelerated:
        longest = max(w.work) * (0.98 if semantics == "farsi" else 1)
        assert (e.metrics["latency"] >= longest / 2e9 * (1 - 1e-9)).all()
    if work == 0:
        assert (e.metrics["latency"] == 0).all() and (e.metrics["energy"] == 0).all()
        assert (e.metrics["power"] == 0).all()


def test_tasks_without_work_take_no_time_and_no_energy(tmp_path):
    bare = Workload("bare", [Task("b", 1e6)], [])
    framed = resolve(CASES / "zerowork.tasks.csv")
    (_, a), (_, b) = one_cpu(bare), one_cpu(framed)
    assert b.finish.max() == a.finish.max() == 1e6 / 2e9
    assert b.results["energy"] == pytest.approx(a.results["energy"], rel=1e-4)  # a byte in and out


def test_control_edges_order_and_move_nothing():
    """A control edge beside the data edges of another task leaves that task's bandwidth alone."""
    tasks = [Task("a", 2e6), Task("b", 2e6), Task("c", 2e6), Task("d", 2e6)]
    data = [(0, 2, 8e6)]

    def outcome(edges):
        w = Workload("g", tasks, edges)
        chip = System(
            [Element()] * 4,
            [("sram", 4, 100e6)],
            [(4, 100e6)],
            [0] * 4,
            [0],
            [],
            [0, 1, 2, 3],
            [0 if b > 0 else -1 for _, _, b in edges],
        )
        return SoCSimulator(w).simulate(chip)

    free, tied = outcome(data), outcome([*data, (1, 3, 0.0)])
    assert tied.start[3] == tied.finish[1] and free.start[3] == 0
    np.testing.assert_allclose(free.finish[:3], tied.finish[:3], rtol=1e-12)
    assert tied.results["energy"] == pytest.approx(free.results["energy"], rel=1e-12)
    assert free.results["sram_area"] == tied.results["sram_area"]


def test_parts_of_a_graph_do_not_slow_each_other_on_buses_of_their_own():
    task = [Task(f"t{i}", 2e6) for i in range(4)]
    both = Workload("both", task, [(0, 1, 8e6), (2, 3, 8e6)])
    half = Workload("half", task[:2], [(0, 1, 8e6)])
    memory, bus = ("sram", 4, 100e6), (4, 100e6)
    two = SoCSimulator(both).simulate(
        System([Element()] * 4, [memory] * 2, [bus] * 2, [0, 0, 1, 1], [0, 1], [(1, 0)],
               [0, 1, 2, 3], [0, 1])
    )  # fmt: skip
    one = SoCSimulator(half).simulate(
        System([Element()] * 2, [memory], [bus], [0, 0], [0], [], [0, 1], [0])
    )
    assert not two.reason
    np.testing.assert_array_equal(two.finish, np.tile(one.finish, 2))


# ---------------------------------------------------------------- formats
def test_one_graph_in_every_format_of_ours_is_the_same_workload(tmp_path):
    import networkx

    tasks = [("a", 1e6), ("7", 2e6), ("z b", 0)]
    edges = [("a", "7", 64), ("7", "z b", 0)]
    csv = written(
        tmp_path,
        ["task,work_instructions", *(f"{n},{w}" for n, w in tasks)],
        ["parent,child,bytes", *(f"{p},{c},{b}" for p, c, b in edges)],
    )
    document = {
        "tasks": [{"task": 7 if n == "7" else n, "work_instructions": w} for n, w in tasks],
        "edges": [{"parent": p, "child": c, "bytes": b} for p, c, b in edges],
    }
    (tmp_path / "g.json").write_text("\ufeff" + json.dumps(document))
    (tmp_path / "g.yaml").write_text(yaml.safe_dump(document))
    graph = networkx.MultiDiGraph()
    for n, w in tasks:
        graph.add_node(n, work_instructions=w, x=3.5)
    for p, c, b in edges:
        graph.add_edge(p, c, bytes=b)
    networkx.write_graphml(graph, tmp_path / "g.graphml")
    lines = [f'"{n}" [work_instructions={w}, shape=box];' for n, w in tasks]
    lines += [f'"{p}" -> "{c}" [bytes={b}]' for p, c, b in edges]
    (tmp_path / "g.dot").write_text("digraph g {" + "\n".join(lines) + "}")
    hashes = {resolve(tmp_path / f"g.{k}").content_hash for k in ("json", "yaml", "graphml", "dot")}
    assert hashes == {resolve(csv).content_hash}


def test_integer_names_are_names():
    w = resolve(CASES / "intnames.json")
    assert [t.name for t in w.tasks] == ["1", "2"] and w.edges == ((0, 1, 100.0),)
    assert evaluated(w).feasible.all()


def test_wfcommons_takes_runtimes_and_files():
    w = resolve(CASES / "wf.json")
    assert [(t.name, t.work) for t in w.tasks] == [("p1", 4e9), ("q1", 3e9)]
    assert w.edges == ((0, 1, 4096.0),)
    older = resolve(CASES / "wf_1_4.json")  # tasks hold runtime and files; links by name or id
    assert [(t.name, t.work) for t in older.tasks] == [("t1", 2e9), ("t2", 2e9), ("t3", 4e9)]
    assert older.edges == ((0, 1, 1024.0), (0, 2, 0.0))
    assert older.ends == {"wf_1_4": (1, 2)}


def test_standard_task_graphs_have_no_communication():
    w = resolve(CASES / "r.stg")
    assert w.work.tolist() == [0, 5e6, 7e6, 0]
    assert w.edges == ((0, 1, 0.0), (1, 2, 0.0), (2, 3, 0.0))
    _, outcome = one_cpu(w)
    assert outcome.finish[3] == pytest.approx(12e6 / 2e9)


def test_tgff_takes_times_and_quantities_by_type():
    w = resolve(CASES / "tgff_two.tgff")
    assert [t.name for t in w.tasks] == ["t0_0", "t0_1", "t1_0", "t1_1"]
    # the first table holds no valid time of type 2
    np.testing.assert_allclose(w.work, [0.25 * 2e9, 0.5 * 2e9, 2e-3 * 2e9, 2e-3 * 2e9])
    assert w.edges == ((0, 1, 4096.0), (2, 3, 0.0))
    assert w.ends == {"tgff_two.0": (1,), "tgff_two.1": (3,)}
    e = evaluated(w)
    worst = np.maximum(e.metrics["latency_tgff_two.0"], e.metrics["latency_tgff_two.1"])
    np.testing.assert_array_equal(e.metrics["latency"], worst)


def test_dot_is_read_as_graphviz_reads_it():
    w = resolve(CASES / "daggen.dot")
    assert {t.name: t.work for t in w.tasks} == {
        "1": 2e6, "2": 3e6, 'three "3"': 1e6, "4": 0.0, "5": 5e5,
    }  # fmt: skip
    named = {(w.tasks[p].name, w.tasks[c].name): b for p, c, b in w.edges}
    assert named == {
        ("1", "2"): 1024, ("2", "4"): 1024, ("1", 'three "3"'): 2048, ("1", "5"): 2048,
        ("2", "5"): 0,
    }  # fmt: skip


# ---------------------------------------------------------------- refusals
def test_all_faults_are_told_at_once_with_their_places():
    with pytest.raises(WorkloadError) as caught:
        resolve(CASES / "zeroacc.tasks.csv")
    text = str(caught.value)
    assert "8 faults" in text
    for piece in ("line 2, task 'a'", "line 3, task 'b'", "accelerator_energy_J -1e-06", "area_m2 -1",
                  "loop_iterations -3", "cycles_at_100MHz -5"):  # fmt: skip
        assert piece in text


BAD_CELLS = ["nan", "inf", "-inf", "-1", "1e300", "fast", "1_0", "0x10", "true"]


@pytest.mark.parametrize("column", RANGES)
@pytest.mark.parametrize("cell", BAD_CELLS)
def test_every_column_has_a_range(tmp_path, column, cell):
    row = {"task": "a", "work_instructions": "1e6", "accelerator_cycles_at_100MHz": "10",
           "accelerator_energy_J": "1e-12", "accelerator_area_m2": "1e-9",
           "loop_iterations": "4"}  # fmt: skip
    edge = {"parent": "a", "child": "b", "bytes": "8"}
    (edge if column == "bytes" else row)[column] = cell
    tasks = [",".join(row), ",".join(row.values()), "b,5,,,,"]
    path = written(tmp_path, tasks, [",".join(edge), ",".join(edge.values())])
    with pytest.raises(WorkloadError, match=column if cell in BAD_CELLS[5:] else "expected"):
        resolve(path)


@pytest.mark.parametrize("loops", ["1.5", "0", "-3"])
def test_loops_are_whole(tmp_path, loops):
    head = "task,work_instructions,loop_iterations"
    path = written(tmp_path, [head, f"a,5,{loops}"], ["parent,child,bytes"])
    with pytest.raises(WorkloadError, match="a whole number from 1"):
        resolve(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g.dot", "graph { a [work_instructions=1]; a -- b }", "undirected"),
        ("g.dot", "digraph { a [work_instructions=1]; a -- a }", "leads from parent to child"),
        ("g.dot", "digraph { a -> b [bytes=1] }", "'a' lacks work_instructions"),
        ("g.dot", "digraph { a [work_instructions=1] ", "expected .* got 'the end of the file'"),
        ("g.dot", "digraph { a [work_instructions=1] } digraph { b }", "one graph a file"),
        ("g.dot", "digraph {" + "{" * 5000, "at most 50 subgraphs"),
        ("g.dot", "digraph { a [work_instruction=1] }", "did you mean 'work_instructions'"),
        ("g.json", '{"directed": false, "tasks": [], "edges": []}', "undirected"),
        ("g.json", "[]", "expected a mapping with 'tasks' and 'edges'"),
        ("g.json", '{"tasks": [], "edges": []}', "0 tasks"),
        ("g.json", '{"tasks": [3], "edges": [null]}', r"tasks\[0\]: expected a mapping"),
        ("g.json", "[" * 100_000, "cannot be read as JSON"),
        ("g.json", '{"tasks": [{"task": true, "work_instructions": 1}], "edges": []}', "a name"),
        ("g.json", '{"tasks": [{"task": "a", "work_instructions": true}], "edges": []}', "number"),
        ("g.json", '{"tasks": [{"task": "a", "work_instructions": NaN}], "edges": []}', "NaN is no number"),
        ("g.json", '{"tasks": [{"task": 1, "work_instructions": 1}, {"task": "1", '
                   '"work_instructions": 1}], "edges": []}', "listed twice"),
        ("g.json", '{"workflow": {"specification": {"tasks": [{"id": "a"}]}, '
                   '"execution": {"tasks": []}}}', "'a' lacks work_instructions"),
        ("g.json", '{"workflow": 3}', "expected a mapping"),
        (
            "g.yaml",
            "tasks: [{task: a, work_instructions: .inf}]\nedges: []",
            "no number that a document may hold",
        ),
        ("g.yaml", "tasks: [{task: 1.5, work_instructions: 4}]\nedges: []", "expected a name"),
        ("g.stg", "2\n0 0 0\n1 5 1 0\n", "line 1 says 2 tasks"),
        ("g.stg", "1\n0 0 0\n1 5 2 0\n2 0 1 1", "line 3: says 2 predecessors, lists 1"),
        ("g.stg", "1\n0 0 0\n1 -5 1 0\n2 0 1 7", "2 faults"),
        ("g.stg", "", "line 1: expected the number of tasks"),
        ("g.tgff", "@TASK_GRAPH 0 {\nTASK a TYPE 3\n}", "no table gives a time of type '3'"),
        ("g.tgff", "@TASK_GRAPH 0 {\nTASK a TYPE 3\n", "is not closed"),
        ("g.tgff", "", "no @TASK_GRAPH"),
        ("g.graphml", "<graphml/>", "expected one graph, got 0"),
        ("g.txt", "hello", "a file, but of no known format"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(WorkloadError, match=message):
        resolve(tmp_path / name)


def test_undirected_graphml_is_refused_and_the_directed_one_is_read():
    with pytest.raises(WorkloadError, match="undirected"):
        resolve(CASES / "undir.graphml")
    w = resolve(CASES / "dir.graphml")
    named = [(w.tasks[p].name, w.tasks[c].name) for p, c, _ in w.edges]
    assert sorted(named) == [("a", "m"), ("m", "z")]


def test_defaults_of_graphml_count(tmp_path):
    text = (CASES / "dir.graphml").read_text()
    declared = '<key id="w" for="node" attr.name="work_instructions" attr.type="double"'
    text = text.replace(declared + "/>", declared + "><default>77</default></key>")
    text = text.replace('<data key="w">1e6</data>', "")
    (tmp_path / "g.graphml").write_text(text)
    assert {t.name: t.work for t in resolve(tmp_path / "g.graphml").tasks}["z"] == 77


def test_a_cycle_is_shown():
    assert find_cycle(4, [(0, 1), (1, 2), (2, 1), (2, 3)]) in ([1, 2, 1], [2, 1, 2])
    with pytest.raises(WorkloadError, match="a cycle: 'a' -> 'a'"):
        Workload("g", [Task("a", 1.0)], [(0, 0, 1.0)])


def test_graphs_that_run_at_once_keep_their_tasks(tmp_path):
    """Two graphs with tasks of one name are not merged into one."""
    head, links = "task,work_instructions", ["parent,child,bytes", "a,b,8"]
    one = written(tmp_path, [head, "a,1e6", "b,1e6"], links, "one")
    two = written(tmp_path, [head, "a,5e6", "b,7e6"], links, "two")
    w = resolve(f"{one}+{two}")
    assert [t.name for t in w.tasks] == ["a", "b", "a@two", "b@two"]
    assert w.work.sum() == 14e6 and set(w.ends) == {"one", "two"}
    assert evaluated(w).feasible.all()
    with pytest.raises(WorkloadError, match="'one' is listed twice"):
        resolve(f"{one}+{one}")


# ---------------------------------------------------------------- mutations
FILES = sorted(p for p in CASES.iterdir() if not p.name.endswith(".edges.csv"))


def mutated(rng, text):
    """One of the ways in which files break."""
    kind = rng.integers(6)
    at = int(rng.integers(len(text)))
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + chr(int(rng.integers(1, 300))) + text[at + 1 :]
    if kind == 2:
        end = min(len(text), at + int(rng.integers(1, 30)))
        return text[:at] + text[end:]
    if kind == 3:
        end = min(len(text), at + int(rng.integers(1, 60)))
        return text[:end] + text[at:end] * int(rng.integers(1, 4)) + text[end:]
    words = ["nan", "-1", "1e999", "99999999999999999999", "null", "{", "]", '"', "", "0.5", "\x00"]
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    at = digits[int(rng.integers(len(digits)))]
    return text[:at] + words[int(rng.integers(len(words)))] + text[at + 1 :]


def assert_read_or_refused(folder, rounds, seed):
    rng = np.random.default_rng(seed)
    read = 0
    for path in FILES:
        for _ in range(rounds):
            target = folder / path.name
            target.write_text(mutated(rng, path.read_text()), encoding="utf-8")
            beside = path.with_name(path.name.replace(".tasks.", ".edges."))
            (folder / beside.name).write_text(
                beside.read_text() if beside != path and rng.random() < 0.5
                else mutated(rng, beside.read_text()) if beside != path else target.read_text()
            )  # fmt: skip
            began = time.perf_counter()
            try:
                w = resolve(target)
            except (WorkloadError, UnknownNameError) as error:
                told = str(error)
            else:
                told = path.name
                assert np.isfinite(w.work).all() and (w.work >= 0).all()
                assert all(0 <= b <= 1e15 for _, _, b in w.edges)
                read += 1
            assert path.name.split(".")[0] in told and len(told) < 8000
            assert time.perf_counter() - began < 2
    return read


@pytest.mark.filterwarnings("ignore:No key type")
def test_broken_files_are_read_or_refused(tmp_path):
    assert assert_read_or_refused(tmp_path, 25, 0) > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No key type")
def test_many_broken_files_are_read_or_refused(tmp_path):
    assert assert_read_or_refused(tmp_path, 250, 1) > 0
