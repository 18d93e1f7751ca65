"""Simulators by name, with their settings checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import registry
from ..errors import ArchgymError, UnknownNameError
from ..space import Setting, check_settings, settings_of_signature
from .simulator import Simulator


def simulator_settings(name: str) -> tuple[Setting, ...]:
    """What a simulator takes besides the workload.

    Args:
        name: of a registered simulator, or ``module:Class``.

    Returns:
        Its settings, in the order of its declaration.
    """
    make = registry.load("simulators", name)
    declared = getattr(make, "declared_settings", None)
    if declared is not None:
        settings: tuple[Setting, ...] = declared()
        return settings
    return settings_of_signature(make, ("workload",))


def simulator_with(setting: str) -> str:
    """Find a simulator by one of its settings.

    Args:
        setting: a name, such as ``program`` or ``architecture``.

    Returns:
        The first registered simulator that has it.

    Raises:
        UnknownNameError: none has it.
    """
    names = registry.names("simulators")
    found = [n for n in names if any(s.name == setting for s in simulator_settings(n))]
    if not found:
        raise UnknownNameError("setting of any simulator:", setting, names)
    return found[0]


def make_simulators(
    name: str, workloads: Sequence[str], config: Mapping[str, object]
) -> tuple[Simulator, ...]:
    """Make one simulator for each workload.

    Args:
        name: of a registered simulator, or ``module:Class``.
        workloads: names or files.
        config: settings by name, as text or in their types.

    Returns:
        The simulators, in the order of the workloads. They share one design space.

    Raises:
        UnknownNameError: no such simulator or setting; SettingError: a setting that is not legal.
        ArchgymError: the workloads span different design spaces.
    """
    make: Any = registry.load("simulators", name)
    checked = check_settings(f"simulator {name!r}", simulator_settings(name), config)
    made = tuple(make(workload=w, **checked) for w in workloads)
    for other in made[1:]:
        if other.space != made[0].space:
            raise ArchgymError(
                f"workloads {made[0].workload!r} and {other.workload!r} have different design spaces in "
                f"simulator {name!r}: they cannot share a design. Search them one by one"
            )
    return made
