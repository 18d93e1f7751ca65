"""A model node by node, in order: shapes, products, and what cannot be read."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from archgym.errors import WorkloadError

from .onnx_control import walk_control
from .onnx_table import READERS
from .onnx_operators import CONTROL, Made, Unsized, is_free, shape_of_foreign
from .onnx_tensors import Environment, Tensor, apply, of_initializer, of_value_info
from .onnx_work import Unread, Work

MOST_NODES = 300_000  # looked at, unrolled loops included


class Walker:
    """Walks graphs of one model; ``dims`` are sizes of symbolic axes."""

    def __init__(self, opsets: Sequence[Any], dims: Mapping[str, int]) -> None:
        self.opsets, self.dims = list(opsets), dims
        self.nodes = 0
        self.trail: list[str] = []
        self.scope: Environment = ChainMap()

    @contextmanager
    def inside(self, what: str) -> Iterator[None]:
        """Say of an error that it lies inside an operator's subgraph.

        Args:
            what: names the operator.

        Yields:
            Nothing.
        """
        self.trail.append(what)
        yield
        self.trail.pop()

    def place(self, node: Any, index: int) -> str:
        """How messages call a node.

        Args:
            node: the operator.
            index: its number in the graph.

        Returns:
            A phrase that names the operators around it too.
        """
        return ", ".join([*self.trail, f"operator {label(node, index)!r} ({node.op_type})"])

    def graph(self, graph: Any, outer: Environment, given: Mapping[str, Tensor]) -> Work:
        """Walk a graph; its tensors are left in ``self.scope``.

        Args:
            graph: onnx's ``GraphProto``.
            outer: tensors of the graphs around it.
            given: its inputs.

        Returns:
            What it holds.

        Raises:
            WorkloadError: an operator whose inputs do not fit, or too many operators.
        """
        scope: Environment = ChainMap({}, outer)  # type: ignore[arg-type]
        declared = {v.name: v for v in [*graph.value_info, *graph.output]}
        for tensor in graph.initializer:
            scope[tensor.name] = of_initializer(tensor)
        for tensor in graph.sparse_initializer:
            shape = tuple(int(n) for n in tensor.dims)
            dense = of_initializer(tensor.values)
            kind = type(dense.kind)() if dense.kind is not None else None
            if kind is not None:
                kind.CopyFrom(dense.kind)
                kind.tensor_type.shape.Clear()
                for n in shape:
                    kind.tensor_type.shape.dim.add().dim_value = n
            scope[tensor.values.name] = Tensor(shape, True, None, kind)
        scope.update(given)
        work = Work()
        for index, node in enumerate(graph.node):
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise WorkloadError(f"more than {MOST_NODES} operators with loops unrolled")
            inputs = [self._input(scope, name, node, index) for name in node.input]
            try:
                outputs = self._node(node, index, inputs, scope, work)
            except WorkloadError as error:
                if getattr(error, "placed", False):
                    raise
                placed = WorkloadError(f"{self.place(node, index)}: {error}")
                placed.placed = True  # type: ignore[attr-defined]
                raise placed from error
            for name, known in zip(node.output, outputs):
                if name:
                    scope[name] = self._declared(known, declared.get(name), node, index, work)
        self.scope = scope
        return work

    def _input(self, scope: Environment, name: str, node: Any, index: int) -> Tensor | None:
        if not name:
            return None
        if name not in scope:
            raise WorkloadError(f"{self.place(node, index)}: no operator makes its input {name!r}")
        return scope[name]

    def _declared(self, known: Tensor, info: Any, node: Any, index: int, work: Work) -> Tensor:
        """The inferred tensor with what the file declares of it; of products both must agree."""
        if info is None:
            return known
        said = of_value_info(info, self.dims, place=False)
        if said.shape is None:
            return known
        if known.shape is None:
            return replace(said, constant=known.constant)
        fixed = [int(d.dim_value) or None for d in info.type.tensor_type.shape.dim]
        if len(fixed) != len(known.shape) or any(
            a is not None and b is not None and a != b for a, b in zip(known.shape, fixed)
        ):
            text = (
                f"makes {info.name!r} with the shape {[n or '?' for n in known.shape]}, the file "
                f"declares {[n or '?' for n in fixed]}"
            )
            if (_domain(node), node.op_type) in READERS:
                raise WorkloadError(f"{self.place(node, index)}: {text}")
            work.choices.append(f"{node.op_type} {label(node, index)!r} {text}: not believed")
            return known
        if None not in known.shape:
            return known
        shape = tuple(b if a is None else a for a, b in zip(known.shape, said.shape))
        from onnx import helper

        kind = helper.make_tensor_type_proto(info.type.tensor_type.elem_type, shape)
        return Tensor(shape, known.constant, known.value, kind)

    def _node(
        self, node: Any, index: int, inputs: list[Tensor | None], scope: Environment, work: Work
    ) -> list[Tensor]:
        name = label(node, index)
        if node.op_type in CONTROL and node.domain in ("", "ai.onnx"):
            return walk_control(self, node, name, inputs, scope, work)
        reader = READERS.get((_domain(node), node.op_type))
        if reader is None:
            outputs = self._plain(node, inputs)
            if is_free(_domain(node), node.op_type):
                work.free[node.op_type] += 1
            else:
                where = node.domain or "ai.onnx"
                work.unread.append(
                    Unread(node.op_type, name, None, f"the operator of {where} is not known here")
                )
            return outputs
        try:
            made = reader(node, name, inputs)  # before onnx looks: it does not survive every fault
        except Unsized as error:
            made = Made(reason=str(error))
        outputs = apply(node, inputs, self.opsets)
        for known, shape in zip(outputs, made.shapes):
            if shape is not None and known.sizes is not None and known.sizes != shape:
                raise WorkloadError(
                    f"its output has the shape {list(known.sizes)}, its inputs make {list(shape)}"
                )
        if inputs and all(x is None or x.constant for x in inputs):
            work.folded[node.op_type] += 1  # nothing of it runs at inference
            return outputs
        if made.reason:
            work.unread.append(Unread(node.op_type, name, made.products, made.reason))
        work.layers += made.layers
        return [
            replace(known, shape=shape, kind=_with_shape(known, inputs, shape))
            if known.shape is None and shape is not None
            else known
            for known, shape in zip(outputs, [*made.shapes, *[None] * len(outputs)])
        ]

    def _plain(self, node: Any, inputs: list[Tensor | None]) -> list[Tensor]:
        outputs = apply(node, inputs, self.opsets)
        if _domain(node) == "" or not outputs or outputs[0].shape is not None:
            return outputs
        shape = shape_of_foreign(node, inputs)
        if shape is None:
            return outputs
        first = replace(outputs[0], shape=shape, kind=_with_shape(outputs[0], inputs, shape))
        return [first, *outputs[1:]]


def _domain(node: Any) -> str:
    return "" if node.domain == "ai.onnx" else str(node.domain)


def _with_shape(known: Tensor, inputs: Sequence[Tensor | None], shape: Sequence[int | None]) -> Any:
    """A type of that shape, its elements those of the first input where nothing else is known."""
    from onnx import TensorProto, helper

    element = TensorProto.FLOAT
    for source in (known, *(x for x in inputs if x is not None)):
        if source.kind is not None and source.kind.HasField("tensor_type"):
            element = source.kind.tensor_type.elem_type
            break
    return helper.make_tensor_type_proto(element, list(shape))


def label(node: Any, index: int) -> str:
    """A node's name, or its operator and number.

    Args:
        node: the operator.
        index: its number in the graph.

    Returns:
        The label.
    """
    return str(node.name) or f"{node.op_type}_{index}"
