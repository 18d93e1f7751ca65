"""Ledgers, certificates and results of older versions, under the names of the time.

They said `distinct` for different, `hyper` for hyperparameters, and `trial` for the
number of a trial, which `trials.csv` always called `step`.
"""

import json
import sqlite3

import archgym
from archgym.dashboard.details import run_course
from archgym.files.seal import KEY, sealed
from archgym.files.text import write_json
from archgym.sweeps import driver
from archgym.sweeps.engine import make_engine
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.plan import from_sweep_document
from archgym.tables.certificate import Certificate

FORMER = {"different": "distinct_designs", "hyperparameters": "hyper"}


def test_a_ledger_under_former_names_is_read_and_gone_on_with(document, tmp_path):
    document = {**document, "test": {"seeds": 0}}
    sweep = from_sweep_document(document)
    folder = driver.SweepFolder.create(tmp_path / "s", sweep)
    file = tmp_path / "s" / driver.LEDGER
    with sqlite3.connect(file) as old:
        for name, former in FORMER.items():
            old.execute(f"ALTER TABLE runs RENAME COLUMN {name} TO {former}")
    old.close()
    totals = driver.carry_out(folder, sweep, make_engine("local", 1, None, None))
    assert 0 < totals["different"] <= totals["charged"]
    with Ledger(file) as ledger:
        rows = list(ledger.rows("id, different, hyperparameters"))
        assert sum(n for _, n, _ in rows) == totals["different"]
        assert all(isinstance(json.loads(text), dict) for _, _, text in rows)
        assert ledger.totals() == totals
    again = sqlite3.connect(file)
    names = {row[1] for row in again.execute("PRAGMA table_info(runs)")}
    again.close()
    # the file stays what it was
    assert set(FORMER.values()) <= names and not set(FORMER) & names


def test_a_certificate_under_former_names_is_read(toy_scenario, tmp_path):
    from archgym import enumerate_space

    facts = dict(enumerate_space(toy_scenario, tmp_path).facts)
    former = {{"different": "distinct"}.get(k, k): v for k, v in facts.items()}
    assert Certificate.of(former, "old")["different"] == facts["different"]


def test_a_result_under_former_names_is_read(toy_scenario, tmp_path):
    folder = tmp_path / "r"
    run = archgym.run(toy_scenario, "random_walk", budget=20, output=folder, plots=False)
    told = json.loads((folder / "result.json").read_text())
    told.pop(KEY)
    for entry in (told["best"], *told["front"]):
        entry["trial"] = entry.pop("step")
    write_json(folder / "result.json", sealed(told))
    assert '"step"' not in (folder / "result.json").read_text()
    loaded = archgym.load(folder)
    assert (
        loaded.result == run.result and loaded.front["step"].tolist() == run.front["step"].tolist()
    )
    assert run_course(folder)["front"]["front"]["x"] == sorted(
        e["metrics"]["latency"] for e in run.result["front"]
    )
