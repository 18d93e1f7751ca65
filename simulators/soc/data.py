"""Where the workloads and the memory table that ship lie."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def folder() -> Path:
    """The folder of the workloads that ship."""
    return Path(str(resources.files("archgym.scenarios"))) / "soc" / "workloads"
