"""A packed table: for every design of a space the row of costs that holds for it.

A pack is one ``.npz`` file. ``row`` holds a number per design in lexicographic order, ``costs`` the distinct
rows: the weighted cost, then one of each objective where there are several; +inf where infeasible. ``about``
is JSON.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "archgym-bench pack 1"
DATA = Path(__file__).parent / "data"
BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


class PackError(Exception):
    """A pack that is not there, cannot be read or holds something else."""


@dataclass(frozen=True)
class Pack:
    """The content of a file.

    Attributes:
        about: what is known of the task: ``task``, ``suite``, ``knobs``, ``twin``, ``best``, ``random``,
            ``ladder``, ``objectives``.
        row: (designs,) the row of every design, in lexicographic order.
        costs: (rows, 1 + k) costs, +inf where infeasible.
    """

    about: dict[str, Any]
    row: NDArray[np.integer[Any]]
    costs: NDArray[np.float64]


def file_of(name: str, folder: Path = DATA) -> Path:
    """The file of a task.

    Args:
        name: of the task, such as ``serving/gpt-oss-batch``.
        folder: where packs lie.

    Returns:
        The path; there may be nothing.
    """
    return folder / f"{name.replace('/', '-')}.npz"


def names(folder: Path = DATA) -> list[str]:
    """The tasks that are there.

    Args:
        folder: where packs lie (default: those of this package).

    Returns:
        Their names, sorted.
    """
    return sorted(
        str(_about(path)["task"]) for path in folder.glob("*.npz") if ".part" not in path.name
    )


def write(path: Path, pack: Pack) -> None:
    """Write a pack.

    Args:
        path: the file.
        pack: what it holds.
    """
    text = json.dumps({"format": FORMAT, **pack.about}, sort_keys=True)
    about = np.frombuffer(text.encode(), np.uint8)
    part = path.with_suffix(".part.npz")  # so that nobody reads half a file
    np.savez_compressed(part, about=about, row=pack.row, costs=pack.costs)
    part.replace(path)


def read(name: str, folder: Path = DATA) -> Pack:
    """The pack of a task.

    Args:
        name: of the task.
        folder: where packs lie.

    Returns:
        The pack.

    Raises:
        PackError: there is none, or it holds something else; says which there are.
    """
    path = file_of(name, folder)
    if not path.exists():
        raise PackError(
            f"no task {name!r} in {folder}; there are {', '.join(names(folder)) or 'none'}"
        )
    about = _about(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            row, costs = file["row"], file["costs"]
    except BROKEN as error:
        raise PackError(f"{path} is no pack: {error}") from error
    try:
        designs = int(np.prod([len(k["values"]) for k in about["knobs"]]))
        k = int(about["objectives"])
    except (KeyError, TypeError, ValueError) as error:
        raise PackError(f"{path} is no pack: knobs or objectives are missing or damaged") from error
    if row.shape != (designs,) or not designs or not 0 <= row.min() <= row.max() < len(costs):
        raise PackError(f"{path}: the table does not cover the {designs:,} designs of its knobs")
    wanted = 1 if k == 1 else k + 1
    if k < 1 or costs.ndim != 2 or costs.shape[1] != wanted:
        raise PackError(f"{path}: expected {wanted} costs a design, got {costs.shape[1:]}")
    return Pack(about, row, costs)


def _about(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes().decode())
    except BROKEN as error:
        raise PackError(f"{path} is no pack: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise PackError(f"{path}: expected {FORMAT!r}; install the version that made it")
    return about
