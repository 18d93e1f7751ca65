"""A game: what is charged, refused, kept, and gone on with."""

import json
import threading

import pytest

import archgym
from archgym.errors import ArchgymError, DesignError, EvaluationError
from archgym.play import game as games
from archgym.play.player import NAME
from archgym.runs.verify import verify


def test_a_game_is_a_run_of_the_same_trials(begun, scenario, tmp_path):
    game = begun(budget=5, player="someone")
    first = game.evaluate([{"page_policy": "Closed"}, {"scheduler": "Fifo"}])
    assert [r["step"] for r in first["results"]] == [1, 2]  # trial 0 is the reference design
    assert first["budget"] == {"charged": 3, "left": 2, "budget": 5}
    told = first["results"][0]
    e = scenario.evaluate(scenario.space.encode([told["design"]]))
    assert told["metrics"] == e.row(0) and told["feasible"]
    answer = game.submit(text="good enough")
    assert answer["is_the_best"]
    run = archgym.load(tmp_path / "game")
    assert run.manifest["agent"] == NAME and run.manifest["player"] == "someone"
    assert len(run.trials) == 3 and run.best == answer["submitted"]["design"]
    assert "submitted" in run.ended
    assert verify(tmp_path / "game", None)["differences"] == []
    assert (tmp_path / "game" / "page.html").exists()


def test_every_fault_of_a_call_is_told_and_nothing_is_charged(begun):
    game = begun(budget=4)
    bad = [
        {"page_polcy": "Closed", "scheduler": "Best"},
        {"refresh_max_postponed": float("nan")},
        [1, 2],
        {},
    ]
    with pytest.raises(DesignError) as caught:
        game.evaluate(bad)
    text = str(caught.value)
    parts = (
        "did you mean page_policy?",
        "Best",
        "nan is no number",
        "design 2: expected an object",
    )
    for part in parts:
        assert part in text
    assert game.budget()["charged"] == 1
    for designs in ([], [{}] * 17):
        with pytest.raises(DesignError, match="design"):
            game.evaluate(designs)
    with pytest.raises(ArchgymError, match="and 3 evaluations of 4 are left"):
        game.evaluate([{}] * 4)
    assert game.budget()["charged"] == 1


def test_a_broken_constraint_is_refused(tmp_path):
    scenario = archgym.load_scenario("cluster/archgym-gpt3-13b")
    assert scenario.space.constraints
    with games.start(scenario, budget=3, output=tmp_path / "c") as game:
        values = scenario.space.grid(4096)
        valid = {row.tobytes() for row in next(values)}
        import numpy as np

        rows = scenario.space.unrank(np.arange(4096))
        row = next(r for r in rows if r.tobytes() not in valid)
        with pytest.raises(DesignError, match="breaks the constraint"):
            game.evaluate([scenario.space.decode(row[None])[0]])
        assert game.budget()["charged"] == 1


def test_only_what_was_paid_for_is_explained_or_submitted(begun):
    game = begun(budget=3, from_reference=False)
    assert game.budget()["charged"] == 0
    assert "metrics" not in game.describe()["reference"]
    with pytest.raises(ArchgymError, match="nothing to submit"):
        game.submit()
    with pytest.raises(ArchgymError, match="evaluate it first"):
        game.explain({"page_policy": "Closed"})
    with pytest.raises(ArchgymError, match="evaluate it"):
        game.submit({"page_policy": "Closed"})
    game.evaluate([{"page_policy": "Closed"}])
    (why,) = game.explain({"page_policy": "Closed"})["explanations"]
    assert why["in_words"] and why["parts"]
    game.submit({"page_policy": "Closed"})
    for call in (lambda: game.evaluate([{}]), game.submit):
        with pytest.raises(ArchgymError, match="has ended"):
            call()


