"""The page of a sweep."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__
from ..errors import ArchgymError
from ..extras import need
from ..figures.effects import effects
from ..files.cells import neutral
from ..files.text import write_text
from ..pages.parts import Parts, fragment
from ..sweeps.ledger import error_of
from . import figures, hyperparameters, tables, text
from .best import best_designs
from .results import Results


@dataclass(frozen=True)
class Report:
    """Where a report lies, and what it says first."""

    page: Path
    csv: Sequence[Path]
    pictures: Sequence[Path]
    summary: Sequence[str]
    warnings: Sequence[str]


def write_report(
    sweep: Path,
    output: Path | None = None,
    certificates: Path | None = None,
    *,
    pictures: bool = False,
) -> Report:
    """Write ``report.html`` and one CSV per table.

    Args:
        sweep: its folder.
        output: where to write (default: ``report`` in the sweep's folder).
        certificates: a folder of certificates (default: those that ship).
        pictures: write the main figures as PNG too; needs kaleido and a Chromium.

    Returns:
        Where the files lie, and what the report says first.

    Raises:
        ArchgymError: the folder holds no sweep, or none of its runs is done.
        MissingExtraError: pictures are wanted and kaleido is not installed.
    """
    if pictures:
        _require_kaleido()
    results = Results(sweep, certificates)
    if not len(results.runs):
        raise ArchgymError(
            f"{sweep}: no run is done yet; go on with archgym sweep --resume {sweep}"
        )
    frames = {
        "scenarios": tables.scenarios(results),
        "lottery": tables.lotteries(results),
        "tuning": tables.tuning_curves(results),
        "ranking": tables.ranking(results),
        "pairs": tables.pairs(results),
        "per_scenario": tables.per_scenario(results),
        "hyperparameters": hyperparameters.importances(results),
        "hypervolume": results.hypervolumes(),
        "knobs": tables.knob_effects(results),
        "overhead": tables.overhead(results),
        "counts": tables.counts(results),
    }
    folder = output or sweep / "report"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames.items():
        written.append(folder / f"{name}.csv")
        write_text(written[-1], _for_people(frame).to_csv(index=False, float_format="%.6g"))
    says = text.summary(
        results, frames["lottery"], frames["ranking"], frames["pairs"], frames["per_scenario"]
    )
    doubts = text.warnings(results, frames["pairs"])
    page = folder / "report.html"
    write_text(page, _Page(results, frames, says, doubts).document())
    drawn = _write_pictures(results, frames, folder) if pictures else []
    return Report(page, written, drawn, says, doubts)


class _Page(Parts):
    def __init__(
        self,
        results: Results,
        frames: dict[str, pd.DataFrame],
        says: Sequence[str],
        doubts: Sequence[str],
    ) -> None:
        super().__init__(results.sweep.name)
        self.results, self.frames, self.says, self.doubts = results, frames, says, doubts
        self._body()

    def _body(self) -> None:
        r, f = self.results, self.frames
        last = r.checkpoints[-1]
        self.note(str(r.sweep.document.get("description", "")))
        self.items(self.says)
        self.items(self.doubts, "warn")
        self.head("Scenarios", "A certified optimum comes from enumerating the whole space.")
        self._table(f["scenarios"], open_=True)
        self.head(
            "Best designs", "What the best design of each scenario reaches, and what it changed."
        )
        self.items(best_designs(r))
        if len(f["lottery"]):
            self.head(
                "The hyperparameter lottery",
                "How far from the best design runs end, when only hyperparameters differ: quartiles, best, worst.",
            )
            self._choose("lottery", list(r.targets), lambda s: figures.lottery(r, s))
            self.note(
                "The chance [%] that one draw of hyperparameters ends within 1 % of the best, by evaluations:"
            )
            checkpoints = [
                str(c) for c in sorted(f["lottery"]["evaluations"].unique(), reverse=True)
            ]
            self._choose("chance", checkpoints, lambda c: figures.chance(f["lottery"], int(c)))
            self._table(f["lottery"])
            self.head(
                "What tuning costs",
                "Expected best of k draws; every draw's evaluations are paid for.",
            )
            self.figure(figures.tuning(f["tuning"]))
            self._table(f["tuning"])
        self.head(
            "Tuned agents compared",
            "On fresh seeds, with the hyperparameters that did best while tuning."
            if r.tuned_apart
            else "On the tuning runs themselves: there was no test phase.",
        )
        budgets = (
            [str(c) for c in sorted(f["ranking"]["evaluations"].unique())]
            if len(f["ranking"])
            else []
        )
        if budgets:
            self._choose("ranking", budgets[::-1], lambda c: figures.forest(f["ranking"], int(c)))
            self.note("Area under the gap curve: how soon, on average over all evaluations so far.")
            self._choose(
                "area", budgets[::-1], lambda c: figures.forest(f["ranking"], int(c), "IQM area")
            )
            self._table(f["ranking"])
            self.note("The share of runs within a gap:")
            self.figure(figures.profiles(r, last))
        if len(f["pairs"]):
            self.note(
                "The probability [%] that the agent of the row does better; × marks pairs not separated:"
            )
            compared = [str(c) for c in sorted(f["pairs"]["evaluations"].unique())]
            self._choose("pairs", compared[::-1], lambda c: figures.improvement(f["pairs"], int(c)))
            self._table(f["pairs"])
        self._table(f["per_scenario"], "Scenario by scenario, with the hyperparameters")
        if len(f["hypervolume"]):
            self.head(
                "Several objectives",
                "Hypervolume of each run's front, against the exact one where certified.",
            )
            self.figure(figures.volumes(f["hypervolume"]))
            self._table(f["hypervolume"])
        if len(f["hyperparameters"]):
            self.head(
                "Which hyperparameters matter",
                "Shares of the variance of a run's rank: exact where the runs form a full grid, else by a forest.",
            )
            self.figure(figures.importances(f["hyperparameters"]))
            self._table(f["hyperparameters"])
        if len(f["knobs"]):
            self.head("Around each best design", "What is lost when one knob alone is moved.")
            self._choose(
                "knobs", list(r.targets), lambda s: effects(f["knobs"][f["knobs"]["scenario"] == s])
            )
            self._table(f["knobs"])
        self.head(
            "Where the time went", "Agents' own seconds; evaluations charged, different, computed."
        )
        self.figure(figures.overhead(f["overhead"]))
        self._table(f["overhead"])
        self._table(f["counts"], "Runs by panel, agent, phase and status")
        if r.failures:
            failed = pd.DataFrame(
                r.failures, columns=["run", "scenario", "agent", "status", "error"]
            )
            failed["error"] = failed["error"].map(error_of)
            self._table(failed, "Failed runs")
        packages = ", ".join(f"{k} {v}" for k, v in r.versions.items())
        self.note(f"archgym {__version__}; the sweep ran with {packages}.")

    # ---- pieces
    def _choose(self, group: str, values: Sequence[str], draw: Any) -> None:
        options = "".join(f"<option>{html.escape(v)}</option>" for v in values)
        self.add(f"<select data-group='{group}' aria-label='{group}'>{options}</select>")
        for value in values:
            self.add(
                f"<div class='figure' data-of='{group}' data-value='{html.escape(value)}'>"
                f"{fragment(draw(value))}</div>"
            )

    def _table(self, frame: pd.DataFrame, title: str = "The numbers", open_: bool = False) -> None:
        if not len(frame):
            return
        shown = frame.head(400)
        cut = f" (first 400 of {len(frame):,}; all in the CSV)" if len(frame) > 400 else ""
        body = shown.to_html(index=False, border=0, float_format=lambda v: f"{v:.4g}", na_rep="")
        self.add(
            f"<details{' open' if open_ else ''}><summary>{html.escape(title + cut)}</summary>"
            f"<div class='scroll'>{body}</div></details>"
        )


def _write_pictures(results: Results, frames: dict[str, pd.DataFrame], folder: Path) -> list[Path]:
    last = results.checkpoints[-1]
    drawn = {
        "chance.png": figures.chance(frames["lottery"], last),
        "tuning.png": figures.tuning(frames["tuning"]),
        "ranking.png": figures.forest(frames["ranking"], last),
        "profiles.png": figures.profiles(results, last),
        "hyperparameters.png": figures.importances(frames["hyperparameters"]),
    }
    for name, figure in drawn.items():
        figure.write_image(folder / name, width=1000, scale=1.5)
    return [folder / name for name in drawn]


def _require_kaleido() -> None:
    need("kaleido", "--png")


def _for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts no spreadsheet takes for formulas."""
    out = frame.copy()
    for name in out.columns:
        if not pd.api.types.is_numeric_dtype(out[name]):
            out[name] = out[name].map(neutral)
    return out.rename(columns=neutral)
