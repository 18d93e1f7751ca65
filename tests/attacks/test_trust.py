"""Folders and files of others name code and programs: none of it runs before somebody has agreed."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from archgym import trust
from archgym.cli import main
from archgym.errors import ArchgymError, TrustError
from archgym.goals.scenario_file import load_scenario
from archgym.runs.manifest import identity
from archgym.runs.run_folder import RunFolder

from .conftest import starts


def say(capsys, *words):
    code = main([str(w) for w in words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out + err


def test_what_only_looks_starts_nothing(own, capsys):
    assert say(capsys, "info", own / "mine.yaml")[0] == 0
    assert say(capsys, "run", own / "mine.yaml", "--dry-run")[0] == 0
    assert say(capsys, "info", own / "mine.yaml", "--trust")[0] == 0
    assert starts(own) == 0


def test_compare_and_export_start_nothing(own_run, capsys):
    before = starts(own_run)
    other = shutil.copytree(own_run / "r", own_run / "elsewhere" / "r")
    for folder in (own_run / "r", other):
        assert say(capsys, "compare", folder, own_run / "r")[0] == 0
        assert say(capsys, "export", folder, "--to", own_run / "d.csv")[0] == 0
    assert starts(own_run) == before


def test_a_folder_made_here_needs_no_more_consent_and_a_copy_does(own_run, capsys):
    before = starts(own_run)
    assert say(capsys, "verify", own_run / "r")[0] == 0
    assert starts(own_run) > before
    copy = shutil.copytree(own_run / "r", own_run / "copy")
    (copy / "evaluations.sqlite").unlink()
    before = starts(own_run)
    for words in (["run", "--resume", copy], ["verify", copy]):
        code, said = say(capsys, *words)
        assert code == 2
    code, said = say(capsys, "run", "--resume", copy, "--no-plots")
    assert code == 2 and "--trust" in said and starts(own_run) == before
    assert say(capsys, "run", "--resume", copy, "--trust", "--no-plots")[0] == 0
    assert starts(own_run) > before


def test_consent_in_python_and_in_the_environment(own_run, monkeypatch):
    copy = shutil.copytree(own_run / "r", own_run / "copy")
    scenario = RunFolder.open(copy).scenario()
    x = scenario.space.encode([{"size": 2, "ways": 2}])
    with pytest.raises(TrustError, match="--trust"):
        scenario.evaluate(x)
    with trust.consent():
        assert scenario.evaluate(x).feasible.all()
    with pytest.raises(TrustError):
        scenario.evaluate(x)
    monkeypatch.setenv("ARCHGYM_TRUST", "1")
    assert scenario.evaluate(x).feasible.all()


def test_a_scenario_inside_a_run_is_the_runs(own_run):
    (own_run / "r" / "mine.yaml").write_text((own_run / "mine.yaml").read_text())
    scenario = load_scenario(own_run / "r" / "mine.yaml")
    with pytest.raises(TrustError):
        scenario.evaluate(scenario.space.encode([{"size": 2, "ways": 2}]))
    again = load_scenario(scenario, changes={"budget": 3})  # a copy is no way round
    with pytest.raises(TrustError):
        again.evaluate(again.space.encode([{"size": 2, "ways": 2}]))


EVIL = "import pathlib\npathlib.Path({!r}).touch()\nEvil = system = dict\n"


@pytest.fixture
def evil(tmp_path):
    """The path of a module that leaves a mark when it is imported."""
    (tmp_path / "evil.py").write_text(EVIL.format(str(tmp_path / "ran")))
    return f"{tmp_path / 'evil.py'}:Evil"


@pytest.mark.parametrize("name", ["os:system", "evil"])
@pytest.mark.parametrize("field", ["agent", "simulator", "answers", "screen"])
def test_names_in_a_manifest_are_registered_ones(toy_run, evil, field, name, capsys):
    name = evil if name == "evil" else name
    manifest = json.loads((toy_run / "manifest.json").read_text())
    if field == "simulator":
        manifest["scenario"]["simulator"] = name
    else:
        manifest[field] = name
    manifest["id"] = identity(manifest)
    (toy_run / "manifest.json").write_text(json.dumps(manifest))
    for words in (["run", "--resume"], ["verify"], ["compare"]):
        code, said = say(capsys, *words, toy_run)
        if field == "simulator" or words[0] == "run":
            assert code == 2 and "archgym:" in said
    assert not (toy_run.parent / "ran").exists()


def leaderboard(toy_document, tmp_path, **changes):
    manifest = {
        "scenario": toy_document, "goal": "g", "simulators": [], "agent": "random_walk",
        "hyperparameters": {}, "budget": 4, "seeds": [0], "best_costs": [0.0],
        "from_reference": True, "sweep": "s", "panel": "main", "runs": ["r"],
    }  # fmt: skip
    manifest |= changes
    file = tmp_path / "board.json"
    figures = {"gap": 0.0, "gap_low": 0.0, "gap_high": 0.0, "evaluations": 4, "seeds": 1}
    words = {"scenario": "toy", "agent": str(manifest["agent"]), "phase": "tuning"}
    rows = [{**words, **figures, "certified": False, "manifest": manifest}]
    file.write_text(json.dumps({"format": 2, "rows": rows}))
    return file


@pytest.mark.parametrize("field", ["agent", "simulator", "program"])
def test_a_leaderboard_runs_nothing_unasked(own, evil, toy_document, tmp_path, capsys, field):
    if field == "program":
        scenario = load_scenario(own / "mine.yaml")
        keys = [s.key for s in scenario.simulators]
        file = leaderboard(scenario.document, tmp_path, simulators=keys)
    elif field == "agent":
        keys = [s.key for s in load_scenario_of(toy_document).simulators]
        file = leaderboard(toy_document, tmp_path, simulators=keys, agent=evil)
    else:
        file = leaderboard(dict(toy_document, simulator=evil), tmp_path)
    code, said = say(capsys, "verify", "--leaderboard", file)
    assert code == 2 and "--trust" in said
    assert not (tmp_path / "ran").exists() and starts(own) == 0
    if field == "program":
        say(capsys, "verify", "--leaderboard", file, "--trust")
        assert starts(own) > 0


def load_scenario_of(document):
    from archgym.goals.scenario_file import from_document

    return from_document(document)


def test_sweeps_and_ledgers_name_registered_agents(toy_document, tmp_path, evil, capsys):
    import sqlite3

    from archgym.files.sqlite import checksum

    sweep = {"name": "s", "scenarios": [toy_document], "agents": ["random_walk"], "budget": 5}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(sweep))
    from archgym.sweeps import driver
    from archgym.sweeps.plan import load_sweep

    folder = driver.SweepFolder.create(tmp_path / "f", load_sweep(tmp_path / "s.yaml"))
    connection = sqlite3.connect(folder.path / "ledger.sqlite")
    row = list(
        connection.execute(
            "SELECT id, scenario, agent, hyperparameters, seed, budget, panel, phase, position FROM runs"
        ).fetchone()
    )
    row[2] = evil
    connection.execute("UPDATE runs SET agent = ?, plan_crc = ?", (evil, checksum(*row)))
    connection.commit()
    connection.close()
    code, said = say(capsys, "sweep", "--resume", folder.path, "--workers", "1")
    assert code == 2 and "--trust" in said
    document = json.loads((folder.path / "sweep.json").read_text())
    document["scenarios"][0]["simulator"] = evil
    (folder.path / "sweep.json").write_text(json.dumps(document))
    for words in (["sweep", "--resume"], ["report"], ["leaderboard"], ["export"]):
        more = ["--to", tmp_path / "d.parquet"] if words[0] == "export" else []
        assert say(capsys, *words, folder.path, *more)[0] == 2
    assert not (tmp_path / "ran").exists()


def test_a_scenario_that_the_user_names_may_import(tmp_path, toy_document):
    (tmp_path / "mine_sim.py").write_text(
        "from tests.conftest import ToySimulator\nclass Mine(ToySimulator):\n    name = 'mine'\n"
    )
    document = dict(toy_document, simulator="mine_sim:Mine")
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    assert load_scenario(tmp_path / "s.yaml").simulators[0].name == "mine"


def test_an_unregistered_name_without_consent_is_told_once_and_plainly(toy_run, evil):
    manifest = json.loads((toy_run / "manifest.json").read_text())
    manifest["scenario"]["simulator"] = evil
    manifest["id"] = identity(manifest)
    (toy_run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArchgymError, match="ARCHGYM_TRUST=1"):
        RunFolder.open(toy_run).scenario()


def test_sigterm_names_the_command_that_goes_on(tmp_path, own):
    import signal
    import time

    text = (own / "prog.py").read_text() + "import time\ntime.sleep(60)\n"
    (own / "prog.py").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "archgym", "run", str(own / "mine.yaml"), "--output", str(own / "r")],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not starts(own) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert f"archgym run --resume {own / 'r'}" in err and "Traceback" not in err
