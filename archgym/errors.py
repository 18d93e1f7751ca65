"""Errors that say what, where, what was expected, what was got and what to do."""

from __future__ import annotations

import difflib
import errno
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class ArchgymError(Exception):
    """Base of every error that archgym raises on purpose; the command line prints it plainly."""


class UnknownNameError(ArchgymError, LookupError):
    """A name that is not registered; ``options`` holds those that are."""

    def __init__(self, kind: str, name: object, options: Iterable[str], hint: str = "") -> None:
        """Suggest names that are spelt alike, or list those that are known.

        Args:
            kind: what sort of thing was named.
            name: what was given.
            options: the names that are known.
            hint: more to say, after the names.
        """
        self.kind, self.name, self.options = kind, name, sorted(options)
        close = difflib.get_close_matches(str(name), self.options, n=3, cutoff=0.5)
        text = f"unknown {kind} {name!r}"
        if close:
            text += "; did you mean " + " or ".join(repr(c) for c in close) + "?"
        elif len(self.options) <= 40:
            text += "; known: " + ", ".join(self.options)
        super().__init__(text + (f" {hint}" if hint else ""))


class DesignError(ArchgymError, ValueError):
    """A design that is not a member of its space."""


class ScenarioError(ArchgymError, ValueError):
    """A scenario file or value that makes no sense."""


class SettingError(ArchgymError, ValueError):
    """A setting, of a simulator, an agent or a cost model, that is not legal."""


class WorkloadError(ArchgymError, ValueError):
    """A workload (trace, network, task graph, netlist) that cannot be read or used."""


class EvaluationError(ArchgymError, RuntimeError):
    """A simulator that broke its contract (wrong shape, NaN marked feasible, missing metric)."""


class AgentError(ArchgymError, ValueError):
    """An agent used against its contract."""


class ProgramError(ArchgymError, ValueError):
    """A program's description that makes no sense, or a program that cannot be started."""


class TrustError(ArchgymError):
    """Something that would start a program or import a module without consent."""


class StoreError(ArchgymError, OSError):
    """The evaluation store or run folder cannot be read or written."""


class StoreFaultError(StoreError):
    """A store's server that is gone, full or takes no writes: no run's fault."""


class MissingExtraError(ArchgymError, ImportError):
    """An optional package is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}: install it with pip install 'archgym[{extra}]'"
        )


class MissingPackageError(ArchgymError, ImportError):
    """A package that belongs to every installation is not there."""

    def __init__(self, feature: str, package: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which belongs to every installation of archgym: "
            f"install it with pip install {package}"
        )


DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
_DISK_WORDS = ("database or disk is full", "disk I/O error", "readonly database")


def disk_fault(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that a disk or a store's server takes no more.

    Args:
        error: to be looked at with all its causes; None is no fault.

    Returns:
        True for a full or read-only disk, a failing disk, and a store's server that is gone or full.
    """
    while error is not None:
        if isinstance(error, StoreFaultError):
            return True
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return True
        if isinstance(error, sqlite3.Error) and any(w in str(error) for w in _DISK_WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False


class PortError(ArchgymError):
    """A port that cannot be listened on."""

    def __init__(self, host: str, port: int, error: Exception) -> None:
        why = getattr(error, "strerror", None) or error
        super().__init__(f"cannot listen on port {port} of {host}: {why}; choose another --port")


class Terminated(KeyboardInterrupt):
    """The system asked this process to end (SIGTERM); handled as Ctrl-C is."""


def interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption that an error is or was caused by.

    Compiled code that is interrupted says that it returned "with an exception set", once for every layer of
    Python's that it was called through, and each chains the one before.

    Args:
        error: to be looked at with its causes.

    Returns:
        What interrupted; None where nothing did.
    """
    while isinstance(error, SystemError):
        error = error.__cause__
    return error if isinstance(error, KeyboardInterrupt) else None


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """A context whose interruption (Ctrl-C, SIGTERM) carries the command that goes on with it.

    Args:
        command: what to type, as a note of the error.

    Yields:
        Nothing.

    Raises:
        KeyboardInterrupt: what interrupted, with the note added.
        SystemError: the same inside of compiled code: its cause has the note.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemError) as error:
        what = interruption(error)
        if what is not None:
            what.add_note(command)
        raise
