"""The suite, agents on it, scores, and what cannot be played."""

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import yaml

import archgym
from archgym.answers.evaluator import make_evaluator
from archgym.bench import page, playing, ranking, scores
from archgym.bench.suite import load_suite, measured, recorded, shipped
from archgym.cli import main
from archgym.documents import read_yaml
from archgym.errors import ScenarioError, StoreError, UnknownNameError

SUITE = load_suite()
TASK = "serving/gpt-oss-batch"
DEAR = ("accelerator", "ffet", "memory")  # domains of which nothing is recorded
FOREIGN = """
import numpy as np

class Walker:
    def __init__(self, space, seed):
        self.space, self.rng, self.told = space, np.random.default_rng(seed), 0

    def ask(self, n):
        return self.space.decode(self.space.sample(n, self.rng))

    def tell(self, x, costs):
        assert costs.shape == (len(x),)
        self.told += len(x)

class Single(Walker):
    def ask(self):
        self.asked = [*getattr(self, "asked", []), super().ask(1)[0]]
        return self.asked[-1]

    def tell(self, design, cost):
        assert design is self.asked.pop(0) and isinstance(cost, float)

class Wrong(Walker):
    def ask(self, n):
        return self.space.decode(self.space.sample(n, self.rgn))

class Mute:
    def __init__(self, space, seed):
        pass

    def ask(self, n):
        return []

NUMBER = 3
"""


@pytest.mark.parametrize("name", SUITE.tasks)
def test_what_the_suite_says_of_a_task_is_what_its_certificate_says(name):
    """Also: tasks are not easy unless labelled."""
    task = SUITE.tasks[name]
    known = {} if task.kind == "certified" else {"known": task.best, "record": task.record}
    scenario = archgym.load_scenario(name)
    assert task.fits(scenario)
    found = measured(scenario, **known)
    for field in fields(task):
        value, said = getattr(found, field.name), getattr(task, field.name)
        # another processor's logarithms may differ in the last bit
        assert value == (pytest.approx(said, rel=1e-12) if isinstance(said, float) else said)
    assert task.easy == (task.at_100 is not None and task.at_100 <= 0.01)


def test_gaps_run_from_the_optimum_to_a_random_design():
    task = replace(SUITE.tasks[TASK], best=-2.0, random=2.0)
    costs = np.array([-2.0, 0.0, 2.0, 3.0, 100.5, np.inf, np.nan, -2.5])
    assert task.normalised(costs).tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0]


def test_the_area_is_the_mean_gap_over_all_evaluations():
    task = replace(SUITE.tasks[TASK], best=0.0, random=1.0)
    gaps, area = scores._along(task, "[[3, 0.5], [100, 0.25], [101, 0.0]]", SUITE)
    assert gaps == [0.5, 0.25, 0.0, 0.0]  # at 32, 100, 300, 1,000
    assert area == pytest.approx((2 * 1 + 97 * 0.5 + 1 * 0.25) / 1000)
    assert scores._along(task, "[]", SUITE) == ([1.0] * 4, 1.0)


def test_recorded_results_cover_the_tasks_that_are_cheap_and_not_easy():
    frame = scores.read(recorded(), SUITE)
    hard = {
        n for n, t in SUITE.tasks.items()
        if not t.easy and t.kind == "certified" and n.split("/")[0] not in DEAR
    }  # fmt: skip
    runs = frame.groupby(["agent", "task"])["seed"].nunique()
    assert set(frame["task"]) == hard and len(runs) == frame["agent"].nunique() * len(hard)
    assert "random_walk" in set(frame["agent"])
    assert (runs.groupby("agent").nunique() == 1).all()  # an agent's seeds are the same everywhere
    table = ranking.ranking(frame, SUITE)
    assert (table["area low"] <= table["area"]).all() and (
        table["area"] <= table["area high"]
    ).all()
    # whoever learns is ahead of who does not
    assert table["agent"].tolist().index("random_walk") > len(table) / 2


