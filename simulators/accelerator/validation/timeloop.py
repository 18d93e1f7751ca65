"""Timeloop's rows: fixed mappings, word by word."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping as Dict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.validation import Check, equal, within

from ..architecture import Architecture, Level
from ..layers import Layer
from ..layout import SPATIAL_X, SPATIAL_Y, C, G, K, N, P, Q, R, S
from ..mapping import Cost, Mapping, Refusal, evaluate_mapping

ID, ARCH, BANDWIDTH, LAYER, TAG, MAP, COMPUTE, CYCLES, MACS, UTILISATION, ENERGY = range(11)
LEVEL_ENERGY, MAC_ENERGY, SLOWDOWN, INSTANCES, COUNTS, MULTICAST = range(11, 17)


def layer_of(name: str, described: Dict[str, Any]) -> Layer:
    """A layer as the reference file describes it.

    Args:
        name: of the layer.
        described: its entry in the file.

    Returns:
        The layer.
    """
    stride, dilation = int(described["stride"]), int(described["dil"])
    return Layer(
        name,
        **described["dims"],
        stride_h=stride,
        stride_w=stride,
        dilation_h=dilation,
        dilation_w=dilation,
    )


def architecture_of(name: str, described: Dict[str, Any], limits: str | None) -> Architecture:
    """An architecture as the reference file describes it, under a set of bandwidths.

    Args:
        name: of the architecture.
        described: its entry in the file.
        limits: names the set of bandwidths; None for no limits.

    Returns:
        The architecture.
    """
    sets = described["bandwidth_sets"][limits] if limits else {}
    levels = []
    for entry in described["levels"]:
        word = entry["word_bits"]
        rate = {
            f"{key}_bits": sets.get(entry["name"], {}).get(key, math.inf) * word
            for key in ("read", "write", "shared")
        }
        levels.append(
            Level(
                entry["name"],
                math.inf if entry["size"] is None else entry["size"] * word,
                tuple(entry["fanout"]),
                entry["read_pJ"],
                entry["write_pJ"],
                entry["update_pJ"],
                entry["block"],
                must_keep="".join(entry["must_keep"]),
                may_keep="".join(entry["may_keep"]),
                **rate,
            )
        )
    meshes = [tuple(entry["mesh"]) for entry in described["levels"]]
    last = described["levels"][-1]
    meshes.append(tuple(a * b for a, b in zip(last["mesh"], last["fanout"])))
    bits = (int(described["levels"][0]["word_bits"]),) * 3
    return Architecture(
        name, tuple(levels), float(described["mac_pJ_per_compute"]), bits, meshes=tuple(meshes)
    )


def check(data: Dict[str, Any]) -> list[Check]:
    """Compare every row of a file of the form of ``timeloop_reference.json``.

    Args:
        data: the reference file.

    Returns:
        One check per quantity.
    """
    layers = {n: layer_of(n, d) for n, d in data["layers"].items()}
    machines: dict[tuple[str, str | None], Architecture] = {}

    def machine(arch: str, limits: str | None) -> Architecture:
        if (arch, limits) not in machines:
            machines[arch, limits] = architecture_of(arch, data["architectures"][arch], limits)
        return machines[arch, limits]

    physical = data.get("inputs_previous_tile", {}).get("rows", {})
    perfect = [r for r in data["rows"] if r[TAG] != "ragged"]
    ragged = [r for r in data["rows"] if r[TAG] == "ragged"]
    equals: Counter[str] = Counter()
    energy: list[float] = []
    for row in perfect:
        mapping = Mapping.parse(row[MAP])
        for reuse in ("timeloop", "physical"):
            cost = evaluate_mapping(
                layers[row[LAYER]], machine(row[ARCH], row[BANDWIDTH]), mapping, reuse=reuse,
                fill_and_drain=False,
            )  # fmt: skip
            pj, cycles, counts = row[ENERGY], row[CYCLES], _counts(row)
            if reuse == "physical" and row[ID] in physical:
                other = physical[row[ID]]
                pj, cycles = other["energy_pJ"], other["cycles"]
                counts[:, 1, :2] = other["inputs_reads_fills"]
            if isinstance(cost, Refusal):
                energy.append(math.inf)
                continue
            energy.append(abs(cost.energy_pj / pj - 1))
            equals[f"reads, fills, updates ({reuse})"] += bool(
                (cost.counts == counts[:, :, :3]).all()
            )
            equals[f"cycles ({reuse})"] += cost.cycles == cycles
            if reuse == "timeloop":
                equals["tiles held"] += bool((cost.capacity == counts[:, :, 3]).all())
                equals["compute cycles"] += cost.compute_cycles == row[COMPUTE]
                used = cost.instances[:-1].tolist()
                equals["instances in use"] += used == row[INSTANCES]
                multicast = _multicast(layers[row[LAYER]], mapping, cost)
                equals["multicast, spatial reduction"] += multicast == _given(row)
    out = [equal(name, "Timeloop", count, len(perfect)) for name, count in equals.items()]
    out.append(within("energy, relative (both conventions)", "Timeloop", energy, 1e-6))
    matched: Counter[str] = Counter({"MACs": 0, "tiles held": 0, "compute cycles": 0})
    for row in ragged:
        layer = layers[row[LAYER]]
        cost = evaluate_mapping(
            layer, machine(row[ARCH], row[BANDWIDTH]), Mapping.parse(row[MAP]), fill_and_drain=False
        )
        matched["MACs"] += layer.macs == row[MACS]
        if isinstance(cost, Cost):
            matched["tiles held"] += bool((cost.capacity == _counts(row)[:, :, 3]).all())
            matched["compute cycles"] += cost.compute_cycles == row[COMPUTE]
    out += [
        equal(name, "Timeloop", count, len(ragged), case="ragged")
        for name, count in matched.items()
    ]
    same = 0
    for arch, layer_name, mapping_text, reason, level, needed, available, *_ in data["rejected"]:
        cost = evaluate_mapping(
            layers[layer_name], machine(arch, None), Mapping.parse(mapping_text)
        )
        same += isinstance(cost, Refusal) and (
            (cost.reason, cost.level, cost.needed, cost.available)
            == (reason, level, needed, available)
        )
    out.append(
        equal("reason, level, figures", "Timeloop", same, len(data["rejected"]), case="rejected")
    )
    return out


def _counts(row: list[Any]) -> NDArray[np.float64]:
    rows = [[[0] * 5 if t is None else t for t in level] for level in row[COUNTS]]
    return np.array(rows, np.float64)


def _given(row: list[Any]) -> list[Any]:
    """The row's fan-outs in the form of :func:`_multicast`; one that nothing uses counts as none."""
    out: list[Any] = []
    for entry in row[MULTICAST]:
        alone = entry is None or all(len(t) == 1 and t[0][:2] == [1, 1] for t in entry[:3])
        out.append(None if alone else [[sorted(map(tuple, t)) for t in entry[:3]], entry[3]])
    return out


