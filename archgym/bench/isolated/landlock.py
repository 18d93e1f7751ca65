"""Linux' Landlock: a process gives up every file but those it names, native code included, for good.

Elsewhere, and on kernels before 5.13, nothing is confined, and :func:`confine` says so.  TCP is given up from
version 4 on (Linux 6.7), signals and abstract sockets of other processes from version 6 on (Linux 6.12).  UDP
is never given up.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# system calls, the same on every architecture since Linux 5.13
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38  # of prctl
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # rights that each version of Landlock handles
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_OF_FILES = 1 << 0 | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15


def version() -> int:
    """The version of Landlock that the kernel offers; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    library = ctypes.CDLL(None, use_errno=True)
    return max(0, int(library.syscall(_CREATE, None, 0, _ASK_VERSION)))


def confine(
    readable: Iterable[str | Path],
    writable: Iterable[str | Path],
    listed: Iterable[str | Path] = (),
) -> bool:
    """Leave this process these files and folders, and no TCP port where the kernel can.

    Args:
        readable: files and folders; those that do not exist are passed over.
        writable: folders, and devices such as ``/dev/null``.
        listed: folders whose names may be read, of files in and below them.

    Returns:
        Whether the kernel keeps it from all other files.
    """
    known = version()
    if not known:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    whole = (1 << _FS_BITS[min(known, 5)]) - 1
    # files; binding and connecting (version 4); sockets and signals of other processes (version 6)
    rights = [whole, 3, 3][: 3 if known >= 6 else 2 if known >= 4 else 1]
    attributes = struct.pack(f"{len(rights)}Q", *rights)
    rules = library.syscall(_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            _add(library, rules, path, _READ_FILE | _READ_DIR)
        for path in listed:
            _add(library, rules, path, _READ_DIR)
        for path in writable:
            _add(library, rules, path, whole & ~1)  # nothing is executed
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return bool(library.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _add(library: ctypes.CDLL, rules: int, path: str | Path, rights: int) -> None:
    """Allow one path; one that is not there is allowed nothing."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & _OF_FILES
        rule = struct.pack("=Qi", allowed, handle)
        library.syscall(_ADD, rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(handle)
