"""Processes killed at random and at every write: what is resumed ends as what was never interrupted."""

import os
import random
import signal
import sys
import time

import pytest

from archgym.answers.checking import check_store
from archgym.goals.scenario_file import from_document
from archgym.runs import runner
from archgym.runs.run_folder import EVALUATIONS, RESULT, TRIALS

BUDGET = 60


def go(document, path):
    """Start the run of a folder, or go on with it."""
    if (path / "manifest.json").exists():
        return runner.resume(path, plots=False)
    scenario = from_document(document)
    return runner.run(scenario, "genetic_algorithm", budget=BUDGET, output=path, plots=False)


def in_child(act):
    """The number of a child process that acts; it ends with 0, or 1 where that failed."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(child):
    """The child's exit code, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def whole(toy_document, tmp_path):
    """The files of a run that nobody interrupted, and how long it took."""
    start = time.monotonic()
    go(toy_document, tmp_path / "whole")
    names = (RESULT, TRIALS, "manifest.json")
    return {n: (tmp_path / "whole" / n).read_bytes() for n in names}, time.monotonic() - start


def require_same(path, files):
    for name, data in files.items():
        assert (path / name).read_bytes() == data, name
    check_store(path / EVALUATIONS)
    assert not list(path.glob(".*")), "temporary files were left behind"


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random(toy_document, tmp_path, whole, kills):
    files, seconds = whole
    rng, done, runs = random.Random(0), 0, 0
    while done < kills:
        path = tmp_path / f"r{runs}"
        while True:
            child = in_child(lambda p=path: go(toy_document, p))
            time.sleep(rng.uniform(0, 1.2 * seconds))
            os.kill(child, signal.SIGKILL)
            code = ended(child)
            done += code == -signal.SIGKILL
            assert code in (0, -signal.SIGKILL)
            if code == 0 or done >= kills:
                break
        go(toy_document, path)
        for left in path.glob(".*.*"):  # of a write that was cut short: it is in nobody's way
            left.unlink()
        require_same(path, files)
        runs += 1
    print(f"{done} kills, {runs} runs, all as if never interrupted")


def writes(act, at):
    """Carry out an act, ended by SIGKILL at its ``at``-th write; how many there were."""
    count = 0
    watched = ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "tempfile.mkstemp")

    def look(event, values):
        nonlocal count
        if event in watched and (event != "open" or values[1] is None or values[1] != "r"):
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)  # only ever in a child: hooks cannot be taken off
    act()
    return count


@pytest.mark.parametrize(
    "step", [7, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_killed_at_writes(toy_document, tmp_path, whole, step):
    files, _ = whole
    for at in range(1, 400, step):
        path = tmp_path / f"w{at}"
        code = ended(in_child(lambda p=path, n=at: writes(lambda: go(toy_document, p), n)))
        assert code in (0, -signal.SIGKILL)
        go(toy_document, path)
        for left in path.glob(".*.*"):
            left.unlink()
        require_same(path, files)
        if code == 0:
            print(f"killed at each of {at - 1} writes (every {step})")
            return
    pytest.fail("a run of 60 evaluations opens fewer files")


def test_the_clock_jumps(toy_document, tmp_path, whole, monkeypatch):
    """Wall time back and forth by years: it takes part in nothing that is kept."""
    files, _ = whole
    jumps = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: 1.7e9 * (1 + (-1) ** next(jumps) / 2))
    go(toy_document, tmp_path / "jumps")
    require_same(tmp_path / "jumps", files)


def test_ten_runs_into_one_folder(toy_document, tmp_path, whole):
    """One makes it; the others are told, and leave nothing of theirs."""
    files, _ = whole
    path = tmp_path / "one"

    def start():
        scenario = from_document(toy_document)
        runner.run(scenario, "genetic_algorithm", budget=BUDGET, output=path, plots=False)

    with open(os.devnull, "w") as nothing:
        kept = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        codes = [ended(c) for c in [in_child(start) for _ in range(10)]]
        os.dup2(kept, 2)
        os.close(kept)
    assert codes.count(0) == 1 and set(codes) == {0, 1}
    require_same(path, files)
