"""Sweeps that a script begins: with and without the guard that multiprocessing asks for."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from archgym.errors import ArchgymError
from archgym.sweeps import engine
from archgym.sweeps.driver import SweepFolder

SCRIPT = """\
import sys
from pathlib import Path
import archgym

print("the script was read")
sweep = {{
    "name": "unguarded", "budget": 10, "seeds": 2, "agents": [{{"agent": "random_walk"}}],
    "scenarios": [{scenario}],
}}
results = archgym.run_sweep(sweep, Path(sys.argv[1]), workers=2)
print(len(results.runs), "runs")
"""
TOY = {
    "name": "toy",
    "simulator": "tests.conftest:ToySimulator",
    "workload": "w",
    "objectives": ["latency"],
}


def carried_out(tmp_path, scenario):
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT.format(scenario=scenario))
    return subprocess.run(
        [sys.executable, str(script), str(tmp_path / "s")],
        capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip


def test_a_script_without_a_guard_is_read_once(tmp_path):
    done = carried_out(tmp_path, TOY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the script was read") == 1
    assert done.stdout.splitlines()[-1] == "2 runs"


def test_a_worker_begins_no_sweep(monkeypatch, tmp_path):
    monkeypatch.setattr(multiprocessing.current_process(), "name", engine.WORKER)
    with pytest.raises(ArchgymError, match="__main__"):
        SweepFolder.create(tmp_path / "s", None)
    assert not (tmp_path / "s").exists()
