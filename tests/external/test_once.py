"""A slow program runs once a design, however many workers meet the design."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from archgym import EvaluationStore
from archgym.answers.exact import ExactAnswers
from archgym.cli import main
from archgym.goals.scenario_file import load_scenario
from tests.conftest import ROOT

PROGRAM = """
import sys, time
log, size, ways = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(log, "a") as file:
    file.write(f"{size} {ways}\\n")
time.sleep(0.15)
print("time:", 10 / size + ways)
"""


@pytest.fixture
def slow(tmp_path):
    """A scenario of 16 designs whose program writes a line a call into ``calls``."""
    (tmp_path / "slow.py").write_text(PROGRAM)
    program = {
        "name": "slow",
        "command": [sys.executable, "slow.py", str(tmp_path / "calls"), "${size}", "${ways}"],
        "files": ["slow.py"],
        "parameters": [
            {"name": "size", "values": [1, 2, 4, 8]},
            {"name": "ways", "values": [1, 2, 4, 8]},
        ],
        "metrics": [{"name": "time", "unit": "s", "pattern": r"time: (\S+)"}],
    }
    (tmp_path / "program.yaml").write_text(yaml.safe_dump(program))
    document = {
        "name": "slow",
        "simulator": "subprocess",
        "workload": "default",
        "config": {"program": str(tmp_path / "program.yaml"), "threads": 1},
        "objectives": ["time"],
        "budget": 12,
    }
    (tmp_path / "slow.yaml").write_text(yaml.safe_dump(document))
    return tmp_path


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_two_workers_of_a_sweep_run_the_program_once_a_design(slow, capsys):
    sweep = {
        "name": "twice",
        "scenarios": [str(slow / "slow.yaml")],
        "agents": [{"agent": "random_walk"}, {"agent": "genetic_algorithm"}],
        "seeds": 2,
    }
    (slow / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    folder = slow / "s"
    assert main(["sweep", str(slow / "sweep.yaml"), "--workers", "2", "--output", str(folder)]) == 0
    scenario = load_scenario(slow / "slow.yaml")
    with EvaluationStore(folder / "evaluations.sqlite") as store:
        known = store.count(scenario.simulators[0])
    assert known > 8 and sorted(calls(slow)) == sorted(set(calls(slow)))
    assert len(calls(slow)) == known
    out, err = capsys.readouterr()
    assert "slow: time" in err and "cost" not in out + err


def test_a_run_evaluates_its_reference_once(slow, capsys):
    assert main(["run", str(slow / "slow.yaml"), "--output", str(slow / "r"), "--no-plots"]) == 0
    assert len(calls(slow)) == len(set(calls(slow)))
    before = len(calls(slow))
    for words in (["run", "--resume", str(slow / "r"), "--json"], ["compare", str(slow / "r")]):
        assert main(words) == 0
    assert len(calls(slow)) == before
    capsys.readouterr()


HOLDER = """
import sys, time
import numpy as np
from archgym import EvaluationStore
from archgym.goals.scenario_file import load_scenario
simulator = load_scenario(sys.argv[1]).simulators[0]
store = EvaluationStore(sys.argv[2])
assert store.claim(simulator, np.array([[0, 0], [1, 1]])).all()
print("held", flush=True)
time.sleep(120)
"""


@pytest.mark.parametrize("reaped", [True, False])
def test_a_worker_that_dies_with_a_claim_is_replaced(slow, reaped):
    scenario, file = load_scenario(slow / "slow.yaml"), slow / "e.sqlite"
    simulator = scenario.simulators[0]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(slow / "slow.yaml"), str(file)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        x = np.array([[0, 0], [1, 1], [2, 2]])
        with EvaluationStore(file) as store:
            assert store.claim(simulator, x).tolist() == [False, False, True]
            store.release(simulator, x[2:])
            os.kill(holder.pid, signal.SIGKILL)
            if reaped:
                holder.wait()
            else:
                time.sleep(0.2)  # dead, but its parent (this process) has not asked how it ended
            answers = ExactAnswers(simulator, store)
            e = answers(x)
            assert e.feasible.all() and answers.computed == 3
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_waiting_for_another_process_gives_its_answer_without_a_second_call(slow):
    file = slow / "e.sqlite"
    script = HOLDER.replace("time.sleep(120)", (
        "time.sleep(0.5)\nfrom archgym.answers.exact import ExactAnswers\n"
        "x = np.array([[0, 0], [1, 1]])\nstore.put(simulator, x, simulator.evaluate(x))"
    ))  # fmt: skip
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(slow / "slow.yaml"), str(file)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    simulator = load_scenario(slow / "slow.yaml").simulators[0]
    with EvaluationStore(file) as store:
        answers = ExactAnswers(simulator, store)
        e = answers(np.array([[0, 0], [1, 1]]))
    holder.wait()
    holder.stdout.close()
    assert e.metrics["time"].tolist() == [11.0, 7.0] and answers.computed == 0
    assert len(calls(slow)) == 2


def test_a_claim_of_an_earlier_process_with_our_number_is_forgotten(slow, monkeypatch):
    from archgym.answers import file_database as module
    from archgym.files.processes import this_process

    simulator = load_scenario(slow / "slow.yaml").simulators[0]
    x = np.array([[0, 0]])
    with EvaluationStore(slow / "e.sqlite") as store:
        ours = this_process()
        with monkeypatch.context() as patch:
            patch.setattr(module, "this_process", lambda: ours.rpartition("/")[0] + "/1")
            assert store.claim(simulator, x).all()
        assert store.claim(simulator, x).all()
        assert not store.claim(simulator, x).any()
