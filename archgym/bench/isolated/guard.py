"""What code in an agent's process may do: compute, read libraries, write scratch files; nothing else.

An audit hook of Python's refuses the rest and cannot be taken off.  It keeps an agent from the answers, in
certificates or simulators.  Native code knows no hooks; on Linux the kernel keeps it from files as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .landlock import confine

# what libraries read to learn how many cores and how much memory there are
OF_THE_MACHINE = (
    "/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self/cgroup",
    "/proc/self/status", "/proc/self/maps", "/sys/devices/system/", "/sys/fs/cgroup/", "/etc/localtime",
    "/usr/share/zoneinfo/",
)  # fmt: skip
# packages of archgym's that an agent may import; the others hold or reach answers
ALLOWED = (
    "agents", "bench.isolated", "contracts", "documents", "domains", "errors", "extras", "files",
    "goals.pareto", "kernels", "registry", "space", "statistics", "trust", "units", "versions",
)  # fmt: skip
_PARENTS = ("archgym.goals", "archgym.bench")
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
    "pty.spawn", "os.kill", "os.killpg", "os.startfile", "webbrowser.", "urllib.", "ftplib.", "smtplib.",
    "imaplib.", "poplib.", "telnetlib.", "nntplib.", "sqlite3.connect", "cpython.remote_debugger_script",
    "sys.remote_exec",
)  # fmt: skip
WRITING = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "os.utime", "shutil.", "os.chdir", "os.mkfifo", "os.setxattr",
)  # fmt: skip
_NATIVE = frozenset(
    (
        "open", "open64", "openat", "fopen", "fopen64", "read", "pread", "mmap", "mmap64", "system", "popen",
        "execve", "execv", "execvp", "fork", "vfork", "clone", "posix_spawn", "syscall", "socket", "connect",
        "ptrace", "process_vm_readv", "dlopen", "dlmopen",
    )
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Guard:
    """Answers every audit event: passes it, or raises ``PermissionError``.

    Args:
        own: the folder of the agent's source, which may be read; None for an agent that ships.
        scratch: the folder that may be written.
    """

    def __init__(self, own: Path | None, scratch: Path) -> None:
        core = Path(__file__).resolve().parents[2]
        (agents,) = _leaf_folders("agents")
        readable = [agents, scratch.resolve(), *([own.resolve()] if own else [])]
        readable += [core / part.replace(".", "/") for part in (*ALLOWED, "goals", "bench")]
        readable += [core / f"{part}.py" for part in ALLOWED] + [core / "__init__.py"]
        self._readable = tuple(map(str, readable))
        self.libraries = tuple({str(Path(p).resolve()) for p in _library_paths()})
        # archgym's own files are libraries only where they are listed
        self._core = (str(core), *map(str, _leaf_folders("simulators", "scenarios", "cost_models")))
        self._scratch = str(scratch.resolve())

    def readable(self) -> list[str]:
        """Every path that may be read, for the kernel: libraries one by one, archgym not among them."""
        mine = self._core
        system = [p for p in ("/lib", "/lib64", "/usr/lib") if not _within(mine[0], [p])]
        found = [*self._readable, *OF_THE_MACHINE, *system, "/etc/ld.so.cache"]
        for folder in self.libraries:
            inner = os.listdir(folder) if os.path.isdir(folder) else []
            paths = [os.path.join(folder, name) for name in inner]
            found += [p for p in paths if os.path.realpath(p) not in mine]
        return found

    def __call__(self, event: str, arguments: Sequence[Any]) -> None:
        """The hook.

        Args:
            event: its name, see Python's table of audit events.
            arguments: of the event.

        Raises:
            PermissionError: an agent may not do this.
        """
        if event == "import":
            self._import(str(arguments[0]))
        elif event == "open":
            path, mode, flags = (*arguments, None, None)[:3]
            self._open(path, mode, flags)
        elif event in ("os.listdir", "os.scandir"):
            self._open(arguments[0] if arguments[0] is not None else ".", "r", 0)
        elif event == "ctypes.dlopen":
            if arguments[0] is not None and os.sep in str(arguments[0]):
                self._open(arguments[0], "r", 0)
        elif event.startswith("ctypes.dlsym") and str(arguments[-1]) in _NATIVE:
            refuse(f"use {arguments[-1]} of the C library")
        elif event.startswith(REFUSED) and event != "socket.gethostname":
            refuse(event)
        elif event.startswith(WRITING):
            self._write(arguments[0] if arguments else None)

    def _import(self, name: str) -> None:
        if name != "archgym" and not name.startswith("archgym."):
            return
        if name in sys.modules or name == "archgym" or name in _PARENTS:
            return
        part = name.removeprefix("archgym.")
        if not any(part == a or part.startswith(f"{a}.") for a in ALLOWED):
            refuse(f"import {name}")

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if path is None or isinstance(path, int):
            return  # a file that is open already
        number = flags if isinstance(flags, int) else 0
        if number & _WRITES or (isinstance(mode, str) and set(mode) & set("wax+")):
            self._write(path)
            return
        place = _real(path)
        if place.startswith(OF_THE_MACHINE) or _within(place, self._readable):
            return
        if not _within(place, self._core) and (
            _within(place, self.libraries) or _within_installed(place)
        ):
            return
        refuse(f"read {place}")

    def _write(self, path: Any) -> None:
        if path is None or isinstance(path, int):
            return
        place = _real(path)
        if place != "/dev/null" and not _within(place, (self._scratch,)):
            refuse(f"write {place}")


def refuse(what: str) -> None:
    """Refuse what an agent tried.

    Args:
        what: it tried.

    Raises:
        PermissionError: always.
    """
    raise PermissionError(f"an agent that is judged may not {what}")


def _real(path: Any) -> str:
    """Where a path leads, links followed."""
    return os.path.realpath(os.fsdecode(path))


def _within(place: str, folders: Sequence[str]) -> bool:
    return any(place == f or place.startswith(f + os.sep) for f in folders)


def _within_installed(place: str) -> bool:
    """A shared library of the system, wherever the loader looks."""
    return place.startswith(("/lib", "/usr/lib")) and (".so" in place or "ld.so" in place)


def _library_paths() -> list[str]:
    """Where Python's and other packages' files lie."""
    import sysconfig

    named = ("stdlib", "platstdlib", "purelib", "platlib")
    return [p for n in named if (p := sysconfig.get_path(n))] + [os.path.dirname(os.__file__)]


def _leaf_folders(*names: str) -> list[Path]:
    """Folders of packages that an editable installation has elsewhere."""
    from importlib.util import find_spec

    found = []
    for name in names:
        spec = find_spec(f"archgym.{name}")
        if spec is not None and spec.origin is not None:
            found.append(Path(spec.origin).resolve().parent)
    return found


def lock(own: Path | None, scratch: Path) -> bool:
    """Hold this process to what an agent may do, until it ends.

    Args:
        own: the folder of the agent's source; None for an agent that ships.
        scratch: the folder that may be written.

    Returns:
        Whether the kernel keeps native code from other files too.
    """
    guard = Guard(own, scratch)
    confined = confine(guard.readable(), [scratch, "/dev/null"], guard.libraries)
    sys.addaudithook(guard)
    return confined
