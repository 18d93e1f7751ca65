"""Workloads in YAML: Timeloop's problem (v0.4) and ZigZag's list of layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import WorkloadError

from ..layers import Layer, Network
from .checks import Faults, read_document, shorten
from .loops import layer_of_loops

INDEX = re.compile(r"\[([A-Za-z_]\w*)\]")
EQUATION = re.compile(
    r"(\w+)((?:\[\w+\])+)\s*(\+?=)\s*(\w+)((?:\[\w+\])+)(?:\s*([*+])\s*(\w+)((?:\[\w+\])+))?"
)
RELATION = re.compile(r"\s*(\w+)\s*=\s*(.+)")
RELATION_TERM = re.compile(r"\s*(?:(\d+)\s*\*\s*)?(\w+)\s*")
LIGHT = ("Add", "Pooling", "Pool", "MaxPool", "AveragePool", "Simd", "Relu", "Softmax", "Mul")


def read_yaml_network(path: Path) -> Network:
    """A network from YAML; its form is known by what the file holds.

    Args:
        path: the file.

    Returns:
        The network.

    Raises:
        WorkloadError: neither Timeloop's nor ZigZag's form, or all faults with their places.
    """
    document = read_document(path)
    if isinstance(document, Mapping) and "problem" in document:
        return timeloop_problem(document["problem"], path)
    if isinstance(document, list):
        return zigzag_workload(document, path)
    raise WorkloadError(
        f"{path}: expected Timeloop's key 'problem' or ZigZag's list of layers, got "
        f"{shorten(document)}"
    )


# ---- Timeloop
def _key(mapping: Mapping[str, Any], name: str) -> Any:
    """A key in the spelling of v0.4 or of those before (``data-spaces``)."""
    return mapping.get(name, mapping.get(name.replace("_", "-")))


def timeloop_problem(problem: Any, path: Path) -> Network:
    """One layer from a problem's shape and instance.

    Args:
        problem: what stands under the key ``problem``.
        path: names the network, and the file in messages.

    Returns:
        A network of one layer.

    Raises:
        WorkloadError: all faults with their places.
    """
    faults = Faults(path)
    shape = problem.get("shape") if isinstance(problem, Mapping) else None
    instance = problem.get("instance") if isinstance(problem, Mapping) else None
    if not isinstance(shape, Mapping) or not isinstance(instance, Mapping):
        raise WorkloadError(
            f"{path}: problem needs 'shape' and 'instance' written out, as mappings"
        )
    dimensions, spaces = _key(shape, "dimensions"), _key(shape, "data_spaces")
    if not isinstance(dimensions, list) or not isinstance(spaces, list):
        raise WorkloadError(
            f"{path}: problem, shape needs the lists 'dimensions' and 'data_spaces'"
        )
    if instance.get("densities"):
        faults.add("instance", "densities: sparsity is not modelled here")
    sizes = {}
    for d in dimensions:
        if d not in instance:
            faults.add("instance", f"no size for dimension {d}")
        else:
            sizes[str(d)] = faults.whole(instance[d], f"instance, {d}")
    factors = {}
    for c in _key(shape, "coefficients") or []:
        if not isinstance(c, Mapping) or "name" not in c:
            faults.add("coefficients", f"expected name and default, got {shorten(c)}")
            continue
        value = instance.get(c["name"], c.get("default", 1))
        factors[str(c["name"])] = faults.whole(value, f"instance, {c['name']}")
    known = {*map(str, dimensions), *factors, "densities"}
    faults.keys({str(k): v for k, v in instance.items()}, known, "instance")
    tensors: dict[str, tuple[bool, list[list[tuple[str, int]]]]] = {}
    for space in spaces:
        if not isinstance(space, Mapping) or not isinstance(space.get("projection"), list):
            faults.add("data_spaces", f"expected name and projection, got {shorten(space)}")
            continue
        name = str(space.get("name", len(tensors)))
        written = bool(_key(space, "read_write"))
        tensors[name] = (written, _projection(faults, space["projection"], factors, name))
    faults.settle()
    results = [axes for written, axes in tensors.values() if written]
    others = [(n, axes) for n, (written, axes) in tensors.items() if not written]
    if len(results) != 1 or len(others) != 2:
        raise WorkloadError(
            f"{path}: {len(others)} tensors are read and {len(results)} written; a layer reads two and "
            "writes one"
        )
    slides = [any(len(a) > 1 or a[0][1] != 1 for a in axes) for _, axes in others]
    first_is_input = slides[0] or (not slides[1] and "input" in others[0][0].lower())
    inputs, weights = (others[0], others[1]) if first_is_input else (others[1], others[0])
    layer = faults.attempt(
        lambda: layer_of_loops(
            str(shape.get("name") or path.stem), sizes, weights[1], inputs[1], results[0]
        )
    )
    faults.settle()
    return Network(path.stem, (layer,), {"format": "Timeloop problem"})


def _projection(
    faults: Faults, projection: list[Any], factors: Mapping[str, int], name: str
) -> list[list[tuple[str, int]]]:
    """Axes as sums of terms: ``[[[C]], [[R, Hdilation], [P, Hstride]]]``."""
    out = []
    for axis in projection:
        terms = []
        for term in axis if isinstance(axis, list) else [[axis]]:
            parts = [str(x) for x in term] if isinstance(term, list) else [str(term)]
            if len(parts) not in (1, 2) or (len(parts) == 2 and parts[1] not in factors):
                faults.add(f"data space {name}", f"{shorten(term)} is no term of a projection")
                continue
            terms.append((parts[0], factors[parts[1]] if len(parts) == 2 else 1))
        if terms:
            out.append(terms)
    return out


# ---- ZigZag
def zigzag_workload(document: list[Any], path: Path) -> Network:
    """The products of ZigZag's list of layers; poolings and additions are left out.

    Args:
        document: the list of layers.
        path: names the network, and the file in messages.

    Returns:
        The network; its notes count the operators without products.

    Raises:
        WorkloadError: all faults with their places.
    """
    faults = Faults(path)
    layers: list[Layer] = []
    free: Counter[str] = Counter()
    for i, entry in enumerate(document):
        place = f"layer {entry.get('id', i)}" if isinstance(entry, Mapping) else f"layer {i}"
        if not isinstance(entry, Mapping):
            faults.add(place, f"expected a mapping of keys, got {shorten(entry)}")
            continue
        kind = str(entry.get("operator_type", ""))
        precision = entry.get("operand_precision")
        weightless = isinstance(precision, Mapping) and precision.get("W") == 0
        match = EQUATION.fullmatch(str(entry.get("equation", "")).strip())
        if match is None:
            faults.add(place, f"no equation of tensors: {shorten(entry.get('equation'))}")
            continue
        if kind in LIGHT or weightless or match[6] != "*" or match[3] != "+=":
            free[kind or "?"] += 1
            continue
        layer = _zigzag_layer(
            faults, entry, match, f"{kind or 'layer'}_{entry.get('id', i)}", place
        )
        layers += [layer] if layer is not None else []
    faults.settle()
    if not layers:
        raise WorkloadError(f"{path}: no convolution or matrix product")
    notes = {"format": "ZigZag workload", "no_products": dict(free)}
    return Network(path.stem, tuple(layers), notes)


def _zigzag_layer(
    faults: Faults, entry: Mapping[str, Any], match: re.Match[str], name: str, place: str
) -> Layer | None:
    dims, sizes = entry.get("loop_dims"), entry.get("loop_sizes")
    if not isinstance(dims, list) or not isinstance(sizes, list) or len(dims) != len(sizes):
        faults.add(place, "loop_dims and loop_sizes must be lists of one length")
        return None
    before = len(faults.found)
    known = {
        str(d).upper(): faults.whole(n, f"{place}, loop_sizes {d}") for d, n in zip(dims, sizes)
    }
    relations = {}
    for text in entry.get("dimension_relations") or []:
        relation = RELATION.fullmatch(str(text))
        terms = [RELATION_TERM.fullmatch(t) for t in relation[2].split("+")] if relation else []
        if relation is None or not all(terms):
            faults.add(place, f"dimension_relations: {shorten(text)} is no sum of dimensions")
            continue
        relations[relation[1].upper()] = [(t[2].upper(), int(t[1] or 1)) for t in terms if t]
    if len(faults.found) > before:
        return None

    def axes(text: str) -> list[list[tuple[str, int]]]:
        names = [x.upper() for x in INDEX.findall(text)]
        return [relations.get(x, [(x, 1)]) for x in names]

    tensors = {match[4].upper(): axes(match[5]), match[7].upper(): axes(match[8])}
    weights = "W" if "W" in tensors else match[4].upper()
    inputs = next((t for t in tensors if t != weights), weights)
    source = entry.get("operand_source")
    own = isinstance(source, Mapping) and source.get("W") not in (None, entry.get("id"))
    made: Layer | None = faults.attempt(
        lambda: layer_of_loops(
            name, known, tensors[weights], tensors[inputs], axes(match[2]), own_weights=own
        ),
        place,
    )
    return made
