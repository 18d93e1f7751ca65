"""Who answers a suite's tasks, and about how long the rest takes."""

import pandas as pd
import pytest

import archgym
from archgym.bench import scores
from archgym.bench.pace import Pace, timed
from archgym.bench.suite import load_suite
from archgym.cli import main
from archgym.sweeps.result import DONE, Result

LOOKED_UP, SIMULATED = "serving/gpt-oss-batch", "serving/llama-70b-chat"
PLAYED = [
    "bench",
    "hill_climbing",
    "--tasks",
    LOOKED_UP,
    SIMULATED,
    "--seeds",
    "2",
    "--workers",
    "1",
]


def ran(seconds, answers_s=0.0):
    return Result("r", DONE, seconds=seconds, simulator_seconds=answers_s)


def test_tables_are_found_without_being_named_and_figures_are_the_same(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCHGYM_TABLES", raising=False)
    short = [*PLAYED, "--budget", "32", "--output"]
    assert main([*short, "without"]) == 0
    said = capsys.readouterr().err
    assert f"tasks simulated: 2 ({LOOKED_UP}, {SIMULATED})" in said
    assert "4 runs of 32 evaluations: about " in said and "looked up" not in said
    assert main(["enumerate", LOOKED_UP, "--json"]) == 0  # into the usual place
    capsys.readouterr()
    assert main([*short, "with"]) == 0
    said = capsys.readouterr().err
    assert f"tasks looked up in tables: 1 ({LOOKED_UP})" in said
    assert f"tasks simulated: 1 ({SIMULATED})" in said
    suite = load_suite().short(32)
    figures = [
        scores.read(tmp_path / folder / "scores.csv", suite).filter(regex="task|seed|gap|area")
        for folder in ("without", "with")
    ]
    pd.testing.assert_frame_equal(*figures, check_exact=True)
    assert main(["bench", "--resume", "with"]) == 0  # nothing is left, so nothing is timed
    assert "evaluations: about" not in capsys.readouterr().err


def test_a_folder_of_tables_that_is_not_there_is_told(tmp_path, capsys):
    words = [*PLAYED, "--tables", str(tmp_path / "tabels"), "--output", str(tmp_path / "b")]
    assert main(words) == 2
    assert "expected a folder that archgym enumerate has made" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_the_rest_is_worked_out_task_by_task():
    pace = Pace({"quick": 10, "dear": 4}, {"dear": 30.0}, workers=2)
    assert pace.rest_s == pytest.approx(4 * 30 / 2)  # what is looked up costs nothing yet
    pace.took("quick", ran(1.0))
    assert pace.rest_s == pytest.approx((9 * 1 + 4 * (30 + 1)) / 2)
    pace.took("dear", ran(50.0, answers_s=49.0))
    assert pace.rest_s == pytest.approx((9 * 1 + 3 * 50) / 2)
    for _ in range(2):
        pace.took("dear", ran(50.0, answers_s=49.0))
    for _ in range(9):
        pace.took("quick", ran(1.0))
    assert pace.rest_s == pytest.approx(50)  # the last run has one process to itself
    pace.took("dear", ran(50.0))
    assert pace.rest_s == 0.0


def test_a_dear_simulator_is_told_from_a_cheap_one():
    dear, cheap = (
        timed(archgym.load_scenario(n)) for n in ("accelerator/alexnet-simba-coarse", LOOKED_UP)
    )
    assert 0 < 10 * cheap < dear
