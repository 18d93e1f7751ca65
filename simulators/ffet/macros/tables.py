"""Tables of Liberty, reduced to one axis, since the clock's own edge is ideal here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.errors import ArchgymError

from .liberty_text import Group, numbers

MOST_POINTS = 64


@dataclass(frozen=True)
class Table:
    """``value`` over ``at`` (n,), both rising in place; linear between the points and beyond them."""

    at: Floats
    value: Floats

    def __call__(self, x: float) -> float:
        """The value at ``x``."""
        if len(self.at) == 1:
            return float(self.value[0])
        i = int(np.clip(np.searchsorted(self.at, x) - 1, 0, len(self.at) - 2))
        t = (x - self.at[i]) / (self.at[i + 1] - self.at[i])
        return float(self.value[i] + t * (self.value[i + 1] - self.value[i]))


def latest(tables: list[Table]) -> Table:
    """The greatest of several tables at every point of any.

    Args:
        tables: at least one.

    Returns:
        A table over the points of all.
    """
    at = np.unique(np.concatenate([t.at for t in tables]))
    return Table(at, np.array([max(t(x) for t in tables) for x in at]))


def reduced(
    group: Group, library: Group, kept: str, scale: float, axis: float, where: str
) -> Table:
    """A table over its variable ``kept``, every other one at 0.

    Args:
        group: such as ``cell_rise``.
        library: holds the templates.
        kept: a variable of Liberty, such as ``total_output_net_capacitance``.
        scale: what values are multiplied by.
        axis: what the points of ``kept`` are multiplied by.
        where: what messages call it.

    Returns:
        The table of one axis.

    Raises:
        ArchgymError: no template, no values, axes that do not rise, or another number of values.
    """
    values = np.array(numbers(group.attributes.get("values", ()), where))
    name = group.names[0] if group.names else "scalar"
    if name == "scalar":
        variables: list[str] = []
    else:
        templates = [g for g in library.inside("lu_table_template") if name in g.names]
        if not templates:
            raise ArchgymError(f"{where}: no lu_table_template ({name})")
        template = templates[0]
        variables = [
            template.text(f"variable_{i}") for i in (1, 2, 3) if template.text(f"variable_{i}")
        ]
    axes = []
    for i, _ in enumerate(variables, 1):
        index = group.attributes.get(f"index_{i}") or template.attributes.get(f"index_{i}", ())
        points = np.array(numbers(index, where))
        if not 1 <= len(points) <= MOST_POINTS or (np.diff(points) <= 0).any():
            raise ArchgymError(f"{where}: index_{i} must hold 1 to {MOST_POINTS} rising numbers")
        axes.append(points)
    if len(values) != int(np.prod([len(a) for a in axes])):
        raise ArchgymError(
            f"{where}: {len(values)} values for {' x '.join(str(len(a)) for a in axes) or '1'} points"
        )
    grid = values.reshape([len(a) for a in axes])
    for i in reversed(range(len(variables))):
        if variables[i] != kept:
            columns = np.moveaxis(grid, i, -1)
            flat = columns.reshape(-1, len(axes[i]))
            at_zero = [Table(axes[i], row)(0.0) for row in flat]
            grid = np.array(at_zero).reshape(columns.shape[:-1])
    if kept in variables:
        return Table(axes[variables.index(kept)] * axis, grid.ravel() * scale)
    return Table(np.zeros(1), grid.ravel()[:1] * scale)
