"""Damaged files, full and read-only disks: no number from damaged data, nothing lost, no traceback."""

import errno
import gc
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from archgym import EvaluationStore
from archgym.answers.checking import check_store
from archgym.cli import main
from archgym.errors import ArchgymError, StoreError, disk_fault
from archgym.files.cells import neutral, restored
from archgym.files.sqlite import check_pages
from archgym.goals.scenario_file import from_document
from archgym.runs.run_folder import EVALUATIONS, RunFolder
from archgym.sweeps import driver
from archgym.sweeps.engine import LocalEngine
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.ledger_file import FORMAT
from archgym.sweeps.plan import load_sweep
from archgym.sweeps.repair import repair
from archgym.sweeps.result import FAILED, HALTED, Result, Setup
from archgym.sweeps.work import Worker


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


@pytest.fixture
def sweep_folder(toy_document, tmp_path):
    """A finished sweep of six runs; workers are this process."""
    document = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"]}
    document |= {"budget": 8, "seeds": 6}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    sweep = load_sweep(tmp_path / "s.yaml")
    folder = driver.SweepFolder.create(tmp_path / "sweep", sweep)
    driver.carry_out(folder, sweep, Here())
    return folder.path


class Here(LocalEngine):
    """An engine without processes."""

    def run(self, setup, take, on_result):
        worker = Worker(setup)
        while specs := take(1):
            on_result(worker(specs[0]))


# ---- bit flips: what is read is what was written, or an error
FLIPS = pytest.mark.parametrize(
    "flips", [60, pytest.param(1000, marks=pytest.mark.slow)], ids=["short", "long"]
)


def survives(path: Path, read, flips: int) -> dict[str, int]:
    """Read a file with one bit flipped, ``flips`` times; returns what was counted."""
    data, truth = path.read_bytes(), read()
    found = {"refused": 0, "unharmed": 0, "wrong": 0}
    for bit in np.random.default_rng(0).integers(0, 8 * len(data), flips).tolist():
        path.write_bytes(flipped(data, bit))
        try:
            found["unharmed" if read() == truth else "wrong"] += 1
        except ArchgymError:
            found["refused"] += 1
        finally:
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(data)
    print(path.name, found)  # shown with -rP
    return found


@FLIPS
def test_flips_in_a_store(toy_run, flips):
    scenario = RunFolder.open(toy_run).scenario()
    identity = RunFolder.open(toy_run).manifest["id"]

    def read():
        check_store(toy_run / EVALUATIONS)
        with EvaluationStore(toy_run / EVALUATIONS) as store:
            parts = [(x.tolist(), str(e.metrics)) for x, e in store.rows(scenario.simulators[0])]
            trials = [x.tolist() for _, x in store.trials(identity, len(scenario.space))]
        if not parts:  # its key was hit: `archgym verify` says that nothing is recorded of it
            raise StoreError("no evaluation of this simulator")
        return parts, trials

    assert survives(toy_run / EVALUATIONS, read, flips)["wrong"] == 0


@FLIPS
def test_flips_in_a_ledger(sweep_folder, flips):
    def read():
        check_pages(sweep_folder / driver.LEDGER)
        with Ledger(sweep_folder / driver.LEDGER) as ledger:
            assert ledger.check() == 6
            return list(
                ledger.rows("id, agent, hyperparameters, seed, best, design, metrics, curve")
            )

    def careful():
        try:
            return read()
        except AssertionError as error:  # a row that is gone counts as damage that was seen
            raise StoreError("a run is missing") from error

    assert survives(sweep_folder / driver.LEDGER, careful, flips)["wrong"] == 0


@FLIPS
@pytest.mark.parametrize("name", ["manifest.json"])
def test_flips_in_a_manifest(toy_run, flips, name):
    def read():
        manifest = dict(RunFolder.open(toy_run).manifest)
        manifest.pop("versions")  # told, never computed with
        return manifest

    assert survives(toy_run / name, read, min(flips, 300))["wrong"] == 0


