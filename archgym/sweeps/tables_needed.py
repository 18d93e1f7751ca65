"""Tables that a sweep answers from, and what it would be while they are not built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..documents import read_yaml
from ..errors import ScenarioError
from ..goals.places import sweep_in_its_folder
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..tables.coverage import covering, default_root
from .plan import Sweep, from_sweep_document
from .studies import located_sweep


def tables_missing(path: Path) -> Iterator[tuple[Scenario, Path]]:
    """Scenarios of a sweep's file that want a table which is not there.

    Args:
        path: a sweep's file, or the name of a study that ships.

    Yields:
        A scenario, ready to be enumerated, and the folder that its table belongs in.
    """
    for _, scenario, root in _missing(_document(located_sweep(path))):
        yield scenario, root


def planned_sweep(path: Path, **changes: Any) -> tuple[Sweep, dict[str, Path]]:
    """A sweep as it would be once its tables are built.

    Args:
        path: a sweep's file, or the name of a study that ships.
        **changes: keys of the file with other values.

    Returns:
        The sweep, whose simulators answer where a table is missing; and of each scenario that lacks a
        table the folder that it belongs in.

    Raises:
        ScenarioError: a key or value makes no sense; says where.
        UnknownNameError: a study, scenario, agent, method or query that is not known.
    """
    path = located_sweep(path)
    document = {**_document(path), **changes}
    entries = list(document.get("scenarios") or ())
    roots: dict[str, Path] = {}
    for i, scenario, root in _missing(document):
        entry = entries[i] if isinstance(entries[i], Mapping) else {"scenario": entries[i]}
        entries[i] = {**entry, "answers": "exact"}
        roots[scenario.name] = root
    if roots:
        document["scenarios"] = entries
    return from_sweep_document(document, str(path)), roots


def _document(path: Path) -> Mapping[str, Any]:
    return sweep_in_its_folder(read_yaml(path), path.parent)


def _missing(document: Mapping[str, Any]) -> Iterator[tuple[int, Scenario, Path]]:
    """The position of each entry whose table is missing, its scenario, and the table's folder."""
    for i, item in enumerate(document.get("scenarios") or ()):
        entry = item if isinstance(item, Mapping) else {"scenario": item}
        kind, _, argument = str(entry.get("answers", document.get("answers")) or "").partition(":")
        if kind != "table" or "scenario" not in entry:
            continue
        workloads = entry.get("workloads", entry.get("workload"))
        try:
            scenario = load_scenario(entry["scenario"], workloads, entry.get("config"))
        except ScenarioError:
            continue  # said when the sweep itself is read
        root = Path(argument) if argument else default_root()
        if any(covering(root, s, scenario.parameters) is None for s in scenario.simulators):
            yield i, scenario, root
