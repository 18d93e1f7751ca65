"""Which process a note on disk is of, and whether that process is still there."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

_CLAIM_S = 3600.0  # after this long, a claim of another machine's process counts as forgotten

_WINDOWS = os.name == "nt"  # where os.kill ends a process, whatever the signal


def this_process() -> str:
    """This process, as :func:`forgotten` takes it: host, number and start."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process started, in the kernel's clock; '' where that cannot be read.

    It tells a process from a later one that was given the same number; one that has ended and is still
    listed (a zombie) is ``gone``.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = text.rpartition(")")[2].split()
        return "gone" if state in "ZX" else f"{boot}/{fields[18]}"
    except (OSError, IndexError):
        return ""


def forgotten(owner: str, since: float) -> bool:
    """Whether the process that claimed a design is gone, or has been silent for too long to tell.

    On this machine the system is asked. A claim of another machine's process is forgotten after an hour.

    Args:
        owner: what :func:`this_process` returned in that process.
        since: when it made the claim, seconds since 1970.

    Returns:
        Whether somebody else may take the design.
    """
    host, pid, started = owner.rsplit(":", 2)
    if host != socket.gethostname() or _WINDOWS:
        return time.time() - since > _CLAIM_S
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return started != _started(int(pid))
