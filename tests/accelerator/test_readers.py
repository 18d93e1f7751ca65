"""Networks and machines in other tools' forms; faults with their places, all at once."""

from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.accelerator import AcceleratorSimulator, MappingSimulator
from archgym.simulators.accelerator.architecture import ArchitectureError
from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.mapping_spaces import tiles, useful_factors
from archgym.simulators.accelerator.systolic import systolic
from archgym.simulators.accelerator.workloads import resolve

from archgym.cli import main
from archgym.errors import ArchgymError, WorkloadError

CASES = Path(__file__).parent / "cases"


def written(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return tmp_path / name


# ---- SCALE-Sim
def test_scalesims_topologies_round_as_it_does(tmp_path):
    path = written(
        tmp_path,
        "t.csv",
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
        "Conv1, 224, 224, 7, 7, 3, 64, 2,\n"
        "Odd, 10, 12, 3, 5, 4, 8, 3, 1:1,\n"
        "Conv2/DP, 114, 114, 3, 3, 32, 1, 1,\n",
    )
    conv, odd, depthwise = resolve(path).layers
    assert (conv.P, conv.Q, conv.K, conv.C, conv.R, conv.stride_w) == (110, 110, 64, 3, 7, 2)
    # ceil((10 - 3 + 3) / 3) and ceil((12 - 5 + 3) / 3): an incomplete last window counts
    assert (odd.P, odd.Q) == (4, 4)
    assert (depthwise.G, depthwise.K, depthwise.C, depthwise.P) == (32, 1, 1, 112)
    path = written(tmp_path, "g.csv", "Layer,M,N,K,\nfc,5,7,11,\nheads,4,6,8,3,\n")
    fc, heads = resolve(path).layers
    assert (fc.P, fc.K, fc.C) == (5, 7, 11) and heads.macs == 3 * 4 * 6 * 8


def test_scalesims_faults_come_together(tmp_path):
    path = written(
        tmp_path,
        "t.csv",
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
        "a, 2, 2, 3, 3, 1, 1, 1,\nb, 8, 8, 3, x, 1, 1, 0,\nc, 8, 8, 3,\nd, 8, 8, 3, 3, 1, 1, 1, 2:4,\n",
    )
    with pytest.raises(WorkloadError) as error:
        resolve(path)
    text = str(error.value)
    for part in ("6 faults", "height 3 is larger", "'x', not a whole", "Strides", "3 of 7", "2:4"):
        assert part in text


def test_scalesims_cycles_stay():
    cycles = {
        "prime": (5396, 6209, 18997),
        "fc": (2114, 794, 1016),
    }
    network = resolve(CASES / "ss.csv")
    for name, expected in cycles.items():
        layer = network.layer(name)
        assert tuple(systolic(layer, 16, 16, d).cycles for d in ("ws", "os", "is")) == expected


# ---- MAESTRO
def test_maestros_models(tmp_path):
    path = written(
        tmp_path,
        "m.m",
        """Network small { // a comment
        Layer A { Type: CONV Stride { X: 2, Y: 2 } Dimensions { K: 8, C: 3 R: 3, S: 3, Y: 225, X: 225 }
          Dataflow { SpatialMap(1,1) K; Cluster(64, P); TemporalMap(Sz(R),Sz(R)) R; } }
        Layer B { Type: DSCONV Dimensions { K: 1, C: 32, R: 3, S: 3, Y: 14, X: 14 } }
        Layer C { Type: GEMM Dimensions { M: 5, N: 6, K: 7 } } }""",
    )
    network = resolve(path)
    a, b, c = network.layers
    assert network.name == "small" and (a.P, a.Q, a.stride_h) == (112, 112, 2)
    assert (b.G, b.K, b.C, b.P) == (32, 1, 1, 12) and c.macs == 210
    bad = written(
        tmp_path,
        "b.m",
        "Network n { Layer A { Type: TRCONV Dimensions { K: 0, C: 3, Z: 2 } } Layer B { Type: CONV } }",
    )
    with pytest.raises(WorkloadError, match=r"(?s)type TRCONV.*no Dimensions"):
        resolve(bad)


# ---- Timeloop
PROBLEM = """
problem:
  version: 0.4
  shape:
    name: layer
    dimensions: [C, M, R, S, N, P, Q]
    coefficients:
    - {name: Wstride, default: 1}
    - {name: Hstride, default: 1}
    - {name: Wdilation, default: 1}
    - {name: Hdilation, default: 1}
    data_spaces:
    - name: Weights
      projection: [[[C]], [[M]], [[R]], [[S]]]
    - name: Inputs
      projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]
    - name: Outputs
      projection: [[[N]], [[M]], [[Q]], [[P]]]
      read_write: true
  instance: {C: 3, M: 96, R: 11, S: 11, N: 2, P: 55, Q: 54, Wstride: 4, Hstride: 4}
"""


def test_timeloops_problems(tmp_path):
    (layer,) = resolve(written(tmp_path, "p.yaml", PROBLEM)).layers
    expected = Layer("layer", N=2, K=96, C=3, P=55, Q=54, R=11, S=11, stride_h=4, stride_w=4)
    assert layer == expected
    product = PROBLEM[: PROBLEM.index("    dimensions")] + (
        "    dimensions: [M, N, K]\n"
        "    data-spaces:\n"
        "    - {name: A, projection: [[[M]], [[K]]]}\n"
        "    - {name: B, projection: [[[K]], [[N]]]}\n"
        "    - {name: Z, projection: [[[M]], [[N]]], read-write: true}\n"
        "  instance: {M: 5, N: 6, K: 7}\n"
    )
    assert resolve(written(tmp_path, "g.yaml", product)).macs == 210


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("C: 3,", "C: 0, X: 9,", r"(?s)2 faults.*C: must be a whole.*unknown key 'X'"),
        ("M: 96,", "", "no size for dimension M"),
        ("read_write: true", "read_write: false", "writes one"),
        ("[R, Wdilation], [P, Wstride]", "[R, W], [P, Wstride]", "no term of a projection"),
        ("N: 2", "N: 2, densities: {Weights: 0.5}", "sparsity"),
        ("P: 55", "P: .nan", "not a whole number"),
        ("P: 55", "P: 99999999999999999999", "at most"),
    ],
)
def test_timeloops_faults(tmp_path, old, new, message):
    assert old in PROBLEM
    with pytest.raises(WorkloadError, match=message):
        resolve(written(tmp_path, "p.yaml", PROBLEM.replace(old, new, 1)))


