"""Is a certificate of a front right? Points by the model, corners by their bounds, some proofs once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from archgym.documents import read_json
from archgym.errors import ArchgymError, StoreError
from archgym.files.seal import damaged
from archgym.kernels.threads import cores, map_rows

from ..mapping import Cost, MappingError, evaluate_mapping
from ..optimal.certificate import in_space
from .boxes import PJ, Boxes, Point
from .closing import CERTIFIED, ROOM, Task, work_on
from .corners import AXES, Space, corners_of
from .document import identity, read_mapping

CLOSE = 1e-9  # a relative difference that is rounding
KEYS = ("axes", "front", "staircase", "gap", "proofs", "energy_delay")


def check(space: Space, path: Path, sample: int) -> dict[str, Any]:
    """Verify a certificate.

    The points are evaluated, all corners are bounded again, the proofs of the file raise them, and the
    staircase and the gap must follow. Of the proofs, some are worked out again.

    Args:
        space: the scenario's.
        path: the certificate.
        sample: proofs that are worked out again, drawn by a seed that never changes.

    Returns:
        ``holds``, and ``rows`` of what was checked, how much of it, and the verdict.

    Raises:
        StoreError: the file cannot be read, is damaged, or lacks a part.
        ArchgymError: it is of another scenario, or of another version of its simulator.
    """
    try:
        document = read_json(path)
    except FileNotFoundError:
        raise StoreError(f"{path} does not exist; archgym accelerator front writes it") from None
    if not isinstance(document, dict) or damaged(document):
        raise StoreError(f"{path} is damaged, or no certificate; make it again")
    lacks = [k for k in KEYS if k not in document]
    if lacks:
        raise StoreError(f"{path} is no certificate of a front: it lacks {', '.join(lacks)}")
    other = [f"{k} {document.get(k)!r}, not {v!r}" for k, v in identity(space).items()
             if document.get(k) != v]  # fmt: skip
    if other:
        raise ArchgymError(f"{path} is of " + "; ".join(other) + "; make it again")
    try:
        return _checked(space, document, sample)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, ArchgymError) and not isinstance(error, MappingError):
            raise
        raise StoreError(f"{path} is no certificate of a front: {error}") from error


def _checked(space: Space, document: dict[str, Any], sample: int) -> dict[str, Any]:
    boxes = Boxes(space, corners_of(space))
    at = {int(rank): i for i, rank in enumerate(boxes.corners.ranks)}
    points, wrong = [], 0
    for entry in document["front"]:
        point = _point(space, boxes, at[entry["rank"]], entry)
        wrong += point is None
        points += [point] if point else []
    proofs = [
        (at[rank], int(layer), CERTIFIED.index(goal), int(nodes), float(bound))
        for rank, layer, goal, nodes, bound in document["proofs"]
    ]
    some = np.random.default_rng(0).permutation(len(proofs))[:sample]
    tasks = np.empty(len(some), object)
    tasks[:] = [proofs[i] for i in some]
    again = map_rows(lambda p: _holds(boxes, p), tasks, cores())
    for position, layer, column, nodes, bound in proofs:
        if nodes == ROOM:
            boxes.raise_where_room(position, layer, bound)
        else:
            boxes.raise_to(position, layer, column, bound)
    boxes.add(points)
    stairs = [[int(boxes.corners.ranks[i]), *boxes.lower[i].tolist()] for i in boxes.staircase()]
    same = len(stairs) == len(document["staircase"]) and bool(
        np.allclose(stairs, document["staircase"], rtol=CLOSE, atol=0.0)
    )
    gap = float(boxes.gap.max(initial=0.0))
    said = np.inf if document["gap"] is None else document["gap"]
    fits = gap <= said * (1 + CLOSE) + CLOSE
    product = document["energy_delay"]
    least = float(boxes.products().min()) if len(boxes.gap) else np.inf
    bound = product is None or product["least"] <= least * (1 + CLOSE)
    rows = [
        ["points that cost what they say", f"{len(points)} of {len(document['front'])}",
         _verdict(not wrong)],
        ["lower corners of all designs give the staircase", f"{len(stairs)} corners", _verdict(same)],
        ["every corner has a point within the gap", f"{gap:.2%}", _verdict(fits)],
        ["energy x latency at least", f"{least:.6g} J s", _verdict(bound)],
        ["proofs that were found again", f"{sum(again)} of {len(some)}; {len(proofs)} in all",
         _verdict(all(again))],
    ]  # fmt: skip
    return {"holds": all(row[2] == "holds" for row in rows), "rows": rows}


def _verdict(right: bool) -> str:
    return "holds" if right else "FAILS"


def _holds(boxes: Boxes, proof: tuple[int, int, int, int, float]) -> bool:
    at, layer, column, nodes, bound = proof
    _, found = work_on(boxes, Task(at, layer, column, nodes))
    return found is not None and found[0] >= bound * (1 - CLOSE)


def _point(space: Space, boxes: Boxes, at: int, entry: dict[str, Any]) -> Point | None:
    """The point if it is what the model says of its mappings."""
    machine = space.machine(entry["rank"])
    mappings = tuple(map(read_mapping, entry["mappings"]))
    if len(mappings) != len(space.layers):
        return None
    pj, cycles = 0.0, 0.0
    for layer, count, mapping in zip(space.layers, space.counts.tolist(), mappings):
        cost = evaluate_mapping(layer, machine, mapping, reuse=space.reuse)
        if not isinstance(cost, Cost) or not in_space(layer, machine, mapping):
            return None
        pj, cycles = pj + count * cost.energy_pj, cycles + count * cost.cycles
    metrics = (pj * PJ, cycles / float(boxes.corners.clock[at]), float(boxes.corners.area[at]))
    said = [entry["metrics"][name] for name in AXES]
    return Point(at, mappings, metrics) if np.allclose(said, metrics, rtol=CLOSE, atol=0) else None