def test_an_object_with_ask_and_tell_is_played(tmp_path, capsys):
    file, out = tmp_path / "own.py", tmp_path / "b"
    file.write_text(FOREIGN)
    words = ["bench", f"{file}:Walker", "--tasks", TASK, "--seeds", "2", "--workers", "1", "--json"]
    assert main([*words, "--output", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    mine = scores.read(out / "scores.csv", SUITE)
    assert told["agent"] == f"{file}:Walker" and len(mine) == 2 and told["failed"] == 0
    assert any("needs 5 seeds" in s for s in told["summary"])
    others = {r["other"] for r in told["chances"]}
    assert "random_walk" in others and told["agent"] not in others
    study = archgym.Study(
        TASK, f"{file}:Walker", budget=1000, seed=1, from_reference=False
    )  # the same run by hand
    best = np.minimum.accumulate(study.run().cost)
    gap = SUITE.tasks[TASK].normalised(best)
    (row,) = mine[mine["seed"] == 1].to_dict("records")
    assert row["area"] == pytest.approx(gap.mean(), rel=1e-3)
    assert row["gap.100"] == pytest.approx(gap[99], rel=1e-3)
    html = (out / "bench.html").read_text()
    assert "Performance profile" in html and "Chance to be better" in html
    assert main(["bench", "--resume", str(out), "--json"]) == 0  # nothing is left to do
    again = json.loads(capsys.readouterr().out)
    assert again["ranking"] == told["ranking"]


def test_objects_that_give_one_design_at_a_time_and_errors_of_others(tmp_path, capsys):
    file = tmp_path / "own.py"
    file.write_text(FOREIGN)
    first, second = (
        archgym.Study(TASK, f"{file}:{name}", budget=40, seed=3, from_reference=False).run()
        for name in ("Walker", "Single")
    )
    assert len(second) == 40 and np.isfinite(second.cost).any()
    assert (first.x[:1] == second.x[:1]).all()
    words = ["bench", f"{file}:Wrong", "--tasks", TASK, "--seeds", "1", "--workers", "1"]
    assert main([*words, "--output", str(tmp_path / "b")]) == 2
    assert "all 1 runs failed: AttributeError" in capsys.readouterr().err


def test_a_baseline_that_is_measured_again_is_told_apart():
    frame = scores.read(recorded(), SUITE)
    from archgym.cli.bench import OWN, _beside

    mine = frame[(frame["agent"] == "random_walk") & (frame["task"] == TASK)]
    both, alone = _beside(SUITE, mine, "random_walk")
    both = ranking.common(both, [TASK])
    assert not alone
    assert {"random_walk", f"random_walk{OWN}"} <= set(both["agent"]) and set(both["task"]) == {
        TASK
    }
    won = ranking.chances(both, "random_walk")
    same = won[won["other"] == f"random_walk{OWN}"]
    assert float(same["chance"].iloc[0]) == 0.5
    assert page.words(both, SUITE, "random_walk")[0].startswith("random_walk on 1 tasks")


def test_tasks_without_recorded_results_are_told():
    from archgym.cli.bench import _beside

    frame = scores.read(recorded(), SUITE)
    mine = frame[(frame["agent"] == "random_walk") & (frame["task"] == TASK)].copy()
    other = mine.assign(task="memory/ddr5-mapping-exact")
    both, alone = _beside(SUITE, pd.concat([mine, other]), "random_walk")
    assert alone == ["memory/ddr5-mapping-exact"] and len(both) > len(mine)
    nobody, alone = _beside(SUITE, other, "random_walk")
    assert nobody.equals(other) and not alone


def test_a_task_that_has_changed_is_refused():
    changed = replace(SUITE, tasks={TASK: replace(SUITE.tasks[TASK], goal="0" * 16)})
    with pytest.raises(
        archgym.errors.ArchgymError, match="not what archgym-bench 2 was recorded with"
    ):
        playing.sweep_document(changed, [{"agent": "random_walk"}], [TASK], name="x", seeds=1)


def test_tasks_are_chosen_by_pattern_and_easy_ones_by_name():
    easy = {n for n, t in SUITE.tasks.items() if t.easy}
    assert easy and not easy & set(playing.chosen(SUITE, [], easy=False))
    assert set(playing.chosen(SUITE, [], easy=True)) == set(SUITE.tasks)
    assert set(playing.chosen(SUITE, ["memory/*"], easy=False)) & easy
    with pytest.raises(UnknownNameError, match=r"serving/gpt-oss-batch"):
        playing.chosen(SUITE, ["serving/gpt-oss-bach"], easy=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name an agent"),
        (["random_walk", "--resume", "x"], "name an agent"),
        (["random_wlak"], "random_walk"),
        (["random_walk", "--seeds", "0"], "--seeds must be at least 1"),
        (["random_walk", "--tasks", "nothing/*"], "nothing/*"),
        (["random_walk", "--recorded", "--tasks", TASK], "--recorded chooses the tasks"),
        (["random_walk", "--hyperparameters", "speed=3"], "speed"),
        (["own.py:NUMBER"], "int: expected a class of archgym.Agent"),
        (["own.py:Nobody"], "Nobody"),
    ],
)
def test_what_cannot_be_played_is_told(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(FOREIGN)
    assert main(["bench", *words]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "bench").exists()


def test_an_object_that_cannot_be_told_says_so(tmp_path):
    (tmp_path / "mute.py").write_text(FOREIGN)
    with pytest.raises(archgym.errors.AgentError, match="a Mute without tell"):
        archgym.Study(TASK, f"{tmp_path / 'mute.py'}:Mute", budget=4)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda t: t.replace("scores 2\n", "scores 1\n"), "expected scores of archgym-bench 2"),
        (lambda t: t.replace("gap.100,", "gap.101,"), "expected the columns"),
        (lambda t: t.replace(",0.", ",7.", 1), "from 0 to 1"),
        (lambda t: "", "expected scores"),
    ],
)
def test_damaged_scores_are_refused(damage, told, tmp_path):
    file = tmp_path / "s.csv"
    frame = pd.DataFrame(
        [[TASK, "a", 0, 0.5, 0.25, 0.1, 0.0, 0.2, 3.0]], columns=scores.columns(SUITE)
    )
    scores.write(frame, SUITE, file)
    assert scores.read(file, SUITE).equals(frame)
    file.write_text(damage(file.read_text()))
    with pytest.raises(StoreError, match=told):
        scores.read(file, SUITE)