MACHINE = """
architecture:
  version: 0.4
  nodes:
  - !Container {name: system, attributes: {technology: "45nm", global_cycle_seconds: 2e-9, datawidth: word}}
  - !Component
    name: DRAM
    class: DRAM
    attributes: {width: 64}
  - !Component
    name: glb
    class: smartbuffer_SRAM
    attributes: {depth: 2048 * 4, width: 64, n_banks: 16, read_bandwidth: 16}
    constraints: {dataspace: {keep: [Inputs, Outputs], bypass: [Weights]}}
  - !Container {name: column, spatial: {meshX: 14}}
  - !Container {name: PE, spatial: {meshY: 12}}
  - !Component
    name: spad
    class: regfile
    attributes: {depth: 64, width: 16}
    constraints: {dataspace: {keep: [Weights, Inputs, Outputs]}}
  - !Component {name: mac, class: intmac}
variables: {word: 16}
"""


def test_timeloops_machines(tmp_path):
    machine = load_architecture(written(tmp_path, "a.yaml", MACHINE))
    assert machine.macs == 168 and machine.clock_hz == pytest.approx(5e8)
    glb, spad = machine.levels[1:]
    assert glb.size_bits == 8192 * 64 and glb.fanout == (14, 12) and glb.block == 4
    assert set(glb.must_keep) == {"I", "O"} and glb.may_keep == ""
    assert spad.size_bits == 1024
    assert isinstance(find_mapping(Layer("l", K=8, C=8, P=8), machine, effort=20), Found)
    bad = MACHINE.replace("smartbuffer_SRAM", "crossbar").replace("depth: 64", "depth: big")
    with pytest.raises(ArchitectureError, match=r"(?s)2 faults.*'crossbar'.*'big', not a number"):
        load_architecture(written(tmp_path, "b.yaml", bad))
    with pytest.raises(ArchitectureError, match="subtree"):
        load_architecture(
            written(tmp_path, "c.yaml", "architecture: {version: 0.3, subtree: []}\n")
        )


