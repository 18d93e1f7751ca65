"""The certificate of a front, and the file from which a search of one is resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError, StoreError
from archgym.files.arrays import read_arrays
from archgym.files.seal import sealed
from archgym.files.text import write_bytes, write_text
from archgym.tables.certificate import file_name, goal_digest
from archgym.versions import versions

from ..mapping import Mapping
from .boxes import Boxes, Point
from .closing import CERTIFIED, Progress
from .corners import AXES, Corners, Space

FORM = "front of hardware and mapping 1"
BETWEEN = ";"  # levels of a mapping in a file


def identity(space: Space) -> dict[str, Any]:
    """What a certificate is of: it holds while none of it changes.

    Args:
        space: the scenario's.

    Returns:
        Names and digests.
    """
    scenario, simulator = space.scenario, space.simulator
    return {
        "form": FORM,
        "scenario": scenario.name,
        "goal": goal_digest(scenario),
        "workload": simulator.workload,
        "workload_hash": simulator.workload_hash,
        "simulator": simulator.key,
        "version": simulator.version,
    }


def document_of(boxes: Boxes, progress: Progress) -> dict[str, Any]:
    """The certificate.

    Args:
        boxes: of all designs.
        progress: what was done for it.

    Returns:
        What JSON can hold.
    """
    space, corners = boxes.space, boxes.corners
    front = []
    for p in sorted(boxes.points, key=lambda p: p.metrics):
        rank = int(corners.ranks[p.at])
        design = space.scenario.space.decode(space.scenario.space.unrank(np.array([rank])))[0]
        front.append(
            {
                "rank": rank,
                "design": design,
                "metrics": dict(zip(AXES, p.metrics)),
                "least": dict(zip(AXES, boxes.lower[p.at].tolist())),
                "mappings": [written(m) for m in p.mappings],
            }
        )
    stairs = boxes.staircase()
    undecided = np.flatnonzero(boxes.open & np.isin(np.arange(len(boxes.gap)), stairs, invert=True))
    return identity(space) | {
        "axes": list(AXES),
        "designs": space.scenario.space.cardinality,
        "left_out": corners.left_out,
        "gap": _share(boxes.gap.max(initial=0.0)),
        "gap_quantiles": {
            f"{q:g}": _share(np.quantile(boxes.gap, q, method="higher"))
            for q in (0.5, 0.9, 0.99)
            if len(boxes.gap)
        },
        "open": int(boxes.open.sum()),
        "undecided": corners.ranks[undecided].tolist(),
        "layers": [layer.name for layer in space.layers],
        "front": front,
        "staircase": [[int(corners.ranks[i]), *boxes.lower[i].tolist()] for i in stairs.tolist()],
        "energy_delay": _product(boxes),
        "rounds": progress.rounds,
        "mapped": int((progress.mapped > 0).sum()),
        "certified": progress.certified,
        "proofs": [
            [int(corners.ranks[at]), layer, CERTIFIED[column], nodes, bound]
            for at, layer, column, nodes, bound in progress.proofs
        ],
        "versions": versions(),
    }


def _share(gap: float) -> float | None:
    """A gap as JSON holds it; None before anything is mapped."""
    return float(gap) if np.isfinite(gap) else None


def _product(boxes: Boxes) -> dict[str, Any] | None:
    """The optimum of energy times latency as an interval."""
    if not boxes.points:
        return None
    found = [p.metrics[0] * p.metrics[1] for p in boxes.points]
    best = int(np.argmin(found))
    least = float(boxes.products().min())
    rank = int(boxes.corners.ranks[boxes.points[best].at])
    return {"rank": rank, "value": found[best], "least": least, "gap": 1.0 - least / found[best]}


def written(mapping: Mapping) -> str:
    """A mapping in one line.

    Args:
        mapping: of a layer.

    Returns:
        Its levels as in ``Mapping.format``, with ``|`` and ``;`` in between.
    """
    return BETWEEN.join("|".join(row) for row in mapping.format())


def read_mapping(line: str) -> Mapping:
    """The inverse of :func:`written`.

    Args:
        line: one mapping.

    Returns:
        The mapping.

    Raises:
        MappingError: it is none.
    """
    return Mapping.parse([row.split("|") for row in line.split(BETWEEN)])


def make_folder(path: Path) -> None:
    """Make the folders above a file.

    Args:
        path: the file.

    Raises:
        StoreError: they cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path.parent}: {error.strerror}") from error


