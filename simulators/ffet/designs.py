"""The simulator and the design that a command line names."""

from __future__ import annotations

from archgym.errors import ArchgymError
from archgym.runs.named import design_values, opened

from .choices import Choices
from .simulator import BlockPPASimulator


def named(what: str, given: str | None) -> tuple[BlockPPASimulator, Choices]:
    """The simulator and the design that a command line names.

    That is a run folder's best design, or a scenario's reference design, with changes.

    Args:
        what: a run folder, or a scenario's name or file.
        given: changes, ``NAME=VALUE,NAME=VALUE…`` or a YAML file; None for none.

    Returns:
        The simulator, and the design in physical values.

    Raises:
        ArchgymError: the scenario is no block-PPA scenario.
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
