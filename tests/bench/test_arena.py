"""Agents and played games under one budget."""

import json

import numpy as np
import pandas as pd
import pytest

import archgym
from archgym.bench import arena
from archgym.cli import main
from archgym.play import game

SCENARIO = "serving/gpt-oss-batch"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A game of four designs, the reference design among them."""
    folder = tmp_path_factory.mktemp("games") / "g"
    scenario = archgym.load_scenario(SCENARIO)
    with game.start(scenario, budget=4, player="my assistant", output=folder) as g:
        g.evaluate([{"concurrency": 512}, {"tensor": 2}])
    return folder


def test_agents_and_a_game_are_set_side_by_side(played, tmp_path, capsys):
    out = tmp_path / "arena"
    words = [
        "arena",
        SCENARIO,
        "random_walk",
        "hill_climbing",
        "--games",
        str(played),
        "--budget",
        "40",
    ]
    assert main([*words, "--seeds", "3", "--workers", "1", "--output", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {r["player"]: r for r in told["standings"]}
    assert {p: r["runs"] for p, r in rows.items()} == {
        "random_walk": 3, "hill_climbing": 3, "my assistant": 1,
    }  # fmt: skip
    assert rows["my assistant"]["low"] is None and rows["random_walk"]["low"] is not None
    gaps = [r["gap"] for r in told["standings"]]
    assert gaps == sorted(gaps) and told["standings"][0]["first better"] is None
    scenario = archgym.load_scenario(SCENARIO)  # the game's gap, by hand from the certificate
    best = json.loads((played / "result.json").read_text())["best"]["cost"]
    least = archgym.tables.certificate.find(scenario).optimum
    gap = min(float(scenario.gap(np.array([best]), least)[0]), 1.0)
    assert rows["my assistant"]["gap"] == pytest.approx(gap)


def test_standings_by_hand():
    scenario = archgym.load_scenario(SCENARIO)
    least = archgym.tables.certificate.find(scenario).optimum
    costs = least + np.log1p([0.0, 0.0, 0.1, 0.5, 0.5, 0.5])
    frame = pd.DataFrame({"player": list("aaabbb"), "run": list("123123"), "cost": costs})
    first, second = arena.standings(scenario, frame).to_dict("records")
    assert (first["player"], second["player"]) == ("a", "b")
    assert second["gap"] == pytest.approx(0.5) and second["first better"] == 1.0
    assert first["gap"] == pytest.approx(0.1 / 3)  # a quarter of three is none


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["arena", SCENARIO], "somebody must play"),
        (["arena", SCENARIO, "random_wlak"], "random_walk"),
        (["arena", SCENARIO, "random_walk", "--seeds", "0"], "--seeds must be at least 1"),
        (
            ["arena", SCENARIO, "--games", "GAME", "--budget", "2"],
            "3 evaluations were charged, 2 are",
        ),
        (
            ["arena", SCENARIO, "--games", "GAME", "--from-scratch"],
            "started from the reference design",
        ),
        (
            ["arena", "serving/llama-70b-chat", "--games", "GAME"],
            f"it searched scenario '{SCENARIO}'",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(words, told, played, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([str(played) if w == "GAME" else w for w in words]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "arena").exists()
