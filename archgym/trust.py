"""Whose word is taken: what a folder or file that others may have written is allowed to set off.

A scenario that the user names starts the programs and imports the modules that it names.  A document
that archgym keeps (manifest, sweep, ledger, leaderboard) may come from anybody: names in it are those
of the registry, and a program that it names starts after consent only.  Consent is the option
``--trust``, :func:`consent` in Python, ``ARCHGYM_TRUST=1`` in the environment, or that this user's own
scenario made this very folder on this machine (:func:`remember`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from .errors import TrustError

_PLACE: ContextVar[str] = ContextVar("archgym_place", default="")
_CONSENT: ContextVar[bool] = ContextVar("archgym_consent", default=False)
_LOOKING: ContextVar[str] = ContextVar("archgym_looking", default="")
VARIABLE = "ARCHGYM_TRUST"
# what tells a folder that archgym wrote from any other: two of its files together
_WRITTEN = (
    ("manifest.json", "evaluations.sqlite"),
    ("manifest.json", "lock"),
    ("sweep.json", "ledger.sqlite"),
)


def consented() -> bool:
    """Whether everything may be started that a document names."""
    return _CONSENT.get() or os.environ.get(VARIABLE, "") == "1"


@contextmanager
def consent(given: bool = True) -> Iterator[None]:
    """Whatever is read or run in here may start programs and import modules.

    Args:
        given: False changes nothing.

    Yields:
        Once, while consent holds.
    """
    token = _CONSENT.set(given or _CONSENT.get())
    try:
        yield
    finally:
        _CONSENT.reset(token)


@contextmanager
def reading(place: str) -> Iterator[None]:
    """What is met in here comes from ``place``, for which nobody has vouched; '' is the user's own.

    Args:
        place: a folder or file, or ''.

    Yields:
        Once, while that place is read.
    """
    token = _PLACE.set(place)
    try:
        yield
    finally:
        _PLACE.reset(token)


@contextmanager
def looking(word: str) -> Iterator[None]:
    """Nothing is started in here, consent or not: ``word`` is a command that only looks.

    Args:
        word: of the command, for errors.

    Yields:
        Once, while nothing may be started.
    """
    token = _LOOKING.set(word)
    try:
        yield
    finally:
        _LOOKING.reset(token)


def untrusted() -> str:
    """Where what is being read comes from; '' where it may start what it names."""
    return "" if consented() else _PLACE.get()


def require(what: str, place: str) -> None:
    """Refuse to start something that a place names without consent.

    Args:
        what: such as ``program 'yosys'``.
        place: where the name was read; '' is the user's own.

    Raises:
        TrustError: no consent, or a command that starts nothing.
    """
    if _LOOKING.get():
        raise TrustError(f"archgym {_LOOKING.get()} starts nothing, but would need {what}")
    vouch(what, place, "started")


def vouch(what: str, place: str, verb: str = "opened") -> None:
    """Refuse what a place names without consent, whether or not the command only looks.

    Args:
        what: it names, for the error.
        place: nobody has vouched for; '' needs no consent.
        verb: what would happen to it.

    Raises:
        TrustError: no consent.
    """
    if place and not consented():
        raise TrustError(
            f"{place} names {what}, which is {verb} after consent only: look at it, then say --trust "
            f"(or {VARIABLE}=1), or name a scenario of your own"
        )


def written_by_archgym(file: Path) -> bool:
    """Whether a file lies in (or below) the folder of a run or sweep.

    Args:
        file: any path.

    Returns:
        Whether a manifest or ledger stands in one of its folders.
    """
    return any(
        all((folder / name).exists() for name in names)
        for folder in file.resolve().parents
        for names in _WRITTEN
    )


# ---- folders that this user's own scenarios made
def _mark(folder: Path, identity: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    text = f"{folder.resolve()}\n{identity}"
    return Path(home) / "archgym" / "own" / hashlib.sha256(text.encode()).hexdigest()


def remember(folder: Path, identity: str) -> None:
    """Note that this user made a folder, so that going on with it needs no further consent.

    Written outside the folder, so that no folder can say it of itself; a copy elsewhere is another
    folder.  Where it cannot be written, ``--trust`` is asked for.

    Args:
        folder: of a run or sweep.
        identity: its id.
    """
    with contextlib.suppress(OSError, RuntimeError):
        mark = _mark(folder, identity)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def made_here(folder: Path, identity: str) -> bool:
    """Whether this user's own scenario made this folder.

    Args:
        folder: of a run or sweep.
        identity: its id.

    Returns:
        False where that cannot be found out.
    """
    try:
        return _mark(folder, identity).exists()
    except (OSError, RuntimeError):
        return False
