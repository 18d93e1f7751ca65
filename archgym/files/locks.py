"""A folder held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from ..errors import StoreError


def hold(path: Path, busy: str, denied: str) -> IO[str]:
    """Lock a file until it is closed, or until the process ends however it ends.

    Raises:
        StoreError: another process holds it (``busy``), or it cannot be written (``denied``, in which
            ``{why}`` is the system's reason).
    """
    file = None
    try:
        # a link is not followed, and nothing is truncated: whatever lies there stays as it is
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        file = os.fdopen(handle, "r+")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if file is not None:
            file.close()
        if isinstance(error, BlockingIOError):
            raise StoreError(busy) from None
        raise StoreError(denied.replace("{why}", str(error.strerror))) from error
    return file
