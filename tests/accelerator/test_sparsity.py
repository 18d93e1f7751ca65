"""Structured sparsity: closed forms, SCALE-Sim's rows, searches and the command line."""

import json
from math import ceil

import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.mapping import Cost, Mapping, Refusal, evaluate_mapping
from archgym.simulators.accelerator.sparsity import DENSE, SparsityError, parse_pattern, sparse
from archgym.simulators.accelerator.systolic import systolic
from archgym.simulators.accelerator.workloads import resolve

from archgym.cli import main
from archgym.errors import ArchgymError

TWO_OF_FOUR = parse_pattern("2:4")
LAYER = Layer("l", K=8, C=64, P=32)
# a memory of 8 words an access, a buffer of single words, one multiplier; 8 bits, sums of 8
MACHINE = Architecture(
    "m",
    (
        Level("DRAM", must_keep="WIO", read_pj=100.0, write_pj=90.0, update_pj=80.0, block=8.0),
        Level("buffer", 8.0 * 4096, must_keep="WIO", read_pj=2.0, write_pj=3.0, update_pj=5.0),
    ),
    1.0,
    bits=(8, 8, 8),
    clock_hz=1e9,
)
# everything in the buffer at once
WHOLE = Mapping.parse([["WIO", "", "", ""], ["WIO", "P32 K8 C64", "", ""]])
WEIGHTS, INPUTS, OUTPUTS = 8 * 64, 64 * 32, 8 * 32


def cost(machine, mapping=WHOLE, layer=LAYER):
    found = evaluate_mapping(layer, machine, mapping)
    assert isinstance(found, Cost), found
    return found


def test_patterns():
    assert [TWO_OF_FOUR.rows(k) for k in (1, 2, 3, 4, 9, 64)] == [1, 2, 2, 2, 5, 32]
    assert (TWO_OF_FOUR.metadata_bits, parse_pattern("1:8").metadata_bits) == (2, 3)
    assert parse_pattern("4:4").metadata_bits == 0
    half = parse_pattern("0.5")
    assert half.share(Layer("l", C=3)) == 2 / 3 and half.share(LAYER) == 0.5
    assert half.share(Layer("d", G=32)) == 0.5  # channels of a depthwise layer are its groups
    assert TWO_OF_FOUR.share(Layer("d", G=32, R=3, S=3)) == 5 / 9
    assert str(TWO_OF_FOUR) == "2:4" and parse_pattern("1") == DENSE


@pytest.mark.parametrize("text", ["", "0", "1.5", "-1", "nan", "5:4", "0:4", "2:5000", "two", "2:"])
def test_patterns_that_make_no_sense(text):
    with pytest.raises(SparsityError, match="expected N:M"):
        parse_pattern(text)


def test_energy_by_hand():
    """Weights take 0.5 x (8 + 2) of 8 bits; half of the products are done."""
    macs = LAYER.macs
    words = {"W": WEIGHTS * 0.625, "I": INPUTS}
    expected = 0.5 * macs * 1.0
    expected += sum(ceil(n / 8) * 100 for n in words.values()) + ceil(OUTPUTS / 8) * 80  # DRAM
    expected += sum(n * 3 for n in words.values())  # fills of the buffer
    expected += macs * 0.625 * 2 + macs * 2  # reads for the products
    expected += macs * 5 + (macs - OUTPUTS) * 2  # sums: added to, and read again but for the first
    assert cost(sparse(MACHINE, LAYER, TWO_OF_FOUR)).energy_pj == pytest.approx(expected, rel=1e-12)


def test_gating_saves_energy_and_skipping_time_too():
    dense = cost(MACHINE)
    gated = cost(sparse(MACHINE, LAYER, TWO_OF_FOUR))
    assert gated.cycles == dense.cycles and gated.energy_pj < dense.energy_pj
    skipping = sparse(MACHINE, LAYER, TWO_OF_FOUR, skip="W")
    skipped = cost(skipping)
    assert skipped.energy_pj == gated.energy_pj
    # nothing has a limit but the multipliers
    assert skipped.cycles / skipping.clock_hz == 0.5 * dense.cycles / MACHINE.clock_hz