def test_all_faults_of_a_suite_are_told_at_once(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("name: s\nversion: 0\nseeds: 2\nladder: [3, 1]\ntasks: [{scenario: a}]\n")
    with pytest.raises(ScenarioError) as error:
        load_suite(file)
    for part in ("version", "ladder: expected rising", "task 1"):
        assert part in str(error.value)


def test_the_suite_spans_the_domains_and_most_of_it_is_certified():
    tasks = SUITE.tasks.values()
    assert sum(t.kind == "certified" for t in tasks) >= 25
    assert len({n.split("/")[0] for n in SUITE.tasks}) >= 8
    assert all(t.within is not None for t in tasks if t.kind == "certified")


def test_the_best_known_designs_cost_what_the_suite_says():
    for entry in read_yaml(shipped().parent / "best_known.yaml")["best_known"]:
        scenario, task = archgym.load_scenario(entry["scenario"]), SUITE.tasks[entry["scenario"]]
        cost = scenario.costs(make_evaluator(scenario)(scenario.space.encode([entry["design"]])))
        assert float(cost[0, 0]) == entry["cost"] == task.best and entry["record"] == task.record


def test_a_short_ladder_is_compared_with_results_of_its_own(tmp_path, capsys):
    words = [
        "bench",
        "sobol",
        "--tasks",
        "serving/llama-70b-chat",
        "--seeds",
        "2",
        "--workers",
        "1",
        "--json",
    ]
    assert main([*words, "--budget", "100", "--output", str(tmp_path / "b")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "gap.100" in told["ranking"][0] and "gap.300" not in told["ranking"][0]
    others = scores.read(recorded(100), SUITE.short(100))
    outside = {a for a in others["agent"] if a.startswith("archgym.bench.outside:")}
    assert len(outside) >= 8
    assert {r["other"] for r in told["chances"]} >= set(others["agent"]) - {"sobol"}
    assert main([*words, "--budget", "99", "--output", str(tmp_path / "c")]) == 2
    assert "expected a step of the ladder" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "record"), [("certified", "somebody"), ("best known", "")])
def test_a_best_known_cost_has_its_record(kind, record, tmp_path):
    document = read_yaml(shipped())
    document["tasks"] = [{**document["tasks"][0], "kind": kind, "record": record}]
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(ScenarioError, match="who found the best known cost"):
        load_suite(tmp_path / "s.yaml")
