import os
import shutil
import sys
import time

import numpy as np
import pytest
from archgym.simulators import SubprocessSimulator
from archgym.simulators.external.program import ProgramError, load_program

import archgym
from archgym import EvaluationStore, Study, load_scenario
from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.goals.scenario_file import from_document
from archgym.testing import check_simulator

FAKE = """
import os, pathlib, sys, time
knobs = dict(line.split("=") for line in open("knobs.txt").read().split())
size, mode = int(knobs["size"]), knobs["mode"]
assert sorted(p.name for p in pathlib.Path(".").iterdir()) == [".stderr", ".stdout", "fake.py", "knobs.txt"]
if mode == "slow":
    time.sleep(0.2)
if mode == "hang":
    if os.fork() == 0:
        time.sleep(60)
    time.sleep(60)
if mode == "crash":
    sys.stderr.write("the bus " + "x" * 1000 + " fell off")
    sys.exit(3)
if mode == "mute":
    sys.exit(0)
if mode == "nan":
    print("time: nan us")
    sys.exit(0)
if mode == "no":
    print("NO SOLUTION")
    sys.exit(1)
if mode == "flaky":
    marker = pathlib.Path(knobs["counter"])
    if not marker.exists():
        marker.write_text("")
        sys.exit("first time")
print(f"time: {size * 1.5} us\\ntime: {size * 2} us")
open("power.txt", "w").write(f"P = {100 / size} mW")
"""
YAML = """
name: fake
command: [PYTHON, fake.py]
files: [fake.py]
inputs:
  knobs.txt: |
    size=${size}
    mode=${mode}
    counter=COUNTER
parameters:
  - {name: size, values: [1, 2, 4, 8], unit: KB, scale: log}
  - name: mode
    values: [fine, slow, crash, mute, hang, nan, "no", flaky]
    kind: categorical
    text: {fine: ok}
metrics:
  - {name: time, unit: s, pattern: 'time: (\\S+) us', as: us}
  - {name: power, unit: W, from: power.txt, pattern: 'P = (\\S+) mW', as: mW}
timeout: 1.0
retries: 1
infeasible: NO SOLUTION
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "fake.py").write_text(FAKE)
    text = YAML.replace("PYTHON", sys.executable).replace("COUNTER", str(tmp_path / "counter"))
    (tmp_path / "program.yaml").write_text(text)
    return tmp_path / "program.yaml"


def one(program, mode, size=4, **settings):
    simulator = SubprocessSimulator(program=program, **settings)
    return simulator.evaluate(simulator.space.encode([{"size": size, "mode": mode}]))


def only_fine(program):
    text = program.read_text().replace(
        '[fine, slow, crash, mute, hang, nan, "no", flaky]', "[fine, slow]"
    )
    other = program.parent / "fine.yaml"
    other.write_text(text)
    return other


def test_figures_are_read_in_their_units(program):
    e = one(program, "fine")
    assert e.feasible[0] and e.row(0) == {"time": 8e-6, "power": 0.025}


def test_contract(program):
    check_simulator(lambda: SubprocessSimulator(program=only_fine(program)), designs=8)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", r"exit code 3: …x+ fell off \(attempt 2\)$"),
        ("mute", "unreadable: time: .* not found in stdout"),
        ("nan", "unreadable: expected a number"),
        ("no", "the program calls the design infeasible"),
        ("hang", "timeout: no answer within 1 s"),
    ],
)
def test_failures_are_infeasible_with_their_reason(program, mode, reason):
    import re

    before = time.monotonic()
    e = one(program, mode)
    assert not e.feasible[0] and np.isnan(e.metrics["time"][0])
    assert re.search(reason, e.reason(0)), e.reason(0)
    assert time.monotonic() - before < 10
    assert len(e.reason(0)) < 600


def test_a_program_that_hangs_leaves_no_child_behind(program):
    one(program, "hang")
    time.sleep(0.1)
    alive = [
        p
        for p in os.listdir("/proc")
        if p.isdigit() and _command(p).endswith("fake.py") and _state(p) not in ("Z", "X")
    ]
    assert not alive


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def test_a_flaky_program_is_tried_again(program):
    e = one(program, "flaky")
    assert e.feasible[0] and (program.parent / "counter").exists()


def test_runs_go_in_parallel_and_leave_nothing(program, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    simulator = SubprocessSimulator(program=program, threads=8)
    x = simulator.space.encode([{"size": s, "mode": "slow"} for s in (1, 2, 4, 8)] * 2)
    e = simulator.evaluate(x)
    assert e.feasible.all() and (e.metrics["time"][:4] == e.metrics["time"][4:]).all()
    assert list(scratch.iterdir()) == []


def test_working_directories_of_failures_can_be_kept(program, tmp_path):
    one(program, "crash", keep=tmp_path / "kept")
    kept = list((tmp_path / "kept").iterdir())
    assert len(kept) == 2
    assert "mode=crash" in (kept[0] / "knobs.txt").read_text()
    assert "fell off" in (kept[0] / ".stderr").read_text()


def test_a_study_over_a_program_is_stored_and_its_reasons_kept(program, tmp_path):
    scenario = from_document(
        {
            "name": "mine",
            "simulator": "subprocess",
            "workload": "default",
            "config": {"program": str(program)},
            "parameters": {"mode": ["fine", "crash"]},
            "objectives": [{"metric": "time * power", "reference": 1e-7}],
        }
    )
    with EvaluationStore(tmp_path / "e.sqlite") as store:
        trials = Study(scenario, "random_walk", budget=12, seed=0, store=store, run="r").run()
        computed = store.count()
        assert computed <= 8
        again = Study(scenario, "random_walk", budget=12, seed=0, store=store, run="r").run()
        assert store.count() == computed and (again.x == trials.x).all()
        (_, e), *_ = store.rows(scenario.simulators[0])
        assert any("fell off" in e.reason(i) for i in range(len(e)))
    assert trials.best >= 0 and trials.evaluation.feasible.any()


def test_the_fingerprint_follows_program_files_and_workload(program, tmp_path):
    key = SubprocessSimulator(program=program).key
    assert SubprocessSimulator(program=program).key == key
    trace = tmp_path / "trace.txt"
    trace.write_text("a")
    with_trace = SubprocessSimulator(trace, program=program).key
    trace.write_text("b")
    assert len({key, with_trace, SubprocessSimulator(trace, program=program).key}) == 3
    (program.parent / "fake.py").write_text(FAKE + "# edited\n")
    assert SubprocessSimulator(program=program).key != key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("command: [PYTHON, fake.py]", "command: fake.py", "command is a list of words"),
        (
            "command: [PYTHON, fake.py]",
            "command: [no-such-tool-here]",
            "cannot find 'no-such-tool-here'",
        ),
        ("files: [fake.py]", "files: [fakes.py]", "does not exist"),
        ("${size}", "${sise}", "did you mean 'size'"),
        ("${size}", "$", r"write \$\$ for a dollar"),
        ("knobs.txt: |", "../knobs.txt: |", "outside the working directory"),
        ("'time: (\\S+) us'", "'time'", "exactly one group"),
        ("'time: (\\S+) us'", "'time: ('", "not a regular expression"),
        ("as: us", "as: furlong", "expected a quantity in s"),
        ("as: us", "as: us, signed: perhaps", "signed is true or false, got 'perhaps'"),
        ("timeout: 1.0", "timeout: 0", "timeout must be positive"),
        ("timeout: 1.0", "time_out: 1.0", "did you mean 'timeout'"),
        ("kind: categorical", "kind: nominal", "unknown kind"),
        ("text: {fine: ok}", "text: {fin: ok}", "which is no value"),
        ("metrics:", "metrics: []\nother:", "unknown key"),
        ("name: fake", "title: fake", "unknown key"),
    ],
)
def test_bad_descriptions(program, old, new, message):
    text = YAML.replace(old, new, 1).replace("PYTHON", sys.executable)
    program.write_text(text)
    with pytest.raises(ArchgymError, match=message):
        SubprocessSimulator(program=program)


def test_a_signed_metric_takes_a_negative_bound(program):
    document = {
        "name": "slack", "simulator": "subprocess", "workload": "default",
        "config": {"program": str(program)}, "objectives": [{"metric": "power"}],
        "specs": {"time": "<= -1 us"},
    }  # fmt: skip
    with pytest.raises(ArchgymError, match="does not declare this metric as signed"):
        from_document(document)
    program.write_text(program.read_text().replace("as: us", "as: us, signed: true"))
    assert from_document(document).specs[0].upper == -1e-6


def test_unknown_names(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'yosys-alu'"):
        load_program("yosys-alo")
    with pytest.raises(ProgramError, match="one that ships: yosys-alu"):
        SubprocessSimulator()
    with pytest.raises(ArchgymError, match="cannot read"):
        load_program(tmp_path / "missing.yaml")
    assert issubclass(ProgramError, ValueError)


@pytest.mark.skipif(shutil.which("yosys") is None, reason="yosys is not installed")
def test_a_real_program(tmp_path, capsys):
    scenario = load_scenario("subprocess/yosys-alu")
    assert scenario.space.cardinality == 768
    e = scenario.reference_evaluation
    assert e.feasible[0] and e.metrics["cells"][0] > 1000 and e.metrics["depth"][0] > 20
    assert archgym.__version__
    run = [
        "run",
        "subprocess/yosys-alu",
        "--agent",
        "genetic_algorithm",
        "--budget",
        "12",
        "--seed",
        "1",
    ]
    assert main([*run, "--output", str(tmp_path / "run"), "--json"]) == 0
    assert '"best"' in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "run")]) == 0
