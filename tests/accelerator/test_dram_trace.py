"""What mapped layers ask of DRAM: the bytes that the cost model counts, in a trace that memories play."""

import json

import numpy as np
import pytest
from archgym.simulators.accelerator import machines
from archgym.simulators.accelerator.dram_lines import Mover, Run
from archgym.simulators.accelerator.dram_trace import traffic
from archgym.simulators.accelerator.dram_traffic import nest_of, requests
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.layout import OUTPUTS, READ, UPDATE
from archgym.simulators.accelerator.mapper import find_mapping
from archgym.simulators.accelerator.mapping import Mapping, evaluate_mapping
from archgym.simulators.dram.traces import resolve

from archgym.cli import main

LAYERS = (
    Layer("conv", K=16, C=8, P=14, Q=14, R=3, S=3),
    Layer("strided", K=32, C=16, P=28, Q=28, R=3, S=3, stride_h=2, stride_w=2),
    Layer("depthwise", G=32, P=16, Q=16, R=3, S=3),
    Layer("product", K=256, C=512, P=64),
    Layer("odd", K=30, C=7, P=13, Q=13, R=3, S=3),
)


@pytest.mark.parametrize("name", ["eyeriss", "simba", "nvdla", "tpu"])
@pytest.mark.parametrize("layer", LAYERS, ids=lambda x: x.name)
def test_bytes_are_those_of_the_cost_model(name, layer):
    machine = machines.load_architecture(name)
    found = find_mapping(layer, machine, effort=200)
    words = found.cost.counts[0] * found.cost.instances[0]
    back = nest_of(found.mapping).returns
    bits = [*machine.bits[:2], machine.bits[2] if back else machine.final_bits]
    # of layers padded to their factors the model counts the true share of the padded halo
    divides = (found.mapping.factor.prod(axis=(0, 1)) == layer.dims).all()
    read = write = 0
    for one in requests(layer, machine, found.mapping, line=1):
        read, write = (read, write + one.size) if one.is_write else (read + one.size, write)
    assert 8 * read == pytest.approx(
        sum(words[t, READ] * bits[t] for t in range(3)), rel=1e-9 if divides else 0.01
    )
    assert 8 * write == pytest.approx(words[OUTPUTS, UPDATE] * bits[OUTPUTS], rel=1e-9)


def test_words_that_several_children_hold_are_read_once():
    """Two rows of PEs far apart in P hold the same weights."""
    layer = Layer("shared", K=32, C=16, P=28, Q=28, R=3, S=3, stride_h=2, stride_w=2)
    rows = [
        ["WIO", "P2 Q28", "", ""], ["I", "", "K4", "C2 P2"], ["I", "P7", "K8", ""], ["W", "", "", ""],
        ["O", "R3 S3", "", "C8"],
    ]  # fmt: skip
    machine = machines.load_architecture("simba")
    moved = list(requests(layer, machine, Mapping.parse(rows), line=1))
    inputs = evaluate_mapping(layer, machine, Mapping.parse(rows)).counts[0, 1, READ]
    assert sum(r.size for r in moved if not r.is_write) == 32 * 16 * 9 + inputs


def test_sums_that_are_not_finished_come_back():
    """Four tiles of outputs inside two rounds over products: each goes back twice, and comes back once."""
    layer = Layer("sums", K=64, C=32, P=16)
    rows = [["WIO", "C2 K4", "", ""], ["WIO", "K16 C16 P16", "", ""]]
    mapping = Mapping.parse(rows)
    assert nest_of(mapping).returns
    asked = list(requests(layer, machines.load_architecture("eyeriss"), mapping, line=1))
    assert [r.is_write for r in asked].count(True) == 8
    # eight tiles of weights, two of inputs, four of sums
    assert [r.is_write for r in asked].count(False) == 8 + 2 + 4
    finished = Mapping.parse([["WIO", "K4 C2", "", ""], rows[1]])
    assert not nest_of(finished).returns


def test_rows_move_more_lines_than_packed_tiles():
    machine = machines.load_architecture("simba")
    found = find_mapping(LAYERS[0], machine, effort=200)
    moved = {
        layout: sum(x.size for x in requests(LAYERS[0], machine, found.mapping, layout=layout))
        for layout in ("packed", "rows")
    }
    words = found.cost.counts[0].sum() * found.cost.instances[0]
    assert moved["rows"] >= moved["packed"] and moved["packed"] < 4 * words


def test_lines_are_moved_whole_and_once():
    mover = Mover(64)
    one = list(mover.requests(0, [Run(False, 10, 20), Run(False, 60, 70), Run(True, 0, 1)]))
    assert [(r.is_write, r.address, r.size) for r in one] == [(False, 0, 128), (True, 0, 64)]
    # the line that was moved last is at hand
    assert [r.address for r in mover.requests(1, [Run(False, 100, 200)])] == [128]
    assert list(mover.requests(2, [Run(False, 192, 200)])) == []


def test_a_trace_is_cut_where_asked_and_layers_follow_each_other():
    machine = machines.load_architecture("nvdla")
    mapped = [(x, find_mapping(x, machine, effort=100).mapping) for x in LAYERS[:2]]
    whole, complete = traffic(mapped, machine, 100_000)
    head, cut = traffic(mapped, machine, 10)
    assert complete and not cut and len(head) == 10
    assert (whole.head(10).address == head.address).all()
    first, _ = traffic(mapped[:1], machine, 100_000)
    n = len(first)
    assert whole.address[n:].min() >= (first.address + first.size).max()
    assert whole.stamp[n] >= first.stamp[-1] and np.all(np.diff(whole.stamp) >= 0)


def test_the_command_writes_what_memories_read(tmp_path, capsys):
    file = tmp_path / "own.npz"
    main(["accelerator", "trace", "alexnet/conv5", "--to", str(file), "--effort", "100", "--json",
          "--requests", "500"])  # fmt: skip
    facts = json.loads(capsys.readouterr().out)
    trace = resolve(str(file))
    assert facts["requests"] == len(trace) and facts["bytes"] == trace.size.sum()
    assert main(["accelerator", "trace", "alexnet/conv5", "--to", str(file)]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["accelerator", "trace", "alexnet/conv5", "--to", str(tmp_path / "x.doc")]) == 2
    assert ".npz" in capsys.readouterr().err
