import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archgym import trust
from archgym.answers.store import EvaluationStore
from archgym.errors import ArchgymError, StoreError, TrustError
from archgym.sweeps import driver
from archgym.sweeps.driver import LEDGER, STORE, SweepFolder, carry_out
from archgym.sweeps.engine import LocalEngine, make_engine
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.plan import from_sweep_document
from archgym.sweeps.repair import repair
from archgym.sweeps.result import Setup
from archgym.sweeps.selection import mean_best, tuned
from archgym.sweeps.work import Worker, improvements
from tests.conftest import ROOT, ToySimulator
from tests.sweeps.conftest import outcomes, statuses


def test_a_sweep_gives_what_its_runs_give_one_by_one(tmp_path, document, run):
    totals = run(document, tmp_path / "s")
    assert totals["runs"] == 18 + 9 and totals["charged"] == 27 * 40
    sweep = from_sweep_document(document)
    worker = Worker(Setup({"toy": sweep.scenarios["toy"].document}))
    expected = {r.id: worker(r) for r in sweep.runs()}
    found = {row[0]: row for row in outcomes(tmp_path / "s")}
    for name, result in expected.items():
        row = found[name]
        assert row[9] == result.best and json.loads(row[10]) == list(result.design)
        assert json.loads(row[11]) == [list(point) for point in result.curve]
    computed = ToySimulator.space.cardinality
    with EvaluationStore(tmp_path / "s" / STORE) as store:
        assert store.count() <= computed < totals["charged"], "shared by all runs"


def test_the_tuned_are_tested_on_fresh_seeds(tmp_path, document, run):
    run(document, tmp_path / "s")
    with Ledger(tmp_path / "s" / LEDGER) as ledger:
        chosen = tuned(ledger, "toy", "genetic_algorithm", "main")
        rows = list(
            ledger.rows("hyperparameters, seed", "phase = 'test' AND agent = 'genetic_algorithm'")
        )
        tuning = list(
            ledger.rows("hyperparameters, best", "phase = 'tuning' AND agent = 'genetic_algorithm'")
        )
    assert {h for h, _ in rows} == {chosen} and sorted(s for _, s in rows) == [
        10**6,
        10**6 + 1,
        10**6 + 2,
    ]
    mean = {}
    for hyperparameters, best in tuning:
        mean.setdefault(hyperparameters, []).append(best)
    assert sum(mean[chosen]) == min(sum(v) for v in mean.values())


def test_ray_gives_the_same(tmp_path, document, run):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    import ray

    document["keep"] = "trials"
    run(document, tmp_path / "local")
    there = {"HIDDEN": str(tmp_path), "PYTHONPATH": str(ROOT)}
    hide = {"env_vars": there, "worker_process_setup_hook": hide_folder}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=hide)
    try:
        run(document, tmp_path / "ray", make_engine("ray", 2, None))
        reaching = make_engine("ray", 2, None)
        reaching.by_value = False  # what is hidden is hidden: workers that open the store fail
        run(document, tmp_path / "reaching", reaching)
    finally:
        ray.shutdown()
    assert set(statuses(tmp_path / "reaching")) == {"failed"}
    assert outcomes(tmp_path / "ray") == outcomes(tmp_path / "local")
    files = {
        engine: {
            p.relative_to(tmp_path / engine): p.read_bytes()
            for p in (tmp_path / engine / "trials").rglob("*.parquet")
        }
        for engine in ("ray", "local")
    }
    assert files["ray"] == files["local"] and len(files["ray"]) == 27
    with (
        EvaluationStore(tmp_path / "ray" / STORE) as ours,
        EvaluationStore(tmp_path / "local" / STORE) as theirs,
    ):
        assert ours.count() == theirs.count() and ours.check() == theirs.check()


def hide_folder():
    """In a Ray worker: whatever opens, lists or makes something below $HIDDEN fails."""
    hidden = os.environ["HIDDEN"]

    def look(event, values):
        watched = event in ("open", "sqlite3.connect") or event.startswith("os.")
        if watched and any(
            isinstance(v, str | os.PathLike) and hidden in os.fspath(v) for v in values
        ):
            raise PermissionError(f"{event}: a worker touched the folder of the sweep")

    sys.addaudithook(look)


def test_curves_and_their_mean():
    import numpy as np

    cost = np.array([np.inf, 5.0, 7.0, 2.0, 2.0, np.inf])
    assert improvements(cost) == [(2, 5.0), (4, 2.0)]
    assert mean_best([[2, 5.0], [4, 2.0]], 6) == pytest.approx((1e6 + 5 + 5 + 2 + 2 + 2) / 6)
    assert improvements(np.empty(0)) == [] and improvements(np.full(3, np.inf)) == []


