"""Where networks, architectures and tables lie."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def folder() -> Path:
    """The folder of the accelerator's data that ship."""
    return Path(str(resources.files("archgym.scenarios"))) / "accelerator"
