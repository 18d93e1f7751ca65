"""The words submit, verify --leaderboard and leaderboard, as a user says them."""

import json

import numpy as np
import pytest

import archgym
from archgym.bench.submission.divisions import OFFLINE, division, offline_data
from archgym.bench.submission.making import collect
from archgym.cli import main
from archgym.errors import ArchgymError
from archgym.files.seal import sealed
from archgym.goals.scenario_file import load_scenario

from .conftest import SMALL, TASK


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Every word works on the small suite."""
    for module in ("submit", "judging"):
        monkeypatch.setattr(f"archgym.cli.{module}.load_suite", lambda: SMALL)


def test_entries_are_made_judged_and_ranked(tmp_path, capsys):
    closed, opened = tmp_path / "all" / "closed", tmp_path / "all" / "open"
    words = ["submit", "random_walk", "--workers", "1", "--json"]
    assert main([*words, "--output", str(closed)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == 2 and told["claims"][1][1] == "yes"
    before = {p.name: p.stat().st_mtime_ns for p in (closed / "trials").iterdir()}
    assert main([*words, "--output", str(closed)]) == 0  # nothing is left to do
    assert before == {p.name: p.stat().st_mtime_ns for p in (closed / "trials").iterdir()}
    for k in range(2):
        archgym.run(TASK, "random_walk", budget=9, seed=k, output=tmp_path / f"{k}", plots=False)
    runs = ["submit", "--division", "open", "--runs", str(tmp_path / "0"), str(tmp_path / "1")]
    more = ["--entrant", "an assistant", "--tokens", "1200", "--wall-seconds", "60"]
    assert main([*runs, *more, "--output", str(opened)]) == 0
    capsys.readouterr()
    page = tmp_path / "board.html"
    assert (
        main(
            ["leaderboard", str(tmp_path / "all"), "--unconfined", "--output", str(page), "--json"]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert set(told["rankings"]) == {"closed", "open"}
    assert [s["replayed"] for s in told["submissions"]] == [2, 0]
    assert "1,200 tokens" in page.read_text("utf-8") and "Closed division" in page.read_text(
        "utf-8"
    )
    file = next((closed / "trials").iterdir())
    file.write_text(file.read_text("utf-8").replace("1", "2", 1), "utf-8")
    assert main(["verify", "--leaderboard", str(closed)]) == 1
    assert "digest differs" in capsys.readouterr().out


def test_offline_data_lacks_the_good_designs_and_holds_the_failures(tmp_path, capsys):
    assert main(["submit", "--data", str(tmp_path / "data"), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["data"]
    scenario, played = load_scenario(TASK), division(OFFLINE, SMALL)
    data = offline_data(scenario, played.suite)
    assert told["designs"] == str(len(data)) and played.budget == SMALL.ladder[0]
    bad = ~data.evaluation.feasible
    assert bad.any() and all(data.evaluation.reason(int(i)) for i in bad.nonzero()[0])
    drawn = scenario.costs(
        scenario.evaluate(scenario.space.sample(2000, np.random.default_rng(0)))
    )[:, 0]
    assert data.cost.min() > sorted(drawn)[len(drawn) // 4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name an agent"),
        (["random_walk", "--runs", "x"], "name an agent"),
        (["--runs", "x"], "--division open"),
        (["no_such"], "unknown agent"),
        (["random_walk", "--tasks", "nope"], "unknown task"),
        (["random_walk", "--seeds", "0"], "at least 1"),
        (["random_walk", "--entrant", "a\u202eb"], "ASCII"),
        (["random_walk", "--tokens", "-1"], "0 or more"),
        (["random_walk", "--tokens", "nan"], "0 or more"),
    ],
)
def test_bad_words_are_answered_and_nothing_is_written(tmp_path, capsys, words, said):
    out = tmp_path / "entry"
    assert main(["submit", *words, "--output", str(out)]) == 2
    assert said in capsys.readouterr().err and not out.exists()


def test_a_run_that_rough_answers_led_is_no_entry(tmp_path):
    archgym.run(TASK, "random_walk", budget=3, output=tmp_path / "led", plots=False)
    file = tmp_path / "led" / "result.json"
    told = json.loads(file.read_text("utf-8"))
    told["fidelities"] = [{"name": "look", "cost": 0.1, "evaluations": 20, "charged": 2.0}]
    file.write_text(json.dumps(sealed(told)), "utf-8")
    with pytest.raises(ArchgymError, match="led by rough answers"):
        collect(tmp_path / "entry", division("open", SMALL), [tmp_path / "led"])
