"""External programs: what they are given, how long they may take, and that none outlives its run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from archgym.simulators import SubprocessSimulator
from archgym.simulators.external.program import ProgramError

METRIC = {"name": "time", "unit": "s", "pattern": r"time: (\S+)"}


def made(folder: Path, script: str, command=None, **more) -> Path:
    """The YAML file of a program of one knob that runs a script."""
    (folder / "p.py").write_text(script)
    document = {
        "name": "p",
        "command": command or [sys.executable, "p.py", "${k}", "${workload}"],
        "files": ["p.py"],
        "parameters": [{"name": "k", "values": [1, 2]}],
        "metrics": [METRIC],
        **more,
    }
    (folder / "p.yaml").write_text(yaml.safe_dump(document))
    return folder / "p.yaml"


def one(file: Path, workload: str = "default"):
    simulator = SubprocessSimulator(workload, program=file, threads=1)
    return simulator.evaluate(simulator.space.encode([{"k": 1}]))


def alive(mark: str) -> list[str]:
    """Processes whose command line holds a mark."""
    out = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{p}/cmdline").read_bytes()
            state = Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in command and state not in "ZX":
            out.append(p)
    return out


def gone(mark: str, within_s: float = 5.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if not alive(mark):
            return True
        time.sleep(0.05)
    return False


def test_the_environment_is_stated(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leak")
    monkeypatch.setenv("LICENSE_SERVER", "27000@host")
    script = "import os\nopen({!r}, 'w').write('\\n'.join(sorted(os.environ)))\nprint('time: 1')"
    seen = tmp_path / "seen"
    file = made(
        tmp_path, script.format(str(seen)), environment={"LICENSE_SERVER": None, "MODE": "fast"}
    )
    assert one(file).feasible[0]
    names = set(seen.read_text().split())
    assert "AWS_SECRET_ACCESS_KEY" not in names and {"LICENSE_SERVER", "MODE", "PATH"} <= names
    allowed = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "ARCHGYM_PROGRAM", "PWD"}
    assert {n for n in names if not n.endswith("_THREADS")} <= allowed | {"LICENSE_SERVER", "MODE"}


@pytest.mark.parametrize("bad", [["A=B"], {"A B": "x"}, {"A": ["x"]}, "A"])
def test_an_environment_that_makes_no_sense(tmp_path, bad):
    with pytest.raises(ProgramError, match="environment"):
        SubprocessSimulator(program=made(tmp_path, "", environment=bad))


@pytest.mark.parametrize("shell", [["sh", "-c"], ["env", "bash", "-e", "-c"], ["/bin/sh", "-ec"]])
def test_a_workload_is_no_shell_command(tmp_path, shell):
    file = made(tmp_path, "", command=[*shell, "echo time: ${k} # ${workload}"])
    assert one(file, "plain-name_1.txt").feasible[0]
    with pytest.raises(ProgramError, match="read by the shell"):
        one(file, f"x\ntouch {tmp_path / 'ran'}")
    with pytest.raises(ProgramError, match="read by the shell"):
        one(file, "$(touch ran)")
    safe = made(tmp_path, "", command=["sh", "-c", 'echo "time: $$1"', "sh", "${k}", "${workload}"])
    assert one(safe, "$(touch ran); x").feasible[0]
    assert not (tmp_path / "ran").exists()


def test_knobs_are_no_shell_commands_either(tmp_path):
    knobs = [{"name": "k", "values": [1, 2], "text": {2: "; touch ran"}}]
    file = made(tmp_path, "", command=["sh", "-c", "echo ${k}"], parameters=knobs)
    with pytest.raises(ProgramError, match="read by the shell"):
        SubprocessSimulator(program=file)


@pytest.mark.parametrize("where", ["metric", "infeasible"])
def test_a_pattern_that_takes_for_ever_is_given_up(tmp_path, where):
    script = "print('x' * 60 + ' y')\nprint('time: 1')"
    bad = r"(?:x|xx)+[yz]"
    more = {"infeasible": bad} if where == "infeasible" else {
        "metrics": [dict(METRIC, pattern=rf"({bad})")]
    }  # fmt: skip
    before = time.monotonic()
    e = one(made(tmp_path, script, timeout=1.0, **more))
    assert time.monotonic() - before < 8
    assert not e.feasible[0] and "timeout" in e.reason(0)


def test_a_link_is_no_figure(tmp_path):
    (tmp_path / "secret").write_text("time: 7")
    script = f"import os\nos.symlink({str(tmp_path / 'secret')!r}, 'out')"
    e = one(made(tmp_path, script, metrics=[{**METRIC, "from": "out"}]))
    assert not e.feasible[0] and "outside the working directory" in e.reason(0)


def test_a_pipe_is_no_figure(tmp_path):
    e = one(made(tmp_path, "import os\nos.mkfifo('out')", metrics=[{**METRIC, "from": "out"}]))
    assert not e.feasible[0] and "not written" in e.reason(0)


# a program whose child leaves its session: no process group reaches it
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", {mark!r}])
{rest}
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize("rest", ["print('time: 1')", "time.sleep(300)", "sys.exit(3)"])
def test_daemons_end_with_their_program(tmp_path, rest):
    mark = f"daemon-of-{tmp_path.name}-{os.getpid()}"
    e = one(made(tmp_path, DAEMON.format(mark=mark, rest=rest), timeout=1.0))
    assert e.feasible[0] == rest.startswith("print")
    assert gone(mark)


RUNNER = """
import sys
from archgym.simulators import SubprocessSimulator
s = SubprocessSimulator(program=sys.argv[1], threads=2)
s.evaluate(s.space.encode([{"k": 1}, {"k": 2}]))
"""


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_process_that_is_killed(tmp_path, number):
    mark = f"orphan-of-{tmp_path.name}-{os.getpid()}"
    script = DAEMON.format(mark=mark, rest=f"sys.argv[0] = {mark!r}\ntime.sleep(300)")
    file = made(tmp_path, script, command=[sys.executable, "p.py", "${k}", mark])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(file)],
        env={**os.environ, "TMPDIR": str(scratch)}, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )  # fmt: skip
    until = time.monotonic() + 60
    while len(alive(mark)) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(alive(mark)) >= 4
    process.send_signal(number)
    process.wait(30)
    assert gone(mark), "a program outlived the process that started it"
    until = time.monotonic() + 5
    while list(scratch.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not list(scratch.iterdir()), "a working folder was left behind"


@pytest.mark.parametrize(
    ("top", "parameters"),
    [
        ("m; exec -- touch X", {}), ("m\nshell touch X", {}), ("m", {"W": "8; shell touch X"}),
        ("m", {"W 1": "2"}),
    ],
)  # fmt: skip
def test_yosys_is_told_names_not_commands(tmp_path, top, parameters):
    from archgym.simulators.ffet.synthesis import synthesise

    from archgym.errors import ArchgymError

    source = tmp_path / "m.v"
    source.write_text("module m; endmodule")
    with pytest.raises(ArchgymError, match="expected a"):
        synthesise([source], top, "m", parameters)


# ---- the tools of the domains are programs like any other
TOOL = """
import sys
from pathlib import Path
from archgym.simulators.ffet.yosys import finished
print(finished([sys.executable, "-c", sys.argv[2]], Path(sys.argv[1]), 60.0, "x")[1], flush=True)
"""
LONG = (
    "import subprocess, sys, time; wait = 'import time; time.sleep(99)'; "
    "subprocess.Popen([sys.executable, '-c', wait, 'MARK'], start_new_session=True); time.sleep(99)"
)


def test_tools_get_the_stated_environment(tmp_path, monkeypatch):
    from archgym.simulators.ffet.yosys import finished

    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    code, said = finished(
        [sys.executable, "-c", "import os; print(dict(os.environ))"], tmp_path, 60.0, "x"
    )
    assert code == 0 and "PATH" in said and "s3cret" not in said


def test_no_tool_outlives_a_killed_parent(tmp_path):
    mark = f"orphan-{os.getpid()}-tool"
    folder = tmp_path / "archgym-tool"
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, "-c", TOOL, str(folder), LONG.replace("MARK", mark)])
    until = time.monotonic() + 60
    while len(alive(mark)) < 3 and time.monotonic() < until:  # parent, tool, the tool's child
        time.sleep(0.05)
    assert len(alive(mark)) >= 3
    parent.kill()
    parent.wait()
    assert gone(mark)
    until = time.monotonic() + 20
    while (
        folder.exists() and time.monotonic() < until
    ):  # its watcher removes it after the tool has ended
        time.sleep(0.05)
    assert not folder.exists()
