"""Which operators carry products, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from archgym.errors import WorkloadError

from ..layers import Layer
from . import products
from .onnx_tensors import Tensor

Inputs = Sequence[Tensor | None]
CONTROL = ("If", "Loop", "Scan", "SequenceMap")
MICROSOFT = "com.microsoft"


@dataclass
class Made:
    """Layers of an operator, shapes of its outputs where it knows them; or why it is not read."""

    layers: list[Layer] = field(default_factory=list)
    shapes: list[tuple[int, ...] | None] = field(default_factory=list)
    reason: str = ""
    products: int | None = None


class Unsized(WorkloadError):
    """A shape that is needed is not known."""


def sizes(inputs: Inputs, at: int, what: str) -> tuple[int, ...]:
    """The known shape of an input.

    Args:
        inputs: what is known of an operator's inputs.
        at: which input.
        what: names it in messages.

    Returns:
        The shape.

    Raises:
        WorkloadError: it is missing or not known.
    """
    tensor = inputs[at] if at < len(inputs) else None
    if tensor is None:
        raise WorkloadError(f"its input {at} ({what}) is missing")
    if tensor.sizes is None:
        shape = "?" if tensor.shape is None else [("?" if n is None else n) for n in tensor.shape]
        raise Unsized(f"the shape of its input {at} ({what}) depends on data: {shape}")
    return tensor.sizes


def constant(inputs: Inputs, at: int) -> bool:
    """Whether an input is known before inference.

    Args:
        inputs: what is known of an operator's inputs.
        at: which input.

    Returns:
        False where it is missing.
    """
    tensor = inputs[at] if at < len(inputs) else None
    return tensor is not None and tensor.constant


def attributes(node: Any) -> dict[str, Any]:
    """An operator's attributes by name, as Python values; subgraphs are left out.

    Args:
        node: the operator.

    Returns:
        The values.
    """
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute if a.type not in (5, 10)}


def text(value: Any) -> str:
    """An attribute's text.

    Args:
        value: bytes or another value.

    Returns:
        The text.
    """
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# ---- convolutions
def convolution_reader(weights_at: int, transposed: bool = False) -> Any:
    """A reader of convolutions whose weights are input number ``weights_at``.

    Args:
        weights_at: which input holds the weights.
        transposed: whether it reads transposed convolutions.

    Returns:
        A reader of :data:`Reader`'s form.
    """

    def read(node: Any, name: str, inputs: Inputs) -> Made:
        given = attributes(node)
        x, w = sizes(inputs, 0, "data"), sizes(inputs, weights_at, "weights")
        axes = max(0, len(w) - 2)
        groups = int(given.get("group", 1))
        strides = [int(n) for n in given.get("strides", [1] * axes)]
        dilations = [int(n) for n in given.get("dilations", [1] * axes)]
        kernel = given.get("kernel_shape")
        faults = products.check_convolution(
            x, w, groups, strides, dilations, kernel, transposed=transposed
        )
        if faults:
            raise WorkloadError("; ".join(faults))
        if transposed:
            layers = products.transposed_convolution(
                name, x, w, groups=groups, strides=strides, dilations=dilations
            )
            return Made(layers)
        y = _extents(given, x, w, strides, dilations)
        layers = products.convolution(
            name, x, w, y, groups=groups, strides=strides, dilations=dilations
        )
        return Made(layers, [y])

    return read


def _extents(
    given: dict[str, Any], x: Sequence[int], w: Sequence[int], strides: list[int],
    dilations: list[int],
) -> tuple[int, ...]:  # fmt: skip
    """The output's shape, from explicit or automatic padding."""
    axes = len(w) - 2
    automatic = text(given.get("auto_pad", "NOTSET")) or "NOTSET"
    pads = [int(n) for n in given.get("pads", [0] * 2 * axes)]
    if automatic not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise WorkloadError(f"auto_pad {automatic!r} is not known")
    if len(pads) != 2 * axes or min(pads, default=0) < 0:
        raise WorkloadError(f"pads must be {2 * axes} numbers of at least 0, got {pads}")
    if automatic == "VALID":
        pads = [0] * 2 * axes
    out = [x[0], w[0]]
    for i in range(axes):
        if automatic.startswith("SAME"):
            out.append(-(-x[2 + i] // strides[i]))
            continue
        room = x[2 + i] + pads[i] + pads[axes + i] - ((w[2 + i] - 1) * dilations[i] + 1)
        if room < 0:
            raise WorkloadError(
                f"a kernel of {w[2 + i]} (dilation {dilations[i]}) does not fit an input of "
                f"{x[2 + i]} with pads {pads[i]} and {pads[axes + i]}"
            )
        out.append(room // strides[i] + 1)
    return tuple(out)


# ---- matrix products
def matmul_reader(right_at: int = 1) -> Any:
    """A reader of matrix products whose right factor is input number ``right_at``.

    Args:
        right_at: which input is the right factor.

    Returns:
        A reader of :data:`Reader`'s form.
    """

    def read(node: Any, name: str, inputs: Inputs) -> Made:
        given = attributes(node)
        left, right = list(sizes(inputs, 0, "left")), list(sizes(inputs, right_at, "right"))
        for shape, side in ((left, "A"), (right, "B")):
            if given.get(f"transBatch{side}") and len(shape) > 2:
                shape[:-1] = [*shape[1:-1], shape[0]]
            if given.get(f"trans{side}") and len(shape) > 1:
                shape[-2:] = shape[-1], shape[-2]
        layers, made = products.matrix_product(
            name, left, right, left_constant=constant(inputs, 0),
            right_constant=constant(inputs, right_at),
        )  # fmt: skip
        return Made(layers, [made])

    return read


def narrow(node: Any, name: str, inputs: Inputs) -> Made:
    """MatMulNBits and its like: packed weights of N rows by K.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers and the output's shape.

    Raises:
        WorkloadError: the shapes do not multiply.
    """
    given = attributes(node)
    left = sizes(inputs, 0, "left")
    k, n = int(given.get("K", 0)), int(given.get("N", 0))
    if not left or left[-1] != k:
        raise WorkloadError(f"cannot multiply {list(left)} by packed weights of {k} x {n}")
    layers, shape = products.matrix_product(
        name, left, (k, n), left_constant=False, right_constant=True
    )
    return Made(layers, [shape])


def einsum(node: Any, name: str, inputs: Inputs) -> Made:
    """The products of an Einsum of two operands.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers.

    Raises:
        WorkloadError: the equation does not fit the shapes.
    """
    equation = text(attributes(node).get("equation", ""))
    shapes = [sizes(inputs, i, f"operand {i + 1}") for i in range(len(inputs))]
    flags = [constant(inputs, i) for i in range(len(inputs))]
    return Made(products.einsum(name, equation, shapes, flags))


# ---- recurrences
def recurrent_reader(gates: int) -> Any:
    """A reader of recurrent layers of so many gates.

    Args:
        gates: 4 for an LSTM, 3 for a GRU, 1 for a plain recurrence.

    Returns:
        A reader of :data:`Reader`'s form.
    """

    def read(node: Any, name: str, inputs: Inputs) -> Made:
        given = attributes(node)
        x, w, r = (sizes(inputs, i, what) for i, what in enumerate(("data", "W", "R")))
        turned = node.op_type == "DynamicQuantizeLSTM"  # weights lie the other way round
        w, r = ((w[0], w[2], w[1]), (r[0], r[2], r[1])) if turned and len(w) == 3 else (w, r)
        if len(x) != 3 or len(w) != 3 or len(r) != 3:
            raise WorkloadError(f"{list(x)}, {list(w)}, {list(r)} are no sequence and its weights")
        directions = 2 if text(given.get("direction", "forward")) == "bidirectional" else 1
        hidden = int(given.get("hidden_size", r[2]))
        good = (directions, gates * hidden)
        if w[:2] != good or r[:2] != good or r[2] != hidden or w[2] != x[2]:
            raise WorkloadError(
                f"weights {list(w)} and {list(r)} do not fit {directions} direction(s) of {gates} "
                f"gates of {hidden}, inputs of {x[2]}"
            )
        steps, batch = (x[1], x[0]) if given.get("layout") else (x[0], x[1])
        layers = products.recurrent(
            name, gates=gates, steps=steps, batch=batch, inputs=x[2], hidden=hidden,
            directions=directions,
        )  # fmt: skip
        return Made(layers, [(steps, directions, batch, hidden)] if turned else [])

    return read


def linear_model(node: Any, name: str, inputs: Inputs) -> Made:
    """Linear classifiers and regressors of ai.onnx.ml: coefficients are one matrix.

    Args:
        node: the operator.
        name: of its layers.
        inputs: what is known of its inputs.

    Returns:
        The layers.

    Raises:
        WorkloadError: the coefficients do not divide among the features.
    """
    x = sizes(inputs, 0, "data")
    rows, features = (1, x[0]) if len(x) == 1 else (x[0], x[-1])
    n = len(attributes(node).get("coefficients", ()))
    if not features or n % features:
        raise WorkloadError(f"{n} coefficients do not divide among {features} features")
    layers, _ = products.matrix_product(
        name, (rows, features), (features, n // features), left_constant=False, right_constant=True
    )
    return Made(layers)


Reader = Callable[[Any, str, Inputs], Made]

# operators of the standard that do carry work of another kind than is read here
HEAVY = frozenset(
    ["DFT", "STFT", "MelWeightMatrix", "Det", "LinearAttention", "FlexAttention",
     "CausalConvWithState", "ImageDecoder", "SVMClassifier", "SVMRegressor", "Gradient", "Adam",
     "Adagrad", "Momentum"]
)  # fmt: skip

# com.microsoft's element-wise and data-moving operators
LIGHT = frozenset(
    ["AddFused", "BiasAdd", "BiasDropout", "BiasGelu", "BiasSoftmax", "BiasSplitGelu",
     "BifurcationDetector", "CDist", "ConvTransposeWithDynamicPads", "CropAndResize",
     "DequantizeLinear", "DynamicTimeWarping", "EmbedLayerNormalization", "ExpandDims", "FastGelu",
     "GatherBlockQuantized", "GatherND", "Gelu", "GridSample", "GroupNorm", "Inverse", "Irfft",
     "LayerNormalization", "MaxpoolWithMask", "NhwcMaxPool", "Pad", "QLinearAdd",
     "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool", "QLinearLeakyRelu",
     "QLinearMul", "QLinearReduceMean", "QLinearSigmoid", "QLinearSoftmax", "QLinearWhere",
     "QuantizeLinear", "QuickGelu", "Range", "ReduceSumInteger", "RelativePositionBias",
     "RemovePadding", "RestorePadding", "RotaryEmbedding", "SampleOp", "SimplifiedLayerNormalization",
     "SkipGroupNorm", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "Tokenizer",
     "TorchEmbedding", "Trilu", "UnfoldTensor", "Unique"]
) - {"CDist", "ConvTransposeWithDynamicPads", "Inverse", "Irfft"}  # fmt: skip
SIMPLIFIED = ("SimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization")


def is_free(domain: str, operator: str) -> bool:
    """Whether an operator is known to make no products of layers.

    Args:
        domain: of the operator, "" for the standard.
        operator: its type.

    Returns:
        True if it makes none.
    """
    if domain == MICROSOFT:
        return operator in LIGHT
    if operator in HEAVY:
        return False
    return (domain, operator) in _standard() or operator in SIMPLIFIED


_KNOWN: set[tuple[str, str]] = set()


def _standard() -> set[tuple[str, str]]:
    if not _KNOWN:
        import onnx.defs

        for schema in onnx.defs.get_all_schemas_with_history():
            _KNOWN.add(("" if schema.domain == "ai.onnx" else schema.domain, schema.name))
    return _KNOWN


def shape_of_foreign(node: Any, inputs: Inputs) -> tuple[int | None, ...] | None:
    """The first output's shape of an operator outside the standard, where a rule is known.

    Args:
        node: the operator.
        inputs: what is known of its inputs.

    Returns:
        The shape, with None for unknown axes; None where no rule is known.
    """
    first = inputs[0].shape if inputs and inputs[0] is not None else None
    if first is None or not (is_free(MICROSOFT, node.op_type) or node.op_type in SIMPLIFIED):
        return None
    if node.op_type in ("BiasSplitGelu",):
        return (*first[:-1], None if first[-1] is None else first[-1] // 2)
    if node.op_type in ("QLinearAdd", "QLinearMul"):
        other = inputs[3].shape if len(inputs) > 3 and inputs[3] is not None else None
        return first if other is not None and len(other) <= len(first) and 1 not in first else None
    same = (
        "BiasGelu", "BiasSoftmax", "FastGelu", "Gelu", "GroupNorm", "LayerNormalization",
        "QLinearLeakyRelu", "QLinearSigmoid", "QLinearSoftmax", "QuickGelu", "QuantizeLinear",
        "DequantizeLinear", "RotaryEmbedding", "SkipGroupNorm", "SkipLayerNormalization", "Trilu",
        *SIMPLIFIED,
    )  # fmt: skip
    return first if node.op_type in same else None
