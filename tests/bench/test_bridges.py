"""The suite where others meet it: logs of IOHprofiler, tasks of CARP-S, ids of Gymnasium."""

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import yaml

import archgym
from archgym.answers.evaluator import make_evaluator
from archgym.bench import scores
from archgym.bench.bridges import carps, environments, ioh
from archgym.bench.suite import load_suite
from archgym.cli import main
from archgym.contracts.anonymous import Twin
from archgym.report.results import Results

SUITE = load_suite()
TASK, FRONT = "serving/gpt-oss-batch", "serving/deepseek-r1-front"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Two tasks, two seeds, 100 evaluations, with their logs."""
    root = tmp_path_factory.mktemp("bridges")
    words = ["bench", "hill_climbing", "--tasks", TASK, FRONT, "--seeds", "2", "--budget", "100"]
    words += ["--workers", "1", "--output", str(root / "b"), "--logs", str(root / "logs"), "--json"]
    assert main(words) == 0
    return Results(root / "b"), root / "logs"


def runs_of(file):
    """Rows (evaluations, raw_y) of each run of a .dat file."""
    runs = []
    for line in file.read_text().splitlines():
        if line == "evaluations raw_y":
            runs.append([])
        else:
            n, y = line.split(" ")
            runs[-1].append((int(n), float(y)))
    return runs


def test_logs_hold_the_scores_of_the_runs(played):
    results, logs = played
    short = SUITE.short(100)
    frame = scores.scores(results, short)
    files = sorted(logs.rglob("*.json"))
    assert len(files) == 2
    for file in files:
        about = json.loads(file.read_text())
        (part,) = about["scenarios"]
        logged = runs_of(file.parent / part["path"])
        mine = frame[frame["task"] == about["function_name"]].sort_values("seed")
        assert about["maximization"] is False and len(logged) == len(part["runs"]) == 2
        for run, log, (_, score) in zip(part["runs"], logged, mine.iterrows()):
            steps, gaps = zip(*log)
            assert steps[0] == 1 and steps[-1] == run["evals"] == 100
            assert run["instance"] == score["seed"] + 1
            assert run["best"]["y"] == pytest.approx(min(gaps), abs=1e-9)
            assert (np.diff(steps) > 0).all() and (np.diff(gaps[:-1]) < 0).all()
            for n in short.ladder:
                at = max(i for i, step in enumerate(steps) if step <= n)
                assert gaps[at] == pytest.approx(score[f"gap.{n}"], abs=1e-9)


def test_iohinspector_reads_the_logs(played):
    inspector = pytest.importorskip("iohinspector", reason="iohinspector is not installed")
    manager = inspector.DataManager()
    manager.add_folder(str(played[1]))
    assert sorted(manager.overview["function_name"].unique()) == [FRONT, TASK]
    rows = manager.load(monotonic=True, include_meta_data=True)
    assert rows["raw_y"].is_between(0, 1).all() and rows["data_id"].n_unique() == 4


def test_the_first_evaluation_is_logged_where_it_is_infeasible(played):
    results, _ = played
    row = {"scenario": TASK, "curve": "[[7, 0.0], [9, -2.0]]", "front": "", "charged": 40}
    task = SUITE.tasks[TASK]
    log = ioh.log_of(results, SUITE, row)
    assert log == [
        (1, 1.0), (7, task.normalised([0.0])[0]), (9, task.normalised([-2.0])[0]),
        (40, task.normalised([-2.0])[0]),
    ]  # fmt: skip
    assert ioh.log_of(results, SUITE, {**row, "curve": "[]"}) == [(1, 1.0), (40, 1.0)]


@pytest.mark.parametrize("anonymous", [False, True])
def test_tasks_of_carps_cost_what_archgym_says(anonymous, tmp_path, capsys):
    pytest.importorskip("ConfigSpace")
    words = ["bench", "--carps", str(tmp_path), "--tasks", TASK, FRONT, "--json"]
    assert main([*words, "--anonymous"] if anonymous else words) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == 2
    for file, name in zip(sorted(files), (FRONT, TASK)):
        text = Path(file).read_text()
        about = yaml.safe_load(text)["task"]
        scenario = archgym.load_scenario(name)
        assert about["output_space"]["n_objectives"] == scenario.k
        assert about["optimization_resources"]["n_trials"] == 1000
        assert not anonymous or scenario.objectives[0].name not in text
        problem = carps.Problem(name, anonymous, vector=True)
        space = problem.configspace()
        assert len(space) == about["metadata"]["dimensions"]
        space.seed(0)
        for configuration in space.sample_configuration(20):
            x = np.array([[configuration.get(n, 0) for n in problem.space.names]], np.int64)
            named = Twin(scenario.space).named(x) if anonymous else x
            known = scenario.costs(make_evaluator(scenario)(named), vector=scenario.k > 1)[0]
            assert problem.costs(configuration).tolist() == np.minimum(known, carps.BAD).tolist()


def test_carps_makes_the_task_and_an_optimiser_of_its_own_searches_it(tmp_path):
    pytest.importorskip("carps", reason="CARP-S is not installed")
    from carps.optimizers.random_search import RandomSearchOptimizer
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    (file,) = carps.write_tasks(SUITE.short(32), [TASK], tmp_path)
    configuration = OmegaConf.load(file)
    configuration.seed = 1
    task = instantiate(configuration.task)
    RandomSearchOptimizer(task).run()
    assert task.objective_function.n_trials == 32
    assert task.objective_function.f_min == SUITE.tasks[TASK].best


def test_tasks_have_ids_of_gymnasium():
    ids = environments.register_tasks()
    assert len(set(ids)) == len(SUITE.tasks)
    module = environments.__name__
    env = gymnasium.make(f"{module}:{environments.id_of(TASK, 2)}")
    env.reset(seed=0)
    x = env.action_space.sample()
    scenario = archgym.load_scenario(TASK)
    cost = float(scenario.costs(make_evaluator(scenario)(np.array([x])))[0, 0])
    reward = env.step(x)[1]
    assert reward == pytest.approx(-cost) or (np.isinf(cost) and reward < -100)


def test_tasks_of_several_objectives_have_ids_of_mo_gymnasium():
    mo = pytest.importorskip("mo_gymnasium")
    env = mo.make(f"{environments.__name__}:{environments.id_of(FRONT, 2)}")
    env.reset(seed=0)
    reward = env.step(env.action_space.sample())[1]
    assert reward.shape == env.unwrapped.reward_space.shape == (2,)


def test_what_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["bench", "--carps", str(tmp_path / "file"), "--tasks", TASK]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
    assert main(["bench", "random_walk", "--carps", str(tmp_path)]) == 2
    assert "plays nothing" in capsys.readouterr().err
