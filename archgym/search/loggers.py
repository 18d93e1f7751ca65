"""Callbacks that write a study's course elsewhere: Python's logging, TensorBoard, MLflow, Weights & Biases."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ArchgymError, MissingExtraError
from ..goals.wording import in_words
from .callbacks import Callback, Progress, Watched


class LoggingCallback(Callback):
    """Writes to a Python logger: a line when the study starts, improves and ends.

    Args:
        logger: a logger or its name.
        level: of the lines.
    """

    def __init__(self, logger: str | logging.Logger = "archgym", level: int = logging.INFO) -> None:
        self.logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self.level = level
        self._told = -1

    def on_start(self, study: Watched) -> None:
        """Say what is searched."""
        self._told = -1
        text = ", ".join(f"{k} {v}" for k, v in facts_of(study).items() if v not in ("", {}))
        self.logger.log(self.level, "study started: %s", text)

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """Say what the best design is, where it improved."""
        if progress.best is None or progress.improved == self._told:
            return
        self._told = progress.improved
        words = in_words(study.scenario, progress.best)
        self.logger.log(
            self.level, "%d of %d evaluations: best %s", progress.done, progress.budget, words
        )

    def on_end(self, study: Watched) -> None:
        """Say why it ended."""
        why = study.ended.text if study.ended else "interrupted"
        self.logger.log(self.level, "study ended after %d evaluations: %s", study.done, why)


class TensorBoardCallback(Callback):
    """Writes TensorBoard's event files (extra ``tensorboard``); look at them with ``tensorboard --logdir FOLDER``.

    Args:
        folder: of the event files.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ModuleNotFoundError as error:
            raise MissingExtraError("TensorBoardCallback", "tensorboardX", "tensorboard") from error
        self._make: Any = SummaryWriter
        self.folder = Path(folder)
        self._writer: Any = None

    def on_start(self, study: Watched) -> None:
        """Open the event file, and write what is searched."""
        self._writer = self._make(str(self.folder))
        rows = "\n".join(f"| {k} | {v} |" for k, v in facts_of(study).items())
        self._writer.add_text("study", f"| what | value |\n|---|---|\n{rows}")

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """One point a batch of every figure."""
        for name, value in figures_of(progress).items():
            self._writer.add_scalar(name, value, progress.done)

    def on_end(self, study: Watched) -> None:
        """Close the file."""
        self._writer.close()


class MlflowCallback(Callback):
    """Logs to MLflow (extra ``mlflow``): a run with parameters and one point a batch.

    Args:
        experiment: its name, made where it does not exist.
        tracking: where to, such as ``sqlite:///mlflow.db`` or a server (default: what MLflow is set to).
        name: of the run.

    Raises:
        MissingExtraError: mlflow is not installed.
    """

    def __init__(self, experiment: str = "archgym", tracking: str = "", name: str = "") -> None:
        try:
            import mlflow
        except ModuleNotFoundError as error:
            raise MissingExtraError("MlflowCallback", "mlflow", "mlflow") from error
        self._mlflow: Any = mlflow
        self.experiment, self.tracking, self.name = experiment, tracking, name

    def on_start(self, study: Watched) -> None:
        """Open a run, and log what is searched.

        Raises:
            ArchgymError: MLflow does not take it.
        """
        try:
            if self.tracking:
                self._mlflow.set_tracking_uri(self.tracking)
            self._mlflow.set_experiment(self.experiment)
            self._mlflow.start_run(run_name=self.name or None)
            self._mlflow.log_params({k: str(v) for k, v in facts_of(study).items()})
        except Exception as error:  # MLflow's own, of any kind
            raise ArchgymError(
                f"MLflow does not take the study: {error}; check the tracking URI {self.tracking!r}"
            ) from error

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """One point a batch of every figure; MLflow's names take no star."""
        figures = {k.replace("*", "x"): v for k, v in figures_of(progress).items()}
        self._mlflow.log_metrics(figures, step=progress.done)

    def on_end(self, study: Watched) -> None:
        """Close the run: finished, or killed where it was interrupted."""
        if study.ended:
            self._mlflow.set_tag("ended", study.ended.text)
        self._mlflow.end_run("FINISHED" if study.ended else "KILLED")


class WandbCallback(Callback):
    """Logs to Weights & Biases (extra ``wandb``), offline unless told otherwise.

    Args:
        project: its name.
        folder: where the run is kept.
        mode: ``offline`` (send later with ``wandb sync``), or ``online``.
        name: of the run.

    Raises:
        MissingExtraError: wandb is not installed.
    """

    def __init__(
        self,
        project: str = "archgym",
        folder: str | Path = "wandb",
        mode: str = "offline",
        name: str = "",
    ) -> None:
        try:
            import wandb
        except ModuleNotFoundError as error:
            raise MissingExtraError("WandbCallback", "wandb", "wandb") from error
        self._wandb: Any = wandb
        self.project, self.folder, self.mode, self.name = project, Path(folder), mode, name
        self._run: Any = None

    def on_start(self, study: Watched) -> None:
        """Open a run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = self._wandb.init(
            project=self.project, dir=str(self.folder), mode=self.mode, name=self.name or None,
            config=facts_of(study),
        )  # fmt: skip

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """One point a batch of every figure."""
        self._run.log(figures_of(progress), step=progress.done)

    def on_end(self, study: Watched) -> None:
        """Close the run."""
        self._run.finish(exit_code=0 if study.ended else 1)


def facts_of(study: Watched) -> dict[str, Any]:
    """What is searched, by whom and how long, as plain values.

    Args:
        study: being watched.

    Returns:
        Texts and numbers by name.
    """
    return {
        "scenario": study.scenario.name,
        "workloads": ", ".join(study.scenario.workloads),
        "agent": study.agent.name,
        "seed": study.agent.seed,
        "budget": study.budget,
        "batch": study.batch,
        **{f"hyperparameter.{k}": v for k, v in study.agent.hyper.items()},
    }


def figures_of(progress: Progress) -> Mapping[str, float]:
    """The figures of one batch by name: metrics of the best design so far, in SI units, and counts.

    Args:
        progress: of one batch.

    Returns:
        Numbers by name.
    """
    best = {f"best/{n}": v for n, v in (progress.best or {}).items()}
    return {**best, "specs_met": float(progress.specs_met), "computed": float(progress.computed)}
