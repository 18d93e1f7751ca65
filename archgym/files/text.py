"""Text, bytes and JSON, written so that a reader sees the old file or the new one, never half of it."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..errors import StoreError

_MASK = os.umask(0)  # the only way to read it is to set it
os.umask(_MASK)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step.

    Args:
        path: the file.
        value: what JSON can hold; anything else is written as its text.

    Raises:
        StoreError: the file cannot be written.
    """
    write_text(path, json.dumps(value, indent=2, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """Replace a text file (UTF-8) in one step.

    Args:
        path: the file.
        text: its whole content.

    Raises:
        StoreError: the file cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    The temporary file beside it has a name of its own, and a symbolic link at ``path`` is replaced, not
    followed: nothing outside the folder is ever written to.

    Args:
        path: the file.
        data: its whole content.

    Raises:
        StoreError: the disk is full, or the folder is not there or cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        share(temporary)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise StoreError(
            f"cannot write {path}: {error.strerror}; free some space or choose another place, then try "
            "again (continue a run with --resume)"
        ) from error


def share(temporary: str | Path) -> None:
    """Give a temporary file, made for its owner alone, the rights that any new file has.

    Args:
        temporary: the file.
    """
    os.chmod(temporary, 0o666 & ~_MASK)
