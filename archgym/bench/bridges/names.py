"""Names and folders of what is written for others."""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import StoreError


def file_name(text: str) -> str:
    """A name that every file system takes.

    Args:
        text: a task or an agent.

    Returns:
        Letters, digits, dots, dashes and underscores of it.
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.") or "agent"


def made(folder: Path) -> Path:
    """A folder, made where it is missing.

    Args:
        folder: its path.

    Returns:
        The path.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder
