"""What the words of a drawing command name: a run folder or a scenario, and a design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..documents import read_yaml
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..terminal.output import settings
from .run_folder import MANIFEST, RunFolder


def opened(what: str) -> tuple[Scenario, dict[str, Any] | None]:
    """A run folder's scenario and its best design, or a scenario and None."""
    path = Path(what)
    if (path / MANIFEST).exists():
        run = RunFolder.open(path)
        return run.scenario(), run.best_design()
    return load_scenario(what), None


def design_values(text: str) -> dict[str, Any]:
    """``NAME=VALUE,NAME=VALUE…``, or a YAML file, as a mapping."""
    if text.endswith((".yaml", ".yml")):
        return dict(read_yaml(Path(text)))
    return dict(settings([pair.strip() for pair in text.split(",")], "--design"))
