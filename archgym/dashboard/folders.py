"""Which runs and sweeps lie below a folder, and how far each is: files are read, nothing is written."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..documents import read_json
from ..errors import ArchgymError
from ..runs.goal_rows import quantity
from ..runs.live import LIVE
from ..runs.run_folder import MANIFEST, RESULT, TRIALS
from ..sweeps.driver import LEDGER

DEPTH = 6  # folders below the root that are looked into
MOST = 5000  # runs and sweeps that are listed
ALIVE_S = 60.0  # a run that said nothing for longer is shown as silent
FAULTS = (ArchgymError, OSError, KeyError, TypeError, ValueError)  # what a damaged file leads to
FILES = (MANIFEST, RESULT, LIVE, LEDGER, TRIALS)


@dataclass(frozen=True)
class Item:
    """A run or a sweep (``kind``): its ``id`` in addresses, its folder, the stamp of its files."""

    id: str
    kind: str
    path: Path
    name: str
    stamp: tuple[tuple[str, int, int], ...]


def items(root: Path) -> dict[str, Item]:
    """Runs and sweeps below a folder by id; links are not followed.

    Args:
        root: the folder.

    Returns:
        What was found by id, which is a digest of its path below ``root``.
    """
    out: dict[str, Item] = {}
    for path, there in _walk(root, 0):
        kind = "run" if MANIFEST in there else "sweep" if LEDGER in there else ""
        if not kind:
            continue
        name = str(path.relative_to(root)) if path != root else root.resolve().name
        made = hashlib.sha256(name.encode()).hexdigest()[:16]
        out[made] = Item(made, kind, path, name, _stamp(path, there))
        if len(out) >= MOST:
            break
    return out


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, set[str]]]:
    try:
        with os.scandir(folder) as entries:
            there = sorted(entries, key=lambda e: e.name)
    except OSError:  # a folder that vanished, or that we may not read
        return
    names = {e.name for e in there if e.is_file(follow_symlinks=False)}
    yield folder, names
    if depth < DEPTH and MANIFEST not in names:
        for entry in there:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _walk(folder / entry.name, depth + 1)


def _stamp(path: Path, there: set[str]) -> tuple[tuple[str, int, int], ...]:
    out = []
    for name in (*FILES, f"{LEDGER}-wal"):
        if name in there:
            try:
                seen = (path / name).lstat()
            except OSError:
                continue
            out.append((name, seen.st_mtime_ns, seen.st_size))
    return tuple(out)


def run_row(item: Item) -> dict[str, Any]:
    """One run as a row of the table: plain values for the browser.

    A damaged file is told in ``note``; nothing is raised.

    Args:
        item: the run.

    Returns:
        Plain values for JSON.
    """
    row: dict[str, Any] = {
        "id": item.id, "kind": "run", "name": item.name, "scenario": "", "agent": "", "seed": "", "state": "",
        "done": 0, "budget": 0, "best": "", "met": False, "note": "", "seen": 0.0,
    }  # fmt: skip
    there = {name for name, *_ in item.stamp}
    row["seen"] = max((ns / 1e9 for _, ns, _ in item.stamp), default=0.0)
    row["page"] = (item.path / "page.html").is_file() and not (item.path / "page.html").is_symlink()
    try:
        manifest = read_json(item.path / MANIFEST)
        row |= {
            "scenario": str(manifest["scenario"]["name"]),
            "agent": str(manifest["agent"]),
            "seed": int(manifest["seed"]),
            "budget": int(manifest["budget"]),
        }
        if RESULT in there:
            row |= _finished(read_json(item.path / RESULT))
        elif LIVE in there:
            live = read_json(item.path / LIVE)
            row |= {"done": int(live["done"]), "best": str(live["best"] or "nothing feasible yet")}
            row |= {"met": bool(live["specs_met"]), "seen": float(live["time"]), "state": "running"}
        else:
            row["state"] = "started"
    except FAULTS as error:
        row |= {"state": "unreadable", "note": f"{type(error).__name__}: {error}"[:200]}
    return row


def aged(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the state that it has now: a run that says nothing for a minute is silent.

    Args:
        row: of a run or a sweep.

    Returns:
        The row itself, or a copy with the state ``silent``.
    """
    quiet = row["state"] in ("running", "started") and time.time() - row["seen"] > ALIVE_S
    return row | {"state": "silent"} if quiet else row


def _finished(result: dict[str, Any]) -> dict[str, Any]:
    best = result["best"]
    words = "nothing feasible"
    if best is not None:
        values = best["objectives"]
        parts = [
            f"{o['name']} {quantity(values[o['name']], o['unit'])}" for o in result["objectives"]
        ]
        missed = f" (misses {', '.join(best['missed'])})" if best["missed"] else ""
        words = ", ".join(parts) + missed
    return {
        "state": "done", "done": int(result["charged"]), "best": words,
        "met": bool(result["specs_met"]),
    }  # fmt: skip
