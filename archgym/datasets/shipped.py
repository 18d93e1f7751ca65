"""The small data sets that ship, one a domain: uniform samples, made by ``make datasets``."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def shipped() -> dict[str, Path]:
    """Every data set that ships, by name.

    Returns:
        Its file, by name.
    """
    folder = Path(str(resources.files("archgym.cost_models"))) / "data"
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def found(path: Path) -> Path:
    """A data set by its path or name.

    Args:
        path: a file, or the name of a data set that ships.

    Returns:
        The file.
    """
    return path if path.exists() else shipped().get(str(path), path)
