"""What may lie in the folder of a submission. Nothing in it is followed, unpacked or imported."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from ...documents.reading import read_bytes
from ...errors import ArchgymError, ScenarioError, StoreError

MANIFEST, CARD, CARD_TEXT, TRIALS, SOURCE = (
    "manifest.json",
    "claims.json",
    "CLAIMS.md",
    "trials",
    "agent",
)
MOST_SOURCE, MOST_MANIFEST, MOST_FILES = 1 << 20, 4 << 20, 20_000
MOST_PER_TRIAL = 8192  # bytes of a line of trials
_TRIALS = re.compile(r"[A-Za-z0-9_.+-]{1,200}-seed[0-9]{1,6}\.csv")
_SOURCE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}\.py")


def trials_name(task: str, seed: int) -> str:
    """The file of a run's trials.

    Args:
        task: of the suite.
        seed: of the run.

    Returns:
        Its name within the folder of trials.
    """
    return f"{task.replace('/', '-')}-seed{seed}.csv"


def faults_of_folder(path: Path, budget: int) -> list[str]:
    """Everything in a folder that no submission has.

    Args:
        path: of the submission.
        budget: of a run, which bounds how large its trials can be.

    Returns:
        One sentence per fault: links, files of other kinds or names, files that are too large.
    """
    found: list[str] = []
    for place, inner, pattern, most in (
        ("", {MANIFEST, CARD, CARD_TEXT}, None, MOST_MANIFEST),
        (TRIALS, set(), _TRIALS, MOST_PER_TRIAL * (budget + 1)),
        (SOURCE, set(), _SOURCE, MOST_SOURCE),
    ):
        folder = path / place
        if place and not os.path.lexists(folder):
            continue
        if place and not stat.S_ISDIR(os.lstat(folder).st_mode):
            found.append(f"{place}: expected a folder")
            continue
        for count, entry in enumerate(sorted(os.scandir(folder), key=lambda e: e.name)):
            name = f"{place}/{entry.name}" if place else entry.name
            if count >= MOST_FILES:
                return [*found, f"{place or '.'}: more than {MOST_FILES:,} files"]
            if not place and entry.name in (TRIALS, SOURCE):
                continue
            info = entry.stat(follow_symlinks=False)
            known = bool(pattern.fullmatch(entry.name)) if pattern else entry.name in inner
            if not known:
                found.append(f"{name!r:.120}: no file of a submission has this name")
            elif not stat.S_ISREG(info.st_mode):
                found.append(f"{name}: expected a plain file, no link, folder or device")
            elif info.st_size > most:
                found.append(f"{name}: {info.st_size:,} bytes, {most:,} are allowed")
    return found


def read_plain(path: Path, most: int) -> bytes:
    """A plain file of the folder.

    Args:
        path: the file.
        most: bytes that it may have.

    Returns:
        Its bytes.

    Raises:
        StoreError: it is missing, a link or too large.
    """
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise StoreError(f"{path}: expected a plain file, no link, folder or device")
        return read_bytes(path, most)
    except FileNotFoundError:
        raise StoreError(f"{path}: the file is missing") from None
    except (OSError, ScenarioError) as error:
        raise StoreError(str(error)) from error


def digest(data: bytes) -> str:
    """The digest of a file.

    Args:
        data: its bytes.

    Returns:
        64 hexadecimal digits of its SHA-256.
    """
    return hashlib.sha256(data).hexdigest()


def source_of(agent: str, path: Path) -> tuple[str, Path | None]:
    """How an agent of a submission is called where the submission lies now.

    Args:
        agent: as the manifest names it: a registered name, ``module:CLASS`` or ``agent/FILE.py:CLASS``.
        path: of the submission.

    Returns:
        The name for the registry, and the folder of its source; None where it is an installed one.

    Raises:
        ArchgymError: a file elsewhere.
    """
    module, _, attribute = agent.rpartition(":")
    if not module.endswith(".py"):
        return agent, None
    folder, _, file = module.rpartition("/")
    if folder != SOURCE or not _SOURCE.fullmatch(file):
        raise ArchgymError(f"agent: expected {SOURCE}/FILE.py:CLASS, got {agent!r:.120}")
    return f"{(path / SOURCE / file).absolute()}:{attribute}", (path / SOURCE).absolute()