# ---- ZigZag
ZIGZAG = """
- id: 0
  operator_type: Conv
  equation: O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]
  dimension_relations: [ix=2*ox+1*fx, iy=2*oy+1*fy]
  loop_dims: [B, K, C, OY, OX, FY, FX]
  loop_sizes: [1, 64, 3, 112, 110, 7, 5]
  operand_precision: {W: 8, I: 8, O: 16, O_final: 8}
  operand_source: {I: 0, W: 0}
- id: 1
  operator_type: Pooling
  equation: O[b][g][oy][ox]+=W[fx][fy]*I[b][g][iy][ix]
  dimension_relations: [ix=2*ox+1*fx, iy=2*oy+1*fy]
  loop_dims: [B, G, OY, OX, FX, FY]
  loop_sizes: [1, 64, 56, 56, 3, 3]
  operand_precision: {I: 8, W: 0, O: 16}
- id: 2
  operator_type: Conv
  equation: O[b][g][oy][ox]+=W[g][fy][fx]*I[b][g][iy][ix]
  dimension_relations: [ix=1*ox+1*fx, iy=1*oy+1*fy]
  loop_dims: [B, G, OY, OX, FY, FX]
  loop_sizes: [1, 32, 14, 14, 3, 3]
- id: 3
  operator_type: Gemm
  equation: O[d][k]+=I[d][c]*W[c][k]
  loop_dims: [D, K, C]
  loop_sizes: [5, 6, 7]
  operand_source: {I: 2, W: 1}
- id: 4
  operator_type: Add
  equation: O[b][g]=W[b][g]+I[b][g]
  loop_dims: [B, G]
  loop_sizes: [1, 64]
"""


def test_zigzags_workloads(tmp_path):
    network = resolve(written(tmp_path, "z.yaml", ZIGZAG))
    conv, depthwise, product = network.layers
    assert (conv.K, conv.C, conv.P, conv.Q, conv.R, conv.S, conv.stride_h) == (
        64,
        3,
        112,
        110,
        7,
        5,
        2,
    )
    assert (depthwise.G, depthwise.K, depthwise.R) == (32, 1, 3)
    assert product.macs == 210 and product.own_weights == 1
    assert network.notes["no_products"] == {"Pooling": 1, "Add": 1}
    bad = ZIGZAG.replace("iy=2*oy+1*fy", "iy=oy/2", 1).replace("[5, 6, 7]", "[5, 6]")
    with pytest.raises(
        WorkloadError, match=r"(?s)2 faults.*layer 0.*'iy=oy/2'.*layer 3.*one length"
    ):
        resolve(written(tmp_path, "b.yaml", bad))


COSTS = "r_cost: 0.095, w_cost: 0.095, area: 0"
HARDWARE = f"""
name: tpu_like
memories:
  rf_w: {{size: 1024, r_bw: 8, w_bw: 8, {COSTS}, operands: [I2], served_dimensions: [D2]}}
  rf_o: {{size: 64, r_bw: 16, w_bw: 16, {COSTS}, operands: [O], served_dimensions: [D2]}}
  sram: {{size: 16777216, r_bw: 2048, w_bw: 2048, {COSTS}, operands: [I1, O]}}
  dram: {{size: 1.0e+10, r_bw: 64, w_bw: 64, r_cost: 700, w_cost: 750, rw_port: 1, operands: [I1, I2, O]}}
operational_array:
  {{input_precision: [8, 8], unit_energy: 0.04, unit_area: 1, dimensions: [D1, D2], sizes: [32, 32]}}
"""


