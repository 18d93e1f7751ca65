import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from archgym import Evaluation, EvaluationStore, Study
from archgym.errors import ArchgymError, StoreError
from archgym.runs import runner
from archgym.runs.manifest import identity
from archgym.runs.run_folder import RESULT, TRIALS, RunFolder
from archgym.runs.verify import verify
from tests.conftest import ROOT, ToySimulator


def test_a_study_spends_exactly_its_budget(toy_scenario):
    for budget in (1, 7, 50):
        trials = Study(toy_scenario, "genetic_algorithm", budget=budget, seed=1).run()
        assert len(trials) == budget
        assert trials.best_so_far[-1] == trials.cost.min() == trials.cost[trials.best]


def test_one_seed_one_run(toy_scenario):
    runs = [Study(toy_scenario, "genetic_algorithm", budget=60, seed=s).run() for s in (3, 3, 4)]
    assert (runs[0].x == runs[1].x).all() and (runs[0].x != runs[2].x).any()


def test_the_front_meets_the_specs(toy_document):
    from archgym.goals.scenario_file import from_document

    toy_document["objectives"] = ["latency", "energy"]
    trials = Study(from_document(toy_document), "random_walk", budget=200).run()
    assert len(trials.front) > 2
    assert trials.satisfied[trials.front].all()


@pytest.mark.parametrize("budget", [0, -5])
def test_a_budget_of_nothing_is_refused(toy_scenario, budget):
    with pytest.raises(ArchgymError, match="budget"):
        Study(toy_scenario, "random_walk", budget=budget)


def test_a_run_folder_holds_all_and_reproduces(tmp_path, toy_scenario):
    done = runner.run(toy_scenario, "genetic_algorithm", seed=2, output=tmp_path / "r")
    names = {p.name for p in (tmp_path / "r").iterdir()}
    assert {
        "manifest.json",
        "evaluations.sqlite",
        "result.json",
        "trials.csv",
        "convergence.png",
        "front.png",
    } <= names
    assert done.result["charged"] == 60 and done.result["computed"] < 60
    assert verify(tmp_path / "r")["differences"] == []
    with pytest.raises(ArchgymError, match="--resume"):
        runner.run(toy_scenario, "genetic_algorithm", seed=2, output=tmp_path / "r")


def test_until_specs_met_stops_early(tmp_path, toy_scenario):
    done = runner.run(
        toy_scenario,
        "random_walk",
        budget=500,
        batch=1,
        output=tmp_path / "r",
        until_specs_met=True,
        plots=False,
    )
    assert 1 <= len(done.trials) < 500
    assert done.trials.satisfied[-1] and not done.trials.satisfied[:-1].any()


class _PulledPlug(Exception):
    pass


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_resumed_run_ends_as_if_never_interrupted(tmp_path, toy_scenario, after):
    whole = runner.run(
        toy_scenario, "genetic_algorithm", budget=90, seed=5, output=tmp_path / "whole", plots=False
    )
    seen = []

    def pull(progress):
        seen.append(progress)
        if len(seen) == after:
            raise _PulledPlug

    with pytest.raises(_PulledPlug):
        runner.run(
            toy_scenario,
            "genetic_algorithm",
            budget=90,
            seed=5,
            output=tmp_path / "cut",
            plots=False,
            on_progress=pull,
        )
    resumed = runner.resume(tmp_path / "cut", plots=False)
    for name in (TRIALS, RESULT):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert resumed.result == whole.result


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from archgym import load_scenario
from archgym.runs import runner
from pathlib import Path
scenario = load_scenario("dram/stream-low-power", "rand_rw:n=2000")
runner.run(scenario, "genetic_algorithm", budget=96, seed=3, hyperparameters={{"population": 8}},
           output=Path({out!r}),
           plots=False, on_progress=lambda p: (print(p.done, flush=True), time.sleep({pause})))
