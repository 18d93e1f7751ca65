"""Callbacks: told of the course of a study, and able to end it without harm to replay."""

import logging

import numpy as np
import pytest

import archgym
from archgym import Callback, Study
from archgym.search.callbacks import Ended


class Diary(Callback):
    """Writes down what it is told."""

    def __init__(self, end_at=None):
        self.lines, self.end_at = [], end_at

    def on_start(self, study):
        self.lines.append("start")

    def on_batch(self, study, progress):
        self.lines.append(progress.done)
        return "enough" if self.end_at and progress.done >= self.end_at else None

    def on_end(self, study):
        self.lines.append(study.ended.by if study.ended else "interrupted")


def test_callbacks_are_told_in_order(toy_scenario):
    diary = Diary()
    archgym.run(toy_scenario, "random_walk", budget=20, batch=8, callbacks=[diary])
    assert diary.lines == ["start", 1, 9, 17, 20, "budget"]


def test_a_callback_ends_a_study_and_changes_no_trial(toy_scenario):
    whole = archgym.run(toy_scenario, "genetic_algorithm", budget=60, seed=5)
    cut = archgym.run(toy_scenario, "genetic_algorithm", budget=60, seed=5, callbacks=[Diary(30)])
    n = len(cut.trials)
    assert 30 <= n < 60 and np.array_equal(cut.trials.x, whole.trials.x[:n])
    assert cut.result["ended"] == {"by": "callback", "text": "enough"} and cut.ended == "enough"
    assert whole.result["ended"]["by"] == "budget"


def test_on_end_is_told_when_something_breaks(toy_scenario):
    diary = Diary()

    class Broken(Callback):
        def on_batch(self, study, progress):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        archgym.run(toy_scenario, budget=20, callbacks=[diary, Broken()])
    assert diary.lines[-1] == "interrupted"


def test_an_early_end_is_replayed_verified_and_gone_on_with(toy_scenario, tmp_path):
    plan = {"budget": 60, "seed": 5, "batch": 6, "plots": False}
    stop = [archgym.Stagnation(12)]
    cut = archgym.run(toy_scenario, "random_walk", output=tmp_path / "r", callbacks=stop, **plan)
    assert cut.result["ended"]["by"] == "stagnation" and len(cut.trials) < 60
    assert archgym.verify(tmp_path / "r")["differences"] == []
    before = (tmp_path / "r" / "trials.csv").read_bytes()
    # the same callback ends it at the same place, and a harsher one takes nothing away
    for again in (archgym.Stagnation(12), archgym.Stagnation(1)):
        archgym.resume(tmp_path / "r", plots=False, callbacks=[again])
        assert (tmp_path / "r" / "trials.csv").read_bytes() == before
    went_on = archgym.resume(tmp_path / "r", plots=False)
    never = archgym.run(toy_scenario, "random_walk", output=tmp_path / "n", **plan)
    assert went_on.result == never.result
    assert (tmp_path / "r" / "trials.csv").read_bytes() == (
        tmp_path / "n" / "trials.csv"
    ).read_bytes()


def test_stagnation_counts_from_the_improvement(toy_scenario):
    run = archgym.run(
        toy_scenario, "random_walk", budget=60, seed=1, batch=1, callbacks=[archgym.Stagnation(7)]
    )
    met = np.where(run.trials.satisfied, run.trials.cost, np.inf)
    assert len(run.trials) - (int(np.argmin(met)) + 1) == 7


def test_a_time_limit_starts_anew_after_the_replay(toy_scenario, monkeypatch, tmp_path):
    from archgym.search import stopping

    now = [0.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])

    class Slow(Callback):
        def on_batch(self, study, progress):
            now[0] += 10

    plan = {"budget": 40, "batch": 4, "plots": False, "output": tmp_path / "r"}
    run = archgym.run(toy_scenario, "random_walk", callbacks=[Slow()], timeout="25 s", **plan)
    first = len(run.trials)
    assert first == 1 + 4 * 3 and run.ended == "the time limit of 25 s was reached"
    more = archgym.run(
        toy_scenario, "random_walk", callbacks=[Slow()], timeout=25, resume=True, **plan
    )
    assert first < len(more.trials) < 40


def test_the_gap_to_a_certified_optimum(toy_scenario, tmp_path):
    certificate = archgym.enumerate_space(toy_scenario, tmp_path)
    stop = archgym.GapReached(0.0, certificates=tmp_path)
    run = archgym.run(toy_scenario, "random_walk", budget=500, batch=1, callbacks=[stop])
    assert run.result["ended"]["by"] == "gap"
    assert run.result["best"]["cost"] == pytest.approx(certificate.optimum, abs=1e-12)


def test_a_study_by_name_runs_with_callbacks():
    study = Study("dram/stream-low-power", "random_walk", budget=5)
    assert len(study.run(callbacks=[Diary(1)])) < 5 and study.ended == Ended("callback", "enough")


def test_the_logger_says_improvements(toy_scenario, caplog):
    with caplog.at_level(logging.INFO, "archgym"):
        archgym.run(toy_scenario, "random_walk", budget=30, callbacks=[archgym.LoggingCallback()])
    text = caplog.text
    assert "study started: scenario toy" in text and "best latency" in text and " ns" in text
    assert "study ended after 30 evaluations: the budget of 30 evaluations was spent" in text


def test_the_bar_is_shown_on_standard_error(toy_scenario, capsys):
    archgym.run(toy_scenario, "random_walk", budget=10, progress=True)
    shown = capsys.readouterr()
    assert shown.out == "" and "10 of 10" in shown.err  # a line, where there is no terminal


def test_tensorboard(toy_scenario, tmp_path):
    pytest.importorskip("tensorboardX", reason="the extra 'tensorboard' is not installed")
    logger = archgym.TensorBoardCallback(tmp_path)
    archgym.run(toy_scenario, "random_walk", budget=10, callbacks=[logger])
    (file,) = tmp_path.glob("events.out.tfevents.*")
    assert b"best/latency" in file.read_bytes()


def test_mlflow(toy_scenario, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="the extra 'mlflow' is not installed")
    tracking = f"sqlite:///{tmp_path / 'mlflow.db'}"
    logger = archgym.MlflowCallback(tracking=tracking)
    run = archgym.run(toy_scenario, "random_walk", budget=10, callbacks=[logger])
    (kept,) = mlflow.MlflowClient(tracking).search_runs(["1"])
    assert kept.data.metrics["best/latency"] == float(run.best_metrics["latency"])
    assert kept.data.params["agent"] == "random_walk"


def test_weights_and_biases_offline(toy_scenario, tmp_path):
    pytest.importorskip("wandb", reason="the extra 'wandb' is not installed")
    logger = archgym.WandbCallback(folder=tmp_path)
    archgym.run(toy_scenario, "random_walk", budget=10, callbacks=[logger])
    assert list(tmp_path.rglob("*.wandb"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("TensorBoardCallback", ("x",)), ("MlflowCallback", ()), ("WandbCallback", ())],
)
def test_a_missing_package_names_its_extra(name, arguments, monkeypatch):
    for module in ("tensorboardX", "mlflow", "wandb"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(
        archgym.ArchgymError, match=r"pip install 'archgym\[(tensorboard|mlflow|wandb)\]'"
    ):
        getattr(archgym, name)(*arguments)
