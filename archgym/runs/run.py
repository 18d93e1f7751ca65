"""A finished run as a value: what it found, with units, as data frame, figures and words."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers.confirm import Confirmed
from ..answers.store import EvaluationStore
from ..errors import ArchgymError, StoreError
from ..files.text import write_text
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..search.ladder import Rough
from ..space import Designs
from ..units import Quantity, knob_value
from . import run_words
from .frames import frame_of_front, frame_of_trials
from .writing import write_run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False, eq=False)
class Run:
    """What a search found.

    Attributes:
        path: the run's folder; None where it is kept in memory.
        scenario: what was searched.
        trials: everything that was tried, in order.
        result: the summary that ``result.json`` holds.
        manifest: what is needed to replay the run.
        confirmed: where a proxy answered, the finalists as the simulator evaluated them; else None.
        store: the evaluations of a run in memory; else None.
        rough: of a run in memory, what was evaluated below full fidelity, in order; none of it is a trial.
    """

    path: Path | None
    scenario: Scenario
    trials: Trials
    result: dict[str, Any]
    manifest: Mapping[str, Any]
    confirmed: Confirmed | None = None
    store: EvaluationStore | None = field(default=None)  # of a run in memory
    rough: tuple[Rough, ...] = ()

    # ---- what was found
    @property
    def best(self) -> dict[str, Any] | None:
        """The best design, one value per knob that shows its unit; None where no design is feasible."""
        return self._design(self.result["best"])

    @property
    def best_metrics(self) -> dict[str, Quantity]:
        """The best design's metrics, in SI units and shown with a prefix; empty where there is none."""
        return self._metrics(self.result["best"])

    @property
    def reference(self) -> dict[str, Any] | None:
        """The reference design; None where the scenario has none."""
        return self._design(self.result["reference"])

    @property
    def reference_metrics(self) -> dict[str, Quantity]:
        """The reference design's metrics; empty where there are none."""
        return self._metrics(self.result["reference"])

    @property
    def front(self) -> pd.DataFrame:
        """The front, one row a design: ``step``, the knobs, the metrics.  ``attrs["units"]`` holds the units."""
        return frame_of_front(self.scenario, self.result["front"])

    @property
    def specs_met(self) -> bool:
        """Whether a design meets every spec."""
        return bool(self.result["specs_met"])

    @property
    def ended(self) -> str:
        """Why the search ended, as a sentence; '' where an older version wrote the run."""
        return str(self.result.get("ended", {}).get("text", ""))

    def _design(self, entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if entry is None:
            return None
        units = {p.name: p.unit for p in self.scenario.space.parameters}
        return {n: knob_value(v, units.get(n, "")) for n, v in entry["design"].items()}

    def _metrics(self, entry: Mapping[str, Any] | None) -> dict[str, Quantity]:
        metrics = {} if entry is None else entry["metrics"]
        return {n: Quantity(v, self.result["units"][n]) for n, v in metrics.items()}

    def best_indices(self) -> Designs:
        """The best design as a row of value indices, (d,).

        Raises:
            ArchgymError: no design is feasible.
        """
        if self.result["best"] is None:
            raise ArchgymError(
                "the run found no feasible design, so there is nothing to show of it"
            )
        return np.asarray(self.scenario.space.encode(self.result["best"]["design"]))[0]

    # ---- as tables and to other tools
    def to_dataframe(self) -> pd.DataFrame:
        """Every trial, one row each, under the names of ``trials.csv``.

        Returns:
            ``step``, a column per knob, ``feasible``, ``specs_met``, ``cost``, a column per metric (SI
            units, NaN where infeasible), ``reason``. ``attrs["units"]`` maps columns to units.
        """
        return frame_of_trials(self.scenario, self.trials)

    def to_optuna(self) -> Any:
        """An in-memory ``optuna.Study`` with the same trials, see :func:`archgym.runs.to_optuna.to_optuna`.

        Raises:
            MissingExtraError: optuna is not installed.
        """
        from .to_optuna import to_optuna

        name = f"{self.scenario.name}, {self.manifest['agent']}, seed {self.manifest['seed']}"
        return to_optuna(self.scenario, self.trials, name)

    # ---- figures
    @property
    def _final(self) -> Trials | None:
        return None if self.confirmed is None else self.confirmed.trials

    def plot_convergence(self) -> Any:
        """A plotly figure: each objective over the evaluations charged, and the best so far."""
        from ..figures.convergence import convergence

        return convergence(self.scenario, self.trials, self._final)

    def plot_front(self) -> Any:
        """A plotly figure: all feasible designs over two quantities, and the front."""
        from ..figures.front import front

        return front(self.scenario, self.trials, self._final)

    def plot_parallel(self) -> Any:
        """A plotly figure: parallel coordinates of knobs and objectives."""
        from ..figures.parallel import parallel

        return parallel(self.scenario, self.trials)

    def plot_importance(self) -> Any:
        """A plotly figure: how much of the order of the trials each knob alone explains."""
        from ..figures.importance import importance

        return importance(self.scenario, self.trials)

    def plot_effects(self) -> Any:
        """A plotly figure: what is lost when one knob of the best design is moved.

        The simulator evaluates the neighbours of the best design; nothing of this is charged.
        """
        from ..figures.effects import effects, effects_table

        return effects(effects_table(self.scenario, self.best_indices()))

    # ---- keeping
    def write_page(self, file: str | Path, *, effects: bool | None = None) -> Path:
        """Write the run as one interactive HTML page that needs no network.

        Args:
            file: the page to write.
            effects: evaluate the neighbours of the best design (charged to nobody) and show what each knob buys
                (default: where that takes about two seconds at most).

        Returns:
            The file.

        Raises:
            StoreError: it cannot be written.
        """
        from .page import page_of

        write_text(Path(file), page_of(self, self.path, effects).document())
        return Path(file)

    def save(self, folder: str | Path) -> Path:
        """Keep the run in a new folder, as ``archgym run`` writes it; ``archgym.load`` reads it.

        Args:
            folder: a new one.

        Returns:
            The folder.

        Raises:
            ArchgymError: the folder holds a run already; StoreError: it cannot be written.
        """
        place = Path(folder)
        if self.store is not None:
            return write_run(
                place,
                self.scenario,
                self.trials,
                self.result,
                self.manifest,
                self.store,
                self.rough,
            )
        assert self.path is not None  # a run lies in memory or in a folder
        if place.exists() and any(place.iterdir()):
            raise ArchgymError(f"{place} is not empty; choose another folder")
        try:
            shutil.copytree(
                self.path, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("lock")
            )
        except OSError as error:
            raise StoreError(f"cannot write {place}: {error}; choose another folder") from error
        return place

    def __repr__(self) -> str:
        return run_words.text(self.scenario, self.manifest, self.result, self.path)

    def _repr_html_(self) -> str:
        return run_words.html_text(self.scenario, self.manifest, self.result, self.path)
