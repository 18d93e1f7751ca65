"""Whether a simulator's code is the code that its version was recorded with.

Evaluations, tables, certificates and data sets are filed under a simulator's fingerprint.  It holds
the declared ``version``; and wherever the sources that the answers depend on, those of neighbouring
folders included, differ from the ones recorded in ``physics.json`` beside the simulator's module, it
holds a digest of them too.  So an edited model never answers under its old key, while released keys
survive a change of form: ``make physics`` records that under the old version once it has seen that
the figures are the same, and asks for a new version where they are not.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from .sources import closure, located, source_key, source_of, tables

RECORD = "physics.json"


@cache
def unreleased(cls: type) -> str:
    """A digest of a simulator's code where it is not the recorded code; else empty.

    The classes that it is derived from count too. Where nothing is recorded, the declared version alone
    stands for the physics. This is so for simulators outside this project, unless they keep a record.

    Args:
        cls: the simulator's class.

    Returns:
        Hexadecimal digits, or ''.
    """
    changed = [key for base in cls.__mro__ if (key := _changed(base.__module__))]
    return "-".join(dict.fromkeys(changed))


@cache
def _changed(module: str) -> str:
    start = source_of(module)
    record = None if start is None else recorded(start.path.parent).get(start.path.name)
    if record is None:
        return ""
    if record["bytes"] == _bytes(tuple(record["modules"])):  # untouched: nothing to parse
        return ""
    key = source_key(module)
    return "" if record["sources"] == key else key


@cache
def recorded(folder: Path) -> dict[str, dict[str, Any]]:
    """What ``physics.json`` in a folder says.

    Args:
        folder: of simulators.

    Returns:
        By simulator's file: what :func:`record_of` returns, and figures. Empty without a record.
    """
    path = folder / RECORD
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def record_of(cls: type) -> dict[str, Any]:
    """A simulator's entry in ``physics.json``.

    Args:
        cls: the simulator's class.

    Returns:
        ``version``; ``sources``, the digest that comments do not change; ``modules``, whose sources
        count; ``bytes``, a digest of those as they lie on disk, which is quick to compare.

    Raises:
        ValueError: the class has no source file.
    """
    start = source_of(cls.__module__)
    if start is None:
        raise ValueError(f"{cls.__qualname__} has no source file")
    modules = [source.name for source in closure(start, compiled=False)]
    return {
        "version": cls.version,  # type: ignore[attr-defined]
        "sources": source_key(cls.__module__),
        "bytes": _bytes(tuple(modules)),
        "modules": modules,
    }


def _bytes(modules: tuple[str, ...]) -> str:
    """A digest of the modules' files and tables; empty where a module is gone."""
    paths = [source.path for name in modules if (source := located(name)) is not None]
    if len(paths) < len(modules):
        return ""
    digest = hashlib.sha256()
    for path in [*paths, *tables(paths)]:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
