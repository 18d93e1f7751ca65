"""One side of the wafer: trees, global routing, layers, extraction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .calibration import Calibration
from .kernels import routing as kernels
from .kernels.state import Metals, Nodes, Tracks
from .kernels.wires import behind, gains
from .macros.keepout import KeepOut, kept_free
from .metal import Metal
from .technology import MOST_LAYERS
from .via_blockage import left_by_vias

GCELL_UM = 0.6
ROUNDS, LAYER_ROUNDS = 8, 4
VIA_ROUNDS = 3  # of laying all wires again round the vias of the round before
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Trees:
    """Steiner trees of a side: nets' first nodes (nets + 1,); nodes' places, parents, pins."""

    first: Ints
    x: Floats
    y: Floats
    up: Ints
    pin: Ints

    @property
    def net(self) -> Ints:
        """Net of every node, (nodes,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


@dataclass(frozen=True)
class Routed:
    """A routed side; ``use`` and ``cap`` are tracks (layers, nx - 1 or nx, ny or ny - 1)."""

    trees: Trees
    gx: Ints
    gy: Ints
    kind: Ints
    mid: Ints
    h_tier: Ints
    v_tier: Ints
    length: Floats
    resistance: Floats
    capacitance: Floats
    use_h: Floats
    cap_h: Floats
    use_v: Floats
    cap_v: Floats
    gcell: float
    overflow: float
    violations: int


def capacities(
    metal: Metal, trees: Trees, gx: Ints, gy: Ints, shape: tuple[int, int], size: tuple[float, float],
    blocked_um: float, keep_out: KeepOut = (),
) -> tuple[Floats, Floats]:  # fmt: skip
    """Whole tracks of every layer at every border between gcells, less what pins block on M2.

    Wires that stay within a gcell take their share of M2 and M3 as well.

    Args:
        metal: of the side.
        trees: of the side.
        gx: (nodes,) gcells.
        gy: (nodes,) gcells.
        shape: (nx, ny) gcells.
        size: sides of the core in um.
        blocked_um: of M2 that each pin blocks.
        keep_out: what macros obstruct.

    Returns:
        Tracks of horizontal layers (layers, nx - 1, ny) and of vertical ones (layers, nx, ny - 1).
    """
    nx, ny = shape
    dx, dy = size[0] / nx, size[1] / ny
    cap_h = np.repeat(_whole(metal.h_tracks * dy, ny)[:, None, :], nx - 1, axis=1)
    cap_v = np.repeat(_whole(metal.v_tracks * dx, nx)[:, :, None], ny - 1, axis=2)
    free = kept_free(keep_out, cap_h, cap_v, size) if keep_out else ()
    place = gx * ny + gy
    landed = np.flatnonzero(trees.pin >= 0)
    child = np.flatnonzero(trees.up >= 0)
    child = child[place[child] == place[trees.up[child]]]
    parent, at = trees.up[child], place[child]
    blocked = np.full(len(landed), blocked_um / dx)
    across = np.concatenate([blocked, np.abs(trees.x[child] - trees.x[parent]) / dx])
    taken_h = np.bincount(np.concatenate([place[landed], at]), across, nx * ny).reshape(shape)
    along = np.abs(trees.y[child] - trees.y[parent]) / dy
    taken_v = np.bincount(at, along, nx * ny).reshape(shape)
    cap_h[0] -= np.ceil((taken_h[1:] + taken_h[:-1]) / 2 - 0.5)
    lowest = int(metal.vertical[0])
    cap_v[lowest] -= np.ceil((taken_v[:, 1:] + taken_v[:, :-1]) / 2 - 0.5)
    # where a macro obstructs a layer, nothing but the rest of its tracks is left
    for cap, rest in zip((cap_h, cap_v), free):
        hit = np.isfinite(rest)
        cap[hit] = np.maximum(np.minimum(cap[hit], rest[hit]), 0.0)
    return cap_h, cap_v


def _whole(tracks: Floats, n: int) -> Floats:
    """Tracks (layers, n) that fall into each of n rows, where a row holds ``tracks`` on average."""
    ends = np.floor(np.arange(n + 1)[None, :] * tracks[:, None] + 1e-9)
    return np.diff(ends, axis=1)


def route(
    trees: Trees, metal: Metal, size: tuple[float, float], fitted: Calibration, pin_load: Floats,
    urgency: Floats, keep_out: KeepOut = (),
) -> Routed:  # fmt: skip
    """Route a side's trees on its metal.

    Layers are chosen by the delay saved, times the urgency, less the price of the vias of the
    climb. What is not urgent stays below unless it is long.

    Args:
        trees: of the side.
        metal: of the side.
        size: sides of the core in um.
        fitted: the fitted constants.
        pin_load: (pins + ports,) fF.
        urgency: (nets,) who chooses layers first.
        keep_out: what macros obstruct on this side.

    Returns:
        The routed side.
    """
    nx, ny = (max(2, round(s / GCELL_UM)) for s in size)
    gx = np.clip((trees.x / size[0] * nx).astype(np.int64), 0, nx - 1)
    gy = np.clip((trees.y / size[1] * ny).astype(np.int64), 0, ny - 1)
    gcell = (size[0] / nx + size[1] / ny) / 2
    blocked_um = fitted.pin_pitches * metal.pitch_um[0]
    cap_h, cap_v = capacities(metal, trees, gx, gy, (nx, ny), size, blocked_um, keep_out)
    n = len(trees.up)
    kind, mid, h_tier, v_tier = (np.zeros(n, np.int64) for _ in range(4))
    nodes = Nodes(gx, gy, trees.up, kind, mid, h_tier, v_tier, np.zeros(n))
    flat_v = cap_v[np.unique(metal.vertical)].sum(axis=0)
    kernels.route(gx, gy, trees.up, cap_h.sum(axis=0), flat_v, ROUNDS, nodes.kind, nodes.mid)
    kernels.lengths(trees.x, trees.y, nodes, gcell)
    middle, net = metal.middle, trees.net
    below, gain = np.zeros(n), np.zeros(n)
    behind(trees.up, trees.pin, nodes.length, middle, pin_load, below)
    gains(trees.up, net, urgency, nodes.length, below, metal.ohm, metal.via, middle, gain)
    edges = np.flatnonzero((trees.up >= 0) & (kind >= 0))  # others stay on the lowest pair
    order = edges[np.argsort(-gain[edges], kind="stable")]
    pairs, free = _pairs(metal), (cap_h, cap_v)
    for turn in range(1 + VIA_ROUNDS if fitted.via_pitches else 1):
        if turn:
            cap_h, cap_v = left_by_vias(nodes, trees.pin, metal, size, free, fitted.via_pitches)
        use_h, use_v = np.zeros(cap_h.shape), np.zeros(cap_v.shape)
        h, v = _flat(use_h, cap_h), _flat(use_v, cap_v)
        kernels.assign(
            nodes, order, below, urgency[net[order]], fitted.climb_ps, pairs, middle, ny, h, v,
            LAYER_ROUNDS,
        )  # fmt: skip
    resistance, capacitance = np.zeros(n), np.zeros(n)
    kernels.extract(trees.x, trees.y, trees.pin, nodes, pairs, ny, h, v, resistance, capacitance)
    over_h, count_h = kernels.exceeded(h.use, h.cap)
    over_v, count_v = kernels.exceeded(v.use, v.cap)
    return Routed(
        trees, gx, gy, kind, mid, h_tier, v_tier, nodes.length, resistance, capacitance,
        use_h, cap_h, use_v, cap_v, gcell, float(over_h + over_v), int(count_h + count_v),
    )  # fmt: skip


def _pairs(metal: Metal) -> Metals:
    """The metal as the kernels take it."""
    m = metal
    return Metals(m.horizontal, m.vertical, m.h_ohm, m.v_ohm, m.via, m.climb, m.wire)


def _flat(use: Floats, cap: Floats) -> Tracks:
    """Tracks in use and in all, with the borders of a layer in a row."""
    return Tracks(use.reshape(len(use), -1), cap.reshape(len(cap), -1))


def layer_shares(routed: Iterable[Routed]) -> Floats:
    """Shares of the wire on M1, M2, …, with both sides together.

    Args:
        routed: the sides.

    Returns:
        (layers,).
    """
    out = np.zeros(MOST_LAYERS)
    for r in routed:
        layers = len(r.cap_h) + len(r.cap_v)
        child = np.flatnonzero(r.trees.up >= 0)
        parent = r.trees.up[child]
        dx = np.abs(r.trees.x[child] - r.trees.x[parent])
        part = dx / np.maximum(dx + np.abs(r.trees.y[child] - r.trees.y[parent]), 1e-12)
        across, along = 2 * r.h_tier[child] + 1, 2 * r.v_tier[child] + 2
        along[along >= layers] -= 2  # the highest pair of an even count
        np.add.at(out, across, part * r.length[child])
        np.add.at(out, along, (1.0 - part) * r.length[child])
    return out / out.sum()
