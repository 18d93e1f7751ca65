import pytest

from archgym.cli import main
from archgym.errors import WorkloadError

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

from archgym.simulators.accelerator.readers.onnx_import import read_onnx  # noqa: E402


def model(path, batch=2, extra=()):
    from onnx import TensorProto, helper

    def weights(name, *shape):
        return helper.make_tensor(name, TensorProto.FLOAT, shape, [0.0] * _size(shape))

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], "first", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["c"], "depthwise", group=4, pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["c"], ["d"]),
        helper.make_node("Flatten", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "w3"], ["y"], "classify", transB=1),
        *extra,
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 10])],
        [weights("w1", 4, 3, 3, 3), weights("w2", 4, 1, 3, 3), weights("w3", 10, 4)],
    )
    onnx.save(helper.make_model(graph), str(path))
    return path


def _size(shape):
    out = 1
    for n in shape:
        out *= n
    return out


def test_shapes_are_read(tmp_path):
    network = read_onnx(model(tmp_path / "net.onnx"))
    first, depthwise, classify = network.layers
    assert (first.N, first.K, first.C, first.P, first.Q, first.R, first.stride_h) == (
        2,
        4,
        3,
        8,
        8,
        3,
        2,
    )
    assert (depthwise.G, depthwise.K, depthwise.C, depthwise.P) == (4, 1, 1, 8)
    assert (classify.P, classify.K, classify.C) == (2, 10, 4)
    assert network.notes["no_products"] == {"Flatten": 1, "GlobalAveragePool": 1, "Relu": 1}
    assert network.notes["share_read"] == 1.0 and network.notes["complete"]


def test_the_command_lists_what_was_skipped(tmp_path, capsys):
    path = model(tmp_path / "net.onnx")
    assert main(["accelerator", "layers", str(path)]) == 0
    assert "skipped: Flatten (1), GlobalAveragePool (1), Relu (1)" in capsys.readouterr().out
    assert main(["accelerator", "map", str(path), "--effort", "50"]) == 0


def test_a_scenario_on_a_model_of_ones_own(tmp_path, capsys):
    path = model(tmp_path / "net.onnx")
    command = ["run", "accelerator/alexnet-archgym", "--workload", str(path), "--budget", "3"]
    assert main([*command, "--output", str(tmp_path / "run"), "--seed", "1"]) == 0
    assert "3 evaluations" in capsys.readouterr().out


def test_batched_products_of_activations(tmp_path):
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("MatMul", ["q", "k"], ["s"], "scores")],
        "g",
        [
            helper.make_tensor_value_info("q", TensorProto.FLOAT, [1, 12, 64, 32]),
            helper.make_tensor_value_info("k", TensorProto.FLOAT, [1, 12, 32, 64]),
        ],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, [1, 12, 64, 64])],
    )
    onnx.save(helper.make_model(graph), str(tmp_path / "attention.onnx"))
    (layer,) = read_onnx(tmp_path / "attention.onnx").layers
    assert (layer.G, layer.P, layer.K, layer.C, layer.own_weights) == (12, 64, 64, 32, 1)


def test_files_that_are_no_models(tmp_path):
    (tmp_path / "n.onnx").write_text("hello")
    with pytest.raises(WorkloadError, match=r"not an ONNX model|not a valid ONNX model"):
        read_onnx(tmp_path / "n.onnx")
    with pytest.raises(WorkloadError, match="No such file"):
        read_onnx(tmp_path / "missing.onnx")
