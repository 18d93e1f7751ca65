"""Task graphs of one's own and execution traces of Chakra: what they become, and what is wrong with them."""

import json

import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.chakra import _schema
from archgym.simulators.cluster.training import workload

from archgym.errors import ArchgymError, MissingExtraError
from archgym.testing import check_simulator

GRAPH = """
npus: [4, 2]
nodes:
  - {id: 0, op: comp, flops: 1000000000, bytes: 1000000}
  - {id: 1, op: coll, deps: [0], kind: all_reduce, size: 1048576, dims: [0, 1]}
  - {id: 2, op: comp, deps: [0], flops: 2000000000, bytes: 1000000}
  - {id: 3, op: coll, deps: [1, 2], kind: all_gather, size: 4096, dims: [1]}
"""


def written(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def fault(tmp_path, text):
    with pytest.raises(ArchgymError) as caught:
        workload(written(tmp_path, text))
    assert "mine.yaml" in str(caught.value)
    return str(caught.value)


def test_a_graph_of_ones_own(tmp_path):
    simulator = ClusterSimulator(written(tmp_path, GRAPH))
    check_simulator(simulator)
    assert "all_to_all0" not in simulator.space.names
    x = simulator.space.encode([simulator.default_design()])
    e = simulator.evaluate(x)
    assert e.feasible.all()
    assert e.metrics["compute"][0] * 1e9 == int(1e9 / 312e3) + int(2e9 / 312e3)
    parts = simulator.explain(x).breakdowns["time"].parts
    assert any("dimension 0" in p.resource for p in parts)


def test_messages_between_npus(tmp_path):
    path = written(
        tmp_path,
        "npus: [2]\nprograms:\n  0: [{id: 0, op: send, dst: 1, size: 1000, tag: 3}]\n"
        "  1: [{id: 0, op: recv, src: 0, size: 1000, tag: 3}, {id: 1, op: comp, deps: [0], us: 5}]\n",
    )
    simulator = ClusterSimulator(path, latency=700)
    design = simulator.default_design() | {"topology0": "FullyConnected"}
    e = simulator.evaluate(simulator.space.encode([design, design | {"topology0": "Ring"}]))
    assert e.metrics["time"][0] * 1e9 == pytest.approx(5000 + 700 + int(1000 / (200 * 2**30 / 1e9)))
    assert "ask for astra-sim" in e.reason(1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("deps: [1, 2]", "deps: [1, 9]"), "node 3: waits for node 9, which is not there"),
        (("deps: [0], kind", "deps: [0, 3], kind"), "wait for one another: 1 -> 3 -> 1"),
        (("size: 4096", "size: -4096"), "node 3: size: expected a whole number of at least 1"),
        (("all_reduce", "all_sum"), "node 1: kind: expected one of all_reduce"),
        (("dims: [1]}", "dims: [2]}"), "node 3: dims: expected some of"),
        (("flops: 2", "flops: -2"), "node 2: flops: expected a number of at least 0"),
        (("id: 2", "id: 1"), "node 1 stands there 2 times"),
        (("id: 2", "id: two"), "node ids: expected whole numbers"),
        (("op: coll, deps: [1, 2]", "op: think, deps: [1, 2]"), "node 3: op: expected one of comp"),
        (("bytes: 1000000}", "byte: 3}"), "node 0: key 'byte': unknown"),
        (("npus: [4, 2]", "npus: [4, 0]"), "key 'npus': expected the sizes"),
        (("nodes:", "nodez:"), "expected one of nodes, programs and chakra, got none"),
        (
            (
                "- {id: 0, op: comp, flops: 1000000000, bytes: 1000000}",
                "- {id: 0, op: comp, us: 1}",
            ),
            "others us",
        ),
    ],
)
def test_what_is_wrong_with_a_graph(tmp_path, change, words):
    assert change[0] in GRAPH
    assert words in fault(tmp_path, GRAPH.replace(change[0], change[1], 1))


def test_what_is_wrong_between_npus(tmp_path):
    one = "[{id: 0, op: send, dst: 1, size: 8, tag: 0}]"
    assert "no program for 1" in fault(tmp_path, f"npus: [2]\nprograms: {{0: {one}}}")
    both = fault(tmp_path, f"npus: [2]\nprograms: {{0: {one}, 1: {one}}}")
    assert "NPU 1: node 0: NPU 1 is none of the other 1" in both
    assert "never received" in both
    uneven = "[{id: 0, op: coll, kind: all_reduce, size: 8, dims: [0]}]"
    idle = "[{id: 0, op: comp, us: 1}]"
    said = fault(tmp_path, f"npus: [2]\nprograms: {{0: {uneven}, 1: {idle}}}")
    assert "matched by their order" in said
    assert "need programs by NPU" in fault(tmp_path, f"npus: [2]\nnodes: {one}")