def test_a_game_goes_on_from_its_folder(begun, tmp_path):
    game = begun(budget=6)
    one = game.evaluate([{"page_policy": "Closed"}, {"arbiter": "Fifo"}])
    with pytest.raises(ArchgymError, match="in use"):  # one process, one client's server
        games.resume(tmp_path / "game")
    game.note("half way")
    game.close()
    assert "has not submitted" in archgym.load(tmp_path / "game").ended
    with pytest.raises(ArchgymError, match="archgym serve --resume"):
        archgym.resume(tmp_path / "game")
    with games.resume(tmp_path / "game") as again:
        assert again.budget() == one["budget"]
        assert again.front() == game.front()
        two = again.evaluate([{"scheduler": "Fifo"}] * 3)
        assert [r["step"] for r in two["results"]] == [3, 4, 5]
        with pytest.raises(ArchgymError, match="0 evaluations of 6 are left"):
            again.evaluate([{}])
        again.submit()
    with games.resume(tmp_path / "game") as ended:
        assert ended.budget()["submitted"]
        with pytest.raises(ArchgymError, match="has ended"):
            ended.evaluate([{}])
    (line,) = (tmp_path / "game" / "notes.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["step"] == 3


def test_a_damaged_submission_reopens_nothing(begun, tmp_path):
    begun(budget=2).submit()
    file = tmp_path / "game" / "submission.json"
    file.write_text(file.read_text("utf-8").replace('"charged": 1', '"charged": 0'), "utf-8")
    # the game of the fixture still holds the folder: its own record is in memory
    document = json.loads(file.read_text("utf-8"))
    assert document["charged"] == 0
    begun_again = tmp_path / "copy"
    begun_again.mkdir()
    for name in ("manifest.json", "evaluations.sqlite", "submission.json"):
        (begun_again / name).write_bytes((tmp_path / "game" / name).read_bytes())
    with pytest.raises(ArchgymError, match="damaged"):
        games.resume(begun_again)


def test_two_clients_share_one_budget(begun):
    game = begun(budget=21)
    told, refused = [], []

    def play(policy):
        for _ in range(20):
            try:
                told.extend(game.evaluate([{"page_policy": policy}])["results"])
            except ArchgymError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=play, args=(p,)) for p in ("Open", "Closed")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r["step"] for r in told) == list(range(1, 21))
    assert len(refused) == 20 and all("0 evaluations of 21 are left" in r for r in refused)


def test_a_simulator_that_fails_costs_the_rest_of_a_call_alone(begun, monkeypatch):
    game = begun(budget=6)
    simulator = type(game.scenario.simulators[0])
    whole = simulator._evaluate

    def failing(self, x):
        if self.space.decode(x)[0]["page_policy"] == "Closed":
            raise EvaluationError("the licence server is away")
        return whole(self, x)

    monkeypatch.setattr(simulator, "_evaluate", failing)
    out = game.evaluate([{"scheduler": "Fifo"}, {"page_policy": "Closed"}, {}])
    assert len(out["results"]) == 1 and "licence server" in out["stopped"]
    assert out["budget"]["charged"] == 2
    monkeypatch.setattr(simulator, "_evaluate", whole)
    assert len(game.evaluate([{"page_policy": "Closed"}])["results"]) == 1


def test_a_limit_of_queries_ends_the_game(tmp_path):
    scenario = archgym.load_scenario("codesign/w1-joint")
    settings = {"budget": 9, "queries": {"accuracy": 1}, "from_reference": False}
    with games.start(scenario, output=tmp_path / "q", **settings) as game:
        start = scenario.simulators[0].default_design()
        network = next(p for p in scenario.space.parameters if len(p) > 1)
        others = [v for v in network.values if v != start[network.name]]
        out = game.evaluate([{}, {network.name: others[0]}])
        assert "limit of queries" in out["stopped"] or out["budget"]["queries"] == {"accuracy": 1}
        assert out["budget"]["charged"] <= 2


def test_bad_settings_are_told(scenario, tmp_path):
    for settings, told in (
        ({"budget": 0}, "budget"),
        ({"most_per_call": 0}, "at least 1 design"),
        ({"player": " "}, "name"),
        ({"queries": {"accuracy": 3}}, "unknown query"),
    ):
        with pytest.raises(ArchgymError, match=told):
            games.start(scenario, output=tmp_path / "x", **settings)
    assert not (tmp_path / "x").exists()
    game = games.start(scenario, budget=2, output=tmp_path / "g")
    for text in ("", "x" * 10_001):
        with pytest.raises(ArchgymError, match="characters"):
            game.note(text)
    game.close()
    archgym.run(scenario, "random_walk", budget=2, output=tmp_path / "run", plots=False)
    with pytest.raises(ArchgymError, match="is no game"):
        games.resume(tmp_path / "run")
