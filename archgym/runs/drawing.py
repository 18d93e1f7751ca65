"""What all pictures of runs have in common: titles, scales, colours, and the file."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..extras import need
from ..goals.scenario import Scenario
from .naming import title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PALE, GREY, RED, GREEN = "#1f4e79", "#8fb3d5", "#b5bcc4", "#c0392b", "#2e7d32"
LINE = 105  # characters of a title's line


@dataclass(frozen=True)
class Told:
    """What a picture of one run says besides its data."""

    agent: str
    seed: int
    budget: int
    guessed: bool = False  # the trials are guesses of a proxy

    @classmethod
    def of(cls, manifest: Mapping[str, Any], exact: bool) -> Told:
        """What to say of a run.

        Args:
            manifest: of the run.
            exact: whether the simulator itself, or a table of it, answered.

        Returns:
            Agent, seed and budget of the manifest; ``guessed`` where not exact.
        """
        return cls(manifest["agent"], manifest["seed"], manifest["budget"], not exact)

    def line(self, done: int) -> str:
        """Agent, seed and budget in words.

        Args:
            done: evaluations charged.

        Returns:
            One line for the title.
        """
        spent = "" if done == self.budget else f", {done:,} of them spent"
        guessed = ", answered by a proxy" if self.guessed else ""
        return f"{self.agent}, seed {self.seed}, budget {self.budget:,} evaluations{spent}{guessed}"


def heading(scenario: Scenario, line: str) -> str:
    """A picture's title: scenario and workload, a line of facts, the specs.

    Args:
        scenario: what was searched.
        line: the facts, such as :meth:`Told.line`.

    Returns:
        The title, broken into lines of 105 characters.
    """
    specs = [s.text(scenario.units[s.metric]) for s in scenario.resolved[1]]
    lines = [title_of(scenario), line]
    lines.append("specs: " + "; ".join(specs) if specs else "no specs")
    return "\n".join(part for text in lines for part in textwrap.wrap(text, LINE))


def save(draw: Callable[[Sequence[Axes]], None], path: Path, title: str, panels: int = 1) -> Path:
    """Draw one figure of stacked panels, and write it.

    Args:
        draw: called with the axes of the panels, from above.
        path: of the picture; its ending says of which kind it is.
        title: of the figure; it may have several lines.
        panels: how many, at least 1.

    Returns:
        The path.

    Raises:
        MissingExtraError: matplotlib is not installed.
        StoreError: the file cannot be written.
    """
    matplotlib = need("matplotlib", "drawing a picture")
    matplotlib.use("Agg", force=False)
    from matplotlib.figure import Figure

    height = 1.2 + 3.2 * min(panels, 6) + 0.15 * title.count("\n")
    figure = Figure(figsize=(8, height), dpi=120, layout="constrained")
    axes = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0].tolist()
    draw(axes)
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=9)
    for one in axes:
        for side in ("top", "right"):
            one.spines[side].set_visible(False)
        if one.get_legend_handles_labels()[0]:
            one.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    try:
        figure.savefig(path, metadata={"Software": "archgym"})
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
    return path


def plain(text: str) -> str:
    """Text that matplotlib draws as it stands: a name may hold what would start a formula.

    Args:
        text: to be drawn.

    Returns:
        The text with its dollar signs escaped.
    """
    return text.replace("$", r"\$")
