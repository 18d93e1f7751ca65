"""Models that packages ship: products against a count that shares nothing with the reader.

The count fixes the inputs' sizes in the file, lets onnx infer all shapes at once and multiplies every
output element by the products behind it.  Where onnx alone cannot (branches, com.microsoft), the model
runs on onnx's reference evaluator with counting operators.
"""

import importlib.util
from math import prod
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
from archgym.simulators.accelerator.workloads import resolve  # noqa: E402
from onnx import helper, shape_inference  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from onnx.reference.op_run import OpRun  # noqa: E402

# package, file, dims, sizes of the inputs
SHIPPED = [
    ("silero_vad", "data/silero_vad.onnx", "input.1=512,state.1=1"),
    ("silero_vad", "data/silero_vad_16k_op15.onnx", "sequence=512"),
    ("silero_vad", "data/silero_vad_half.onnx", "sequence=512"),
    ("silero_vad", "data/silero_vad_16k_sequence.onnx", "sequence_length=3"),
    ("magika", "models/standard_v3_3/model.onnx", ""),
    ("nudenet", "320n.onnx", "height=320,width=320"),
    ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx", "x.2=320,x.3=320"),
    ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx", "x.2=48,x.3=320"),
    ("rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx", "x.2=48,x.3=192"),
    ("ddddocr", "common.onnx", "image_width=160"),
    ("ddddocr", "common_det.onnx", ""),
    ("ddddocr", "common_old.onnx", "image_width=160"),
]
LIGHT = {
    "bvlc_alexnet": 654_560_384, "densenet121": 2_834_161_664, "inception_v1": 1_431_556_352,
    "inception_v2": 2_018_851_840, "resnet50": 4_089_184_256, "shufflenet": 124_664_528,
    "squeezenet": 349_151_936, "vgg19": 19_632_062_464, "zfnet512": 1_481_727_008,
}  # fmt: skip


def sized(model, dims):
    """The model with every input axis a number, as ``dims`` says, 1 otherwise."""
    given = dict(part.split("=") for part in dims.split(",") if part)
    for value in model.graph.input:
        for at, axis in enumerate(value.type.tensor_type.shape.dim):
            if axis.dim_value <= 0:
                size = given.get(f"{value.name}.{at}", given.get(axis.dim_param, 1))
                axis.Clear()
                axis.dim_value = int(size)
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    return model


def counted_by_shapes(model):
    """Products by one pass of onnx's shape inference; None where it leaves a shape open."""
    model = shape_inference.infer_shapes(model, data_prop=True)
    shape = {t.name: list(t.dims) for t in model.graph.initializer}
    for v in [*model.graph.input, *model.graph.value_info, *model.graph.output]:
        shape[v.name] = [d.dim_value for d in v.type.tensor_type.shape.dim]
    total = 0
    for node in model.graph.node:
        if node.op_type in ("If", "Loop", "Scan", "LSTM", "DynamicQuantizeLSTM", "Einsum"):
            return None
        at = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3, "MatMul": 0, "MatMulInteger": 0, "Gemm": 0,
              "ConvTranspose": 1}.get(node.op_type)  # fmt: skip
        if at is None:
            continue
        out, side = shape.get(node.output[0]), shape.get(node.input[at])
        if not out or not side or 0 in out or 0 in side:
            return None
        if node.op_type == "ConvTranspose":
            total += prod(shape[node.input[0]]) * prod(side[1:])
        elif at:
            total += prod(out) * prod(side[1:])
        else:
            turned = any(a.name == "transA" and a.i for a in node.attribute)
            total += prod(out) * side[0 if turned else -1]
    return total


TALLY = [0]