def _multicast(layer: Layer, mapping: Mapping, cost: Cost) -> list[Any]:
    """Per fan-out and tensor how many children share a tile: [(factor, groups, words)], reductions."""
    geometry = layer.geometry
    levels = len(mapping.factor)
    spatial = mapping.factor[:, SPATIAL_X] * mapping.factor[:, SPATIAL_Y]
    extent = np.ones((levels + 1, 8), np.int64)
    for i in range(levels - 1, -1, -1):
        extent[i] = extent[i + 1] * mapping.factor[i].prod(axis=0)
    out: list[Any] = []
    for i in range(levels - 1, -1, -1):
        if spatial[i].prod() == 1:
            out.append(None)
            continue
        groups: list[list[tuple[int, int, int]]] = []
        reductions = 0
        for t in range(3):
            shared = Counter(_offsets(t, spatial[i], extent[i + 1], geometry))
            by_factor = Counter(shared.values())
            words = _words(mapping, cost, i, t, spatial, extent, geometry)
            each = words / len(shared)
            groups.append(sorted((f, n, round(n * each)) for f, n in by_factor.items()))
            if t == 2:
                reductions = round(sum((f - 1) * n * each for f, n in by_factor.items()))
        out.append([groups, reductions])
    return out[::-1]


def _words(
    mapping: Mapping, cost: Cost, level: int, tensor: int, spatial: Any, extent: Any, geometry: Any
) -> float:
    """Words of a tensor that one instance of a level sends down (or outputs up) its fan-out."""
    source = level
    while not mapping.keep[source, tensor]:
        source -= 1
    words = float(cost.counts[source, tensor, 2 if tensor == 2 else 0])
    for i in range(source, level):  # fan-outs passed on the way from the level that keeps it
        words /= len(set(_offsets(tensor, spatial[i], extent[i + 1], geometry)))
    return words


def _offsets(tensor: int, fan: Any, inner: Any, geometry: Any) -> list[tuple[int, ...]]:
    """Where each child's tile lies, in tensor coordinates."""
    out = []
    for at in itertools.product(*(range(int(n)) for n in fan)):
        place = [a * int(e) for a, e in zip(at, inner)]
        if tensor == 0:
            where = tuple(place[d] for d in (G, K, C, R, S))
        elif tensor == 2:
            where = tuple(place[d] for d in (N, G, K, P, Q))
        else:
            rows = place[P] * int(geometry[0]) + place[R] * int(geometry[2])
            columns = place[Q] * int(geometry[1]) + place[S] * int(geometry[3])
            where = (place[N], place[G], place[C], rows, columns)
        out.append(where)
    return out
