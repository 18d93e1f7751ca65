"""ONNX files: loaded, checked, functions written out, symbolic axes given sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import MissingExtraError, WorkloadError

BATCH = re.compile(r"(batch|bs|n|b)(_?(size|dim|axis))?", re.IGNORECASE)
# first axes that are no batch, by their names
OTHER = re.compile(r"seq|len|time|frame|width|height|step|token", re.IGNORECASE)
TERM = re.compile(r"\s*([A-Za-z_][\w.:/\-\[\]]*|\d+)\s*")


def load_model(path: Path) -> Any:
    """The model of a file, checked by ``onnx.checker``, with local functions inlined.

    Args:
        path: the file; weights in files beside it are not loaded.

    Returns:
        onnx's ``ModelProto``.

    Raises:
        MissingExtraError: the package onnx is not installed.
        WorkloadError: no such file, not an ONNX model, not a valid one.
    """
    try:
        import onnx
        import onnx.checker
        import onnx.inliner
    except ModuleNotFoundError as error:
        raise MissingExtraError("reading ONNX files", "onnx", "onnx") from error
    try:
        model = onnx.load(str(path), load_external_data=False)
    except (OSError, ValueError) as error:
        raise WorkloadError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    except Exception as error:  # protobuf's own errors have no common base
        raise WorkloadError(f"{path} is not an ONNX model: {error}") from error
    if not model.ir_version or not model.HasField("graph"):
        raise WorkloadError(f"{path} is not an ONNX model: it holds no graph")
    _external_as_inputs(model.graph)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise WorkloadError(f"{path} is not a valid ONNX model: {_first(error)}") from error
    except Exception as error:  # a model beyond 2 GB, a version that the package does not know
        raise WorkloadError(f"{path} cannot be checked by onnx: {_first(error)}") from error
    if model.functions:
        try:
            model = onnx.inliner.inline_local_functions(model)
        except Exception as error:
            raise WorkloadError(
                f"{path}: its functions cannot be inlined: {_first(error)}"
            ) from error
    return model


def _first(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:400] or type(error).__name__


def _external_as_inputs(graph: Any) -> None:
    """Weights that lie in other files count by their shapes alone; the checker wants the files."""
    from onnx import TensorProto, helper

    there = {value.name for value in graph.input}
    outside = [t for t in graph.initializer if t.data_location == TensorProto.EXTERNAL]
    for tensor in outside:
        if tensor.name not in there:
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
            )
        graph.initializer.remove(tensor)
    if outside:
        entry = graph.metadata_props.add() if hasattr(graph, "metadata_props") else None
        if entry is not None:
            entry.key, entry.value = "archgym.external", "\n".join(t.name for t in outside)


def external_weights(graph: Any) -> set[str]:
    """Names of inputs that are really weights in other files.

    Args:
        graph: onnx's ``GraphProto`` of :func:`load_model`.

    Returns:
        The names.
    """
    for entry in getattr(graph, "metadata_props", ()):
        if entry.key == "archgym.external":
            return set(entry.value.split("\n"))
    return set()


Axes = list[int | str]


def axes_of(value: Any) -> Axes | None:
    """Sizes of a value's axes, names of symbolic ones, ``""`` for those without a name.

    Args:
        value: onnx's ``ValueInfoProto``.

    Returns:
        One entry per axis; None where the value is no tensor or its rank is unknown.
    """
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    return [
        int(d.dim_value) if d.dim_value > 0 else ("" if d.dim_param == "?" else d.dim_param)
        for d in tensor.shape.dim
    ]


def size_axes(graph: Any, dims: Mapping[str, int], path: Path) -> dict[str, int]:
    """Sizes of all symbolic axes of the inputs: those given, and 1 for a batch.

    An axis without a name is called INPUT.AXIS, such as ``x.2``; a first axis without a size, and an
    axis called batch, N or so, is a batch.  Sums and products of named axes follow from their parts.

    Args:
        graph: onnx's ``GraphProto``.
        dims: sizes that are given, by name or INPUT.AXIS.
        path: names the file in messages.

    Returns:
        Sizes by name.

    Raises:
        WorkloadError: axes without a size, sizes for axes that do not exist.
    """
    weights = {t.name for t in graph.initializer} | external_weights(graph)
    sizes = dict(dims)
    used: set[str] = set()
    wanted: dict[str, str] = {}
    symbols: set[str] = set()
    for value in graph.input:
        axes = None if value.name in weights else axes_of(value)
        for at, axis in enumerate(axes or []):
            if isinstance(axis, int) and axis > 0:
                continue
            place = f"{value.name}.{at}"
            name = axis if isinstance(axis, str) and axis else place
            symbols.add(name)
            used |= {name, place}
            if place in sizes:
                sizes.setdefault(name, sizes[place])
            elif name not in sizes and (
                BATCH.fullmatch(name)
                or "batch" in name.lower()
                or (at == 0 and len(axes or []) > 1 and not OTHER.search(name))
            ):
                sizes[name] = 1
            elif name not in sizes:
                wanted[name] = f"axis {at} of {value.name}"
    parts = {t for name in symbols for t in TERM.findall(name)}
    for name in list(wanted):
        value = evaluate(name, sizes)
        if value is not None:
            sizes[name] = value
            del wanted[name]
    faults = []
    if wanted:
        listed = ", ".join(f"{n!r} ({where})" for n, where in wanted.items())
        example = ",".join(f"{n}=SIZE" for n in wanted)
        faults.append(
            f"symbolic axes without a size: {listed}; give them: --dims {example} (setting dims)"
        )
    foreign = [n for n in dims if n not in used and n not in parts]
    if foreign:
        known = ", ".join(sorted(symbols)) or "none"
        faults.append(f"no symbolic axis is called {', '.join(foreign)}; there are: {known}")
    if faults:
        raise WorkloadError(f"{path}: " + "; ".join(faults))
    return {name: sizes[name] for name in sizes if name in symbols or name in parts or name in used}


def evaluate(text: str, sizes: Mapping[str, int]) -> int | None:
    """A symbolic size such as ``past + 1`` or ``2*n`` from its parts.

    Operators are taken from left to right.

    Args:
        text: the expression.
        sizes: of the names.

    Returns:
        The size; None where a part is unknown or the result is not positive.
    """
    if text in sizes:
        return sizes[text]
    total: int | None = None
    sign = ""
    rest = text
    while rest:
        match = TERM.match(rest)
        if match is None:
            return None
        word = match[1]
        value = int(word) if word.isdigit() and len(word) < 11 else sizes.get(word)
        if value is None:
            return None
        if total is None:
            total = value
        elif sign == "*":
            total *= value
        elif sign == "+":
            total += value
        else:
            total -= value
        rest = rest[match.end() :]
        sign = rest[:1]
        if rest and sign not in ("+", "-", "*"):
            return None
        rest = rest[1:]
    return total if total is not None and total > 0 else None