def test_programs_that_deadlock_are_infeasible_with_their_reason(tmp_path):
    """Each NPU waits for the other's message before it sends its own."""
    text = "npus: [2]\nprograms:\n"
    for me, other in ((0, 1), (1, 0)):
        text += (
            f"  {me}: [{{id: 0, op: recv, src: {other}, size: 8, tag: 0}}, "
            f"{{id: 1, op: send, dst: {other}, size: 8, tag: 0, deps: [0]}}]\n"
        )
    simulator = ClusterSimulator(written(tmp_path, text), semantics="astra-sim")
    e = simulator.evaluate(simulator.space.encode([simulator.default_design()]))
    assert "deadlock: 2 of 2 NPUs never finish" in e.reason(0)


COMPUTES = [("num_ops", "int64_val", 10**9), ("tensor_size", "uint64_val", 10**6)]
REDUCES = [
    ("comm_type", "int64_val", 0),
    ("comm_size", "int64_val", 1 << 20),
    ("involved_dim", "bool_list", [True, False]),
]
NODES = [
    {"id": 7, "type": 1, "attr": []},
    {"id": 1, "type": 4, "data_deps": [7], "attr": COMPUTES},
    {"id": 2, "type": 7, "ctrl_deps": [1], "attr": REDUCES},
]


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def messages():
    pytest.importorskip("google.protobuf")
    node, about = _schema()
    yield about(version="0.0.4")
    for given in NODES:
        made = node(**{k: v for k, v in given.items() if k != "attr"})
        for name, kind, value in given["attr"]:
            attribute = made.attr.add(name=name)
            if kind.endswith("list"):
                getattr(attribute, kind).values.extend(value)
            else:
                setattr(attribute, kind, value)
        yield made


def traces(tmp_path, kind):
    from google.protobuf.json_format import MessageToJson

    for npu in range(8):
        path = tmp_path / f"step.{npu}.{kind}"
        if kind == "et":
            blocks = [m.SerializeToString() for m in messages()]
            path.write_bytes(b"".join(varint(len(b)) + b for b in blocks))
        else:
            path.write_text("".join(MessageToJson(m) for m in messages()))
    return written(tmp_path, "npus: [4, 2]\nchakra: step\n")


@pytest.mark.parametrize("kind", ["et", "json"])
def test_traces_of_chakra_are_the_graph_that_they_say(tmp_path, kind):
    pytest.importorskip("google.protobuf")
    task = workload(traces(tmp_path, kind))
    assert list(task.programs.of(5)) == [
        {"id": 1, "deps": [], "op": "comp", "flops": 10**9, "bytes": 10**6},
        {"id": 2, "deps": [1], "op": "coll", "kind": "all_reduce", "size": 1 << 20, "dims": [0]},
    ]
    simulator = ClusterSimulator(str(tmp_path / "mine.yaml"))
    assert simulator.evaluate(simulator.space.encode([simulator.default_design()])).feasible.all()


def test_what_is_wrong_with_traces(tmp_path):
    pytest.importorskip("google.protobuf")
    path = traces(tmp_path, "et")
    (tmp_path / "step.3.et").rename(tmp_path / "gone")
    with pytest.raises(ArchgymError, match="those of NPUs 3 are missing"):
        workload(path)
    (tmp_path / "step.3.et").write_bytes(b"\x05abc")
    with pytest.raises(ArchgymError, match="no Chakra execution trace"):
        workload(path)
    (tmp_path / "gone").rename(tmp_path / "step.3.et")
    (tmp_path / "step.8.et").write_bytes(b"")
    with pytest.raises(ArchgymError, match="one more"):
        workload(path)


def test_what_traces_hold_that_is_not_simulated(tmp_path):
    barrier = {"id": 1, "type": "COMM_COLL_NODE", "attr": [{"name": "comm_type", "int64Val": "9"}]}
    load = {"id": 2, "type": "MEM_LOAD_NODE"}
    for npu in range(2):
        text = json.dumps({"version": "1"}) + json.dumps(barrier) + json.dumps(load)
        (tmp_path / f"step.{npu}.json").write_text(text)
    said = fault(tmp_path, "npus: [2]\nchakra: step\n")
    assert "node 1: collective BARRIER" in said
    assert "node 2: nodes of type MEM_LOAD_NODE" in said
    (tmp_path / "step.1.json").write_text("{")
    assert "cannot be read as JSON" in fault(tmp_path, "npus: [2]\nchakra: step\n")