def test_skipping_channels_is_as_fast_as_the_smaller_layer():
    half = parse_pattern("0.5")
    machine = sparse(MACHINE, LAYER, inputs=half, skip="I")
    smaller = Mapping.parse([["WIO", "", "", ""], ["WIO", "P32 K8 C32", "", ""]])
    small = cost(MACHINE, smaller, Layer("s", K=8, C=32, P=32))
    assert cost(machine).cycles / machine.clock_hz == small.cycles / MACHINE.clock_hz
    both = sparse(MACHINE, LAYER, half, half, "WI")
    assert cost(both).cycles / both.clock_hz == 0.25 * LAYER.macs / 1e9


def test_a_layer_that_waits_for_weights():
    """One row of inputs: time is the weights' bits over the port's, whether zeros are skipped or not."""
    vector = Layer("v", K=4096, C=4096)
    machine = MACHINE.with_level("DRAM", read_bits=16.0).with_level("buffer", size_bits=8e9)
    whole = Mapping.parse([["WIO", "K4096", "", ""], ["WIO", "C4096", "", ""]])
    for skip in ("", "W"):
        bound = sparse(machine, vector, TWO_OF_FOUR, skip=skip)
        seconds = cost(bound, whole, vector).cycles / bound.clock_hz
        least = max(4096 * 4096 * 5 / 16, 4096 * 4096 * (0.5 if skip else 1.0)) / 1e9
        assert seconds == pytest.approx(least, rel=2e-3) and seconds >= least


def test_compressed_weights_fit_where_dense_ones_do_not():
    small = MACHINE.with_level("buffer", size_bits=8.0 * (WEIGHTS * 0.625 + INPUTS + OUTPUTS))
    assert isinstance(evaluate_mapping(LAYER, small, WHOLE), Refusal)
    fits = sparse(small, LAYER, TWO_OF_FOUR)
    moved = cost(fits).traffic_bits(fits)
    assert moved[0] == 8 * (WEIGHTS * 0.625 + INPUTS + OUTPUTS)


def test_attention_and_dense_layers_run_on_the_machine_itself():
    assert sparse(MACHINE, LAYER) is MACHINE
    keys = Layer("scores", K=64, C=64, own_weights=1)
    assert sparse(MACHINE, keys, TWO_OF_FOUR, parse_pattern("0.5"), "WI") is MACHINE
    with pytest.raises(SparsityError, match="expected letters of W"):
        sparse(MACHINE, LAYER, TWO_OF_FOUR, skip="O")


@pytest.mark.parametrize("name", ["simba", "eyeriss", "tpuv4i"])
def test_searches_take_sparse_machines(name):
    """Less to store and to do is never dearer, for the search and for what one mapping costs."""
    layer = resolve("mobilenet-v2/block4_expand").layers[0]
    dense = load_architecture(name)
    lean = sparse(dense, layer, TWO_OF_FOUR, parse_pattern("0.75"), "W")
    found = find_mapping(layer, lean, objective="energy", effort=2000)
    assert isinstance(found, Found)
    same = evaluate_mapping(layer, dense, found.mapping)
    assert isinstance(same, Cost | Refusal)
    best = find_mapping(layer, dense, objective="energy", effort=2000)
    assert isinstance(best, Found) and found.cost.energy_pj < best.cost.energy_pj
    on_lean = evaluate_mapping(layer, lean, best.mapping)
    assert isinstance(on_lean, Cost) and on_lean.energy_pj < best.cost.energy_pj


def test_certificates_hold_for_sparse_machines():
    layer = Layer("l", K=16, C=16, P=4)
    lean = sparse(load_architecture("nvdla"), layer, TWO_OF_FOUR, skip="W")
    found = find_mapping(layer, lean, objective="energy", certify=True, seconds=5)
    assert isinstance(found, Found) and found.certificate is not None
    assert found.certificate.proved
    checked = evaluate_mapping(layer, lean, found.mapping)
    assert isinstance(checked, Cost) and checked.energy_pj == found.certificate.value


