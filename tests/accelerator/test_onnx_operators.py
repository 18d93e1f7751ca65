"""Operators, control flow, contradictions: products as an independent count by hand says."""

from pathlib import Path

import numpy as np
import pytest

from archgym.cli import main
from archgym.errors import WorkloadError

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
from archgym.simulators.accelerator import AcceleratorSimulator, MappingSimulator  # noqa: E402
from archgym.simulators.accelerator.workloads import resolve  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from .onnx_models import floats, save, weights  # noqa: E402

CASES = Path(__file__).parent / "cases"
node = helper.make_node


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("a01_left2d.onnx", 131_072),
        ("a03_const.onnx", 4096),
        ("a05b_plain.onnx", 4096),
        ("a06_qlinear.onnx", 221_184),
        ("a07_deconv.onnx", 442_368 + 2_097_152),
        ("a10_einsum.onnx", 25_165_824),
        ("a11_attention.onnx", 31_457_280),
        ("a12_if.onnx", 223_200),
        ("a13_dyn.onnx", 194_400),
        ("a15_function.onnx", 223_200),
    ],
)
def test_the_cases_have_their_products(name, macs):
    network = resolve(CASES / name)
    assert network.macs == macs
    assert network.notes["products_read"] == network.notes["products_known"] == macs
    assert network.notes["complete"]


def test_a_weight_in_a_constant_node_is_the_layers_own():
    for name in ("a03_const.onnx", "a05b_plain.onnx"):
        (layer,) = resolve(f"{CASES / name}@8").layers
        assert layer.tensor_sizes()[0] == 512 and layer.own_weights == 0


def test_sizes_of_symbolic_axes(capsys):
    path = CASES / "a13_dyn.onnx"
    assert resolve(path, dims="batch=8").macs == 8 * 194_400
    assert resolve(path, dims={"x.0": 2}).macs == 2 * 194_400
    for wrong in ("bach=8", "batch", "batch=0", "batch=1.5", "batch=99999999999999999999"):
        with pytest.raises(WorkloadError):
            resolve(path, dims=wrong)
    assert main(["accelerator", "layers", str(path), "--dims", "batch=3"]) == 0
    assert "100 % of the products (583200 of 583200)" in capsys.readouterr().out


def test_every_other_axis_must_be_given(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("MatMul", ["x", "w"], ["y"])],
        [floats("x", "batch", "seq", 8), floats("z", "past + seq")],
        [floats("y", None, None, None)],
        weights(w=(8, 4)),
    )
    with pytest.raises(WorkloadError, match=r"'seq' \(axis 1 of x\).*--dims"):
        resolve(path)
    assert resolve(path, dims="seq=5,past=2").macs == 5 * 8 * 4


@pytest.mark.parametrize("chain", ["Transpose", "Reshape", "Cast", "DequantizeLinear", "Identity"])
def test_constants_are_followed(tmp_path, chain):
    first = {
        "Transpose": node("Transpose", ["w"], ["v"], perm=[1, 0]),
        "Reshape": node("Reshape", ["w", "s"], ["v"]),
        "Cast": node("Cast", ["w"], ["v"], to=TensorProto.FLOAT),
        "DequantizeLinear": node("DequantizeLinear", ["q", "scale"], ["v"]),
        "Identity": node("Identity", ["w"], ["v"]),
    }[chain]
    tensors = weights(
        w=(8, 8), s=np.array([8, 8], np.int64), scale=np.array(0.5, np.float32),
        q=np.zeros((8, 8), np.int8),
    )  # fmt: skip
    path = save(
        tmp_path / "n.onnx",
        [first, node("MatMul", ["x", "v"], ["y"])],
        [floats("x", 5, 8)],
        [floats("y", 5, 8)],
        tensors,
    )
    (layer,) = resolve(path).layers
    assert layer.macs == 5 * 8 * 8 and layer.own_weights == 0


def test_what_only_constants_need_costs_nothing(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("MatMul", ["a", "b"], ["w"]), node("MatMul", ["x", "w"], ["y"])],
        [floats("x", 5, 8)],
        [floats("y", 5, 8)],
        weights(a=(8, 8), b=(8, 8)),
    )
    network = resolve(path)
    assert network.macs == 5 * 64 and network.notes["constant"] == {"MatMul": 1}


