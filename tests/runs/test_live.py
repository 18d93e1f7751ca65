"""What a run says of itself while it goes on."""

import json

import numpy as np
import pytest

import archgym
from archgym.goals.tradeoff import front_of
from archgym.runs import live
from archgym.runs.course import course
from archgym.runs.live import LIVE
from archgym.runs.summary import goals_told


def test_a_run_tells_how_far_it_is_and_cleans_up(toy_scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 1e9)
    seen = []

    class Look(archgym.Callback):
        def on_batch(self, study, progress):
            if (tmp_path / "r" / LIVE).exists():
                seen.append(json.loads((tmp_path / "r" / LIVE).read_text()))

    run = archgym.run(
        toy_scenario, "random_walk", budget=40, batch=8, output=tmp_path / "r", plots=False,
        callbacks=[Look()],
    )  # fmt: skip
    assert [s["done"] for s in seen] == [1, 9, 17, 25, 33]  # each batch sees what the last wrote
    assert seen[-1]["budget"] == 40 and seen[-1]["best"].startswith("latency ")
    assert seen[-1]["course"]["trials"] == 33
    assert not (tmp_path / "r" / LIVE).exists() and run.result["charged"] == 40


def test_notes_that_cannot_be_written_end_no_run(toy_scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(live, "EVERY_S", 0.0)
    (tmp_path / "r" / LIVE).mkdir(parents=True)
    run = archgym.run(toy_scenario, budget=30, batch=10, output=tmp_path / "r", plots=False)
    assert run.result["charged"] == 30


def test_the_course_agrees_with_the_trials(toy_scenario):
    x = toy_scenario.space.sample(300, np.random.default_rng(1))
    trials = archgym.Trials.of(toy_scenario, x, toy_scenario.evaluate(x))
    told = course(
        goals_told(toy_scenario), trials.evaluation.metrics, trials.satisfied,
        front_of(toy_scenario, trials),
    )  # fmt: skip
    [panel] = told["panels"]
    latency = trials.evaluation.metrics["latency"]
    best = np.fmin.accumulate(np.where(trials.satisfied, latency, np.nan))
    for step, value in zip(panel["best"]["x"], panel["best"]["y"]):
        assert value == best[step - 1]
    assert panel["best"]["x"][-1] == 300 and panel["best"]["y"][-1] == np.nanmin(best)
    assert len(panel["met"]["x"]) + len(panel["missed"]["x"]) == trials.evaluation.feasible.sum()
    reference = toy_scenario.compared.values
    assert panel["reference"] == pytest.approx(reference["latency"])
    assert told["front"]["names"] == ["latency", "energy"]
    assert told["front"]["limits"] == [[], [pytest.approx(60e-12)]]
    assert told["front"]["front"]["x"] == sorted(told["front"]["front"]["x"])