def test_zigzags_hardware(tmp_path):
    machine = load_architecture(written(tmp_path, "h.yaml", HARDWARE))
    assert [x.name for x in machine.levels] == ["dram", "sram", "rf_o", "rf_w"]
    assert machine.macs == 1024 and machine.levels[1].fanout == (32, 1)
    assert machine.levels[3].fanout == (32, 1) and machine.levels[0].shared_bits == 64
    assert isinstance(find_mapping(Layer("l", K=64, C=64, P=49), machine, effort=20), Found)
    bad = HARDWARE.replace("[I2], served_dimensions: [D2]", "[I2], served_dimensions: [D1]")
    with pytest.raises(ArchitectureError, match="do not nest"):
        load_architecture(written(tmp_path, "b.yaml", bad))
    bad = HARDWARE.replace("size: 1024", "size: .inf").replace("r_cost: 700", "r_cost: .nan")
    with pytest.raises(ArchitectureError, match="2 faults"):
        load_architecture(written(tmp_path, "c.yaml", bad))


# ---- what any reader meets
def test_tables_name_every_fault(tmp_path):
    path = written(
        tmp_path, "n.csv", "name,P,K\na,99999999999999999999,0\nb,1.5,nan\na,1,1,7\n,2,2\n"
    )
    with pytest.raises(WorkloadError) as error:
        resolve(path)
    text = str(error.value)
    for part in ("layer 1 (a)", "at most 2147483647", "'1.5', not a whole", "'nan'", "share a name",
                 "4 values for 3", "no name"):  # fmt: skip
        assert part in text
    with pytest.raises(WorkloadError, match="more than 2\\^53"):
        Layer("l", K=2**31 - 1, C=2**31 - 1)
    with pytest.raises(WorkloadError, match="share a name"):
        Network("n", (Layer("a"), Layer("a")))


BOMB = "- &a [x]\n" + "".join(
    f"- &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij")
)


