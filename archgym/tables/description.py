"""What ``table.json`` says of a table, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..documents import read_json, shortened
from ..errors import ArchgymError, StoreError
from ..files.seal import damaged

DESCRIPTION = "table.json"


def read_description(folder: Path) -> dict[str, Any]:
    """``table.json`` of a folder.

    Args:
        folder: of a table.

    Returns:
        The description, checked.

    Raises:
        ArchgymError: there is none; StoreError: names all that is wrong with it.
    """
    path = folder / DESCRIPTION
    try:
        found = read_json(path)
    except FileNotFoundError:
        raise ArchgymError(f"{folder} holds no table (no {DESCRIPTION})") from None
    except StoreError as error:
        raise StoreError(
            f"{path} cannot be read ({error}); delete the folder and enumerate again"
        ) from error
    if damaged(found):
        raise StoreError(
            f"{path} is damaged (its digest differs); delete the folder and enumerate again"
        )
    faults = _faults(found)
    if faults:
        raise StoreError(
            f"{path} is damaged: {'; '.join(faults)}; delete the folder and enumerate again"
        )
    return found


def _faults(d: Mapping[str, Any]) -> list[str]:
    out = []

    def demand(key: str, good: bool, expected: str) -> None:
        if key not in d:
            out.append(f"{key} is missing")
        elif not good:
            out.append(f"{key}: expected {expected}, got {shortened(d[key])}")

    metrics, parameters = d.get("metrics"), d.get("parameters")
    demand("key", isinstance(d.get("key"), str) and bool(d.get("key")), "a text")
    demand("metrics", _names(metrics) and bool(metrics), "different names")
    demand("parameters", _choices(parameters), "lists of values by knob")
    for key in ("designs", "rows", "evaluated"):
        demand(key, type(d.get(key)) is int and d[key] >= 0, "a whole number")
    digests, reasons = d.get("digests"), d.get("reasons")
    demand("digests", isinstance(digests, dict) and all(isinstance(v, str) for v in digests.values()),
           "texts by file")  # fmt: skip
    demand("reasons", isinstance(reasons, dict) and all(k.isascii() and k.isdigit() for k in reasons)
           and all(isinstance(v, str) for v in reasons.values()), "texts by row")  # fmt: skip
    demand("fingerprint", _fingerprint(d.get("fingerprint")), "a mapping with the space")
    return out


def _names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(v, str) and v for v in value)
        and len(set(value)) == len(value)
    )


def _values(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, str | int | float) for v in value)
    )


def _choices(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_values, value.values()))


def _fingerprint(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("space"), list):
        return False
    space = value["space"]
    pairs = all(isinstance(p, list) and len(p) == 2 and _values(p[1]) for p in space)
    return (
        pairs and _names([p[0] for p in space]) and all(len(set(p[1])) == len(p[1]) for p in space)
    )
