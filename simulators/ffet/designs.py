"""The simulator and the design that a command line names."""

from __future__ import annotations

from archgym.errors import ArchgymError
from archgym.runs.named import design_values, opened

from .choices import Choices
from .simulator import BlockPPASimulator


def named(what: str, given: str | None) -> tuple[BlockPPASimulator, Choices]:
    """A run folder's best design, or a scenario's reference design with ``given`` changes.

    ``given`` is ``NAME=VALUE,NAME=VALUE…`` or a YAML file.
    """
    scenario, design = opened(what)
    if design is None:
        at = scenario.reference_design
        design = {} if at is None else scenario.space.decode(at)[0]
    simulator = scenario.simulators[0]
    if not isinstance(simulator, BlockPPASimulator):
        raise ArchgymError(f"{what} is no block-PPA scenario; this command is for those")
    if given:
        design |= design_values(given)
    return simulator, simulator.choices(simulator.space.encode(design)[0])