"""


def test_kill_minus_nine_loses_at_most_the_batch_in_flight(tmp_path):
    def start(out, pause):
        code = KILLED.format(root=str(ROOT), out=str(out), pause=pause)
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    process = start(tmp_path / "cut", 0.2)
    for line in process.stdout:
        if int(line) >= 32:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    whole = start(tmp_path / "whole", 0)
    assert whole.wait() == 0
    runner.resume(tmp_path / "cut", plots=False)
    for name in (TRIALS, RESULT):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path, toy_scenario):
    runner.run(toy_scenario, "random_walk", budget=5, output=tmp_path / "r", plots=False)
    with RunFolder.open(tmp_path / "r"), pytest.raises(StoreError, match="in use"):
        runner.resume(tmp_path / "r")


def test_runs_in_one_tree_do_not_disturb_each_other(tmp_path, toy_scenario):
    a = runner.run(toy_scenario, "random_walk", budget=20, seed=1, root=tmp_path, plots=False)
    b = runner.run(toy_scenario, "random_walk", budget=20, seed=2, root=tmp_path, plots=False)
    assert a.path != b.path and a.path.parent == b.path.parent
    assert verify(a.path)["checked"] > 0


def test_a_read_only_folder_is_reported(tmp_path, toy_scenario):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="--output"):
        runner.run(toy_scenario, "random_walk", budget=5, output=blocked / "r")


def test_verify_finds_a_number_that_does_not_come_out_again(tmp_path, toy_scenario, monkeypatch):
    runner.run(toy_scenario, "random_walk", budget=20, output=tmp_path / "r", plots=False)
    real = ToySimulator._evaluate

    def other(self, x):
        e = real(self, x)
        return Evaluation({**e.metrics, "latency": e.metrics["latency"] * 2}, e.feasible, e.reasons)

    monkeypatch.setattr(ToySimulator, "_evaluate", other)
    assert len(verify(tmp_path / "r")["differences"]) > 5


def test_a_changed_row_is_never_read(tmp_path, toy_scenario):
    runner.run(toy_scenario, "random_walk", budget=20, output=tmp_path / "r", plots=False)
    with sqlite3.connect(tmp_path / "r" / "evaluations.sqlite") as c:
        c.execute(
            "UPDATE evaluations SET metrics = ? WHERE feasible = 1",
            (np.array([1.0, 2.0]).tobytes(),),
        )
    for use in (verify, runner.resume):
        with pytest.raises(StoreError, match="damaged"):
            use(tmp_path / "r")


def test_a_store_of_another_format_is_refused(tmp_path):
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as c:
        c.execute("CREATE TABLE evaluations(simulator INTEGER, design BLOB)")
    with pytest.raises(StoreError, match="format 0, this version reads"):
        EvaluationStore(path)


# ---- where a study starts from
def test_a_study_starts_from_the_reference_design_and_pays_for_it(toy_scenario):
    for agent in ("genetic_algorithm", "random_walk", "farsi", "nasaic"):
        trials = Study(toy_scenario, agent, budget=30, seed=0).run()
        assert len(trials) == 30
        assert (trials.x[0] == toy_scenario.reference_design[0]).all()
        assert trials.cost[0] == pytest.approx(0.0)
        assert trials.cost.min() <= 0
        other = Study(toy_scenario, agent, budget=30, seed=0, from_reference=False).run()
        assert (other.x[0] != trials.x[0]).any()


@pytest.mark.parametrize(
    "name", ["nasaic", "nasaic-2020", "farsi", "genetic_algorithm", "portfolio"]
)
def test_an_agent_spends_what_is_charged_and_nothing_else(toy_scenario, name):
    simulator = toy_scenario.simulators[0]
    study = Study(toy_scenario, name, budget=150, seed=1)
    assert simulator.calls == 0
    trials = study.run()
    assert len(trials) == 150
    # the reference is simulated once more when costs are first asked for: to know its scale
    assert simulator.calls == study.evaluator.computed + 1


def test_resume_refuses_a_simulator_that_changed(tmp_path, toy_scenario):
    runner.run(toy_scenario, "random_walk", budget=5, output=tmp_path / "r", plots=False)
    path = tmp_path / "r" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["simulators"][0]["version"] = "0"
    path.write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="not what was written"):
        runner.resume(tmp_path / "r")
    path.write_text(json.dumps(manifest | {"id": identity(manifest)}))
    with pytest.raises(ArchgymError, match="version changed"):
        runner.resume(tmp_path / "r")
    path.write_text(json.dumps({k: v for k, v in manifest.items() if k != "format"}))
    with pytest.raises(StoreError, match="format 1, this version reads"):
        runner.resume(tmp_path / "r")
    path.write_text("[]")
    with pytest.raises(StoreError, match="expected a mapping"):
        runner.resume(tmp_path / "r")
    path.write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        runner.resume(tmp_path / "r")
    with pytest.raises(ArchgymError, match="holds no run"):
        runner.resume(tmp_path / "elsewhere")


def test_golden_run(toy_scenario):
    """The same numbers on every machine and after every refactoring."""
    trials = Study(
        toy_scenario, "genetic_algorithm", budget=60, seed=11, from_reference=False
    ).run()
    assert trials.x[[0, 31, 59]].tolist() == GOLDEN["x"]
    assert trials.cost.min() == pytest.approx(GOLDEN["best"], rel=1e-12)


GOLDEN = {"x": [[1, 0, 2], [2, 3, 0], [0, 0, 1]], "best": -0.3604317411850849}


def test_interrupt_is_clean(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "archgym",
            "run",
            "dram/stream-low-power",
            "--workload",
            "rand_rw:n=20000",
            "--budget",
            "4000",
            "--output",
            str(tmp_path / "r"),
            "--no-plots",
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell's background ignores it
    )
    deadline = time.time() + 60
    while not (tmp_path / "r" / "evaluations.sqlite").exists() and time.time() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing recorded is lost" in err and "Traceback" not in err


def test_recorded_trials_are_counted_once_per_study(toy_scenario, tmp_path, monkeypatch):
    asked = []
    real = EvaluationStore.trial_count

    def trial_count(self, run):
        asked.append(run)
        return real(self, run)

    monkeypatch.setattr(EvaluationStore, "trial_count", trial_count)
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        Study(toy_scenario, "random_walk", budget=8, store=store, run="r").run()
    assert asked == ["r"]
