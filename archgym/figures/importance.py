"""Which knobs told most of how good a trial was."""

from __future__ import annotations

from typing import Any

from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..statistics.importance import FEWEST, importances
from .base import GREY, INK, layout, plain, plotly

MOST_KNOBS = 20


def importance(scenario: Scenario, trials: Trials) -> Any:
    """Bars of :func:`archgym.statistics.importance.importances`; grey where chance explains as much.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.

    Returns:
        A plotly ``Figure`` of the 20 most telling knobs at most.

    Raises:
        ArchgymError: too few different designs to say anything; MissingPackageError: plotly is not installed.
    """
    found = importances(trials.x, trials.cost)[:MOST_KNOBS]
    if not found:
        raise ArchgymError(
            f"fewer than {FEWEST} different designs, or no knob moved: too little to say which knobs matter"
        )
    go = plotly()
    names = [plain(p.name) for p in scenario.space.parameters]
    figure = go.Figure()
    for separated, name, colour in ((True, "told apart", INK), (False, "could be chance", GREY)):
        rows = [i for i in found if i.separated == separated]
        figure.add_bar(
            x=[100 * i.share for i in rows], y=[names[i.position] for i in rows], orientation="h",
            name=name, marker_color=colour,
            customdata=[(i.tried, i.designs, i.p) for i in rows],
            hovertemplate="%{y}: %{x:.1f} % of the variance of ranks<br>%{customdata[0]} values among "
            "%{customdata[1]} designs, p = %{customdata[2]:.2g}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="share of the ranks' variance [%]", rangemode="tozero")
    figure.update_yaxes(
        categoryorder="array", categoryarray=[names[i.position] for i in reversed(found)]
    )
    return layout(figure, 130 + 24 * len(found), barmode="overlay")
