"""Pictures of a run, and of several runs of one scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..answers.confirm import Confirmed
from ..goals.convergence import Curve, curves
from ..goals.scenario import Scenario
from ..goals.tradeoff import front_axes
from ..goals.trials import Trials
from ..search.ladder import whole
from .convergence_plot import draw_compared, draw_convergence
from .drawing import Told, heading, save
from .front_plot import draw_front


def plot_run(
    scenario: Scenario,
    trials: Trials,
    folder: Path,
    told: Told,
    confirmed: Confirmed | None = None,
) -> list[Path]:
    """Write ``convergence.png``, and ``front.png`` where there are two quantities, into a folder.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.
        folder: where the pictures go.
        told: who searched.
        confirmed: the finalists as simulated, where the trials are guesses.

    Returns:
        The pictures that were written.

    Raises:
        MissingExtraError: matplotlib is not installed.
        StoreError: a file cannot be written.
    """
    shown = curves(scenario, trials.evaluation.metrics, trials.satisfied)
    head = heading(scenario, told.line(whole(trials.spent[-1:].sum())))
    final = None if confirmed is None else confirmed.trials
    made = [
        save(
            lambda axes: draw_convergence(axes, scenario, shown, trials, told, final),
            folder / "convergence.png",
            head,
            len(shown),
        )
    ]
    if len(front_axes(scenario)) > 1:
        made.append(
            save(
                lambda axes: draw_front(axes[0], scenario, trials, final),
                folder / "front.png",
                head,
            )
        )
    return made


def plot_runs(
    scenario: Scenario, groups: Mapping[str, Sequence[Sequence[Curve]]], path: Path
) -> Path:
    """Draw runs in one picture, by group: several seeds of one agent are a median and a band.

    Args:
        scenario: what all of them searched.
        groups: by name, the curves of each run, one per objective.
        path: the picture to write.

    Returns:
        The path.

    Raises:
        MissingExtraError: matplotlib is not installed.
        StoreError: the file cannot be written.
    """
    spent = sorted({len(run[0].best) for runs in groups.values() for run in runs})
    budget = " to ".join(
        f"{n:,}" for n in (spent[:1] if len(spent) == 1 else [spent[0], spent[-1]])
    )
    return save(
        lambda axes: draw_compared(axes, scenario, groups),
        path,
        heading(scenario, f"best design that meets the specs so far, {budget} evaluations charged"),
        scenario.k,
    )
