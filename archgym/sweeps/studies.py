"""Where sweeps lie: the studies that ship, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

from ..errors import UnknownNameError
from ..goals.scenario_file import folder


def located_sweep(path: Path) -> Path:
    """The file of a sweep, given by its path or the name of a study that ships.

    Args:
        path: of a .yaml file, or the name of a study that ships.

    Returns:
        The path of the file.

    Raises:
        UnknownNameError: neither.
    """
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        shipped = studies()
        if str(path) not in shipped:
            raise UnknownNameError(
                "study", str(path), shipped, "(or give the path of a .yaml file)"
            )
        path = shipped[str(path)]
    return path


def studies() -> dict[str, Path]:
    """The sweeps that ship, by name.

    Returns:
        The file of each, by name.
    """
    return {p.stem: p for p in sorted((folder() / "studies").glob("*.yaml"))}