def test_without_protobuf_the_error_says_what_to_install(tmp_path, monkeypatch):
    import sys

    for npu in range(2):
        (tmp_path / f"step.{npu}.et").write_bytes(b"\x00")
    for name in [n for n in sys.modules if n == "google" or n.startswith("google.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google", None)
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    with pytest.raises((MissingExtraError, ArchgymError), match="chakra"):
        workload(written(tmp_path, "npus: [2]\nchakra: step\n"))


def test_a_trace_cut_short_is_refused_or_a_trace(tmp_path):
    """Wherever it is cut: never a traceback, and only a cut between messages leaves nodes to read."""
    pytest.importorskip("google.protobuf")
    path = traces(tmp_path, "et")
    whole = (tmp_path / "step.3.et").read_bytes()
    blocks = [len(m.SerializeToString()) for m in messages()]
    ends = {0, *(sum(n + len(varint(n)) for n in blocks[: i + 1]) for i in range(len(blocks)))}
    for size in range(len(whole)):
        (tmp_path / "step.3.et").write_bytes(whole[:size])
        with pytest.raises(ArchgymError) as caught:
            workload(path)
        assert "step.3.et" in str(caught.value) or size in ends


def test_a_trace_that_is_the_beginning_of_another_was_cut(tmp_path):
    """Cut between two nodes that nobody waits for, which nothing else would tell."""
    first = {"id": 1, "type": "COMP_NODE", "durationMicros": 5}
    second = {"id": 2, "type": "COMP_NODE", "durationMicros": 7, "dataDeps": [1]}
    for npu, nodes in enumerate(([first, second], [first])):
        (tmp_path / f"step.{npu}.json").write_text("".join(json.dumps(n) for n in nodes))
    said = fault(tmp_path, "npus: [2]\nchakra: step\n")
    assert "NPU 1 has the first 1 of the 2 nodes of NPU 0" in said and "METADATA_NODE" in said
    ends = {"id": 9, "type": "METADATA_NODE"}
    (tmp_path / "step.1.json").write_text(json.dumps(first) + json.dumps(ends))
    task = workload(written(tmp_path, "npus: [2]\nchakra: step\n"))
    assert [len(task.programs.of(npu)) for npu in range(2)] == [2, 1]


WHOLE = "expected a whole number, got"
CORRUPTIONS = [
    ({"id": 1e400}, f"id: {WHOLE}"),
    ({"id": "9" * 30}, f"id: {WHOLE}"),
    ({"id": True}, f"id: {WHOLE}"),
    ({"dataDeps": 7}, "dataDeps: expected a list, got 7"),
    ({"ctrlDeps": [[1]]}, f"ctrlDeps: {WHOLE}"),
    ({"attr": "none"}, "attr: expected a list"),
    ({"attr": [5]}, "attr: expected attributes with a name, got 5"),
    ({"attr": [{"name": "num_ops", "int64Val": "many"}]}, f"num_ops: {WHOLE} 'many'"),
    ({"attr": [{"name": "num_ops", "doubleVal": 0.5}]}, f"num_ops: {WHOLE} 0.5"),
    ({"attr": [{"name": "num_ops", "int64Val": "-5"}]}, "flops: expected a number of at least 0"),
    ({"attr": [], "durationMicros": "long"}, f"durationMicros: {WHOLE}"),
    ({"type": "COMP_NOD"}, "nodes of type 'COMP_NOD' are not simulated"),
    ({"type": [4]}, "nodes of type [4] are not simulated"),
    ({"dataDeps": [1]}, "wait for one another: 1 -> 1"),
]


@pytest.mark.parametrize(("change", "words"), CORRUPTIONS)
def test_what_is_wrong_with_a_node_of_a_trace(tmp_path, change, words):
    node = {"id": 1, "type": "COMP_NODE", "attr": [{"name": "num_ops", "int64Val": "1000"}]}
    for npu in range(2):
        (tmp_path / f"step.{npu}.json").write_text(json.dumps(node | (change if npu else {})))
    said = fault(tmp_path, "npus: [2]\nchakra: step\n")
    assert words in said


def test_a_trace_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("google.protobuf")
    import gzip

    monkeypatch.setattr("archgym.simulators.cluster.chakra.MOST_BYTES", 1000)
    for npu in range(2):
        (tmp_path / f"step.{npu}.et").write_bytes(gzip.compress(bytes(5000)))
    assert "unpacks to more than 1,000 bytes" in fault(tmp_path, "npus: [2]\nchakra: step\n")
