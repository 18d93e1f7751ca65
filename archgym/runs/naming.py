"""What a run is called: its scenario with the workload in use, in titles and in names of folders."""

from __future__ import annotations

import re
from pathlib import Path

from ..goals.scenario import Scenario

SHOWN = 3


def workloads_in_use(scenario: Scenario) -> str:
    """The workloads that a scenario runs on, for people: names, and files by their names alone.

    Args:
        scenario: whose workloads are named.

    Returns:
        At most three names, separated by commas, and how many more there are.
    """
    names = [Path(w).name if Path(w).is_file() else w for w in scenario.workloads]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def title_of(scenario: Scenario) -> str:
    """The title of a scenario, ``<scenario> on <workloads>``.

    Args:
        scenario: to be named.

    Returns:
        The title.
    """
    return f"{scenario.name} on {workloads_in_use(scenario)}"


def folder_of(scenario: Scenario) -> str:
    """``<scenario>@<workloads>`` in letters that every file system takes.

    Args:
        scenario: to be named.

    Returns:
        A folder's name, no path.
    """
    names = [Path(w).stem if Path(w).is_file() else w for w in scenario.workloads]
    more = [f"{len(names) - SHOWN}-more"] if len(names) > SHOWN else []
    joined = "+".join(_plain(name) for name in [*names[:SHOWN], *more])
    return f"{_plain(scenario.name)}@{joined[:80]}"


def _plain(name: str) -> str:
    return re.sub(r"[^\w.=-]+", "-", name).strip("-.") or "unnamed"
