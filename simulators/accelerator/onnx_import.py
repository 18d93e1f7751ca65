"""Layer shapes from ONNX files (extra ``onnx``): what carries products is read, the rest is listed."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from archgym.errors import MissingExtraError, WorkloadError

from .layers import Layer, Network

# operators whose work is negligible next to convolutions and matrix products
FREE = frozenset(
    [
        "Add",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Div",
        "Dropout",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "Gather",
        "Gelu",
        "GlobalAveragePool",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "LayerNormalization",
        "LeakyRelu",
        "LRN",
        "MaxPool",
        "Mul",
        "Neg",
        "Pad",
        "Pow",
        "Reciprocal",
        "ReduceMean",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Resize",
        "Shape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tanh",
        "Transpose",
        "Unsqueeze",
        "Upsample",
        "Where",
    ]
)


@dataclass(frozen=True)
class Imported:
    """The network, and every operator that was skipped with how often it occurs."""

    network: Network
    skipped: dict[str, int]


def read_onnx(path: Path) -> Imported:
    """The convolutions and matrix products of an ONNX model.

    Operators that carry work and are not understood (recurrent layers, transposed convolutions, …) are
    skipped with a warning that names them.

    Raises:
        MissingExtraError: the package onnx is not installed.
        WorkloadError: no such file, not an ONNX model, a dimension without a size, nothing to map.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("reading ONNX files", "onnx", "onnx") from error
    try:
        model = onnx.load(str(path), load_external_data=False)
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except FileNotFoundError as error:
        raise WorkloadError(f"cannot read {path}: no such file") from error
    except Exception as error:
        raise WorkloadError(f"{path} is not an ONNX model: {error}") from error
    shapes = _shapes(model.graph)
    layers: list[Layer] = []
    skipped: Counter[str] = Counter()
    for i, node in enumerate(model.graph.node):
        name = node.name or f"{node.op_type}_{i}"
        if node.op_type == "Conv":
            layers.append(_convolution(node, name, shapes, path))
        elif node.op_type in ("Gemm", "MatMul"):
            layers.append(_product(node, name, shapes, path, model.graph))
        else:
            skipped[node.op_type] += 1
    heavy = {k: n for k, n in skipped.items() if k not in FREE}
    if heavy:
        listed = ", ".join(f"{k} ({n})" for k, n in sorted(heavy.items()))
        warnings.warn(f"{path}: skipped operators that may carry work: {listed}", stacklevel=2)
    if not layers:
        raise WorkloadError(
            f"{path} has no Conv, Gemm or MatMul; its operators: {', '.join(sorted(skipped)) or 'none'}"
        )
    names: Counter[str] = Counter()
    unique = []
    for layer in layers:
        names[layer.name] += 1
        suffix = f"_{names[layer.name]}" if names[layer.name] > 1 else ""
        unique.append(replace(layer, name=layer.name + suffix))
    return Imported(Network(path.stem, tuple(unique)), dict(sorted(skipped.items())))


Shapes = dict[str, list[int | str]]


def _shapes(graph: Any) -> Shapes:
    out: Shapes = {t.name: [int(d) for d in t.dims] for t in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        tensor = value.type.tensor_type
        if tensor.HasField("shape"):
            sizes: list[int | str] = [
                int(d.dim_value) if d.HasField("dim_value") else (d.dim_param or "?")
                for d in tensor.shape.dim
            ]
            out.setdefault(value.name, sizes)
    return out


def _shape(name: str, shapes: Shapes, layer: str, path: Path) -> list[int]:
    sizes = shapes.get(name)
    if sizes is None:
        raise WorkloadError(
            f"{path}, operator {layer!r}: the shape of tensor {name!r} cannot be inferred; export the "
            "model with static shapes"
        )
    fixed = [d for d in sizes if isinstance(d, int) and d > 0]
    if len(fixed) != len(sizes):
        raise WorkloadError(
            f"{path}, operator {layer!r}: tensor {name!r} has the dynamic shape {sizes}; export the model "
            "with fixed sizes (or set them with onnx.tools.update_model_dims)"
        )
    return fixed


def _attributes(node: Any) -> dict[str, Any]:
    return {a.name: list(a.ints) if a.ints else a.i for a in node.attribute}


def _convolution(node: Any, name: str, shapes: Shapes, path: Path) -> Layer:
    inputs = _shape(node.input[0], shapes, name, path)
    weights = _shape(node.input[1], shapes, name, path)
    outputs = _shape(node.output[0], shapes, name, path)
    if len(weights) not in (3, 4):
        raise WorkloadError(
            f"{path}, operator {name!r}: convolutions over 1 or 2 axes are understood, "
            f"this one has {len(weights) - 2}"
        )
    attributes = _attributes(node)
    groups = int(attributes.get("group", 1) or 1)
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    flat = len(weights) == 3  # one axis: columns only
    rows, columns = (1, 0) if flat else (0, 1)
    return Layer(
        name,
        N=inputs[0],
        G=groups,
        K=weights[0] // groups,
        C=weights[1],
        P=1 if flat else outputs[2],
        Q=outputs[2] if flat else outputs[3],
        R=1 if flat else weights[2],
        S=weights[2] if flat else weights[3],
        stride_h=1 if flat else int(strides[rows]),
        stride_w=int(strides[0] if flat else strides[columns]),
        dilation_h=1 if flat else int(dilations[rows]),
        dilation_w=int(dilations[0] if flat else dilations[columns]),
    )


def _product(node: Any, name: str, shapes: Shapes, path: Path, graph: Any) -> Layer:
    left = _shape(node.input[0], shapes, name, path)
    right = _shape(node.input[1], shapes, name, path)
    attributes = _attributes(node)
    if attributes.get("transA"):
        left = [left[1], left[0]]
    if attributes.get("transB"):
        right = [right[1], right[0]]
    left = [1, *left] if len(left) == 1 else left
    right = [*right, 1] if len(right) == 1 else right
    if left[-1] != right[-2]:
        raise WorkloadError(f"{path}, operator {name!r}: cannot multiply {left} by {right}")
    constant = any(t.name == node.input[1] for t in graph.initializer)
    stacked = prod(right[:-2])
    rows = prod(left[:-1])
    if stacked > 1:  # one product for each matrix of the stack
        return Layer(
            name,
            G=stacked,
            K=right[-1],
            C=right[-2],
            P=rows // stacked,
            own_weights=int(not constant),
        )
    return Layer(name, K=right[-1], C=right[-2], P=rows, own_weights=int(not constant))
