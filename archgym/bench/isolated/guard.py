"""What code in an agent's process may do: compute, read libraries, write scratch files; nothing else.

An audit hook of Python's refuses the rest.  It is against accidents and the usual ways round, and says what
was tried.  It is no wall: code that shares its process can undo it.  The wall is Landlock, of the kernel (see
:mod:`.landlock`).  It holds native code too, and nothing lifts it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
PACKED = "archgym_bench"  # tasks as tables: their answers are in its files
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
    "pty.spawn", "os.kill", "os.killpg", "os.startfile", "webbrowser.", "urllib.", "ftplib.", "smtplib.",
    "imaplib.", "poplib.", "telnetlib.", "nntplib.", "sqlite3.connect", "cpython.remote_debugger_script",
    "sys.remote_exec",
)  # fmt: skip
WRITING = (
    "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime", "shutil.",
    "os.chdir", "os.mkfifo", "os.setxattr",
)  # fmt: skip
MOVING = (
    "os.rename",
    "os.link",
    "os.symlink",
    "shutil.move",
)  # of two paths, and both must be its own
COPYING = "shutil.copy"  # from a path that may be read
_NATIVE = frozenset(
    (
        "open", "open64", "openat", "fopen", "fopen64", "read", "pread", "mmap", "mmap64", "system", "popen",
        "execve", "execv", "execvp", "fork", "vfork", "clone", "posix_spawn", "syscall", "socket", "connect",
        "ptrace", "process_vm_readv", "dlopen", "dlmopen",
    )
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


# an audit event's name and arguments
Hook = Callable[[str, Sequence[Any]], None]


@dataclass(frozen=True)
class Places:
    """Where an agent may read and write; links are followed.

    Attributes:
        readable: files and folders of archgym's that it needs, and its own.
        libraries: folders of Python's and other packages.
        closed: what lies in them and may not be read.
        scratch: the folder that may be written.
    """

    readable: Sequence[str]
    libraries: Sequence[str]
    closed: Sequence[str]
    scratch: str

    def for_kernel(self) -> list[str]:
        """Every path that may be read: libraries one by one, those that hold answers not among them."""
        system = [
            p
            for p in ("/lib", "/lib64", "/usr/lib")
            if not any(_within(c, [p]) for c in self.closed)
        ]
        found = [*self.readable, *OF_THE_MACHINE, *system, "/etc/ld.so.cache"]
        for folder in self.libraries:
            inner = os.listdir(folder) if os.path.isdir(folder) else []
            paths = [os.path.join(folder, name) for name in inner]
            found += [p for p in paths if os.path.realpath(p) not in self.closed]
        return found


def places(own: Path | None, scratch: Path) -> Places:
    """Where an agent may read and write on this machine.

    Args:
        own: the folder of the agent's source, which may be read; None for an agent that ships.
        scratch: the folder that may be written.

    Returns:
        The places.
    """
    core = Path(__file__).resolve().parents[2]
    (agents,) = _folders("archgym.agents")
    readable = [agents, scratch.resolve(), *([own.resolve()] if own else [])]
    readable += [core / part.replace(".", "/") for part in (*ALLOWED, "goals", "bench")]
    readable += [core / f"{part}.py" for part in ALLOWED] + [core / "__init__.py"]
    # archgym's own files are libraries only where they are listed
    closed = _folders("archgym.simulators", "archgym.scenarios", "archgym.cost_models", PACKED)
    libraries = {str(Path(p).resolve()) for p in _library_paths()}
    return Places(
        tuple(map(str, readable)), tuple(libraries), (str(core), *map(str, closed)), str(scratch.resolve())
    )  # fmt: skip


def hook_of(where: Places) -> Hook:
    """The audit hook. All that it uses is bound here: other values in this module do not change it.

    Args:
        where: an agent may read and write.

    Returns:
        A function of an event and its arguments, which raises ``PermissionError`` for what is not allowed.
    """
    refused, writing, moving, copying, native = REFUSED, WRITING, MOVING, COPYING, _NATIVE
    no, starts, separator = refuse, str.startswith, os.sep
    imported, (read, write, opened) = _imports(), _files(where)

    def hook(event: str, arguments: Sequence[Any]) -> None:
        if event == "import":
            imported(str(arguments[0]))
        elif event == "open":
            opened(*(*arguments, None, None)[:3])
        elif event in ("os.listdir", "os.scandir"):
            read(arguments[0] if arguments[0] is not None else ".")
        elif event == "ctypes.dlopen":
            if arguments[0] is not None and separator in str(arguments[0]):
                read(arguments[0])
        elif starts(event, "ctypes.dlsym") and str(arguments[-1]) in native:
            no(f"use {arguments[-1]} of the C library")
        elif starts(event, refused) and event != "socket.gethostname":
            no(event)
        elif event in moving:
            write(arguments[0])
            write(arguments[1])
        elif starts(event, copying):
            read(arguments[0])
            write(arguments[1])
        elif starts(event, writing):
            write(arguments[0] if arguments else None)

    return hook


def _imports() -> Callable[[str], None]:
    """Refuses packages that hold or reach answers."""
    parents, allowed, packed, modules, no = _PARENTS, ALLOWED, PACKED, sys.modules, refuse

    def imported(name: str) -> None:
        if name == packed or name.startswith(f"{packed}.") or name == "_posixsubprocess":
            no(f"import {name}")
        if not name.startswith("archgym.") or name in modules or name in parents:
            return
        part = name.removeprefix("archgym.")
        if not any(part == a or part.startswith(f"{a}.") for a in allowed):
            no(f"import {name}")

    return imported


def _files(where: Places) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """Refuse paths for reading, for writing, and as files are opened."""
    realpath, decoded, is_folder, is_absolute = (
        os.path.realpath, os.fsdecode, os.path.isdir, os.path.isabs
    )  # fmt: skip
    within, installed, no, writes = _within, _within_installed, refuse, _WRITES
    machine = tuple(map(realpath, OF_THE_MACHINE))  # /proc/self leads to a number

    def read(path: Any) -> None:
        if path is None or isinstance(path, int):
            return  # a file that is open already
        place = realpath(decoded(path))
        if within(place, machine) or within(place, where.readable):
            return
        if within(place, where.closed) or not (within(place, where.libraries) or installed(place)):
            no(f"read {place}")

    def write(path: Any) -> None:
        if path is None or isinstance(path, int):
            return
        place = realpath(decoded(path))
        if place != "/dev/null" and not within(place, (where.scratch,)):
            no(f"write {place}")

    def opened(path: Any, mode: Any, flags: Any) -> None:
        number = flags if isinstance(flags, int) else 0
        if number & writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            write(path)
            return
        read(path)
        if mode is not None or path is None or isinstance(path, int):
            return
        # os.open does not tell its dir_fd: none is given away that leads out of the scratch folder
        name = decoded(path)
        if not is_absolute(name) and ".." in name.split("/"):
            no(f"open {name}, a path through ..")
        if is_folder(name) and not within(realpath(name), (where.scratch,)):
            no(f"open the folder {name}")

    return read, write, opened


def refuse(what: str) -> None:
    """Refuse what an agent tried.

    Args:
        what: it tried.

    Raises:
        PermissionError: always.
    """
    raise PermissionError(f"an agent that is judged may not {what}")


def _within(place: str, folders: Sequence[str]) -> bool:
    return any(place == f or place.startswith(f + "/") for f in folders)


def _within_installed(place: str) -> bool:
    """A shared library of the system, wherever the loader looks."""
    return place.startswith(("/lib", "/usr/lib")) and (".so" in place or "ld.so" in place)


def _library_paths() -> list[str]:
    """Where Python's and other packages' files lie."""
    import sysconfig

    named = ("stdlib", "platstdlib", "purelib", "platlib")
    return [p for n in named if (p := sysconfig.get_path(n))] + [os.path.dirname(os.__file__)]


def _folders(*names: str) -> list[Path]:
    """Folders of packages, wherever they are installed; those that are not are left out."""
    from importlib.util import find_spec

    specs = [find_spec(name) for name in names]
    return [
        Path(s.origin).resolve().parent for s in specs if s is not None and s.origin is not None
    ]


def _no_programs() -> None:
    """Programs are started by ``fork_exec``, which tells no audit hook."""
    import subprocess

    def fork_exec(*_: Any) -> None:
        refuse("start a program")

    for module in (subprocess, sys.modules.get("_posixsubprocess")):
        for name in ("_fork_exec", "fork_exec"):
            if hasattr(module, name):
                setattr(module, name, fork_exec)


def lock(own: Path | None, scratch: Path) -> bool:
    """Hold this process to what an agent may do, until it ends.

    Args:
        own: the folder of the agent's source; None for an agent that ships.
        scratch: the folder that may be written.

    Returns:
        Whether the kernel holds it to the same files.
    """
    where = places(own, scratch)
    hook = hook_of(where)
    _no_programs()
    confined = confine(where.for_kernel(), [scratch, "/dev/null"], where.libraries)
    sys.addaudithook(hook)
    return confined
