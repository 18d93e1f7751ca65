"""Networks, architectures, mappings and tables as users give them, good and bad."""

import itertools

import numpy as np
import pytest
from archgym.simulators.accelerator import machines as hardware
from archgym.simulators.accelerator import technology as tech
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapping import Mapping, MappingError, Refusal, evaluate_mapping
from archgym.simulators.accelerator.systolic import systolic
from archgym.simulators.accelerator.workloads import names, read_csv, resolve, write_csv

from archgym.errors import ArchgymError, UnknownNameError, WorkloadError

# published multiply-accumulates, in millions (papers and torchvision)
MACS = {
    "alexnet-conv": 666, "vgg16": 15470, "resnet18": 1814, "resnet50": 4089, "mobilenet-v2": 301,
    "googlenet": 1582, "efficientnet-b0": 386, "vit-b": 17564,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MACS))
def test_networks_have_their_published_work(name):
    assert resolve(name).macs == pytest.approx(MACS[name] * 1e6, rel=2e-3)


def test_transformers():
    bert, prefill, decode = (resolve(n) for n in ("bert-base", "gpt2-prefill", "gpt2-decode"))
    block = 12 * 768 * 768 * 512 + 2 * 512 * 512 * 768
    assert bert.macs == 12 * block + 768 * 768
    assert decode.layer("scores").K == 1025 and decode.layer("qkv").P == 1
    assert prefill.layer("scores").G == 12
    # keys and values belong to one input: a batch brings its own
    assert resolve("bert-base@4").layer("scores").G == 48
    assert resolve("bert-base@4").layer("qkv").N == 4
    assert resolve("bert-base@4").macs == 4 * bert.macs


def test_every_network_round_trips(tmp_path):
    for name in names():
        network = resolve(name)
        write_csv(network, tmp_path / f"{name}.csv")
        again = read_csv(tmp_path / f"{name}.csv")
        assert again.layers == network.layers and again.content_hash == network.content_hash


def test_one_layer_of_a_network():
    assert [x.name for x in resolve("alexnet/conv3").layers] == ["conv3"]
    assert resolve("resnet18/conv2_1a").layers[0].count == 1
    with pytest.raises(UnknownNameError, match="did you mean 'conv1'"):
        resolve("alexnet/konv1")
    with pytest.raises(UnknownNameError, match="resnet50"):
        resolve("resnet5")
    with pytest.raises(WorkloadError, match="whole number, got 'x'"):
        resolve("alexnet@x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,K,Z\na,1,2\n", "unknown column"),
        ("name,K\na,0\n", "K must be a whole number of at least 1, got 0"),
        ("name,K\na,big\n", "K is 'big', not a whole number"),
        ("name,K\n,3\n", "no name"),
        ("name,K\na,3\na,4\n", "share a name"),
        ("name,K\n", "has no layer"),
        ("name,own_weights\na,7\n", "own_weights is 0 or 1"),
    ],
)
def test_bad_tables_of_layers(tmp_path, text, message):
    (tmp_path / "n.csv").write_text(text)
    with pytest.raises(ArchgymError, match=message):
        resolve(str(tmp_path / "n.csv"))


def test_a_missing_table():
    with pytest.raises(WorkloadError, match="cannot read"):
        resolve("/nowhere/n.csv")
    with pytest.raises(WorkloadError, match="has no layer"):
        Network("empty", ())


# ---- architectures
def test_every_architecture_loads_and_maps():
    from archgym.simulators.accelerator.mapper import Found, find_mapping

    for name in hardware.names():
        machine = load_architecture(name)
        assert machine.macs > 0 and machine.area_um2 > 0
        assert isinstance(
            find_mapping(resolve("alexnet/conv3").layers[0], machine, effort=50), Found
        )


