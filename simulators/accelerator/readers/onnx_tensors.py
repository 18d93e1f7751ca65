"""What is known of a model's tensors: shape, whether constant, small values; operator by operator."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from .onnx_model import evaluate

MOST_VALUES = 4096  # elements of a tensor that is computed, not only sized
DRAWN = frozenset(
    ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
     "Multinomial"]
)  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """``shape`` is None where the rank is unknown, with None for axes that are; ``kind`` a TypeProto."""

    shape: tuple[int | None, ...] | None
    constant: bool = False
    value: NDArray[Any] | None = None
    kind: Any = None

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """The shape where all of it is known."""
        if self.shape is None or None in self.shape:
            return None
        return tuple(n for n in self.shape if n is not None)


Environment = MutableMapping[str, Tensor]
UNKNOWN = Tensor(None)


def of_initializer(tensor: Any) -> Tensor:
    """A constant of the file; its values only where they are few.

    Args:
        tensor: onnx's ``TensorProto``.

    Returns:
        What is known of it: all but the values of a large one.
    """
    from onnx import TensorProto, helper, numpy_helper

    shape = tuple(int(n) for n in tensor.dims)
    value = None
    if prod(shape) <= MOST_VALUES and tensor.data_location != TensorProto.EXTERNAL:
        try:
            value = np.asarray(numpy_helper.to_array(tensor))
        except Exception:  # types that NumPy has not
            value = None
    return Tensor(shape, True, value, helper.make_tensor_type_proto(tensor.data_type, shape))


def of_value_info(info: Any, dims: Mapping[str, int], *, place: bool) -> Tensor:
    """A declared tensor with its symbolic axes sized.

    Args:
        info: onnx's ``ValueInfoProto``.
        dims: sizes of symbolic axes.
        place: whether it is an input, whose axes may also be sized by NAME.AXIS.

    Returns:
        What is known of it.
    """
    from onnx import helper

    if not info.type.HasField("tensor_type"):
        return Tensor(None, kind=info.type)
    tensor = info.type.tensor_type
    if not tensor.HasField("shape"):
        return Tensor(None, kind=info.type)
    shape: list[int | None] = []
    for at, d in enumerate(tensor.shape.dim):
        size: int | None = int(d.dim_value) if d.HasField("dim_value") else None
        if place and size is not None and size < 1:  # an input's axis of 0 or -1 stands for any
            size = None
        if place and not size:
            size = dims.get(f"{info.name}.{at}")
        if not size and d.dim_param not in ("", "?"):
            size = evaluate(d.dim_param, dims)
        shape.append(size if size is None or size > 0 or not place else None)
    kind = helper.make_tensor_type_proto(tensor.elem_type, shape)
    return Tensor(tuple(shape), kind=kind)


def of_kind(kind: Any, constant: bool, value: NDArray[Any] | None = None) -> Tensor:
    """A tensor of an inferred type.

    Args:
        kind: onnx's ``TypeProto``, or None.
        constant: whether it is known before inference.
        value: its values, where they are known.

    Returns:
        What is known of it.
    """
    shape = None
    if kind is not None and kind.HasField("tensor_type") and kind.tensor_type.HasField("shape"):
        shape = tuple(
            int(d.dim_value) if d.HasField("dim_value") else None
            for d in kind.tensor_type.shape.dim
        )
    return Tensor(shape, constant, value, kind)


def apply(node: Any, inputs: Sequence[Tensor | None], opsets: Sequence[Any]) -> list[Tensor]:
    """What is known of a node's outputs.

    Args:
        node: the operator.
        inputs: what is known of its inputs.
        opsets: the model's versions of operator sets.

    Returns:
        One tensor per output.

    Raises:
        WorkloadError: the operator does not take inputs of these shapes.
    """
    constant = node.op_type not in DRAWN and all(x is None or x.constant for x in inputs)
    constant = constant or node.op_type in ("Shape", "Size")
    kinds = _infer(node, inputs, opsets)
    shapes = [of_kind(kinds.get(name), constant) for name in node.output]
    values = _compute(node, inputs, shapes, opsets)
    out = []
    for known, value in zip(shapes, values):
        if value is None:
            out.append(known)
            continue
        out.append(Tensor(value.shape, known.constant, value, _kind_of(value, known)))
    return out


def _kind_of(value: NDArray[Any], known: Tensor) -> Any:
    from onnx import helper

    try:
        return helper.make_tensor_type_proto(
            helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
    except Exception:
        return known.kind


def _schema(node: Any, opsets: Sequence[Any]) -> Any:
    import onnx.defs

    domain = "" if node.domain == "ai.onnx" else node.domain
    version = max((o.version for o in opsets if o.domain in (domain, node.domain)), default=0)
    try:
        return onnx.defs.get_schema(node.op_type, version, domain)
    except Exception:  # SchemaError: an operator of another domain
        return None


def _infer(node: Any, inputs: Sequence[Tensor | None], opsets: Sequence[Any]) -> dict[str, Any]:
    from onnx import numpy_helper, shape_inference

    schema = _schema(node, opsets)
    if schema is None:
        return {}
    kinds = {}
    data = {}
    for name, tensor in zip(node.input, inputs):
        if tensor is None:
            continue
        if tensor.kind is None:
            return {}
        kinds[name] = tensor.kind
        if tensor.value is not None:
            try:
                data[name] = numpy_helper.from_array(
                    np.ascontiguousarray(tensor.value).reshape(tensor.value.shape), name
                )
            except Exception:
                continue
    try:
        return dict(
            shape_inference.infer_node_outputs(
                schema, node, kinds, data, opset_imports=list(opsets)
            )
        )
    except shape_inference.InferenceError as error:
        raise WorkloadError(
            f"{node.op_type} does not take inputs of these shapes: {_words(error)}"
        ) from error
    except Exception:  # no inference for this operator
        return {}


def _words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)[:300]


# what shapes are computed from; everything else is sized only
COMPUTED = frozenset(
    ["Abs", "Add", "And", "ArgMax", "ArgMin", "Cast", "Ceil", "Clip", "Compress", "Concat", "Constant",
     "ConstantOfShape", "CumSum", "Div", "Equal", "Expand", "Flatten", "Floor", "Gather",
     "GatherElements", "GatherND", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual",
     "Max", "Min", "Mod", "Mul", "Neg", "NonZero", "Not", "OneHot", "Or", "Pad", "Pow", "Range",
     "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Round", "ScatterElements",
     "ScatterND", "Shape", "Sign", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile",
     "Transpose", "Trilu", "Unsqueeze", "Where", "Xor"]
)  # fmt: skip


def _compute(
    node: Any, inputs: Sequence[Tensor | None], shapes: Sequence[Tensor], opsets: Sequence[Any]
) -> Sequence[NDArray[Any] | None]:
    """Values of the outputs where the inputs' are known and few."""
    nothing = [None] * len(shapes)
    if node.op_type not in COMPUTED or node.domain not in ("", "ai.onnx"):
        return nothing
    if node.op_type in ("Shape", "Size"):
        return _of_shape(node, inputs[0] if inputs else None) or nothing
    if any(x is not None and x.value is None for x in inputs):
        return nothing
    if any(s.sizes is None or prod(s.sizes) > MOST_VALUES for s in shapes) and (
        node.op_type not in ("NonZero", "Compress")
    ):
        return nothing
    return _run(node, inputs, opsets) or nothing