def test_convolutions_over_one_and_three_axes(tmp_path):
    path = save(
        tmp_path / "one.onnx",
        [node("Conv", ["x", "w"], ["y"], strides=[2], group=2)],
        [floats("x", 2, 6, 33)],
        [floats("y", 2, 10, 15)],
        weights(w=(10, 3, 5)),
    )
    assert resolve(path).macs == 2 * 10 * 15 * 3 * 5
    path = save(
        tmp_path / "three.onnx",
        [node("Conv", ["x", "w"], ["y"], strides=[1, 2, 2])],
        [floats("x", 1, 4, 8, 16, 16)],
        [floats("y", 1, 6, 6, 7, 7)],
        weights(w=(6, 4, 3, 3, 3)),
    )
    (layer,) = resolve(path).layers
    assert layer.macs == 6 * 6 * 7 * 7 * 4 * 27


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"),
    [(4, 2, 1), (3, 2, 1), (2, 2, 1), (3, 1, 1), (5, 3, 1), (2, 3, 1), (3, 2, 2), (4, 4, 2)],
)
def test_transposed_convolutions_multiply_every_input_by_every_tap(
    tmp_path, kernel, stride, dilation
):
    size = stride * 8 + (kernel - 1) * dilation + 1
    path = save(
        tmp_path / "n.onnx",
        [
            node(
                "ConvTranspose", ["x", "w"], ["y"], strides=[stride, stride],
                dilations=[dilation, dilation], group=2,
            )
        ],
        [floats("x", 1, 6, 9, 9)],
        [floats("y", 1, 10, size, size)],
        weights(w=(6, 5, kernel, kernel)),
    )  # fmt: skip
    assert resolve(path).macs == 6 * 5 * 81 * kernel * kernel


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("ij,jk->ik", [(3, 4), (4, 5)], 60),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)], 120),
        ("...ij,jk->...ik", [(7, 3, 4), (4, 5)], 420),
        ("ij,jk", [(3, 4), (4, 5)], 60),
        ("i,j->ij", [(3,), (4,)], 12),
        ("ij,ij->ij", [(3, 4), (3, 4)], 0),
        ("ij,ij->i", [(3, 4), (3, 4)], 12),
        ("ij,jk,kl->il", [(3, 4), (4, 5), (5, 6)], 60 + 90),
        ("bhqd,bgkd->bhgqk", [(2, 3, 5, 4), (2, 2, 6, 4)], 2 * 3 * 2 * 5 * 6 * 4),
    ],
)
def test_einstein_sums(tmp_path, equation, shapes, macs):
    names = [f"x{i}" for i in range(len(shapes))]
    path = save(
        tmp_path / "n.onnx",
        [
            node("Einsum", names, ["y"], equation=equation),
            node("MatMul", ["u", "v"], ["z"]),  # so that a scaling alone is no error
        ],
        [*(floats(n, *s) for n, s in zip(names, shapes)), floats("u", 1, 1), floats("v", 1, 1)],
        [floats("z", 1, 1)],
    )
    assert resolve(path).macs == macs + 1


def test_recurrences_are_products(tmp_path):
    for operator, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        path = save(
            tmp_path / f"{operator}.onnx",
            [node(operator, ["x", "w", "r"], ["y"], hidden_size=12, direction="bidirectional")],
            [floats("x", 7, 2, 5)],
            [floats("y", 7, 2, 2, 12)],
            weights(w=(2, gates * 12, 5), r=(2, gates * 12, 12)),
        )
        network = resolve(path)
        assert network.macs == 7 * 2 * 2 * gates * 12 * (5 + 12)
        assert network.batched(3).macs == 3 * network.macs