YAML = """
name: mine
bits: 8
levels:
  - {name: DRAM, kind: dram, port_bits: 64}
  - {name: buffer, kind: sram, size_kb: 32, port_bits: 64, must_keep: WIO, fanout: [4, 4]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", ""),
        ("size_kb: 32", "size_kb: 32, words: 4", "either size_kb or words"),
        ("size_kb: 32", "size_kb: 0", "size must be positive"),
        ("size_kb: 32", "size_kb: 4096", "beyond the energy table"),
        ("must_keep: WIO, f", "must_keep: WX, f", "'X' is not one of W, I, O"),
        ("kind: sram", "kind: sarm", "did you mean 'sram'"),
        ("port_bits: 64, must", "port_bit: 64, must", "did you mean 'port_bits'"),
        ("fanout: [4, 4]", "fanout: [4]", r"fanout is \[x, y\]"),
        ("fanout: [4, 4]", "fanout: [4, 0]", "fanout y must be positive"),
        ("name: buffer", "name: DRAM", "two levels of one name"),
        ("kind: dram, port_bits: 64", "kind: dram, must_keep: W", "must keep W, I and O"),
        ("bits: 8\n", "bits: [8, 8]\n", "a number or a list of three"),
        ("bits: 8\n", "bits: 8\nnode_nm: 3\n", "no supply voltage for a node of 3 nm"),
        ("name: mine", "title: mine", "unknown key"),
    ],
)
def test_architectures_from_yaml(tmp_path, old, new, message):
    path = tmp_path / "a.yaml"
    path.write_text(YAML.replace(old, new, 1) if old else YAML)
    if not message:
        machine = load_architecture(path)
        assert machine.macs == 16 and machine.levels[1].size_bits == 32 * 8192
        assert machine.levels[1].block == 8
        return
    with pytest.raises(ArchgymError, match=message):
        load_architecture(path)


def test_an_unknown_architecture_or_level():
    with pytest.raises(UnknownNameError, match="did you mean 'eyeriss'"):
        load_architecture("eyris")
    with pytest.raises(UnknownNameError, match="level of eyeriss"):
        load_architecture("eyeriss").with_level("L2", fanout=(1, 1))


# ---- mappings
MACHINE = Architecture(
    "m",
    (
        Level("DRAM", must_keep="WIO"),
        Level("GLB", 64 * 16.0, (2, 2), must_keep="IO"),
        Level("RF", 8 * 16.0, must_keep="WIO"),
    ),
    1.0,
)


@pytest.mark.parametrize(
    ("rows", "reason", "level"),
    [
        ([["WIO", "K2", "", ""], ["IO", "", "", ""], ["WIO", "", "", ""]], "coverage", "K"),
        ([["WIO", "", "", ""], ["IO", "K4 P4", "", ""], ["WIO", "P16", "", ""]], "capacity", "RF"),
        (
            [["WIO", "P16", "", ""], ["IO", "P4", "K4", ""], ["WIO", "", "", ""]],
            "x_expansion",
            "MAC",
        ),
        (
            [["WIO", "P16", "", ""], ["IO", "P4", "", "K4"], ["WIO", "", "", ""]],
            "y_expansion",
            "MAC",
        ),
        ([["WIO", "P8", "", ""], ["IO", "", "K4", "P8"], ["WIO", "", "", ""]], "instances", "MAC"),
        ([["WIO", "", "", ""], ["IO", "P64", "K2", ""], ["WIO", "K2", "", ""]], "capacity", "GLB"),
    ],
)
def test_mappings_that_do_not_fit_say_why(rows, reason, level):
    cost = evaluate_mapping(Layer("l", K=4, P=64), MACHINE, Mapping.parse(rows))
    assert isinstance(cost, Refusal)
    assert (cost.reason, cost.level) == (reason, level)
    assert str(cost).startswith(reason) and f"{cost.needed:g}" in str(cost)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "at least one level"),
        ([["WIO", "K2"]], r"expected \[kept, temporal, x, y\]"),
        ([["WIOX", "", "", ""]], "'X' is not one of W, I, O"),
        ([["WIO", "K0", "", ""]], "'K0' is no loop"),
        ([["WIO", "Z2", "", ""]], "'Z2' is no loop"),
        ([["WIO", "K2 K3", "", ""]], "K twice"),
    ],
)
def test_mappings_that_make_no_sense(rows, message):
    with pytest.raises(MappingError, match=message):
        Mapping.parse(rows)


def test_mappings_for_another_machine():
    layer = Layer("l", K=4)
    with pytest.raises(MappingError, match="has 1 levels, m has 3"):
        evaluate_mapping(layer, MACHINE, Mapping.parse([["WIO", "K4", "", ""]]))
    rows = [["WIO", "K4", "", ""], ["WIO", "", "", ""], ["WIO", "", "", ""]]
    with pytest.raises(MappingError, match="'GLB' must keep inputs"):
        evaluate_mapping(layer, MACHINE, Mapping.parse([rows[0], ["WO", "", "", ""], rows[2]]))
    limited = MACHINE.with_level("GLB", may_keep="")
    with pytest.raises(MappingError, match="'GLB' cannot keep weights"):
        evaluate_mapping(layer, limited, Mapping.parse(rows))
    with pytest.raises(MappingError, match="unknown reuse"):
        evaluate_mapping(layer, MACHINE, Mapping.parse(rows), reuse="magic")


# ---- technology
def test_energies_go_through_cactis_points_and_scale():
    assert tech.sram(8192, 64, 45).read_pj == pytest.approx(6.137, rel=1e-3)
    assert tech.sram(131072, 64, 65).read_pj == pytest.approx(59.34, rel=1e-3)
    # from 65 to 45 nm the declared scaling against CACTI's own figures
    for size in (512, 2048, 8192, 32768, 131072, 524288):
        scaled = tech.sram(size, 64, 65).read_pj * tech.energy_factor(45, 65)
        assert scaled == pytest.approx(tech.sram(size, 64, 45).read_pj, rel=0.4)
    sizes = [tech.sram(2.0**k, 64, 45) for k in range(9, 20)]
    assert all(
        a.read_pj <= b.read_pj and a.area_um2 < b.area_um2 for a, b in itertools.pairwise(sizes)
    )
    depths = [tech.register_file(d, 16, 65).read_pj for d in (12, 16, 192)]
    assert depths == pytest.approx([0.2, 0.25, 1.98], rel=0.05)
    nodes = [tech.multiplier(8, n) for n in (65, 45, 28, 16)]
    assert all(a > b for a, b in itertools.pairwise(nodes))


def test_a_controller_and_banks_cost():
    plain, smart = tech.buffer("regfile", 64, 16), tech.buffer("smartbuffer_RF", 64, 16)
    assert smart.read_pj > plain.read_pj and smart.area_um2 > plain.area_um2
    whole, banked = tech.sram(131072, 64, 45, 1), tech.sram(131072, 64, 45, 16)
    assert banked.read_pj < whole.read_pj


@pytest.mark.parametrize(
    "make",
    [
        lambda: tech.sram(1 << 21, 64),
        lambda: tech.sram(0, 64),
        lambda: tech.register_file(0, 16),
        lambda: tech.buffer("dram", 16, 16),
        lambda: tech.multiplier(0),
        lambda: tech.sram(1024, 64, node=10),
    ],
)
def test_what_the_tables_lack_is_an_error(make):
    with pytest.raises(tech.TechnologyError):
        make()


# ---- systolic arrays
def test_a_systolic_array_of_one_is_a_counter():
    layer = Layer("l", K=5, C=3, P=4)
    run = systolic(layer, 1, 1, "os")
    assert run.cycles == layer.macs - 1 and run.input_reads == layer.macs
    with pytest.raises(UnknownNameError):
        systolic(layer, 2, 2, "rs")
    with pytest.raises(MappingError):
        systolic(layer, 0, 2)
    assert systolic(Layer("l", G=3, K=5, C=3, P=4), 4, 4).weight_reads == 3 * 15
    assert np.isclose(
        systolic(Layer("l", K=64, C=64, P=4096), 64, 64, "ws").utilisation, 1, atol=0.1
    )
