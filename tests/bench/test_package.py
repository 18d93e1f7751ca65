"""The wheel ``archgym-bench``: built, used without archgym, and equal to archgym's own answers."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import archgym
from archgym.answers.evaluator import make_evaluator
from archgym.bench.suite import load_suite
from archgym.contracts.anonymous import Twin
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "bench_package"))
import archgym_bench
from archgym_bench import pack as packs

SUITE = load_suite()
NAMES = archgym_bench.names()
TASK = "serving/llama-70b-chat"
ALONE = """
import json, sys

class Nobody:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("archgym", "torch", "numba", "pandas"):
            raise ImportError(name)

sys.meta_path.insert(0, Nobody())
sys.path.insert(0, sys.argv[1])
import archgym_bench as b

task, rng = b.load("serving/llama-70b-chat", budget=100), b.generator(0)
first = task.evaluate(task.sample(100, rng))
print(json.dumps([b.__file__, b.names(), first.tolist(), task.gaps()]))
"""


def test_the_wheel_works_alone(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    source = tmp_path / "source"
    import shutil

    shutil.copytree(
        ROOT / "bench_package", source, ignore=shutil.ignore_patterns("build", "*.egg-info")
    )
    made = subprocess.run([*build, str(source)], capture_output=True, text=True)
    if "No module named build" in made.stderr:
        pytest.skip("the package 'build' is not installed")
    assert made.returncode == 0, made.stdout + made.stderr
    (wheel,) = tmp_path.glob("archgym_bench-*.whl")
    assert wheel.stat().st_size < 60e6
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path / "site")], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    place, names, costs, gaps = json.loads(ran.stdout)
    assert place.startswith(str(tmp_path)) and names == NAMES
    assert SUITE.tasks[TASK].normalised(min(costs)) == pytest.approx(gaps["100"])


@pytest.mark.parametrize("name", NAMES)
def test_costs_are_those_of_archgym(name):
    """Also of the twin, whose designs are those of archgym's twin."""
    scenario, task = archgym.load_scenario(name), SUITE.tasks[name]
    pack = packs.read(name)
    assert pack.about["simulators"] == list(task.simulators), "pack again: benchmarks/pack_bench.py"
    x = scenario.space.sample(8, np.random.default_rng(0))
    e = make_evaluator(scenario)(x)
    # another processor's logarithms may differ in the last bit from those that were packed
    np.testing.assert_allclose(
        archgym_bench.load(name).evaluate(x), scenario.costs(e)[:, 0], rtol=1e-12, atol=0
    )
    if scenario.k > 1:
        vector = archgym_bench.load(name).evaluate(x, vector=True)
        np.testing.assert_allclose(vector, scenario.costs(e, vector=True), rtol=1e-12, atol=0)
    hidden = archgym_bench.load(name, anonymous=True)
    twin = Twin(scenario.space)
    assert hidden.nvec.tolist() == twin.space.nvec.tolist()
    np.testing.assert_allclose(
        hidden.evaluate(twin.hidden(x)), scenario.costs(e)[:, 0], rtol=1e-12, atol=0
    )
    assert pack.costs[:, 0].min() == task.best and set(pack.row.tolist()) == set(
        range(len(pack.costs))
    )


def test_a_task_tells_nothing_of_its_optimum_before_the_budget_is_spent():
    task = archgym_bench.load(TASK, budget=40, anonymous=True)
    best = SUITE.tasks[TASK].best
    task.evaluate(task.sample(39, archgym_bench.generator(0)))
    with pytest.raises(archgym_bench.BudgetError, match="1 of 40 evaluations are left"):
        task.gaps()
    public = [getattr(task, n) for n in dir(task) if not n.startswith("_")]
    assert task.name == "anonymous" and str(best) not in repr(public)
    task.evaluate(task.sample(1, archgym_bench.generator(1)))
    assert set(task.gaps()) == {32, 40} and task.left == 0


@pytest.mark.parametrize(
    ("x", "error", "told"),
    [
        (np.zeros((5, 11), int), archgym_bench.BudgetError, "5 designs asked for, 4 of 4 left"),
        (np.zeros((2, 3), int), archgym_bench.DesignError, r"whole numbers \(n, 11\)"),
        (np.zeros((2, 11)), archgym_bench.DesignError, "float64"),
        (np.full((1, 11), 99), archgym_bench.DesignError, r"index 99 is outside 0\.\."),
        (np.full((1, 11), -1), archgym_bench.DesignError, "index -1"),
    ],
)
def test_wrong_designs_are_refused_and_not_charged(x, error, told):
    task = archgym_bench.load(TASK, budget=4)
    with pytest.raises(error, match=told):
        task.evaluate(x)
    assert task.left == 4


def test_what_is_no_pack_is_told(tmp_path):
    with pytest.raises(archgym_bench.PackError, match="no task 'soc/none'"):
        archgym_bench.load("soc/none")
    (tmp_path / "x.npz").write_bytes(b"none")
    with pytest.raises(archgym_bench.PackError, match="is no pack"):
        packs.names(tmp_path)
    with pytest.raises(archgym_bench.BudgetError, match="at least 1"):
        archgym_bench.load(TASK, budget=0)
    short = packs.read(TASK)
    packs.write(packs.file_of(TASK, tmp_path), packs.Pack(short.about, short.row[:9], short.costs))
    with pytest.raises(archgym_bench.PackError, match="does not cover"):
        packs.read(TASK, tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: ({k: v for k, v in p.about.items() if k != "knobs"}, p.row, p.costs), "knobs"),
        (lambda p: (p.about, p.row.astype(int) - 1, p.costs), "does not cover"),
        (lambda p: (p.about, p.row, np.hstack([p.costs] * 2)), "expected 1 costs a design, got .2"),
        (lambda p: (p.about | {"objectives": 2}, p.row, p.costs), "expected 3 costs"),
    ],
)
def test_a_damaged_pack_is_refused(tmp_path, change, told):
    packs.write(packs.file_of(TASK, tmp_path), packs.Pack(*change(packs.read(TASK))))
    with pytest.raises(archgym_bench.PackError, match=told):
        packs.read(TASK, tmp_path)


def test_a_vector_of_one_objective_has_a_column():
    task = archgym_bench.load(TASK)
    x = task.sample(3, archgym_bench.generator(0))
    assert task.evaluate(x, vector=True).tolist() == task.evaluate(x)[:, None].tolist()


@pytest.mark.parametrize("anonymous", [False, True])
def test_a_task_is_a_problem_of_optunahub(anonymous):
    pytest.importorskip("optunahub")
    import optuna
    from archgym_bench.hub import Problem

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    front = archgym_bench.load("serving/llama-70b-front", budget=30, anonymous=anonymous)
    problem = Problem(front, vector=True)
    study = optuna.create_study(
        directions=problem.directions, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    study.optimize(problem, n_trials=30)
    assert front.left == 0 and len(study.best_trials[0].values) == 3
    pruned = [t for t in study.trials if t.state == optuna.trial.TrialState.PRUNED]
    assert 0 < len(pruned) < 30
    single = Problem(archgym_bench.load(TASK, anonymous=anonymous))
    knobs, task = single.task.knobs, archgym_bench.load(TASK, anonymous=anonymous)
    x = task.sample(100, archgym_bench.generator(0))
    costs = task.evaluate(x)
    design, cost = x[np.argmin(costs)], costs.min()
    params = {
        k.name: int(i) if k.kind == "ordinal" else k.values[i]
        for k, i in zip(knobs, design)
        if k.name in single.search_space
    }
    assert single.evaluate(params) == cost
