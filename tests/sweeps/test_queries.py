"""Sweeps count and limit the costly parts of evaluations, as single runs do."""

import json
import sqlite3

import pyarrow.parquet as pq
import pytest
import yaml

from archgym import Study
from archgym.cli import main
from archgym.errors import ScenarioError, StoreError, UnknownNameError
from archgym.report.results import Results
from archgym.report.tables import overhead
from archgym.report.text import summary
from archgym.sweeps.driver import LEDGER
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.plan import from_sweep_document
from archgym.sweeps.repair import repair
from archgym.sweeps.runs_file import write_runs


@pytest.fixture
def costly(document, with_simulator):
    with_simulator("Costly")
    agents = [{"agent": "random_walk"}, {"agent": "hill_climbing"}]
    return {**document, "agents": agents, "test": {"seeds": 0}, "queries": {"latency": 4}}


def test_what_a_sweep_counts_is_what_a_run_counts(costly, run, tmp_path):
    run(costly, tmp_path / "s")
    sweep = from_sweep_document(costly)
    (scenario,) = sweep.scenarios.values()
    with Ledger(tmp_path / "s" / LEDGER) as ledger:
        used, rows = ledger.queries(), list(ledger.rows("id, agent, seed, charged"))
        assert ledger.check() == len(rows) == 4
        assert write_runs(ledger, tmp_path / "runs") == 4
    for name, agent, seed, charged in rows:
        study = Study(scenario, agent, budget=40, seed=seed, queries={"latency": 4})
        study.run()
        assert used[name] == study.queries.counts and used[name]["latency"] <= 4
        assert charged == study.done
    assert min(charged for *_, charged in rows) < 40
    file = next((tmp_path / "runs").rglob("*.parquet"))
    assert set(pq.read_table(file)["queries.latency"].to_pylist()) <= {1, 2, 3, 4}
    results = Results(tmp_path / "s")
    total = sum(n["latency"] for n in used.values())
    assert overhead(results)["latency queries"].sum() == total
    none = results.runs.iloc[:0]
    assert f"{total} latency queries" in summary(results, none, none, none, none)[0]


def test_a_limit_is_part_of_what_a_run_is(costly):
    free = {k: v for k, v in costly.items() if k != "queries"}
    ids = [{s.id for s in from_sweep_document(d).runs()} for d in (costly, free)]
    assert not ids[0] & ids[1]


def test_a_sweep_on_the_command_line_takes_and_refuses_limits(
    costly, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    del costly["queries"]
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(costly))
    assert main(["sweep", "s.yaml", "--queries", "latency=2", "--dry-run", "--trust"]) == 0
    assert "more than 2 latency queries" in capsys.readouterr().out
    assert main(["sweep", "s.yaml", "--queries", "latncy=2", "--dry-run", "--trust"]) == 2
    assert "did you mean 'latency'" in capsys.readouterr().err
    assert main(["sweep", "s.yaml", "--queries", "latency=none", "--dry-run", "--trust"]) == 2
    assert "whole number" in capsys.readouterr().err
    for bad in (5, ["latency"]):
        with pytest.raises(ScenarioError, match="limits by name"):
            from_sweep_document({**costly, "queries": bad})
    with pytest.raises(UnknownNameError, match="accuracy"):
        from_sweep_document({**costly, "queries": {"accuracy": 5}})


def test_counts_are_checked_and_saved_from_a_damaged_ledger(costly, run, tmp_path):
    run(costly, tmp_path / "s")
    file = tmp_path / "s" / LEDGER
    with Ledger(file) as ledger:
        before = ledger.queries()
    kept, lost, planned = repair(tmp_path / "s")
    assert (kept, lost, planned) == (4, 0, 4)
    with Ledger(file) as ledger:
        assert ledger.queries() == before
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE queries SET used = used + 1")
    connection.close()
    with Ledger(file) as ledger, pytest.raises(StoreError, match="queries of run"):
        ledger.check()


def test_a_ledger_without_queries_has_none(document, run, tmp_path):
    document["agents"], document["test"] = [{"agent": "random_walk"}], {"seeds": 0}
    run(document, tmp_path / "s")
    with Ledger(tmp_path / "s" / LEDGER) as ledger:
        assert ledger.queries() == {} and json.dumps(ledger.totals())
    assert "queries" not in " ".join(Results(tmp_path / "s").runs.columns)
