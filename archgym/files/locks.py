"""A folder held by one process at a time."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import IO

from ..errors import StoreError


def hold(path: Path, busy: str, denied: str) -> IO[str]:
    """Lock a file until it is closed, or until the process ends, however it ends.

    Args:
        path: the file; it is made where it is missing, and its content stays as it is.
        busy: the message where another process holds the lock.
        denied: the message where the file cannot be opened; ``{why}`` in it becomes the system's reason.

    Returns:
        The open file. Closing it gives the lock back.

    Raises:
        StoreError: another process holds it, or it cannot be written.
    """
    file = None
    try:
        # a link is not followed, and nothing is truncated: whatever lies there stays as it is
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        file = os.fdopen(handle, "r+")
        _lock(file.fileno())
    except OSError as error:
        if file is not None:
            file.close()
        if isinstance(error, BlockingIOError):
            raise StoreError(busy) from None
        raise StoreError(denied.replace("{why}", str(error.strerror))) from error
    return file


def _lock(handle: int) -> None:
    """Take the lock, or raise BlockingIOError where another process holds it."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: the first byte is locked, which may lie beyond the end
        msvcrt = import_module("msvcrt")
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # what Windows says of a byte that is locked
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
