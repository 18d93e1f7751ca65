"""Intensity and roofline: by hand, against the mapper, and at the command line."""

import itertools
import json

import pytest
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture, names
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.roofline import ridge, roofline, total, touched
from archgym.simulators.accelerator.workloads import resolve

from archgym.cli import main

SIMBA = load_architecture("simba")  # 1,024 multipliers, 64 bytes a cycle, 8 bits and sums of 24


def test_by_hand():
    r = roofline(Layer("l", K=64, C=32, P=16), SIMBA)
    assert r.products == 64 * 32 * 16
    assert r.moved_bytes == 64 * 32 + 32 * 16 + 3 * 64 * 16
    assert r.intensity == 32768 / 5632
    assert r.compute_seconds == pytest.approx(32e-9) and r.dram_seconds == pytest.approx(88e-9)
    assert (r.seconds, r.limit) == (r.dram_seconds, "DRAM")
    assert ridge(SIMBA) == 16
    assert roofline(Layer("l", K=4096, C=4096, P=4096), SIMBA).limit == "compute"


def test_each_occurrence_counts_and_each_layer_has_its_own_bound():
    layers = (Layer("a", K=64, C=32, count=3), Layer("b", K=512, C=512, P=512))
    a, b = (roofline(x, SIMBA) for x in layers)
    whole = total(layers, SIMBA)
    assert whole.seconds == pytest.approx(3 * a.dram_seconds + b.compute_seconds)
    assert whole.products == 3 * a.products + b.products


def test_inputs_that_windows_touch():
    for p, r, stride, dilation in itertools.product((1, 2, 5), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3)):
        layer = Layer("l", C=3, P=p, R=r, stride_h=stride, dilation_h=dilation)
        places = {stride * i + dilation * j for i in range(p) for j in range(r)}
        assert touched(layer) == 3 * len(places) <= layer.tensor_sizes()[1]


# strides that leave rows out, and dilation, besides layers of networks
SHAPES = {
    "apart": Layer("apart", K=4, C=64, P=8, Q=8, stride_h=9, stride_w=9),
    "shortcut": Layer("shortcut", K=128, C=64, P=28, Q=28, stride_h=2, stride_w=2),
    "dilated": Layer("dilated", K=16, C=16, P=8, Q=8, R=3, S=3, dilation_h=6, dilation_w=6),
    **{
        name: resolve(name).layers[0]
        for name in ("resnet18/conv1", "mobilenet-v2/block1_depthwise", "gpt2-decode/scores")
    },
}


@pytest.mark.parametrize("machine", names())
@pytest.mark.parametrize("layer", sorted(SHAPES))
def test_no_mapping_is_faster(machine, layer):
    architecture = load_architecture(machine)
    shape = SHAPES[layer]
    found = find_mapping(shape, architecture, objective="delay", effort=300)
    assert isinstance(found, Found)
    seconds = found.cost.cycles / architecture.clock_hz
    assert seconds >= roofline(shape, architecture).seconds * (1 - 1e-12)


# operations a second (two to a product) and bytes a second of DRAM, as published
PEAKS = {"tpuv4i": (138e12, 614e9), "gemmini": (512e9, 16e9), "ethos-u65": (1.024e12, 3.75e9)}


@pytest.mark.parametrize("name", sorted(PEAKS))
def test_machines_have_their_published_peaks(name):
    machine = load_architecture(name)
    operations, rate = PEAKS[name]
    assert 2 * machine.macs * machine.clock_hz == pytest.approx(operations, rel=4e-3)
    assert machine.macs * machine.clock_hz / ridge(machine) == pytest.approx(rate, rel=1e-3)
    # finished outputs leave narrower than the sums that stay
    assert machine.final_bits < machine.bits[2]


def test_a_decoded_token_waits_for_dram_everywhere_and_a_prompt_for_multipliers():
    for name in PEAKS:
        machine = load_architecture(name)
        assert total(resolve("llama-8b-decode").layers, machine).limit == "DRAM"
        assert total(resolve("llama-8b-prefill").layers, machine).limit == "compute"


def test_command(capsys):
    assert main(["accelerator", "info", "gpt2-decode", "--architecture", "tpu", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["limit"] == "DRAM" and told["products"] == resolve("gpt2-decode").macs
    assert told["weights"] == 123_532_032
    assert sum(x["count"] * x["least_seconds"] for x in told["layers"]) == pytest.approx(
        told["least_seconds"]
    )
    assert main(["accelerator", "info", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["networks"]
    assert {"network", "source", "weights", "products_per_byte"} <= set(rows[0])
    assert main(["accelerator", "info", "gpt2-decode/scores"]) == 0
    assert "of which DRAM limits 100%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gpt3-decode"], "did you mean"),
        (["vit-b", "--architecture", "tpuv4"], "did you mean"),
        (["vit-b@0"], "batch must be at least 1"),
        (["vit-b", "--dims", "batch=4"], "only ONNX models have symbolic axes"),
    ],
)
def test_command_wrongly(capsys, arguments, message):
    assert main(["accelerator", "info", *arguments]) == 2
    assert message in capsys.readouterr().err