def test_grouped_queries(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("Attention", ["q", "k", "v"], ["y"])],
        [floats("q", 1, 8, 10, 16), floats("k", 1, 2, 20, 16), floats("v", 1, 2, 20, 24)],
        [floats("y", 1, 8, 10, 24)],
        opset=23,
    )
    scores, values = resolve(path).layers
    assert (scores.G, scores.P, scores.C, scores.K) == (2, 40, 16, 20)
    assert (values.G, values.P, values.C, values.K) == (2, 40, 20, 24)
    path = save(
        tmp_path / "m.onnx",
        [
            node(
                "GroupQueryAttention", ["q", "k", "v", "pk", "pv", "s", "t"], ["y", "a", "b"],
                domain="com.microsoft", num_heads=8, kv_num_heads=2,
            ),
            node("MatMul", ["y", "w"], ["z"]),
        ],
        [
            floats("q", 1, 4, 128), floats("k", 1, 4, 32), floats("v", 1, 4, 32),
            floats("pk", 1, 2, 6, 16), floats("pv", 1, 2, 6, 16),
            helper.make_tensor_value_info("s", TensorProto.INT32, [1]),
            helper.make_tensor_value_info("t", TensorProto.INT32, [1]),
        ],
        [floats("z", 1, 4, 3)],
        weights(w=(128, 3)),
        domains=["com.microsoft"],
    )  # fmt: skip
    assert resolve(path).macs == 2 * (8 * 4 * 10 * 16) + 4 * 128 * 3


def test_a_total_length_that_cannot_be_is_refused(tmp_path):
    def model(total):
        return save(
            tmp_path / "n.onnx",
            [
                node(
                    "GroupQueryAttention", ["q", "k", "v", "pk", "pv", "s", "t"], ["y", "a", "b"],
                    domain="com.microsoft", num_heads=8, kv_num_heads=2,
                )
            ],
            [
                floats("q", 1, 4, 128), floats("k", 1, 4, 32), floats("v", 1, 4, 32),
                floats("pk", 1, 2, 6, 16), floats("pv", 1, 2, 6, 16),
            ],
            [floats("y", 1, 4, 128)],
            weights(s=np.array([total - 1], np.int32), t=np.array(total, np.int32)),
            domains=["com.microsoft"],
        )  # fmt: skip

    assert resolve(model(7)).macs == 2 * (8 * 4 * 7 * 16)  # three of six places are taken
    for total in (3, 11):
        with pytest.raises(WorkloadError, match=f"total length of {total} does not fit 4 new"):
            resolve(model(total))


def experts(path, op="MoE", third=False, x=(32, 64), **changes):
    """Eight experts of 160, two of which each token visits, behind their router."""
    shape = {"wr": (64, 8), "w1": (8, 160, 64), "w2": (8, 64, 160), "w3": (8, 160, 64)} | changes
    given = {"k": 2, "domain": "com.microsoft"}
    if op == "QMoE":
        order = ["x", "r", "w1", "", "", "w2", "", "", *(["w3"] if third else [])]
        given["expert_weight_bits"] = 4
    else:
        order = ["x", "r", "w1", "", "w2", "", *(["w3"] if third else [])]
    nodes = [
        node("Reshape", ["x", "flat"], ["rows"]),
        node("MatMul", ["rows", "wr"], ["r"]),
        node(op, order, ["y"], **given),
    ]
    flat = np.array([-1, x[-1]])
    return save(
        path, nodes, [floats("x", *x)], [floats("y", *x)],
        weights(flat=flat, **shape), domains=["com.microsoft"],
    )  # fmt: skip


def test_mixtures_of_experts(tmp_path):
    path, router, one = tmp_path / "n.onnx", 32 * 64 * 8, 32 * 2 * 64 * 160
    network = resolve(experts(path))
    assert network.macs == router + 2 * one and network.notes["complete"]
    assert {(x.G, x.P) for x in network.layers[1:]} == {(8, 8)}
    assert resolve(experts(path, third=True)).macs == router + 3 * one
    # a fused gate, matrices the other way round, three axes, four bits a weight, one token
    assert resolve(experts(path, w1=(8, 320, 64))).macs == router + 3 * one
    assert resolve(experts(path, w1=(8, 64, 160), w2=(8, 160, 64))).macs == router + 2 * one
    assert resolve(experts(path, x=(2, 16, 64))).macs == router + 2 * one
    packed = {"w1": (8, 160, 32), "w2": (8, 64, 80), "w3": (8, 160, 32)}
    assert resolve(experts(path, "QMoE", third=True, **packed)).macs == router + 3 * one
    single = resolve(experts(path, x=(1, 64)))
    assert [(x.G, x.P, x.own_weights) for x in single.layers[1:]] == [(2, 1, 1)] * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w1": (8, 160, 63)}, "do not take tokens of 64"),
        ({"w2": (8, 63, 160)}, "do not make tokens of 64"),
        ({"w2": (8, 64, 96)}, "do not fit each other"),
        ({"w2": (7, 64, 160)}, "8 and 7 matrices, 8 routes"),
        ({"wr": (64, 1), "w1": (1, 160, 64), "w2": (1, 64, 160)}, "of which 2 are taken"),
    ],
)
def test_mixtures_that_do_not_fit(tmp_path, changes, message):
    with pytest.raises(WorkloadError, match=message):
        resolve(experts(tmp_path / "n.onnx", **changes))


