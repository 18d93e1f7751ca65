"""Ledgers and certificates of older versions, which said `distinct` where the glossary says different."""

import sqlite3

from archgym.sweeps import driver
from archgym.sweeps.engine import make_engine
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.plan import from_sweep_document
from archgym.tables.certificate import Certificate


def test_a_ledger_under_former_names_is_read_and_gone_on_with(document, tmp_path):
    document = {**document, "test": {"seeds": 0}}
    sweep = from_sweep_document(document)
    folder = driver.SweepFolder.create(tmp_path / "s", sweep)
    file = tmp_path / "s" / driver.LEDGER
    with sqlite3.connect(file) as old:
        old.execute("ALTER TABLE runs RENAME COLUMN different TO distinct_designs")
    old.close()
    totals = driver.carry_out(folder, sweep, make_engine("local", 1, None, None))
    assert 0 < totals["different"] <= totals["charged"]
    with Ledger(file) as ledger:
        rows = list(ledger.rows("id, different"))
        assert sum(n for _, n in rows) == totals["different"]
        assert ledger.totals() == totals
    again = sqlite3.connect(file)
    names = {row[1] for row in again.execute("PRAGMA table_info(runs)")}
    again.close()
    assert "distinct_designs" in names and "different" not in names  # the file stays what it was


def test_a_certificate_under_former_names_is_read(toy_scenario, tmp_path):
    from archgym import enumerate_space

    facts = dict(enumerate_space(toy_scenario, tmp_path).facts)
    former = {{"different": "distinct"}.get(k, k): v for k, v in facts.items()}
    assert Certificate.of(former, "old")["different"] == facts["different"]
