"""Reading YAML and JSON from files and texts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import yaml

from ..errors import ArchgymError, ScenarioError, StoreError
from . import careful_yaml
from .values import shortened

MOST_BYTES = 16 << 20  # of a document


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """A whole file of at most so many bytes.

    Args:
        path: the file.
        most: bytes that it may have.

    Returns:
        Its content.

    Raises:
        ScenarioError: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > most:
        raise ScenarioError(f"{path} is larger than {most:,} bytes: no document of archgym's is")
    return data


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping from a file; numbers are finite, keys stand once, sizes and depths are bounded.

    Args:
        path: the file.

    Returns:
        The mapping.

    Raises:
        ScenarioError: it cannot be read, is no YAML, or no mapping.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
        document = careful_yaml.load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise ScenarioError(f"{path}: expected a mapping of keys, got {type(document).__name__}")
    return document


def read_json(
    path: Path, most: int = MOST_BYTES, wrong: type[ArchgymError] = StoreError
) -> dict[str, Any]:
    """A JSON mapping from a file; numbers are finite, keys stand once.

    Args:
        path: the file.
        most: bytes that it may have.
        wrong: the error to raise.

    Returns:
        The mapping.

    Raises:
        FileNotFoundError: it does not exist.
        StoreError: (or ``wrong``) it cannot be read, is no JSON, or no mapping.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        data = read_bytes(path, most)
    except ScenarioError as error:
        raise wrong(str(error)) from error
    document = parse_json(data, str(path), wrong)
    if not isinstance(document, dict):
        raise wrong(f"{path}: expected a mapping of keys, got {type(document).__name__}")
    return document


def parse_json(
    text: str | bytes, where: str, wrong: type[ArchgymError] = StoreError, most: int = MOST_BYTES
) -> Any:
    """A JSON value from text; numbers are finite, keys stand once.

    Args:
        text: the document, in UTF-8 where it is bytes.
        where: how messages call it: its file, or the column of a database.
        wrong: the error to raise.
        most: characters (of bytes: bytes) that it may have.

    Returns:
        The value.

    Raises:
        StoreError: (or ``wrong``) it is too large, or no JSON.
    """
    if len(text) > most:
        raise wrong(f"{where} is larger than {most:,} bytes: no document of archgym's is")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return json.loads(
            decoded, parse_constant=_real, parse_float=_real, object_pairs_hook=_keys_once
        )
    except (ValueError, RecursionError, TypeError) as error:
        raise wrong(f"{where} cannot be read as JSON: {error}") from error


def _real(word: str) -> float:
    value = float(word)  # NaN, Infinity; 1e999 becomes infinite
    if not math.isfinite(value):
        raise ValueError(f"{word[:40]} is no number that a document may hold")
    return value


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {shortened(twice)} twice")
    return found
