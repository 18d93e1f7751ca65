"""What each knob does around one design: how much is lost when it alone is moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..goals.scenario import Scenario
from ..space import Designs
from ..statistics.sensitivity import KnobEffect, one_at_a_time
from .base import GAP_TICKS, GREY, INK, clipped, layout, plain, plotly

MOST_BARS = 20  # knobs that are drawn
LONGEST = 20  # characters of a value under the name of its knob

if TYPE_CHECKING:
    import pandas as pd


def effects_table(scenario: Scenario, design: Designs) -> pd.DataFrame:
    """Every knob of a design (d,) moved through its values: gaps to the design's own cost.

    The scenario's simulators evaluate every neighbour, which is charged to nobody.

    Args:
        scenario: says what a change is worth, and evaluates.
        design: (d,) value indices.

    Returns:
        As :func:`table_of`.
    """
    return table_of(one_at_a_time(scenario, design).effects)


def table_of(found: Sequence[KnobEffect]) -> pd.DataFrame:
    """Effects of knobs as a table.

    Args:
        found: an effect per knob.

    Returns:
        One row a knob: ``knob``, ``best value``, ``least change``, ``greatest change``,
        ``values that lose nothing``, ``values``. Changes are gaps, +inf where infeasible or against a spec.
    """
    import pandas as pd

    rows = []
    for effect in found:
        others = effect.others
        finite = others[np.isfinite(others)]
        rows.append(
            {
                "knob": effect.knob, "best value": str(effect.value),
                "least change": float(finite.min()) if len(finite) else np.inf,
                "greatest change": float(others.max()),
                "values that lose nothing": int((others <= 1e-12).sum()),
                "values": len(effect.values),
            }
        )  # fmt: skip
    columns = [
        "knob", "best value", "least change", "greatest change", "values that lose nothing", "values",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def effects(table: pd.DataFrame) -> Any:
    """The table of :func:`effects_table` as bars, of the 20 knobs that lose most.

    Knobs that change nothing are left out.

    Args:
        table: one row a knob.

    Returns:
        A plotly ``Figure``.

    Raises:
        MissingPackageError: no plotly.
    """
    go = plotly()
    rows = table[table["greatest change"] > 0].copy()
    most, least = (clipped(rows[c]) for c in ("greatest change", "least change"))
    rows = rows.iloc[np.lexsort((least, most))][-MOST_BARS:]
    knobs = [
        f"{plain(k)}<br><b>{plain(_short(v))}</b>" for k, v in zip(rows["knob"], rows["best value"])
    ]
    figure = go.Figure()
    for column, name, colour in (
        ("greatest change", "to its worst value", INK),
        ("least change", "to the nearest rival", GREY),
    ):
        figure.add_bar(
            x=clipped(rows[column]), y=knobs, orientation="h", name=name, marker_color=colour,
            hovertemplate="%{y}: %{x:.2%}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(
        title="gap, this knob alone moved",
        **{**GAP_TICKS, "ticktext": ["0", *GAP_TICKS["ticktext"][1:]]},
    )
    return layout(figure, 140 + 38 * len(rows))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