class Conv(OpRun):
    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None,
             pads=None, strides=None):  # fmt: skip
        axes = w.ndim - 2
        pads, strides, dilations = (
            pads or [0] * 2 * axes,
            strides or [1] * axes,
            dilations or [1] * axes,
        )
        room = [x.shape[2 + i] + pads[i] + pads[i + axes] - (w.shape[2 + i] - 1) * dilations[i] - 1
                for i in range(axes)]  # fmt: skip
        out = (x.shape[0], w.shape[0], *(r // s + 1 for r, s in zip(room, strides)))
        TALLY[0] += prod(out) * prod(w.shape[1:])
        return (np.zeros(out, x.dtype),)


class ConvInteger(Conv):
    def _run(self, x, w, xz=None, wz=None, **more):
        (out,) = super()._run(x, w, **more)
        return (out.astype(np.int32),)


class MatMul(OpRun):
    def _run(self, a, b):
        TALLY[0] += (a[..., :1] @ b[..., :1, :]).size * a.shape[-1]
        return (a @ b,)


class MatMulInteger(OpRun):
    def _run(self, a, b, az=None, bz=None):
        TALLY[0] += prod(a.shape) * b.shape[-1]
        return (np.zeros((*a.shape[:-1], b.shape[-1]), np.int32),)


class Gemm(OpRun):
    def _run(self, a, b, c=None, alpha=None, beta=None, transA=None, transB=None):
        a, b = a.T if transA else a, b.T if transB else b
        TALLY[0] += a.shape[0] * a.shape[1] * b.shape[1]
        return (np.zeros((a.shape[0], b.shape[1]), a.dtype),)


class Einsum(OpRun):
    def _run(self, *operands, equation=None):
        TALLY[0] += int(np.einsum(equation, *(np.ones(x.shape) for x in operands)).sum())
        return (np.einsum(equation, *operands),)


class LSTM(OpRun):
    def _run(self, x, w, r, *rest, hidden_size=None, direction=None, layout=None, **more):
        steps, batch, width = x.shape
        TALLY[0] += steps * batch * w.shape[0] * 4 * hidden_size * (width + hidden_size)
        state = np.zeros((w.shape[0], batch, hidden_size), x.dtype)
        return np.zeros((steps, w.shape[0], batch, hidden_size), x.dtype), state, state


class DynamicQuantizeLSTM(LSTM):
    op_domain = "com.microsoft"

    def _run(self, *inputs, hidden_size=None, **more):
        return super()._run(*inputs, hidden_size=hidden_size)


def counted_by_running(model):
    """Products of one run with counting operators."""
    TALLY[0] = 0
    known = {t.name for t in model.graph.initializer}
    feeds = {}
    for v in model.graph.input:
        if v.name not in known:
            kind = helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)
            feeds[v.name] = np.zeros([d.dim_value for d in v.type.tensor_type.shape.dim], kind)
    if "sr" in feeds:
        feeds["sr"] = np.array(16000, np.int64)
    own = [Conv, ConvInteger, MatMul, MatMulInteger, Gemm, Einsum, LSTM, DynamicQuantizeLSTM]
    ReferenceEvaluator(model, new_ops=own).run(None, feeds)
    return TALLY[0]


@pytest.mark.parametrize("name", sorted(LIGHT))
def test_onnx_own_light_models(name):
    path = Path(onnx.__file__).parent / "backend/test/data/light" / f"light_{name}.onnx"
    if not path.exists():
        pytest.skip(f"this onnx does not ship {path.name}")
    network = resolve(path)
    assert network.notes["complete"] and network.macs == LIGHT[name]
    assert counted_by_shapes(onnx.load(str(path))) == LIGHT[name]
    assert all(x.own_weights == 0 for x in network.layers)


@pytest.mark.parametrize(("package", "file", "dims"), SHIPPED, ids=lambda v: str(v).split("/")[-1])
def test_models_that_packages_ship(package, file, dims):
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"the package {package} is not installed")
    path = Path(spec.submodule_search_locations[0]) / file
    if not path.exists():
        pytest.skip(f"this {package} does not ship {file}")
    network = resolve(path, dims=dims)
    assert network.notes["complete"]
    model = sized(onnx.load(str(path)), dims)
    expected = counted_by_shapes(model)
    assert network.macs == (counted_by_running(model) if expected is None else expected)
