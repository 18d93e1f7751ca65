"""A proxy's folder: ``proxy.json`` (what it is) and ``arrays-….npz`` (all numbers); no code is in it or run."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..documents import read_json
from ..errors import StoreError
from ..files.arrays import read_arrays
from ..files.text import write_bytes, write_json
from .rows import ProxyError

DESCRIPTION = "proxy.json"
OF_KNOBS = 3
STRUCTURAL = 4  # says which features of a simulator are seen
SHRUNK = 5  # and how far it departs from the simulator's estimates
FORMATS = (OF_KNOBS, STRUCTURAL, SHRUNK)


def write(folder: Path, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a proxy's words and numbers.

    A proxy that was there stays whole until ``proxy.json``, the last file, is written.

    Args:
        folder: where to; it is made if it is missing.
        document: words.
        arrays: numbers, by name.

    Raises:
        StoreError: the folder cannot be written.
    """
    digest = digest_of(document, arrays)
    buffer = io.BytesIO()
    named: dict[str, Any] = {k.replace("/", "|"): v for k, v in arrays.items()}
    np.savez_compressed(buffer, **named)
    file = f"arrays-{digest[:16]}.npz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write {folder}: {error.strerror}; free some space and train again"
        ) from error
    write_bytes(folder / file, buffer.getvalue())
    write_json(folder / DESCRIPTION, {**document, "digest": digest, "arrays": file})
    for old in folder.glob("arrays-*.npz"):  # of a proxy that this one replaces
        if old.name != file:
            old.unlink(missing_ok=True)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a proxy's words and numbers.

    Args:
        folder: what :func:`write` wrote.

    Returns:
        Document and arrays.

    Raises:
        ProxyError: no proxy, another format, or numbers that are not those that were saved.
    """
    try:
        document = read_json(folder / DESCRIPTION)
        if document.get("format") not in FORMATS:
            raise ProxyError(
                f"{folder} is of format {document.get('format')}, this version reads "
                f"{', '.join(map(str, FORMATS))}; train it again"
            )
        name = str(document.pop("arrays", ""))
        if name != Path(name).name or not name.endswith(".npz"):
            raise ProxyError(f"{folder}: {name!r} is no name of an array file")
        found = read_arrays(folder / name)
        arrays = {k.replace("|", "/"): v for k, v in found.items()}
    except FileNotFoundError:
        raise ProxyError(
            f"{folder} holds no proxy (no {DESCRIPTION}, or its arrays are missing); archgym train"
        ) from None
    except StoreError as error:
        raise ProxyError(f"{error}; train it again") from error
    saved = document.pop("digest", None)
    if digest_of(document, arrays) != saved:
        raise ProxyError(
            f"{folder}: {DESCRIPTION} or its arrays are not what was saved (the digest differs); "
            "train it again"
        )
    return document, arrays


def digest_of(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """A digest of everything that a proxy's folder says.

    Args:
        document: of ``proxy.json``, without digest and file name.
        arrays: by name.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode())
    for name in sorted(arrays):
        digest.update(
            name.encode() + str(arrays[name].dtype).encode() + str(arrays[name].shape).encode()
        )
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:32]


def under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin with a prefix, by the rest of their names.

    Args:
        prefix: such as ``rows/``.
        arrays: by name.

    Returns:
        Those arrays.
    """
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