# ---- the ledger
def test_a_ledger_says_its_format(sweep_folder):
    connection = sqlite3.connect(sweep_folder / driver.LEDGER)
    connection.execute(f"PRAGMA user_version={FORMAT - 1}")
    connection.close()
    with pytest.raises(StoreError, match=f"format {FORMAT - 1}, this version reads {FORMAT}"):
        Ledger(sweep_folder / driver.LEDGER)


@pytest.mark.parametrize(
    "change", ["best = best - 1", "agent = 'sobol'", "seed = 99", "status = 'planned'", "crc = crc + 1"]
)  # fmt: skip
def test_an_altered_run_is_told_and_repaired(sweep_folder, change, capsys):
    connection = sqlite3.connect(sweep_folder / driver.LEDGER)
    connection.execute(
        f"UPDATE runs SET {change} WHERE position = (SELECT min(position) FROM runs)"
    )
    connection.commit()
    connection.close()
    assert main(["verify", str(sweep_folder), "--all"]) == 2
    assert "sweep --repair" in capsys.readouterr().err
    with Ledger(sweep_folder / driver.LEDGER) as ledger:

        def used():
            return ledger.pending("tuning", -1, 10), list(ledger.rows("id"))

        with pytest.raises(StoreError):
            used()
    kept, lost, planned = repair(sweep_folder)
    assert (kept + lost in (5, 6)) and planned == 6
    assert main(["verify", str(sweep_folder), "--all"]) == 0


def test_a_sweep_whose_making_was_cut_short_is_made_anew(
    toy_document, tmp_path, monkeypatch, capsys
):
    document = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"], "budget": 5}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    sweep = load_sweep(tmp_path / "s.yaml")

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr("archgym.sweeps.ledger.plan_row", cut)
        with pytest.raises(KeyboardInterrupt):
            driver.SweepFolder.create(tmp_path / "f", sweep)
    assert main(["sweep", "--resume", str(tmp_path / "f")]) == 2
    assert "holds no sweep" in capsys.readouterr().err
    driver.SweepFolder.create(tmp_path / "f", sweep)
    with Ledger(tmp_path / "f" / driver.LEDGER) as ledger:
        assert ledger.count() == 1


def test_a_finished_sweep_is_one_file_each(sweep_folder):
    assert not list(sweep_folder.glob("*-wal")) or all(
        not f.stat().st_size for f in sweep_folder.glob("*-wal")
    )


# ---- read-only media
def test_reading_from_a_read_only_place(toy_run, sweep_folder, tmp_path, monkeypatch, capsys):
    def denied(path, mode, **_):
        return not mode & os.W_OK

    monkeypatch.setattr("archgym.files.sqlite.os.access", denied)
    before = {p: p.read_bytes() for p in toy_run.parent.rglob("*.sqlite")}
    for words in (
        ["verify", toy_run], ["verify", toy_run, "--all"], ["compare", toy_run],
        ["export", toy_run, "--to", tmp_path / "d.csv"], ["verify", sweep_folder],
        ["leaderboard", sweep_folder, "--output", tmp_path / "b.json"],
    ):  # fmt: skip
        assert main([str(w) for w in words]) == 0, words
    capsys.readouterr()
    assert before == {p: p.read_bytes() for p in toy_run.parent.rglob("*.sqlite")}


# ---- full disks
def test_a_full_disk_stops_a_sweep(toy_document, tmp_path, monkeypatch):
    document = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"], "seeds": 4}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document | {"budget": 5}))
    sweep = load_sweep(tmp_path / "s.yaml")
    folder = driver.SweepFolder.create(tmp_path / "f", sweep)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr("archgym.answers.store.EvaluationStore.put", full)
        with pytest.raises(StoreError, match="no run counts as failed"):
            driver.carry_out(folder, sweep, Here())
    with Ledger(folder.path / driver.LEDGER) as ledger:
        assert ledger.count(status="planned") == 4 and ledger.count(status=FAILED) == 0
    assert driver.carry_out(folder, sweep, Here())["runs"] == 4


