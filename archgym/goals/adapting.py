"""A scenario's knobs put on a workload that it was not written for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..contracts.simulator import Simulator
from ..errors import DesignError
from ..space import DesignSpace

SHOWN = 4


def adapted(
    parameters: Mapping[str, Any], reference: Mapping[str, Any], simulator: Simulator
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """``parameters`` and ``reference`` less what does not exist on this workload, and notes that say so.

    Knobs of the reference that are left out take the values of the simulator's default design.

    Args:
        parameters: the values that knobs may take, by name.
        reference: the values of the reference design, by knob.
        simulator: on the workload in question.

    Returns:
        Both mappings less what is missing, and the notes.
    """
    space = simulator.space
    notes: list[str] = []

    def fits(name: str, value: Any) -> bool:
        try:
            space[name].index(value)
        except (DesignError, LookupError):
            return False
        return True

    kept_reference = {n: v for n, v in reference.items() if n in space.names and fits(n, v)}
    gone = [n for n in reference if n not in kept_reference]
    if gone:
        notes.append(
            f"workload {simulator.workload!r} has no such knob or value in the reference design: "
            f"{_listed(gone)}; the simulator's default design stands in for them"
        )
    kept: dict[str, Any] = {}
    dropped = []
    for name, values in parameters.items():
        listed = values if isinstance(values, list) else [values]
        there = [v for v in listed if name in space.names and fits(name, v)]
        if there:
            kept[name] = there
        if len(there) < len(listed):
            dropped.append(name)
    if dropped:
        notes.append(
            f"workload {simulator.workload!r} lacks knobs or values that the scenario narrows: "
            f"{_listed(dropped)}; they are left as the simulator has them"
        )
    return kept, kept_reference, notes


def measured(
    specs: Mapping[str, Any], simulator: Simulator, asked: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Specs less those on metrics that the simulator does not give on this workload, and a note.

    Those ``asked`` for by name stay, to be refused where they do not exist.

    Args:
        specs: by metric.
        simulator: on the workload in question.
        asked: metrics whose specs the user named.

    Returns:
        The specs that can be judged, and a note where some are left out.
    """
    known = {m.name for m in simulator.metrics} | set(asked)
    gone = [n for n in specs if n not in known]
    if not gone:
        return dict(specs), []
    note = (
        f"workload {simulator.workload!r} has no metric {_listed(gone)}; these specs are left out"
    )
    return {n: v for n, v in specs.items() if n in known}, [note]


def within(reference: Mapping[str, Any], space: DesignSpace) -> tuple[dict[str, Any], list[str]]:
    """A reference less the values that a narrowed space has not, and a note that says so.

    Args:
        reference: values by knob.
        space: the narrowed space.

    Returns:
        The values that are left, and a note where some are not.
    """
    kept = {}
    for name, value in reference.items():
        try:
            space[name].index(value)
        except DesignError:
            continue
        kept[name] = value
    gone = [n for n in reference if n not in kept]
    if not gone:
        return kept, []
    return kept, [
        f"the reference design's {_listed(gone)} is not among the values left; another one that is takes "
        "its place"
    ]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
