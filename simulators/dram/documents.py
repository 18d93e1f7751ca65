"""DRAMSys' JSON files, read as they are: the parts that refer to other files, and their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import WorkloadError

LARGEST_FILE = 16 << 20
DEEPEST = 32


def read_json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file.

    Args:
        path: of the file.

    Returns:
        The mapping.

    Raises:
        WorkloadError: no such file, too large or deep, no JSON (with the line), NaN or infinity.
    """
    try:
        if not path.is_file():
            raise WorkloadError(f"{path}: no such file (from {Path.cwd()})")
        if path.stat().st_size > LARGEST_FILE:
            raise WorkloadError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; no DRAMSys file is")
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, WorkloadError):
            raise
        raise WorkloadError(f"{path}: no readable JSON: {error}") from error
    if not isinstance(document, dict):
        raise WorkloadError(f"{path}: expected a JSON object, got {type(document).__name__}")
    return document


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def section(document: Mapping[str, Any], key: str, path: Path, *folders: str) -> Any:
    """A part of a DRAMSys document: inline, or named as a file beside it.

    Keys are found whatever their case. A file's own outer key of that name is unwrapped.

    Args:
        document: the whole.
        key: of the part, in small letters.
        path: of the document's file.
        folders: beside the document, in which a file is looked for too.

    Returns:
        The part; None where it is missing.

    Raises:
        WorkloadError: a file that it names does not exist, or is no JSON.
    """
    value = next((v for k, v in document.items() if k.lower() == key), None)
    if not isinstance(value, str):
        return value
    file = beside(path, value, key, *folders)
    inner = read_json(file)
    return next((v for k, v in inner.items() if k.lower() == key), inner)


def beside(path: Path, name: str, what: str, *folders: str) -> Path:
    """The file of that name beside a document, or in one of the folders beside it.

    Args:
        path: of the document.
        name: of the file.
        what: the key that names it, for the error.
        folders: beside the document.

    Returns:
        The path of the first that exists.

    Raises:
        WorkloadError: there is none.
    """
    tried = [path.parent / folder / name for folder in ("", *folders)]
    for candidate in tried:
        try:
            if candidate.is_file():
                return candidate
        except (OSError, ValueError):
            continue
    raise WorkloadError(
        f"{path}: {what} names {name[:200]!r}, which does not exist; looked for "
        f"{', '.join(str(t) for t in tried)}"
    )


class Numbers:
    """Numbers of one section, every fault of it collected."""

    def __init__(self, values: Any, where: str, faults: list[str]) -> None:
        self._where, self._faults = where, faults
        self._values: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        if not isinstance(values, Mapping):
            faults.append(f"{where} is missing or no object")

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number in a range. A number that is none becomes a fault.

        Args:
            key: its name.
            low: the least that is legal.
            high: the largest that is legal.
            default: where the section does not name it; None where it must.

        Returns:
            The number; ``low`` where there is a fault.
        """
        value = self._values.get(key, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._fault(key, f"a whole number from {low} to {high}", value)
            return low
        return value

    def real(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A finite number in a range. One that is none becomes a fault.

        Args:
            key: its name.
            low: the least that is legal.
            high: the largest that is legal.
            default: where the section does not name it; None where it must.

        Returns:
            The number; ``low`` where there is a fault.
        """
        value = self._values.get(key, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            self._fault(key, f"a number from {low:g} to {high:g}", value)
            return low
        return float(value)

    def has(self, key: str) -> bool:
        """Whether the section names this key.

        Args:
            key: a name.

        Returns:
            Whether it does, whatever the value.
        """
        return key in self._values

    def _fault(self, key: str, expected: str, value: Any) -> None:
        got = "nothing" if value is None else repr(value)[:40]
        self._faults.append(f"{self._where}.{key}: expected {expected}, got {got}")