def _of_shape(node: Any, tensor: Tensor | None) -> list[NDArray[Any] | None] | None:
    if tensor is None or tensor.shape is None:
        return None
    sizes = tensor.sizes
    if node.op_type == "Size":
        return [np.array(prod(sizes), np.int64)] if sizes is not None else None
    given = {a.name: a.i for a in node.attribute}
    part = tensor.shape[given.get("start", 0) : given.get("end", len(tensor.shape))]
    return [np.array(part, np.int64)] if None not in part else None


def _run(
    node: Any, inputs: Sequence[Tensor | None], opsets: Sequence[Any]
) -> list[NDArray[Any]] | None:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    feeds = {
        name: x.value
        for name, x in zip(node.input, inputs)
        if name and x is not None and x.value is not None
    }
    try:
        graph = helper.make_graph(
            [node], "one",
            [helper.make_value_info(n, _kind_of(v, UNKNOWN)) for n, v in feeds.items()],
            [helper.make_empty_tensor_value_info(n) for n in node.output if n],
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=list(opsets))
        with np.errstate(all="ignore"):
            values = ReferenceEvaluator(model).run(None, feeds)
    except Exception:  # what the reference cannot compute is not known
        return None
    out = [np.asarray(v) for v in values]
    return out if all(v.size <= MOST_VALUES for v in out) and len(out) == len(node.output) else None
