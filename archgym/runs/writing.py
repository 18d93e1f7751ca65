"""A run that lay in memory, written into a folder once it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import trust
from ..answers.store import EvaluationStore
from ..files.seal import digest_of, sealed
from ..files.text import write_json, write_text
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..search.ladder import Rough
from .result_file import TRIALS_DIGEST
from .rough_file import ROUGH, rough_csv
from .run_folder import EVALUATIONS, RESULT, TRIALS, RunFolder
from .summary import trials_csv


def write_run(
    place: Path,
    scenario: Scenario,
    trials: Trials,
    result: Mapping[str, Any],
    manifest: Mapping[str, Any],
    store: EvaluationStore,
    rough: Sequence[Rough] = (),
) -> Path:
    """Write a finished run into a new folder.

    Args:
        place: the folder.
        scenario: what was searched.
        trials: everything that was tried, in order.
        result: the run's summary.
        manifest: of the run.
        store: holds the run's evaluations; they are copied.
        rough: what was evaluated below full fidelity, in order.

    Returns:
        The folder.

    Raises:
        ArchgymError: the folder holds a run already.
        StoreError: it cannot be written.
    """
    folder = RunFolder.create(place, dict(manifest))
    remember_own(scenario, manifest, place)
    with folder:
        store.copy_to(place / EVALUATIONS)
        write_found(place, scenario, trials, result, rough)
    return place


def write_found(
    place: Path,
    scenario: Scenario,
    trials: Trials,
    result: Mapping[str, Any],
    rough: Sequence[Rough] = (),
) -> None:
    """Write ``trials.csv`` and ``result.json``, which holds a digest of both, and ``rough.csv`` where it is due.

    Args:
        place: the run's folder.
        scenario: what was searched.
        trials: everything that was tried, in order.
        result: the run's summary.
        rough: what was evaluated below full fidelity, in order.
    """
    text = trials_csv(scenario, trials)
    if rough:
        write_text(place / ROUGH, rough_csv(scenario, rough))
    write_text(place / TRIALS, text)
    write_json(place / RESULT, sealed({**result, TRIALS_DIGEST: digest_of(text)}))


def remember_own(scenario: Scenario, manifest: Mapping[str, Any], place: Path) -> None:
    """Note that this user made a folder whose manifest names code outside the registry, or a store elsewhere.

    Such a folder of somebody else is refused until the user consents; see :mod:`archgym.trust`.

    Args:
        scenario: what is searched.
        manifest: of the run.
        place: the run's folder.
    """
    named = (scenario.simulator, str(manifest["agent"]))
    foreign = scenario.starts_programs or any(":" in name for name in named)
    if (foreign or manifest.get("store")) and (not scenario.untrusted or trust.consented()):
        trust.remember(place, str(manifest["id"]))