def test_what_is_a_fault_of_the_disk():
    assert disk_fault(OSError(errno.ENOSPC, "x")) and disk_fault(OSError(errno.EROFS, "x"))
    assert disk_fault(sqlite3.OperationalError("database or disk is full"))
    inner = StoreError("x")
    inner.__cause__ = sqlite3.OperationalError("disk I/O error")
    assert disk_fault(inner)
    assert not disk_fault(ValueError("full")) and not disk_fault(None)
    assert not disk_fault(OSError(errno.ENOENT, "x"))
    assert Result("a", HALTED).status != FAILED and Setup({}).untrusted == ""


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from archgym.cli import main
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("size", [4096, pytest.param(60_000, marks=pytest.mark.slow)])
def test_no_file_beyond_a_size(tmp_path, size):
    words = ["run", "dram/stream-low-power", "--budget", "400", "--agent", "random_walk"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *words, "--no-plots", "--output", str(tmp_path / "r")],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "archgym: " in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archgym", "list", "agents"], stdout=full,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr and "space" in done.stderr


def test_targets_that_cannot_be_written_are_one_line(sweep_folder, toy_run, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "below"
    for words in (
        ["report", sweep_folder, "--output", below], ["export", toy_run, "--to", f"{below}.csv"],
        ["leaderboard", sweep_folder, "--output", f"{below}.json"],
        ["compare", toy_run, "--output", f"{below}.png"],
    ):  # fmt: skip
        assert main([str(w) for w in words]) == 2, words
        assert "archgym: " in capsys.readouterr().err


def test_links_are_not_followed(toy_run, tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_text("keep")
    for name in ("result.json", "trials.csv"):
        (toy_run / name).unlink()
        (toy_run / name).symlink_to(secret)
    assert main(["run", "--resume", str(toy_run), "--no-plots"]) == 0
    assert secret.read_text() == "keep" and json.loads((toy_run / "result.json").read_text())
    (toy_run / "lock").unlink()
    (toy_run / "lock").symlink_to(secret)
    assert main(["run", "--resume", str(toy_run), "--no-plots"]) == 2
    assert secret.read_text() == "keep"
    capsys.readouterr()


def test_databases_through_links_are_refused(toy_run, sweep_folder, tmp_path, capsys):
    victim = tmp_path / "victim.sqlite"
    for folder, word in ((toy_run, "run"), (sweep_folder, "sweep")):
        for name in ("evaluations.sqlite", "evaluations.sqlite-wal", "ledger.sqlite"):
            if name == "ledger.sqlite" and word == "run":
                continue
            victim.write_bytes(b"")
            file, kept = folder / name, folder / "kept"
            if file.exists():
                file.rename(kept)
            gc.collect()  # a connection that ends late takes its log's name away
            file.symlink_to(victim)
            assert main([word, "--resume", str(folder)]) == 2
            assert "symbolic link" in capsys.readouterr().err
            assert victim.read_bytes() == b""
            file.unlink()
            if kept.exists():
                kept.rename(file)


def test_an_export_leaves_other_files_alone(toy_run, tmp_path, capsys):
    (tmp_path / "d.parquet").write_bytes(b"mine")
    assert main(["export", str(toy_run), "--to", str(tmp_path / "d.csv")]) == 0
    assert (tmp_path / "d.parquet").read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.glob("*d*.csv")) == ["d.csv"]
    capsys.readouterr()


# ---- spreadsheets
@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "'=1", "''+1", " =1", "\uff1d1", "a", "", "'"],
)  # fmt: skip
def test_cells_are_text_and_read_back(cell):
    written = neutral(cell)
    assert restored(written) == cell
    assert written.lstrip()[:1] not in tuple("=+-@\uff1d") or written in ("", "a", "'")


@pytest.mark.parametrize("number", ["-1.5", "+3", "-inf", "1e-9", -1.5])
def test_numbers_stay_numbers(number):
    assert neutral(number) == number


def test_a_scenario_of_formulas(toy_document, tmp_path):
    from archgym.runs import runner
    from archgym.runs.summary import read_trials

    scenario = from_document(toy_document)
    done = runner.run(scenario, "random_walk", budget=5, output=tmp_path / "r", plots=False)
    metrics, met = read_trials(done.path, scenario)
    assert len(met) == 5 and np.array_equal(
        metrics["energy"], done.trials.evaluation.metrics["energy"]
    )
    shutil.rmtree(done.path)
