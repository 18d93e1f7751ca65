"""``archgym.enumerate_space``: a whole space evaluated from Python, as ``archgym enumerate`` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from . import certificate as certificates
from .build import EnumerationProgress, build
from .certificate import Certificate
from .coverage import default_root, folder_name


def enumerate_space(
    scenario: str | Path | Scenario,
    tables: str | Path | None = None,
    *,
    on_progress: Callable[[EnumerationProgress], None] | None = None,
) -> Certificate:
    """Evaluate every design of a scenario, keep the table, and certify optimum, front and effects.

    Args:
        scenario: a name, the path of a ``.yaml`` file, or a scenario.
        tables: folder where tables and certificates are kept (default: ``./tables``); what is there is used.
        on_progress: called now and then.

    Returns:
        The certificate, also written beside the tables: ``["optimum"]`` is the best design, and later searches
        of the scenario are measured against it.

    Raises:
        ArchgymError: more designs than can be enumerated; StoreError: the folder cannot be written.
    """
    made = load_scenario(scenario)
    root = default_root() if tables is None else Path(tables)
    built = tuple(
        build(s, made.parameters, root / folder_name(s, made.parameters), on_progress)
        for s in made.simulators
    )
    certificate = certificates.certify(made, built)
    certificates.save(certificate, root / certificates.file_name(made))
    return certificate