def test_every_trial_can_be_kept(tmp_path, document, run):
    pq = pytest.importorskip("pyarrow.parquet")
    document["keep"] = "trials"
    run(document, tmp_path / "s")
    files = sorted((tmp_path / "s" / "trials").rglob("*.parquet"))
    assert len(files) == 27
    table = pq.read_table(files[0]).to_pandas()
    assert len(table) == 40 and {"step", "size", "index.size", "latency", "cost"} <= set(
        table.columns
    )


# ---------------------------------------------------------------- faults of runs
@pytest.mark.parametrize(
    ("fault", "says"), [("raise", "licence server"), ("nan", "marked feasible")]
)
def test_a_failing_run_is_recorded_and_the_others_go_on(tmp_path, with_simulator, run, fault, says):
    document = with_simulator("Faulty", fault=fault)
    del document["test"]
    document["agents"] = [
        {"agent": "random_walk", "seeds": 3},
        {"agent": "hill_climbing", "scenarios": ["fine"]},
    ]
    document["scenarios"].append(
        document["scenarios"][0]
        | {"name": "fine", "simulator": "tests.conftest:ToySimulator", "config": {}}
    )
    run(document, tmp_path / "s")
    assert statuses(tmp_path / "s") == {"done": 3 + 2, "failed": 3}
    with Ledger(tmp_path / "s" / LEDGER) as ledger:
        failures = ledger.failures()
    assert all(says in f[-1] and "Traceback" in f[-1] for f in failures)


def test_failed_runs_are_tried_again_when_asked(tmp_path, with_simulator, run):
    document = with_simulator("Faulty", fault="raise")
    document["agents"] = [{"agent": "random_walk", "seeds": 4}]
    run(document, tmp_path / "s")
    assert statuses(tmp_path / "s") == {"failed": 4}
    folder = SweepFolder(tmp_path / "s")
    carry_out(folder, folder.sweep(), LocalEngine(2))
    assert statuses(tmp_path / "s") == {"failed": 4}, "left alone"
    carry_out(folder, folder.sweep(), LocalEngine(2), retry_failed=True)
    assert statuses(tmp_path / "s") == {"failed": 4}, "tried, and failed again"


@pytest.mark.parametrize(
    ("fault", "status", "says"), [("hang", "timeout", "timeout of 6 s"), ("die", "died", "SIGKILL")]
)
def test_a_run_that_hangs_or_kills_its_worker_is_given_up(
    tmp_path, with_simulator, run, fault, status, says
):
    document = with_simulator("Faulty", fault=fault)
    del document["test"]
    document["agents"] = [
        {"agent": "random_walk", "seeds": 1},
        {"agent": "sobol", "scenarios": ["fine"]},
    ]
    document["scenarios"].append(
        document["scenarios"][0]
        | {"name": "fine", "simulator": "tests.conftest:ToySimulator", "config": {}}
    )
    run(document, tmp_path / "s", LocalEngine(2, timeout=6))
    found = statuses(tmp_path / "s")
    assert found[status] == 1 and found["done"] == sum(found.values()) - 1
    with Ledger(tmp_path / "s" / LEDGER) as ledger:
        assert says in ledger.failures()[0][-1]


def test_a_run_whose_worker_was_killed_is_done_by_another(tmp_path, with_simulator, run):
    document = with_simulator("Faulty", fault="die once", mark=str(tmp_path / "mark"))
    run(document, tmp_path / "s")
    assert (tmp_path / "mark").exists()
    assert statuses(tmp_path / "s") == {"done": 27}


# ---------------------------------------------------------------- faults of the driver
def started(path, document, extra=()):
    file = path.parent / f"{path.name}.json.yaml"
    file.write_text(json.dumps(document))  # JSON is YAML
    command = [
        sys.executable,
        "-m",
        "archgym",
        "sweep",
        str(file),
        "--output",
        str(path),
        "--json",
        *extra,
    ]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.Popen(command, cwd=path.parent, env=environment, stdout=subprocess.DEVNULL)


def test_a_killed_sweep_ends_as_if_it_had_not_been(tmp_path, with_simulator, run):
    document = with_simulator("Slow")
    document["agents"][0]["seeds"] = 6
    run(document, tmp_path / "whole")
    process = started(tmp_path / "killed", document)
    ledger = tmp_path / "killed" / LEDGER
    deadline = time.time() + 60
    while time.time() < deadline:
        if ledger.exists() and statuses(tmp_path / "killed").get("done", 0) >= 4:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = outcomes(tmp_path / "killed")
    assert 0 < len(before) < len(outcomes(tmp_path / "whole"))
    folder = SweepFolder(tmp_path / "killed")
    carry_out(folder, folder.sweep(), LocalEngine(2))
    after = outcomes(tmp_path / "killed")
    assert after == outcomes(tmp_path / "whole")
    assert set(before) <= set(after), "nothing recorded is lost"
    deadline = time.time() + 10
    while time.time() < deadline and _children(process.pid):
        time.sleep(0.2)
    assert not _children(process.pid), "workers end with their driver"


