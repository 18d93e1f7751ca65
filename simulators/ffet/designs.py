"""The simulator and the design that a command line names."""

from __future__ import annotations

from pathlib import Path

import yaml

from archgym.cli.output import settings
from archgym.documents import read_yaml
from archgym.errors import ArchgymError
from archgym.run_folder import MANIFEST, RunFolder
from archgym.scenario_file import load_scenario

from .flow import Choices
from .simulator import BlockPPASimulator


def named(what: str, given: str | None) -> tuple[BlockPPASimulator, Choices]:
    """A run folder's best design, or a scenario's reference design with ``given`` changes.

    ``given`` is ``NAME=VALUE,NAME=VALUE…`` or a YAML file.
    """
    folder = Path(what)
    if (folder / MANIFEST).exists():
        run = RunFolder.open(folder)
        scenario, design = run.scenario(), dict(run.best_design())
    else:
        scenario = load_scenario(what)
        design = dict(scenario.document.get("reference") or {})
    simulator = scenario.simulators[0].truth
    if not isinstance(simulator, BlockPPASimulator):
        raise ArchgymError(f"{what} is no block-PPA scenario; this command is for those")
    if given and given.endswith((".yaml", ".yml")):
        design |= dict(read_yaml(Path(given)))
    elif given:
        pairs = settings([pair.strip() for pair in given.split(",")], "--design")
        design |= {k: yaml.safe_load(v) for k, v in pairs.items()}
    fixed = dict(scenario.document.get("parameters") or {})
    design |= {k: v for k, v in fixed.items() if not isinstance(v, list | dict) and k not in design}
    return simulator, simulator.choices(simulator.space.encode(design)[0])
