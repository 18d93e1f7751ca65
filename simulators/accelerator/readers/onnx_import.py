"""Networks from ONNX files (extra ``onnx``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from archgym.errors import WorkloadError

from ..layers import LARGEST, Layer, Network
from .onnx_model import external_weights, load_model, size_axes
from .onnx_tensors import of_value_info
from .onnx_walk import Walker
from .onnx_work import Work

MOST_NAMED = 8


def read_onnx(
    path: Path, *, dims: Mapping[str, int] | None = None, partial: bool = False
) -> Network:
    """The products of an ONNX model as a network; its ``notes`` say what share of them that is.

    Symbolic axes are 1 where they are a batch, else as ``dims`` says.  Of an If the branch with more
    products is read unless its condition is known; loops and scans whose rounds are known are read.

    Args:
        path: the file; weights in files beside it are not needed.
        dims: sizes of symbolic axes by name (or INPUT.AXIS).
        partial: whether a model of which some products cannot be read is taken.

    Returns:
        The network.

    Raises:
        MissingExtraError: the package onnx is not installed.
        WorkloadError: not a valid model, sizes that contradict, products that cannot be read.
    """
    path = Path(path)
    model = load_model(path)
    sizes = size_axes(model.graph, dims or {}, path)
    walker = Walker(model.opset_import, sizes)
    weights = external_weights(model.graph)
    own = {t.name for t in model.graph.initializer}
    given = {}
    for value in model.graph.input:
        tensor = of_value_info(value, sizes, place=True)
        if value.name not in own:
            given[value.name] = replace(tensor, constant=value.name in weights)
    try:
        work = walker.graph(model.graph, {}, given)
    except WorkloadError as error:
        raise WorkloadError(f"{path}: {error}") from error
    except RecursionError as error:
        raise WorkloadError(f"{path}: its graphs are nested too deep") from error
    return network_of(path.stem, str(path), work, sizes, partial, "ONNX")


def network_of(
    name: str, where: str, work: Work, dims: Mapping[str, int], partial: bool, form: str
) -> Network:
    """The network of what a reader found.

    Args:
        name: of the network.
        where: names the model in messages.
        work: what was found.
        dims: sizes of symbolic axes.
        partial: whether a model of which some products cannot be read is taken.
        form: names the format in the notes.

    Returns:
        The network; its notes are :func:`facts`.

    Raises:
        WorkloadError: not all products are read and ``partial`` is not set; there is none.
    """
    notes = facts(work, dims, form)
    if work.unread and not partial:
        raise WorkloadError(
            f"{where}: {_unread(work)}; --partial (setting partial) goes on without"
        )
    if not work.layers:
        held = ", ".join(f"{k} ({n})" for k, n in sorted(work.free.items())) or "none"
        folded = " that run at inference" if work.folded else ""
        raise WorkloadError(
            f"{where} has no convolution or matrix product{folded}; its operators: {held}"
        )
    too_many = [x.name for x in work.layers if x.count > LARGEST]
    if too_many:
        raise WorkloadError(f"{where}: {', '.join(too_many)} run more than {LARGEST} times")
    return Network(name, unique(work.layers), notes)


def facts(work: Work, dims: Mapping[str, int], form: str) -> dict[str, Any]:
    """What is said of a reading: products read and known, operators without products, choices made.

    Args:
        work: what was found.
        dims: sizes of symbolic axes.
        form: names the format.

    Returns:
        The notes of the network.
    """
    known = work.products
    return {
        "format": form,
        "products_read": work.read,
        "products_known": known,
        "share_read": work.read / known if known else (0.0 if work.unread else 1.0),
        "complete": not work.unread,
        "unread": [
            {"operator": u.operator, "name": u.name, "products": u.products, "reason": u.reason}
            for u in work.unread
        ],
        "choices": list(work.choices),
        "constant": dict(sorted(work.folded.items())),
        "no_products": dict(sorted(work.free.items())),
        "dims": dict(dims),
    }


def share_text(notes: Mapping[str, Any]) -> str:
    """The share of products read, as it is printed.

    Args:
        notes: of :func:`facts`.

    Returns:
        A phrase such as ``99.8 % of the products (… of …)``.
    """
    read, known = notes["products_read"], notes["products_known"]
    text = f"{100 * notes['share_read']:.4g}"
    text = "99.99" if text == "100" and read < known else text
    if any(u["products"] is None for u in notes["unread"]):
        return f"at most {text} % of the products ({read} of {known} and more)"
    return f"{text} % of the products ({read} of {known})"


def _unread(work: Work) -> str:
    notes = facts(work, {}, "")
    named = [f"{u.operator} {u.name!r} ({u.reason})" for u in work.unread[:MOST_NAMED]]
    more = len(work.unread) - len(named)
    named += [f"and {more} more"] if more > 0 else []
    return f"{share_text(notes)} are read, not: {', '.join(named)}"


def unique(layers: list[Layer]) -> tuple[Layer, ...]:
    """The layers with names that differ: the second of a name is NAME_2.

    Args:
        layers: with any names.

    Returns:
        The layers in order; those whose name was taken are renamed.
    """
    taken: set[str] = set()
    seen: Counter[str] = Counter()
    out = []
    for layer in layers:
        name = layer.name
        while name in taken:
            seen[layer.name] += 1
            name = f"{layer.name}_{seen[layer.name] + 1}"
        taken.add(name)
        out.append(layer if name == layer.name else replace(layer, name=name))
    return tuple(out)
