"""External programs as processes: started in a stated environment, ended with all their children.

Nobody is left behind, however this process ends: what a program starts carries a mark in its
environment, and a watcher (a small process of its own) ends everything that carries it and removes the
working folder once the pipe to it closes, which the kernel does even after ``kill -9``.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..errors import ProgramError
from . import watcher

MARK = "ARCHGYM_PROGRAM"  # in the environment of all that a program starts
# what a program gets of the caller's environment; more is named in its YAML file
PASSED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)  # fmt: skip
WATCHER = watcher.__file__


def environment(named: Mapping[str, str | None]) -> dict[str, str]:
    """The environment variables of a program: :data:`PASSED`, and those that its file names.

    Args:
        named: values by name; None stands for the caller's own value.

    Returns:
        Values by name.
    """
    out = {n: os.environ[n] for n in PASSED if n in os.environ}
    for name, value in named.items():
        if value is not None:
            out[name] = value
        elif name in os.environ:
            out[name] = os.environ[name]
    return out


class Watcher:
    """This process's watcher; started with the first program, anew in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._running: set[str] = set()

    def begin(self, place: Path | None = None) -> str:
        """Make a mark. Whatever carries it will end with this process, and its folder will be removed.

        Args:
            place: the folder; it is removed only if its name begins with ``archgym-``, as temporary folders
                of ours do.

        Returns:
            The mark.
        """
        mark = secrets.token_hex(8)
        with self._lock:
            self._running.add(mark)
            self._tell(f"+ {mark} {place or ''}".rstrip())
        return mark

    def end(self, mark: str) -> None:
        """Say that nothing carries a mark any more.

        Args:
            mark: what :meth:`begin` returned.
        """
        with self._lock:
            self._running.discard(mark)
            self._tell(f"- {mark}")

    def end_all(self) -> None:
        """End every program of this process."""
        with self._lock:
            marks = list(self._running)
        for mark in marks:
            kill_marked(mark)

    def _tell(self, line: str) -> None:
        data = line.replace("\n", " ").encode("utf-8", "surrogateescape") + b"\n"
        for _ in range(2):  # a watcher that was killed is replaced
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", WATCHER], stdin=subprocess.PIPE, bufsize=0, cwd="/",
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(data)
                return
            except OSError:
                self._process.kill()
                self._process.wait()

    def forget(self) -> None:
        """In a forked child: the watcher is the parent's."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.returncode = 0  # not this process's child
        self.__init__()  # type: ignore[misc]

    def close(self) -> None:
        """Let the watcher end."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)


WATCH = Watcher()
atexit.register(WATCH.close)
os.register_at_fork(after_in_child=WATCH.forget)


def kill_marked(mark: str) -> None:
    """End every process whose environment carries a mark, until none is found.

    Args:
        mark: what :meth:`Watcher.begin` returned.
    """
    watcher.kill_marked(mark, MARK)


@contextlib.contextmanager
def watched() -> Iterator[dict[str, str]]:
    """What is started in here, with the variables that this gives in its environment, ends with it."""
    mark = WATCH.begin()
    try:
        yield {MARK: mark}
    finally:
        kill_marked(mark)
        WATCH.end(mark)


def call(
    command: Sequence[str],
    place: Path,
    timeout_s: float,
    named: Mapping[str, str | None],
) -> tuple[int | None, str, str]:
    """Run a program until it ends, or until its time is over. All that it started has ended then.

    Args:
        command: the program and its arguments.
        place: the working folder, which also takes its output.
        timeout_s: seconds that it may take.
        named: environment variables, see :func:`environment`.

    Returns:
        Exit code (None on timeout), standard output and standard error.

    Raises:
        ProgramError: it cannot be started.
    """
    mark = WATCH.begin(place)
    # text goes to files: a child that outlives its parent cannot keep a pipe open
    with open(place / ".stdout", "w+b") as out, open(place / ".stderr", "w+b") as err:
        try:
            code = _wait(command, place, timeout_s, environment(named) | {MARK: mark}, out, err)
        except OSError as error:
            raise ProgramError(f"cannot start {command[0]!r}: {error.strerror or error}") from error
        finally:
            kill_marked(mark)
            WATCH.end(mark)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return code, texts[0], texts[1]


def _wait(
    command: Sequence[str],
    place: Path,
    timeout_s: float,
    env: dict[str, str],
    out: IO[bytes],
    err: IO[bytes],
) -> int | None:
    process = subprocess.Popen(
        list(command), cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env,
        start_new_session=True,
    )  # fmt: skip
    try:
        return int(process.wait(timeout_s))
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
