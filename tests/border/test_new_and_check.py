"""`archgym new` and `archgym check`: every template passes; what is broken is told; paths hold anywhere."""

import json
import shutil

import pytest

from archgym.cli import main, new
from archgym.errors import ArchgymError, ScenarioError
from archgym.goals.scenario_file import load_scenario
from archgym.runs.run_folder import RunFolder
from archgym.sweeps.plan import load_sweep


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys, *arguments):
    code = main(["check", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("simulator", "mine.py"),
        ("agent", "mine.py"),
        ("cost-model", "mine.py"),
        ("program", "mine.yaml"),
    ],
)
def test_templates_pass_their_checkers(here, capsys, kind, file):
    assert main(["new", kind, "mine"]) == 0
    capsys.readouterr()
    code, rows = checked(capsys, file)
    assert code == 0 and [r["verdict"] for r in rows] == ["passed"], rows


def test_a_simulator_and_a_scenario_on_it_run(here, capsys):
    assert main(["new", "simulator", "my-mac"]) == 0
    assert main(["new", "scenario", "goal", "--simulator", "my_mac.py:MyMac"]) == 0
    assert main(["new", "sweep", "many"]) == 0
    sweep = (here / "many.yaml").read_text().replace("dram/stream-low-power", "goal.yaml")
    (here / "many.yaml").write_text(sweep)
    assert main(["run", "goal.yaml", "--budget", "12", "--output", "run", "--no-plots"]) == 0
    capsys.readouterr()
    code, rows = checked(capsys, "goal.yaml", "many.yaml", "run")
    assert code == 0 and {r["what"] for r in rows} == {"scenario", "sweep", "run folder"}, rows


def test_the_default_scenario_and_sweep_are_legal(here):
    for kind in ("scenario", "sweep"):
        ((path, text),) = new.files_of(kind, kind, here).items()
        path.write_text(text)
    assert load_scenario(here / "scenario.yaml").simulator == "dram"
    assert len(list(load_sweep(here / "sweep.yaml").runs())) == 10


def test_nothing_is_overwritten_and_names_are_words(here):
    assert main(["new", "agent", "mine"]) == 0
    for arguments in (["agent", "mine"], ["agnet", "x"], ["agent", "../x"], ["agent", "1x"]):
        assert main(["new", *arguments]) == 2
    assert main(["new", "agent", "class", "--to", "deep/er"]) == 0  # a word of Python's own
    assert main(["check", "deep/er/class_.py"]) == 0


def test_broken_contracts_are_told(here, capsys):
    main(["new", "simulator", "good"])
    (here / "bad.py").write_text(
        "import numpy as np\nfrom good import Good\n"
        "class Nan(Good):\n    name = 'nan'\n    def _evaluate(self, x):\n"
        "        e = super()._evaluate(x)\n        e.metrics['latency'][e.feasible] = np.nan\n"
        "        return e\n"
        "class Crash(Good):\n    name = 'crash'\n    def _evaluate(self, x):\n        return {}[3]\n"
    )
    capsys.readouterr()
    code, rows = checked(capsys, "bad.py")
    assert code == 1 and [r["verdict"] for r in rows] == ["BROKEN"] * 2
    assert "latency" in rows[0]["text"] and "line 12" in rows[1]["text"]
    (here / "empty.py").write_text("x = 1\n")
    (here / "torn.py").write_text("def (\n")
    assert checked(capsys, "empty.py")[0] == 2 and checked(capsys, "torn.py")[0] == 1
    assert checked(capsys, "nowhere.yaml")[0] == 2


def test_a_scenario_check_looks_at_specs_and_the_reference(here, capsys):
    main(["new", "simulator", "tiny"])
    text = new.scenario_text("goal", "tiny.py:Tiny", here)
    text = text.replace("energy: <= 1.2 x reference", "energy: <= 9 J\n  area: <= 1e-12")
    text = text.replace("rows: 16", "rows: 64").replace("columns: 16", "columns: 64")
    (here / "goal.yaml").write_text(text.replace("precision: int8", "precision: fp16"))
    capsys.readouterr()
    code, (row,) = checked(capsys, "goal.yaml")
    notes = " ".join(row["notes"])
    assert (
        code == 0 and "never binds" in notes and "is met by none" in notes and "infeasible" in notes
    )