def save(document: dict[str, Any], path: Path) -> None:
    """Write a certificate with a digest of its own, one fact a line.

    Args:
        document: of :func:`document_of`.
        path: a JSON file; folders above it are made.

    Raises:
        StoreError: it cannot be written.
    """
    make_folder(path)
    lines = [f"{json.dumps(k)}: {json.dumps(v, default=str)}" for k, v in sealed(document).items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def default_path(space: Space) -> Path:
    """Where a certificate comes to lie.

    Args:
        space: the scenario's.

    Returns:
        A file in the folder ``fronts``.
    """
    return Path("fronts") / file_name(space.scenario)


# ---- going on
def keep(boxes: Boxes, progress: Progress, path: Path) -> None:
    """Write all that is needed to go on.

    Args:
        boxes: of all designs.
        progress: what was done.
        path: an npz file.

    Raises:
        StoreError: it cannot be written.
    """
    import io

    make_folder(path)
    c, out = boxes.corners, io.BytesIO()
    points = [[p.at, p.metrics, [written(m) for m in p.mappings]] for p in boxes.points]
    texts = {"points": points, "proofs": progress.proofs, "identity": identity(boxes.space)}
    np.savez_compressed(
        out, ranks=c.ranks, area=c.area, clock=c.clock, roots=c.least, alike=c.alike, shape=c.shape,
        outer=c.outer, room=c.room, fastest=c.fastest,
        least=boxes.least, mapped=progress.mapped, effort=progress.effort,
        numbers=np.array([c.left_out, progress.rounds, progress.certified]),
        texts=np.frombuffer(json.dumps(texts).encode(), np.uint8),
    )  # fmt: skip
    write_bytes(path, out.getvalue())


def resumed(space: Space, path: Path) -> tuple[Boxes, Progress]:
    """What :func:`keep` wrote.

    Args:
        space: the scenario's.
        path: the npz file.

    Returns:
        Boxes and progress as they were.

    Raises:
        StoreError: it is damaged.
        ArchgymError: it is of another scenario, or of another version of its simulator.
    """
    arrays = read_arrays(path)
    try:
        texts = json.loads(arrays["texts"].tobytes().decode())
        left_out, rounds, certified = arrays["numbers"].tolist()
        corners = Corners(
            arrays["ranks"],
            arrays["area"],
            arrays["clock"],
            arrays["roots"],
            arrays["alike"],
            arrays["shape"],
            arrays["outer"],
            arrays["room"],
            arrays["fastest"],
            left_out,
        )
        mine = identity(space)
        other = [k for k in mine if texts["identity"].get(k) != mine[k]]
        if other:
            raise ArchgymError(
                f"{path} is of another {', '.join(other)}; name another --output, or remove it"
            )
        boxes = Boxes(space, corners)
        boxes.least[:] = arrays["least"]
        boxes.lowered()
        boxes.add(
            [
                Point(at, tuple(map(read_mapping, lines)), tuple(metrics))
                for at, metrics, lines in texts["points"]
            ]
        )
        proofs = [(a, b, c, d, e) for a, b, c, d, e in texts["proofs"]]
    except (KeyError, ValueError, TypeError) as error:
        if isinstance(error, ArchgymError):
            raise
        raise StoreError(f"{path} cannot be resumed from: {error}; remove it") from error
    return boxes, Progress(arrays["mapped"], arrays["effort"], rounds, proofs, certified)


def state_path(path: Path) -> Path:
    """The file to go on from, beside a certificate.

    Args:
        path: of the certificate.

    Returns:
        The same with another ending.
    """
    return path.with_suffix(".npz")