# SCALE-Sim 3.0.0, layer-wise sparsity, Blocked ELLPACK, GEMMs of M x N x K: array, pattern -> cycles,
# filter reads, output writes, words of 32 bits of metadata, input reads
SCALE_SIM = [
    (8, 8, 3, 5, 16, "1:4", 24, 20, 15, 1.25, 48),
    (8, 8, 20, 24, 36, "2:4", 377, 432, 1440, 27.0, 2160),
    (8, 8, 20, 24, 37, "2:4", 377, 456, 1440, 28.5, 2280),
    (8, 8, 33, 17, 64, "2:4", 659, 544, 2244, 34.0, 6336),
    (8, 8, 12, 40, 100, "4:8", 1189, 2080, 3360, 195.0, 6240),
    (8, 8, 12, 40, 100, "1:1", 2209, 4000, 6240, 0.0, 6000),
    (8, 8, 7, 9, 9, "2:4", 57, 45, 63, 2.8125, 140),
    (16, 16, 20, 24, 36, "1:4", 131, 216, 480, 13.5, 1440),
    (16, 16, 12, 40, 100, "4:8", 695, 2080, 1920, 195.0, 3744),
    (16, 16, 50, 16, 27, "1:4", 95, 112, 800, 7.0, 1400),
    (8, 16, 20, 24, 36, "2:4", 299, 432, 1440, 27.0, 1440),
    (8, 16, 33, 17, 64, "2:4", 503, 544, 2244, 34.0, 4224),
]  # fmt: skip


@pytest.mark.parametrize("row", SCALE_SIM)
def test_scale_sim(row):
    rows, columns, m, n, k, pattern, cycles, weights, outputs, metadata, inputs = row
    run = systolic(Layer("l", K=n, C=k, P=m), rows, columns, "ws", parse_pattern(pattern))
    assert (run.cycles, run.weight_reads, run.output_writes) == (cycles, weights, outputs)
    assert run.metadata_bits == 32 * metadata
    # it reads M inputs for the rest of a block too, which are not there
    whole = k % parse_pattern(pattern).block == 0
    assert run.input_reads == inputs if whole else run.input_reads < inputs


def test_sparse_arrays_that_are_not_known():
    for dataflow, pattern in (("os", "2:4"), ("is", "2:4"), ("ws", "0.5")):
        with pytest.raises(ArchgymError, match=f"sparsity {pattern} with dataflow {dataflow}"):
            systolic(LAYER, 8, 8, dataflow, parse_pattern(pattern))


def test_commands(capsys):
    ask = ["accelerator", "map", "alexnet/conv3", "--architecture", "simba", "--objective", "delay"]
    ask += ["--effort", "1000", "--json"]
    told = []
    for options in ([], ["--weights", "1", "--inputs", "1"], ["--weights", "2:4", "--skip", "w"]):
        assert main([*ask, *options]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    assert told[2]["energy"] < told[0]["energy"] and told[2]["latency"] < told[0]["latency"]
    clock = load_architecture("simba").clock_hz
    assert told[2]["layers"][0]["cycles"] == pytest.approx(told[2]["latency"] * clock)
    ask = ["accelerator", "systolic", "alexnet/conv3", "--weights", "2:4", "--json"]
    assert main(ask) == 0
    assert json.loads(capsys.readouterr().out)[0]["metadata_bits"] == 2 * 384 * 1152


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "4:2"], "--weights '4:2': expected N:M"),
        (["--inputs", "2:4"], "inputs have zeros by channel"),
        (["--skip", "W"], "which are dense"),
        (["--weights", "2:4", "--skip", "WX"], "expected letters of W"),
        (["--weights", "2:4", "--certify", "--objective", "energy", "--check"], "dense layers alone"),
    ],
)  # fmt: skip
def test_commands_wrongly(capsys, arguments, message):
    assert main(["accelerator", "map", "alexnet/conv3", *arguments]) == 2
    assert message in capsys.readouterr().err
