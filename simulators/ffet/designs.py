"""The simulator and the design that a command line names."""

from __future__ import annotations

from archgym.errors import ArchgymError
from archgym.runs.named import design_values, opened

from .flow import Choices
from .simulator import BlockPPASimulator


def named(what: str, given: str | None) -> tuple[BlockPPASimulator, Choices]:
    """A run folder's best design, or a scenario's reference design with ``given`` changes.

    ``given`` is ``NAME=VALUE,NAME=VALUE…`` or a YAML file.
    """
    scenario, design = opened(what)
    if design is None:
        design = dict(scenario.document.get("reference") or {})
    simulator = scenario.simulators[0]
    if not isinstance(simulator, BlockPPASimulator):
        raise ArchgymError(f"{what} is no block-PPA scenario; this command is for those")
    if given:
        design |= design_values(given)
    fixed = dict(scenario.document.get("parameters") or {})
    design |= {k: v for k, v in fixed.items() if not isinstance(v, list | dict) and k not in design}
    return simulator, simulator.choices(simulator.space.encode(design)[0])
