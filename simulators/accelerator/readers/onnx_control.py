"""If, Loop, Scan: which branch runs, and how often a body does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from archgym.errors import WorkloadError

from .onnx_tensors import UNKNOWN, Environment, Tensor
from .onnx_work import Unread, Walks, Work

MOST_ROUNDS = 4096  # of a loop whose shapes change from round to round


def walk_control(
    walker: Walks,
    node: Any,
    name: str,
    inputs: list[Tensor | None],
    scope: Environment,
    work: Work,
) -> list[Tensor]:
    """Walk a control operator; its work is added to ``work``.

    Args:
        walker: walks its subgraphs.
        node: the operator: If, Loop, Scan or a map over a sequence.
        name: of the operator, for messages.
        inputs: what is known of its inputs.
        scope: tensors that its subgraphs may name.
        work: what is gathered.

    Returns:
        What is known of its outputs.
    """
    graphs = {a.name: a.g for a in node.attribute if a.HasField("g")}
    with walker.inside(f"in {node.op_type} {name!r}"):
        if node.op_type == "If":
            return _branch(walker, node, name, inputs, graphs, scope, work)
        if node.op_type == "Loop":
            return _loop(walker, node, name, inputs, graphs["body"], scope, work)
        if node.op_type == "Scan":
            return _scan(walker, node, name, inputs, graphs["body"], scope, work)
        return _sequence(walker, node, name, graphs["body"], scope, work)


def _truth(tensor: Tensor | None) -> bool | None:
    if tensor is None or tensor.value is None or tensor.value.size != 1:
        return None
    return bool(tensor.value.reshape(-1)[0])


def _outputs(walker: Walks, graph: Any) -> list[Tensor]:
    return [walker.scope.get(v.name, UNKNOWN) for v in graph.output]


def _branch(
    walker: Walks, node: Any, name: str, inputs: list[Tensor | None], graphs: dict[str, Any],
    scope: Environment, work: Work,
) -> list[Tensor]:  # fmt: skip
    """The branch that a known condition takes, else the one with more products."""
    decided = _truth(inputs[0] if inputs else None)
    found: dict[str, tuple[Work, list[Tensor]]] = {}
    wrong: list[WorkloadError] = []
    for branch in ("then_branch", "else_branch"):
        if decided is None or decided == (branch == "then_branch"):
            depth = len(walker.trail)
            try:
                inner = walker.graph(graphs[branch], scope, {})
                found[branch] = inner, _outputs(walker, graphs[branch])
            except WorkloadError as error:  # a branch for inputs of other shapes never runs here
                del walker.trail[depth:]
                wrong.append(error)
    if not found:
        raise wrong[0]
    if wrong:
        (branch,) = found
        work.choices.append(f"If {name!r}: its {branch} is read, the other does not fit the shapes")
        decided = branch == "then_branch"
    taken = max(found, key=lambda b: found[b][0].products)
    inner, outputs = found[taken]
    if decided is None:
        (other,) = (b for b in found if b != taken)
        more = f"{inner.products} products against {found[other][0].products}"
        if inner.products or found[other][0].products:
            work.choices.append(f"If {name!r}: its {taken} is read ({more})")
        outputs = [replace(t, constant=False, value=None) for t in outputs]
    elif inner.products and not wrong:
        work.choices.append(f"If {name!r}: its {taken} is read (the condition is constant)")
    work.add(inner)
    return outputs


def _same(before: Sequence[Tensor], after: Sequence[Tensor]) -> bool:
    return all(a.shape == b.shape and a.sizes is not None for a, b in zip(before, after))


def _loop(
    walker: Walks, node: Any, name: str, inputs: list[Tensor | None], body: Any,
    scope: Environment, work: Work,
) -> list[Tensor]:  # fmt: skip
    """As many rounds as are known; a loop that only data can end is not read."""
    most = inputs[0].value if inputs and inputs[0] is not None else None
    bounded = bool(inputs) and inputs[0] is not None
    limit = int(most.reshape(-1)[0]) if most is not None and most.size == 1 else None
    condition = inputs[1] if len(inputs) > 1 else None
    start = True if condition is None else _truth(condition)
    carried = [x or UNKNOWN for x in inputs[2:]]
    if start is False or limit == 0:
        return [*carried, *[UNKNOWN] * (len(node.output) - len(carried))]
    names = [v.name for v in body.input]
    alike, going = _round(walker, body, names, scope, carried, None)
    after = _outputs(walker, body)[1 : 1 + len(carried)]
    scanned = _outputs(walker, body)[1 + len(carried) :]
    if start and going and limit is not None and _same(carried, after):
        work.add(alike, limit)
        work.merged()
        return [*after, *[_stacked(t, limit) for t in scanned]]
    if start and (limit is not None or not bounded):
        rounds = _unroll(walker, body, names, scope, carried, limit)
        if rounds is not None:
            inner, last, scanned, times = rounds
            inner.merged()
            work.add(inner)
            return [*last, *[_stacked(t, times) for t in scanned]]
    products = alike.products
    if products or alike.unread:
        why = "how often it runs depends on data; the products are those of one round"
        work.unread.append(Unread("Loop", name, products or None, why))
    outputs = [replace(t, shape=_common(a, t)) for a, t in zip(carried, after)]
    return [replace(t, constant=False, value=None) for t in outputs] + [
        _stacked(t, None) for t in scanned
    ]


def _common(a: Tensor, b: Tensor) -> tuple[int | None, ...] | None:
    return b.shape if a.shape == b.shape else None


def _stacked(tensor: Tensor, times: int | None) -> Tensor:
    """An output of every round, one after the other."""
    from onnx import helper

    if tensor.shape is None or tensor.kind is None:
        return UNKNOWN
    shape = (times, *tensor.shape)
    kind = helper.make_tensor_type_proto(tensor.kind.tensor_type.elem_type, list(shape))
    return Tensor(shape, tensor.constant, None, kind)


def _round(
    walker: Walks, body: Any, names: list[str], scope: Environment, carried: Sequence[Tensor],
    number: int | None,
) -> tuple[Work, bool | None]:  # fmt: skip
    """One round: its work, and whether another follows (None where data decide).

    Without a ``number`` it stands for any round: carried values are not known, shapes are.
    """
    from onnx import TensorProto, helper

    whole = helper.make_tensor_type_proto(TensorProto.INT64, [])
    truth = helper.make_tensor_type_proto(TensorProto.BOOL, [])
    value = None if number is None else np.array(number, np.int64)
    given = {
        names[0]: Tensor((), number is not None, value, whole),
        names[1]: Tensor((), True, np.array(True), truth),
    }
    for name, tensor in zip(names[2:], carried):
        given[name] = replace(tensor, constant=False, value=None) if number is None else tensor
    inner = walker.graph(body, scope, given)
    return inner, _truth(walker.scope.get(body.output[0].name))


def _unroll(
    walker: Walks, body: Any, names: list[str], scope: Environment, carried: Sequence[Tensor],
    limit: int | None,
) -> tuple[Work, list[Tensor], list[Tensor], int] | None:  # fmt: skip
    """Round by round with known counters and changing shapes; None where the end is not known."""
    total = Work()
    scanned: list[Tensor] = []
    for number in range(MOST_ROUNDS if limit is None else limit):
        if number == MOST_ROUNDS:
            return None
        inner, going = _round(walker, body, names, scope, carried, number)
        outputs = _outputs(walker, body)
        carried, scanned = outputs[1 : 1 + len(carried)], outputs[1 + len(carried) :]
        total.add(inner)
        total.merged()
        if going is None:
            return None
        if not going:
            return total, list(carried), scanned, number + 1
    return (total, list(carried), scanned, limit) if limit is not None else None


def _scan(
    walker: Walks, node: Any, name: str, inputs: list[Tensor | None], body: Any,
    scope: Environment, work: Work,
) -> list[Tensor]:  # fmt: skip
    """The body once for every element along the scanned axes."""
    from onnx import helper

    given = {a.name: helper.get_attribute_value(a) for a in node.attribute if not a.HasField("g")}
    n = int(given.get("num_scan_inputs", 0))
    states = [x or UNKNOWN for x in inputs[: len(inputs) - n]]
    sequences = [x or UNKNOWN for x in inputs[len(inputs) - n :]]
    axes = [int(a) for a in given.get("scan_input_axes", [0] * n)]
    lengths: set[int | None] = set()
    elements = []
    for tensor, axis in zip(sequences, axes):
        if (
            tensor.shape is None
            or tensor.kind is None
            or not -len(tensor.shape) <= axis < len(tensor.shape)
        ):
            lengths.add(None)
            elements.append(UNKNOWN)
            continue
        shape = list(tensor.shape)
        lengths.add(shape.pop(axis))
        kind = helper.make_tensor_type_proto(tensor.kind.tensor_type.elem_type, shape)
        elements.append(Tensor(tuple(shape), False, None, kind))
    known = {n for n in lengths if n is not None}
    if len(known) > 1:
        raise WorkloadError(f"its scanned inputs have different lengths: {sorted(known)}")
    names = [v.name for v in body.input]
    dropped = [replace(t, constant=False, value=None) for t in states]
    inner = walker.graph(body, scope, dict(zip(names, [*dropped, *elements])))
    outputs = _outputs(walker, body)
    after, rest = outputs[: len(states)], outputs[len(states) :]
    times = known.pop() if len(lengths) == 1 and known else None
    if times is not None:
        work.add(inner, times)
        work.layers = [x for x in work.layers if x.count]
    elif inner.products or inner.unread:
        why = "the length of what it scans depends on data; the products are those of one step"
        work.unread.append(Unread("Scan", name, inner.products or None, why))
    places = [int(a) for a in given.get("scan_output_axes", [0] * len(rest))]
    return [*after, *[_inserted(t, times, axis) for t, axis in zip(rest, places)]]


def _inserted(tensor: Tensor, times: int | None, axis: int) -> Tensor:
    from onnx import helper

    stacked = _stacked(tensor, times)
    if stacked.shape is None:
        return stacked
    shape = list(stacked.shape[1:])
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, times)
    kind = helper.make_tensor_type_proto(stacked.kind.tensor_type.elem_type, shape)
    return Tensor(tuple(shape), stacked.constant, None, kind)


def _sequence(
    walker: Walks, node: Any, name: str, body: Any, scope: Environment, work: Work
) -> list[Tensor]:
    """SequenceMap: how many tensors a sequence holds is not known."""
    try:
        inner = walker.graph(body, scope, {v.name: UNKNOWN for v in body.input})
    except WorkloadError:
        inner = None
    if inner is None or inner.products or inner.unread:
        work.unread.append(
            Unread("SequenceMap", name, None, "the length of a sequence is not known")
        )
    return [UNKNOWN] * len(node.output)
