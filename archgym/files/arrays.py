"""Arrays in an npz file, read within limits: a damaged or hostile file is one line, not a crash."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import StoreError

MOST_BYTES = 4 << 30  # of all arrays together, unpacked
# what numpy and zipfile raise on bytes that are not a file of theirs
DAMAGES = (
    OSError, ValueError, TypeError, KeyError, IndexError, EOFError, NotImplementedError, MemoryError,
    OverflowError, RuntimeError, SyntaxError, struct.error, tokenize.TokenError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_arrays(path: Path, most: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Every array of an npz file by its name.

    Args:
        path: the file.
        most: bytes that the arrays may take unpacked, by the file's own directory.

    Returns:
        The arrays by name.

    Raises:
        FileNotFoundError: it does not exist.
        StoreError: it is damaged, holds Python objects, or would take more memory than ``most``.
    """
    try:
        with zipfile.ZipFile(path) as directory:
            size = sum(entry.file_size for entry in directory.infolist())
        if size > most:
            raise StoreError(f"{path} would take {size:,} bytes of memory, more than {most:,}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise
    except DAMAGES as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} is damaged ({type(error).__name__}: {error})") from error