def body(kind, extra=()):
    """A body that multiplies its state by a matrix once."""
    out = [
        node("Identity", ["go"], ["again"]) if kind == "for" else node("Less", ["i", "ten"], ["again"]),
        node("MatMul", ["h", "w"], ["n"], "step"),
        *extra,
    ]  # fmt: skip
    return helper.make_graph(
        out,
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            floats("h", 4, 8),
        ],
        [helper.make_tensor_value_info("again", TensorProto.BOOL, []), floats("n", 4, 8)],
        weights(ten=np.array(10, np.int64)),
    )


@pytest.mark.parametrize(("kind", "times"), [("for", 6), ("while", 11)])
def test_loops_with_known_rounds(tmp_path, kind, times):
    trips = {"for": np.array(6, np.int64), "while": np.array(2**62, np.int64)}[kind]
    path = save(
        tmp_path / "n.onnx",
        [node("Loop", ["m", "yes", "x"], ["y"], "loop", body=body(kind))],
        [floats("x", 4, 8)],
        [floats("y", 4, 8)],
        weights(m=trips, yes=np.array(True), w=(8, 8)),
    )
    network = resolve(path)
    assert network.macs == times * 4 * 8 * 8
    assert sum(x.count for x in network.layers) == times


def test_loops_that_data_end_are_named_and_partial_goes_on(tmp_path, capsys):
    path = save(
        tmp_path / "n.onnx",
        [
            node("Loop", ["m", "yes", "x"], ["y"], "loop", body=body("for")),
            node("MatMul", ["y", "w"], ["z"], "last"),
        ],
        [helper.make_tensor_value_info("m", TensorProto.INT64, []), floats("x", 4, 8)],
        [floats("z", 4, 8)],
        weights(yes=np.array(True), w=(8, 8)),
    )
    with pytest.raises(
        WorkloadError, match=r"50 % of the products \(256 of 512\).*Loop 'loop'.*partial"
    ):
        resolve(path)
    network = resolve(path, partial=True)
    assert network.macs == 256 and network.notes["share_read"] == 0.5
    assert main(["accelerator", "layers", str(path)]) == 2
    assert main(["accelerator", "layers", str(path), "--partial"]) == 0
    assert "not read: Loop 'loop'" in capsys.readouterr().out
    simulator = MappingSimulator(path, partial=True)
    assert simulator.workload_notes["share_read"] == 0.5 and simulator.config["partial"] is True


def test_a_scan_runs_once_for_every_element(tmp_path):
    step = helper.make_graph(
        [node("MatMul", ["h", "w"], ["n"]), node("Add", ["n", "e"], ["o"]), node("Identity", ["o"], ["p"])],
        "step",
        [floats("h", 4, 8), floats("e", 4, 8)],
        [floats("o", 4, 8), floats("p", 4, 8)],
    )  # fmt: skip
    path = save(
        tmp_path / "n.onnx",
        [node("Scan", ["h0", "xs"], ["last", "ys"], body=step, num_scan_inputs=1)],
        [floats("h0", 4, 8), floats("xs", 9, 4, 8)],
        [floats("last", 4, 8), floats("ys", 9, 4, 8)],
        weights(w=(8, 8)),
    )
    assert resolve(path).macs == 9 * 4 * 8 * 8