def _children(parent):
    out = []
    for stat in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = (stat.parent / "cmdline").read_bytes()
            if (
                b"spawn_main(parent_pid=%d" % parent in text
                or f"parent_pid={parent},".encode() in text
            ):
                out.append(stat.parent.name)
        except OSError:
            continue
    return out


def test_two_drivers_do_not_meet(tmp_path, document):
    sweep = from_sweep_document(document)
    folder = SweepFolder.create(tmp_path / "s", sweep)
    with SweepFolder(tmp_path / "s"), pytest.raises(StoreError, match="another process"):
        carry_out(folder, sweep, LocalEngine(1))
    with pytest.raises(ArchgymError, match="--resume"):
        SweepFolder.create(tmp_path / "s", sweep)


def test_two_sweeps_may_share_their_evaluations(tmp_path, document, run):
    shared = tmp_path / "shared.sqlite"
    document["agents"] = [{"agent": "grid", "budget": ToySimulator.space.cardinality}]
    document["seeds"] = 1
    document["from_reference"] = False
    del document["test"]
    first = run(document, tmp_path / "a", store=shared)
    document["agents"] = ["random_walk"]
    second = run(document, tmp_path / "b", store=shared)
    # the reference design was simulated before the first run, to know what to compare with
    assert first["computed"] == ToySimulator.space.cardinality - 1 and second["computed"] == 0


def test_a_full_disk_loses_nothing_recorded(tmp_path, document, monkeypatch):
    sweep = from_sweep_document(document)
    folder = SweepFolder.create(tmp_path / "s", sweep)
    monkeypatch.setattr(driver, "FLUSH_RESULTS", 1)
    real = Ledger.record
    calls = []

    def record(self, results):
        calls.append(1)
        if len(calls) == 4:
            pages = self._connection.execute("PRAGMA page_count").fetchone()[0]
            self._connection.execute(f"PRAGMA max_page_count = {pages}")
            results = [r.__class__(**{**vars(r), "error": "x" * 200_000}) for r in results]
        real(self, results)

    monkeypatch.setattr(Ledger, "record", record)
    with pytest.raises(StoreError, match=r"full.*--resume"):
        carry_out(folder, sweep, LocalEngine(1))
    monkeypatch.undo()
    assert statuses(tmp_path / "s")["done"] in (3, 4) and len(calls) == 5, "it stops at once"
    carry_out(folder, folder.sweep(), LocalEngine(2))
    assert statuses(tmp_path / "s") == {"done": 27}


def test_a_damaged_ledger_is_repaired_from_what_can_be_read(tmp_path, document, run):
    document["seeds"] = 8
    run(document, tmp_path / "s")
    whole = outcomes(tmp_path / "s")
    path = tmp_path / "s" / LEDGER
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = connection_pages(path)
    data = bytearray(path.read_bytes())
    page = len(data) // size
    victim = size // 2
    data[victim * page : (victim + 1) * page] = b"\xff" * page
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="--repair"):
        list(outcomes(tmp_path / "s"))
    kept, lost, planned = repair(tmp_path / "s")
    assert lost >= 0 and 0 < kept < len(whole) and planned >= kept
    folder = SweepFolder(tmp_path / "s")
    carry_out(folder, folder.sweep(), LocalEngine(2))
    assert outcomes(tmp_path / "s") == whole


def connection_pages(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA page_count").fetchone()[0]
    finally:
        connection.close()


def test_a_sweep_whose_scenario_changed_is_not_continued(tmp_path, document, run):
    run(document, tmp_path / "s")
    file = tmp_path / "s" / "sweep.json"
    changed = json.loads(file.read_text())
    changed["scenarios"][0]["specs"] = {"energy": "<= 10 pJ"}
    file.write_text(json.dumps(changed))
    with pytest.raises(
        TrustError, match="--trust"
    ):  # somebody changed it: no longer the user's own
        SweepFolder(tmp_path / "s").sweep()
    with trust.consent(), pytest.raises(ArchgymError, match="changed since the sweep started"):
        SweepFolder(tmp_path / "s").sweep()
    with pytest.raises(ArchgymError, match="archgym sweep FILE"):
        SweepFolder(tmp_path / "nowhere").sweep()


def test_the_command_line(tmp_path, document):
    assert started(tmp_path / "s", document, ["--workers", "1"]).wait() == 0
    assert statuses(tmp_path / "s") == {"done": 27}
    again = subprocess.run(
        [sys.executable, "-m", "archgym", "sweep", "--resume", str(tmp_path / "s"), "--json"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    said = json.loads(again.stdout)
    assert said["runs"] == 27 and said["failed"] == 0
    dry = started(tmp_path / "never", document, ["--dry-run"])
    assert dry.wait() == 0 and not (tmp_path / "never").exists()
