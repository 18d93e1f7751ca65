"""Tuned baselines: chosen on other domains than they are played on, and charged for the choice."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

from archgym.bench.suite import load_suite, shipped
from archgym.contracts.foreign import agent_class
from archgym.documents import read_yaml

FILE = Path(__file__).parents[2] / "benchmarks" / "tune_bench.py"
TUNED = read_yaml(shipped().parent / "tuned.yaml")["tuned"]


@pytest.fixture(scope="module")
def tuning():
    if not FILE.exists():
        pytest.skip("benchmarks are not part of the package under test")
    spec = importlib.util.spec_from_file_location("tune_bench", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["tune_bench"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("entry", TUNED, ids=[e["agent"] for e in TUNED])
def test_a_choice_holds_for_the_agent_and_says_what_it_cost(entry):
    assert "others" in entry["domains"] and len(entry["domains"]) >= 4
    for choice in entry["domains"].values():
        agent_class(entry["agent"]).check_hyperparameters(choice["hyperparameters"])
        assert choice["runs"] >= choice["configurations"] * choice["tasks"] > 100
        assert choice["evaluations"] == 300 * choice["runs"]
    tasks = {d: c["tasks"] for d, c in entry["domains"].items()}
    # a domain's own tasks took no part in its choice
    assert all(n < tasks["others"] for d, n in tasks.items() if d != "others")


def test_a_domain_is_not_tuned_on_itself(tuning):
    runs = pd.DataFrame(
        [["soc/a", '{"k": 1}', 0.0, 9], ["soc/a", '{"k": 2}', 1.0, 9], ["dram/a", '{"k": 1}', 0.5, 9],
         ["dram/a", '{"k": 2}', 0.25, 9], ["dram/b", '{"k": 2}', 0.5, 9], ["dram/b", '{"k": 1}', 0.5, 9]],
        columns=["task", "hyperparameters", "area", "charged"],
    )  # fmt: skip
    assert tuning.choose(runs, "dram")["hyperparameters"] == {"k": 1}
    mine = tuning.choose(runs, "soc")
    assert mine["hyperparameters"] == {"k": 2} and mine["area"] == 0.375
    assert (mine["tasks"], mine["runs"], mine["evaluations"]) == (2, 4, 36)
    assert mine["on_its_own_tasks"] == {"chosen": 1.0, "any": 0.5}  # a poor choice there, and told
    assert tuning.choose(runs, "others")["hyperparameters"] == {"k": 1}  # on all of them


def test_every_task_is_played_once_with_the_choice_of_its_domain(tuning):
    tasks = [n for n, t in load_suite().tasks.items() if not t.easy]
    entries = tuning.entries(tasks, seeds=2)
    for item in TUNED:
        mine = [e for e in entries if e["agent"] == item["agent"]]
        assert sorted(t for e in mine for t in e["scenarios"]) == sorted(tasks)
        for e in mine:
            group = e["panel"].removeprefix("tuned ")
            assert {t.split("/")[0] == group or group == "others" for t in e["scenarios"]} == {True}
            chosen = {k: v for k, (v,) in e["hyperparameters"].items()}
            assert chosen == item["domains"][group]["hyperparameters"]