def test_an_if_says_which_branch(tmp_path):
    def branch(columns):
        return helper.make_graph(
            [node("MatMul", ["x", f"w{columns}"], [f"o{columns}"])],
            "b",
            [],
            [floats(f"o{columns}", 4, columns)],
        )

    def choose(condition, inputs):
        return save(
            tmp_path / "n.onnx",
            [node("If", ["c"], ["y"], "pick", then_branch=branch(3), else_branch=branch(5))],
            [floats("x", 4, 8), *inputs],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, None])],
            [*weights(w3=(8, 3), w5=(8, 5)), *condition],
        )

    asked = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    network = resolve(choose([], [asked]))
    assert network.macs == 4 * 8 * 5
    assert network.notes["choices"] == [
        "If 'pick': its else_branch is read (160 products against 96)"
    ]
    assert resolve(choose(weights(c=np.array(True)), [])).macs == 4 * 8 * 3


def test_shapes_that_are_computed(tmp_path):
    """What exporters write: Shape, Gather, Concat, Reshape, with nothing declared between."""
    path = save(
        tmp_path / "n.onnx",
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["b"]),
            node("Concat", ["b", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["r"]),
            node("MatMul", ["r", "w"], ["y"]),
        ],
        [floats("x", "batch", 4, 8)],
        [floats("y", "batch", "p", 4)],
        weights(zero=np.array([0], np.int64), rest=np.array([-1, 16], np.int64), w=(16, 4)),
    )
    assert resolve(path, dims="batch=3").macs == 3 * 2 * 16 * 4


def test_an_unknown_operator_is_unread(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("Magic", ["x"], ["h"], domain="mine"), node("MatMul", ["x", "w"], ["y"])],
        [floats("x", 4, 8)],
        [floats("y", 4, 8)],
        weights(w=(8, 8)),
        domains=["mine"],
    )
    with pytest.raises(WorkloadError, match=r"at most 100 %.*Magic.*operator of mine"):
        resolve(path)
    assert resolve(path, partial=True).macs == 256


CONV = {"kernel_shape": [3, 3]}


@pytest.mark.parametrize(
    ("channels", "attributes", "message"),
    [
        (4, CONV, "4 channels, the weights are for 3"),
        (3, CONV | {"group": 0}, "group must be at least 1"),
        (3, {"kernel_shape": [5, 5]}, r"kernel is \[5, 5\], the weights' is \[3, 3\]"),
        (3, CONV | {"strides": [0, 1]}, "strides must be 2 numbers of at least 1"),
        (3, CONV | {"group": 3}, r"weights are for 9 \(3 groups of 3\).*4 output channels"),
    ],
)
def test_contradictions_are_refused(tmp_path, channels, attributes, message):
    path = save(
        tmp_path / "n.onnx",
        [node("Conv", ["x", "w"], ["y"], "c", **attributes)],
        [floats("x", 1, channels, 8, 8)],
        [floats("y", None, None, None, None)],
        weights(w=(4, 3, 3, 3)),
    )
    with pytest.raises(WorkloadError, match=message):
        resolve(path)


def test_a_declared_output_that_is_not_the_products_is_refused(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("Conv", ["x", "w"], ["y"], "c")],
        [floats("x", 1, 3, 8, 8)],
        [floats("y", 1, 4, 8, 8)],
        weights(w=(4, 3, 3, 3)),
    )
    with pytest.raises(
        WorkloadError, match=r"operator 'c' \(Conv\).*the file declares \[1, 4, 8, 8\]"
    ):
        resolve(path)


def test_weights_in_a_file_that_is_not_there(tmp_path):
    path = save(
        tmp_path / "n.onnx",
        [node("MatMul", ["x", "w"], ["y"])],
        [floats("x", 5, 80)],
        [floats("y", 5, 40)],
        weights(w=(80, 40)),
    )
    model = onnx.load(str(path))
    onnx.save(model, str(path), save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "w.bin").unlink()
    (layer,) = resolve(path).layers
    assert layer.macs == 5 * 80 * 40 and layer.own_weights == 0


def test_the_simulators_record_what_was_read():
    a = AcceleratorSimulator(CASES / "a12_if.onnx", space="eyeriss")
    assert a.workload_notes["share_read"] == 1.0 and a.workload_notes["choices"]
    plain = AcceleratorSimulator(CASES / "a13_dyn.onnx", space="eyeriss")
    sized = AcceleratorSimulator(CASES / "a13_dyn.onnx", space="eyeriss", dims="batch=8")
    assert "dims" not in plain.config and plain.key != sized.key
    assert sized.network.macs == 8 * plain.network.macs
