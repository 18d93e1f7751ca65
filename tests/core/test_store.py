import multiprocessing
import os
import sqlite3
import time

import numpy as np
import pytest

from archgym import EvaluationStore, make_evaluator
from archgym.errors import StoreError
from tests.conftest import ToySimulator


def test_what_goes_in_comes_out_bit_for_bit(tmp_path, toy):
    x = np.unique(toy.space.sample(40, np.random.default_rng(0)), axis=0)
    e = toy.evaluate(x)
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        store.put(toy, x, e)
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        known, back = store.get(toy, x)
        assert known.all() and store.count() == len(x)
        for name in e.metrics:
            assert back.metrics[name].tobytes() == e.metrics[name].tobytes()
        assert [back.reason(i) for i in range(len(x))] == [e.reason(i) for i in range(len(x))]
        blocks = list(store.rows(toy, chunk=7))
        assert (np.concatenate([b[0] for b in blocks]) == x).all()


def test_simulators_of_other_fingerprints_are_kept_apart(tmp_path, toy):
    other = ToySimulator(gain=2.0)
    x = toy.space.sample(5, np.random.default_rng(0))
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        store.put(toy, x, toy.evaluate(x))
        assert not store.get(other, x)[0].any()


def test_evaluator_computes_each_design_once(tmp_path, toy_scenario):
    sim = toy_scenario.simulators[0]
    x = toy_scenario.space.sample(60, np.random.default_rng(0))
    before = sim.calls
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        evaluator = make_evaluator(toy_scenario, "exact", store)
        first = evaluator(x)
        second = evaluator(x)
    unique = len(np.unique(x, axis=0))
    assert (evaluator.charged, evaluator.computed, sim.calls - before) == (120, unique, unique)
    np.testing.assert_array_equal(first.metrics["latency"], second.metrics["latency"])


def test_a_full_disk_loses_nothing_recorded(tmp_path, toy):
    store = EvaluationStore(tmp_path / "e.sqlite")
    x = np.concatenate(list(toy.space.grid()))
    store.put(toy, x[:10], toy.evaluate(x[:10]))
    pages = store._database.execute("PRAGMA page_count")[0][0]
    store._database.execute(f"PRAGMA max_page_count = {pages}")

    def fill():
        for k in range(200):
            wide = ToySimulator(f"{'w' * 500}{k}")
            store.put(wide, x, wide.evaluate(x))

    with pytest.raises(StoreError, match=r"full.*--resume"):
        fill()
    known, _ = store.get(toy, x[:10])
    assert known.all()
    store._database.execute(f"PRAGMA max_page_count = {pages + 1000}")
    store.put(toy, x, toy.evaluate(x))
    assert store.get(toy, x)[0].all()


def test_a_damaged_file_is_reported(tmp_path):
    path = tmp_path / "e.sqlite"
    path.write_bytes(b"this is not a database, not even remotely so" * 100)
    with pytest.raises(StoreError, match="not a database"):
        EvaluationStore(path)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(StoreError, match="--output"):
        EvaluationStore(tmp_path / "no" / "such" / "e.sqlite")


def _write(path, first):
    toy = ToySimulator()
    x = np.concatenate(list(toy.space.grid()))[first::2]
    with EvaluationStore(path) as store:
        for row in x:
            store.put(toy, row[None], toy.evaluate(row[None]))


def test_two_processes_share_a_store(tmp_path, toy):
    path = tmp_path / "e.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(path, k)) for k in range(2)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert [w.exitcode for w in workers] == [0, 0]
    with EvaluationStore(path) as store:
        assert store.count() == toy.space.cardinality


def _open_at(path, start):
    while time.time() < start:
        pass
    EvaluationStore(path).close()


def test_many_processes_open_a_new_store_at_once(tmp_path):
    context = multiprocessing.get_context("fork")
    for k in range(10):
        start = time.time() + 0.1
        workers = [
            context.Process(target=_open_at, args=(tmp_path / f"{k}.sqlite", start))
            for _ in range(6)
        ]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        assert [w.exitcode for w in workers] == [0] * 6


def test_trials_must_replay(tmp_path, toy):
    x = toy.space.sample(6, np.random.default_rng(0))
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        store.record_trials("r", 0, x)
        store.record_trials("r", 0, x)
        assert store.trial_count("r") == 6
        changed = x.copy()
        changed[2, 1] = (changed[2, 1] + 1) % 4
        with pytest.raises(StoreError, match="another design at step 2"):
            store.record_trials("r", 0, changed)


def test_the_file_is_plain_sqlite(tmp_path, toy):
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        store.put(toy, np.zeros((1, 3), int), toy.evaluate(np.zeros((1, 3), int)))
    assert os.path.exists(tmp_path / "e.sqlite")
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
