"""What the words of a drawing command name: a run folder or a scenario, and a design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..documents import read_yaml
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..space import Designs
from ..terminal.output import settings
from .run_folder import MANIFEST, RunFolder


def opened(what: str) -> tuple[Scenario, dict[str, Any] | None]:
    """A run folder's scenario and its best design, or a scenario and None.

    Args:
        what: the path of a run's folder, of a scenario's .yaml, or a scenario's name.

    Returns:
        The scenario, and the values of the run's best design by knob; None for a scenario.

    Raises:
        ArchgymError: the run is not finished, or found nothing feasible.
        ScenarioError: the scenario makes no sense.
    """
    path = Path(what)
    if (path / MANIFEST).exists():
        run = RunFolder.open(path)
        return run.scenario(), run.best_design()
    return load_scenario(what), None


def design_values(text: str) -> dict[str, Any]:
    """A design as it is typed: ``NAME=VALUE,NAME=VALUE…``, or the path of a YAML file.

    Args:
        text: as typed.

    Returns:
        Values by knob; texts where they were typed.

    Raises:
        ArchgymError: a pair of another form, or the file cannot be read.
    """
    if text.endswith((".yaml", ".yml")):
        return dict(read_yaml(Path(text)))
    return dict(settings([pair.strip() for pair in text.split(",")], "--design"))


def chosen(what: str, changes: str | None) -> tuple[Scenario, Designs]:
    """A run's best design or a scenario's reference design, with some knobs changed.

    Args:
        what: a run folder, or a scenario.
        changes: as of :func:`design_values`; None for none.

    Returns:
        The scenario, and the design (d,) in value indices of its simulator's space.

    Raises:
        ArchgymError: a scenario without a reference design, and no changes that could stand for it.
    """
    scenario, best = opened(what)
    start = best or {}
    if best is None and scenario.reference_design is not None:
        start = scenario.space.decode(scenario.reference_design)[0]
    elif best is None and not changes:
        raise ArchgymError(f"{what} has no reference design: give --design NAME=VALUE,…")
    design = start | (design_values(changes) if changes else {})
    return scenario, scenario.to_simulator(scenario.space.encode(design))[0]