def test_paths_hold_beside_their_file(here, monkeypatch):
    (here / "sub").mkdir()
    for kind, name, simulator in (("program", "tool", ""), ("simulator", "tiny", "")):
        for path, text in new.files_of(kind, name, here / "sub", simulator).items():
            path.write_text(text)
    monkeypatch.chdir(here / "sub")
    (here / "sub/tool2.yaml").write_text(new.scenario_text("tool2", "tool.yaml", here / "sub"))
    tiny = new.scenario_text("tiny2", "tiny.py:Tiny", here / "sub")
    inline = "  - " + tiny.replace("\n", "\n    ").rstrip() + "\n"
    (here / "sub/many.yaml").write_text(
        f"name: many\nscenarios:\n  - tool2.yaml\n{inline}agents: [random_walk]\nbudget: 5\n"
    )
    monkeypatch.chdir("/")
    sweep = load_sweep(here / "sub/many.yaml")
    assert set(sweep.scenarios) == {"tool2", "tiny2"}


def test_a_program_beside_its_description_is_found_and_hashed(here, monkeypatch):
    from archgym.simulators.external.program import load_program

    for path, text in new.files_of("program", "tool", here).items():
        path.write_text(text.replace("files: [tool_model.py]", "files: []"))
    monkeypatch.chdir("/")
    before = load_program(here / "tool.yaml")
    assert before.command[1].template == str(here / "tool_model.py")
    with open(here / "tool_model.py", "a") as file:
        file.write("# changed\n")
    assert load_program(here / "tool.yaml").content_hash != before.content_hash


def test_every_fault_of_a_program_in_one_message(here):
    from archgym.simulators.external.program import ProgramError, load_program

    (here / "p.yaml").write_text(
        "name: x\nretries: -1\nmetrics: [{name: a}, {pattern: x}]\nfiles: [nope]\n"
    )
    with pytest.raises(ProgramError) as error:
        load_program(here / "p.yaml")
    for word in (
        "'command'",
        "'parameters'",
        "retries",
        "nope",
        "{'name': 'a'}",
        "{'pattern': 'x'}",
    ):
        assert word in str(error.value)


def test_a_run_says_which_of_its_files_is_gone_or_changed(here, capsys):
    for path, text in new.files_of("program", "tool", here).items():
        path.write_text(text)
    (here / "goal.yaml").write_text(new.scenario_text("goal", "tool.yaml", here))
    assert main(["run", "goal.yaml", "--budget", "2", "--output", "run", "--no-plots"]) == 0
    shutil.move("run", "moved")  # a folder moves while what it needs stays
    assert RunFolder.open(here / "moved").scenario().name == "goal"
    shutil.move("tool.yaml", "away.yaml")
    for words in (
        ["verify", "moved"],
        ["run", "--resume", "moved"],
        ["export", "moved", "--to", "d.csv"],
    ):
        assert main(words) == 2
        assert f"program {here / 'tool.yaml'}" in capsys.readouterr().err
    with pytest.raises(ScenarioError, match="no longer there"):
        RunFolder.open(here / "moved").scenario()
    (here / "tool.yaml").write_text((here / "away.yaml").read_text() + "# changed\n")
    with pytest.raises(ArchgymError, match=r"program .*tool.yaml .*is not what it was"):
        RunFolder.open(here / "moved").scenario()


def test_a_pattern_that_never_ends_is_given_up():
    import regex
    from archgym.simulators.external.program import Reading

    from archgym.contracts.evaluation import Metric

    for pattern in (r"(x+x+)+y", r"((?:x|x)*)y", r"((x?x?)*)y"):
        reading = Reading(Metric("m", "s"), "stdout", regex.compile(pattern), "last", "s")
        with pytest.raises((TimeoutError, ValueError)):
            reading.read("x" * 60, 0.2)
    ends = Reading(Metric("m", "s"), "stdout", regex.compile(r"(?:a+b+)+(\d+)"), "last", "s")
    assert ends.read("aabab12", 60) == 12.0
