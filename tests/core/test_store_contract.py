"""What every store promises, wherever it is: a file, a file through SQLAlchemy, a PostgreSQL server."""

import multiprocessing
import pickle
import time

import numpy as np
import pytest

from archgym import EvaluationStore, trust
from archgym.answers.locations import agreed, told
from archgym.cli import main
from archgym.errors import ArchgymError, StoreError, TrustError, UnknownNameError, disk_fault
from tests.conftest import ToySimulator
from tests.core.postgres import server

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="session")
def postgres():
    with server() as url:
        yield url


def say(url, *statements):
    """Statements at the server, as its owner."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(params=["file", "sqlite", "postgresql"])
def place(request, tmp_path):
    if request.param == "file":
        return str(tmp_path / "e.sqlite")
    pytest.importorskip("sqlalchemy", reason="the extra 'server' is not installed")
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/e.sqlite"
    url = request.getfixturevalue("postgres")
    say(url, "DROP SCHEMA IF EXISTS archgym CASCADE")
    return url


def all_of(toy):
    return np.concatenate(list(toy.space.grid()))


def test_what_goes_in_comes_out_bit_for_bit(place, toy):
    x = all_of(toy)
    e = toy.evaluate(x)
    with EvaluationStore(place) as store:
        assert not store.get(toy, x)[0].any()
        store.put(toy, x, e)
        store.put(toy, x[:5], e_of(toy, x[:5]))  # a second time: nothing new
        store.record_trials("r", 0, x[:9])
    with EvaluationStore(place) as store:
        known, back = store.get(toy, x)
        assert known.all() and store.count() == store.count(toy) == len(x)
        for name in e.metrics:
            assert back.metrics[name].tobytes() == e.metrics[name].tobytes()
        assert [back.reason(i) for i in range(len(x))] == [e.reason(i) for i in range(len(x))]
        assert (np.concatenate([b[0] for b in store.rows(toy, chunk=7)]) == x).all()
        other = ToySimulator(gain=2.0)
        assert not store.get(other, x)[0].any() and store.count(other) == 0
        assert store.check() == len(x) + 9
        copy = pickle.loads(pickle.dumps(store))
        assert copy.count() == len(x)
        copy.close()


def e_of(toy, x):
    return toy.evaluate(x)


def test_trials_must_replay(place, toy):
    x = toy.space.sample(6, np.random.default_rng(0))
    with EvaluationStore(place) as store:
        store.record_trials("r", 0, x)
        store.record_trials("r", 0, x)
        assert store.trial_count("r") == 6
        assert (np.concatenate([b for _, b in store.trials("r", 3, chunk=4)]) == x).all()
        changed = x.copy()
        changed[2, 1] = (changed[2, 1] + 1) % 4
        with pytest.raises(StoreError, match="another design at step 2"):
            store.record_trials("r", 0, changed)


def test_a_transaction_is_whole_or_nothing(place, toy, monkeypatch):
    x = all_of(toy)
    with EvaluationStore(place) as store:
        store.put(toy, x[:1], toy.evaluate(x[:1]))

        def cut(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as m:
            m.setattr(store, "_drop_claims", cut)
            m.setattr(ToySimulator, "expensive", True)
            with pytest.raises(KeyboardInterrupt):
                store.put(toy, x, toy.evaluate(x))
        assert store.count() == 1
        store.put(toy, x, toy.evaluate(x))
        assert store.count() == len(x)


@pytest.mark.parametrize(
    "change",
    ["evaluations SET feasible = 1 - feasible", "evaluations SET reason = 'x'", "trials SET step = step + 1",
     "simulators SET metrics = '[]'", "simulators SET key = 'k'", "evaluations SET simulator = 77"],
)  # fmt: skip
def test_an_altered_row_is_told(place, toy, change):
    x = all_of(toy)[:3]
    with EvaluationStore(place) as store:
        store.put(toy, x, toy.evaluate(x))
        store.record_trials("r", 0, x[:1])
        store._database.execute(f"UPDATE {change}")
    with pytest.raises(StoreError, match=r"damaged|no simulator"), EvaluationStore(place) as store:
        store.check()


def test_an_evaluation_belongs_to_its_simulator(place, toy):
    """A row that says another simulator's number is damaged, not that simulator's figure."""
    x, other = all_of(toy)[:3], ToySimulator(gain=2.0)
    with EvaluationStore(place) as store:
        store.put(toy, x[:1], toy.evaluate(x[:1]))
        store.put(other, x[1:], other.evaluate(x[1:]))
        store._database.execute("UPDATE evaluations SET simulator = 3 - simulator")
        with pytest.raises(StoreError, match="damaged"):
            store.get(toy, x)


def test_claims_of_two_drivers(place, toy):
    x = all_of(toy)[:3]
    ours = EvaluationStore(place)
    assert ours.claim(toy, x[:2]).all()
    process = SPAWN.Process(target=_claim, args=(place, queue := SPAWN.Queue()))
    process.start()
    assert queue.get(timeout=60) == [False, False, True]
    process.join()  # it has ended without an answer: what it claimed is free
    until = time.monotonic() + 20
    while not ours.claim(toy, x[2:]).all():
        assert time.monotonic() < until, "a claim outlived its driver"
    ours.release(toy, x[:1])
    assert ours.claim(toy, x[:1]).all()
    ours.put(toy, x, toy.evaluate(x))
    assert not ours.claim(toy, x).any() and ours.wait(toy, x)[0].all()
    ours.close()


def _claim(place, queue):
    toy = ToySimulator()
    queue.put(EvaluationStore(place).claim(toy, all_of(toy)[:3]).tolist())
    queue.close()
    queue.join_thread()


def _write(place, first):
    toy = ToySimulator()
    with EvaluationStore(place) as store:
        for row in all_of(toy)[first::2]:
            store.put(toy, row[None], toy.evaluate(row[None]))


def test_two_drivers_write_at_once(place, toy):
    workers = [SPAWN.Process(target=_write, args=(place, k)) for k in range(2)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert [w.exitcode for w in workers] == [0, 0]
    with EvaluationStore(place) as store:
        assert store.check() == toy.space.cardinality


# ---- URLs
def test_another_scheme_is_told():
    with pytest.raises(UnknownNameError, match=r"'mysql://'.*postgresql://"):
        EvaluationStore("mysql://somewhere/db")


@pytest.mark.parametrize(
    "url", ["postgresql://u:hush@127.0.0.1:1/d", "postgresql://u:hush@h:port/d"]
)
def test_no_answer_is_one_line_without_the_password(url, toy_document, tmp_path, capsys):
    import json

    pytest.importorskip("psycopg", reason="the extra 'server' is not installed")
    (tmp_path / "s.yaml").write_text(json.dumps(toy_document))
    words = ["run", str(tmp_path / "s.yaml"), "--store", url, "--output", str(tmp_path / "r")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith(f"archgym: {url.split('u:')[0]}") or "a URL of" in said
    assert "hush" not in said and "Traceback" not in said
    assert not (tmp_path / "r").exists()


def test_the_missing_extra_is_told(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ArchgymError, match=r"archgym\[server\]"):
        EvaluationStore("postgresql://h/d")


def test_passwords_are_not_written_down(monkeypatch):
    pytest.importorskip("sqlalchemy", reason="the extra 'server' is not installed")
    place = told("postgresql://u:hush@h/d?password=hush&sslmode=require")
    assert place == "postgresql://u@h/d?sslmode=require"
    assert agreed(place, "postgresql://u:hush@h/d?sslmode=require", "r").count("hush") == 1
    with pytest.raises(ArchgymError, match="not in"):
        agreed(place, "postgresql://h/other", "r")


def test_a_server_that_goes_is_nobodys_result(postgres, toy):
    say(postgres, "DROP SCHEMA IF EXISTS archgym CASCADE")
    x = all_of(toy)[:3]
    with EvaluationStore(postgres) as store:
        store.put(toy, x, toy.evaluate(x))
        say(
            postgres,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
        )
        with pytest.raises(StoreError, match="go on with --resume") as told_:
            store.get(toy, x)
        assert disk_fault(told_.value)
    with EvaluationStore(postgres) as store:
        assert store.get(toy, x)[0].all()


# ---- runs and sweeps
def test_a_run_keeps_its_evaluations_elsewhere(place, toy_document, tmp_path, capsys):
    import json
    import shutil

    (tmp_path / "s.yaml").write_text(json.dumps(toy_document))
    words = ["run", str(tmp_path / "s.yaml"), "--budget", "20", "--no-plots", "--json"]
    assert main([*words, "--output", str(tmp_path / "own")]) == 0
    assert main([*words, "--output", str(tmp_path / "r"), "--store", place]) == 0
    run = tmp_path / "r"
    assert json.loads((run / "manifest.json").read_text())["store"] == told(place)
    assert not (run / "evaluations.sqlite").exists()
    assert (run / "trials.csv").read_bytes() == (tmp_path / "own" / "trials.csv").read_bytes()
    before = (run / "result.json").read_bytes()
    for more in (["verify", run], ["verify", run, "--all"], ["compare", run, tmp_path / "own"],
                 ["export", run, "--to", tmp_path / "d.csv"]):  # fmt: skip
        assert main([str(w) for w in more]) == 0, capsys.readouterr().err
    assert json.loads(before)["best"] is not None
    # the folder of somebody else names a store: it is opened after consent only
    copy = shutil.copytree(run, tmp_path / "copy")
    assert main(["verify", str(copy)]) == 2 and "--trust" in capsys.readouterr().err
    assert main(["verify", str(copy), "--trust"]) == 0
    capsys.readouterr()


def test_two_sweeps_share_a_server(postgres, tmp_path, toy_document):
    from archgym.sweeps import driver
    from archgym.sweeps.engine import LocalEngine
    from archgym.sweeps.plan import from_sweep_document

    say(postgres, "DROP SCHEMA IF EXISTS archgym CASCADE")
    toy_document |= {"simulator": "tests.conftest:ToySimulator"}
    document = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"], "budget": 30}
    sweep = from_sweep_document({**document, "seeds": 2})
    first, second = (
        driver.SweepFolder.create(tmp_path / name, sweep, postgres) for name in ("a", "b")
    )
    assert driver.carry_out(first, sweep, LocalEngine(1))["computed"] > 0
    assert driver.carry_out(second, sweep, LocalEngine(1))["computed"] == 0
    assert not (tmp_path / "a" / "evaluations.sqlite").exists()
    with pytest.raises(TrustError), trust.reading("elsewhere"):
        agreed(told(postgres), None, "elsewhere")