def test_files_of_an_unknown_form(tmp_path):
    path = written(tmp_path, "model.tflite", "x")
    with pytest.raises(
        WorkloadError, match=r"this file exists, its format is not known; known: \.csv"
    ):
        resolve(path)
    for name, text in {
        "a.yaml": "a: &a [1]\nb: *a\n",
        "b.yaml": "[1, 2",
        "c.yaml": "a: 1\na: 2\n",
        "d.yaml": BOMB,
        "e.csv": "",
        "f.m": "",
        "g.yaml": "? [1]\n: 2\n",
        "h.yaml": "[" * 3000,
    }.items():  # fmt: skip
        with pytest.raises(ArchgymError):
            resolve(written(tmp_path, name, text))
    (tmp_path / "i.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkloadError, match="UTF-8"):
        resolve(tmp_path / "i.csv")


OWN = """
name: mine
bits: 8
levels:
  - {name: DRAM, kind: dram, port_bits: 64}
  - {name: buffer, kind: sram, size_kb: 32, port_bits: 64, must_keep: WIO, fanout: [4, 4]}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bits: 8\n", "bits: 1.5\n"),
        ("bits: 8\n", "bits: 8\nclock_mhz: .inf\n"),
        ("bits: 8\n", "bits: 8\nclock_mhz: .nan\n"),
        ("bits: 8\n", "bits: 8\nclock_mhz: -3\n"),
        ("bits: 8\n", "bits: 99999999999999999999\n"),
        ("bits: 8\n", "bits: 8\nmac: {energy_pj: .nan}\n"),
        ("size_kb: 32", "size_kb: .nan"),
        ("size_kb: 32", "size_kb: .inf"),
        ("size_kb: 32", "words: 1.5"),
        ("fanout: [4, 4]", "fanout: [4, 99999999999999999999]"),
        ("fanout: [4, 4]", "fanout: [true, 4]"),
        ("must_keep: WIO", "must_keep: WIO, read_words: .inf"),
        ("must_keep: WIO", "must_keep: WIO, hidden: 7"),
        ("must_keep: WIO", "must_keep: WIO, energy_pj: [1, .nan]"),
        ("levels:", "level:"),
        ("  - {name: DRAM, kind: dram, port_bits: 64}\n", "  - DRAM\n"),
    ],
)
def test_machines_take_no_nonsense(tmp_path, old, new):
    assert old in OWN
    with pytest.raises(ArchgymError):
        load_architecture(written(tmp_path, "a.yaml", OWN.replace(old, new, 1)))


# ---- every workload on every scenario's simulator
ODD = {
    "one": Layer("one"),
    "huge": Layer("huge", K=128_256, C=8192),
    "deep": Layer("deep", G=3, K=7, C=11, P=13, Q=1, R=1, S=5, stride_w=7, dilation_w=3),
    "many": Network("many", tuple(Layer(f"/l.{i}/Conv", K=2 + i % 3, P=5) for i in range(60))),
}


@pytest.mark.parametrize("name", sorted(ODD))
@pytest.mark.parametrize(
    "settings",
    [{"space": "gamma"}, {"architecture": "eyeriss"}, {"architecture": "simba"}],
    ids=str,
)
def test_mappings_of_odd_workloads_have_a_default_design(name, settings):
    simulator = MappingSimulator(ODD[name], **settings)
    design = simulator.default_design()
    assert set(design) == set(simulator.space.names)
    x = simulator.space.encode([design])
    assert simulator.evaluate(x).feasible.all()
    some = simulator.space.sample(20, np.random.default_rng(0))
    assert (simulator.evaluate(simulator.canonical(some)).metrics["cycles"]
            == simulator.evaluate(some).metrics["cycles"]).all()  # fmt: skip


@pytest.mark.parametrize("space", ["archgym-timeloop", "eyeriss", "simba"])
def test_machines_have_a_default_design_for_every_workload(space):
    for workload in ["alexnet-conv", "gpt2-decode", str(CASES / "llm70b.csv"), *ODD.values()]:
        simulator = AcceleratorSimulator(workload, space=space, effort=5)
        x = simulator.space.encode([simulator.default_design()])
        assert simulator.evaluate(x).feasible.all()


def test_the_mapper_ends_on_one_product():
    for name in ("eyeriss", "simba", "tpu"):
        found = find_mapping(Layer("one"), load_architecture(name), effort=3000)
        assert isinstance(found, Found) and (found.mapping.factor == 1).all()

    assert main(["accelerator", "map", str(CASES / "one_mac.csv"), "--effort", "500"]) == 0


def test_factors_of_long_loops_are_found_at_once():
    assert useful_factors(2**31 - 1)[-1] == 2**31 - 1
    assert tiles(50_257) == tuple(range(1, 50_258)) and len(tiles(128_256)) < 40


# ---- final outputs
def test_finished_outputs_may_be_narrower():
    scores = Layer("scores", G=4, K=64, C=64, P=64, own_weights=1)
    tpu = load_architecture("tpu")  # sums of 32 bits
    full = find_mapping(scores, tpu, effort=300)
    from dataclasses import replace

    from archgym.simulators.accelerator.mapping import evaluate_mapping

    narrow = replace(tpu, output_bits=8)
    cost = evaluate_mapping(scores, narrow, full.mapping)
    outputs = 4 * 64 * 64
    saved = full.cost.traffic_bits(tpu)[0] - cost.traffic_bits(narrow)[0]
    assert saved == 24 * outputs  # each output leaves once
    assert cost.cycles <= full.cost.cycles and cost.energy_pj == full.cost.energy_pj
    same = evaluate_mapping(scores, replace(tpu, output_bits=32), full.mapping)
    assert same.cycles == full.cost.cycles
    assert (same.traffic_bits(tpu) == full.cost.traffic_bits(tpu)).all()


def test_the_width_of_outputs_is_a_setting():
    layer = Layer("l", K=32, C=32, P=32)
    wide, narrow = (
        MappingSimulator(layer, architecture="tpu", output_bits=bits) for bits in (0, 8)
    )
    x = wide.space.encode([wide.default_design()])
    a, b = (s.evaluate(x).metrics for s in (wide, narrow))
    assert b["traffic_dram"][0] < a["traffic_dram"][0] and wide.key != narrow.key
    with pytest.raises(WorkloadError):
        MappingSimulator(layer, output_bits=1.5)
