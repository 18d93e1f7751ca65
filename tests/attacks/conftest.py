"""A scenario of an external program that tells when it is started, and runs of it."""

import sys

import pytest
import yaml

from archgym.cli import main

PROGRAM = """
import os, sys
open(sys.argv[1], "a").write(os.environ.get("SECRET_TOKEN", "none") + "\\n")
size, ways = int(sys.argv[2]), int(sys.argv[3])
print("time:", 10 / size + ways)
"""


@pytest.fixture
def own(tmp_path):
    """A folder with ``mine.yaml``, whose program writes a line a start into ``started``."""
    (tmp_path / "prog.py").write_text(PROGRAM)
    started = tmp_path / "started"
    program = {
        "name": "prog",
        "command": [sys.executable, "prog.py", str(started), "${size}", "${ways}"],
        "files": ["prog.py"],
        "parameters": [
            {"name": "size", "values": [1, 2, 4, 8]},
            {"name": "ways", "values": [1, 2, 4, 8]},
        ],
        "metrics": [{"name": "time", "unit": "s", "pattern": r"time: (\S+)"}],
    }
    (tmp_path / "program.yaml").write_text(yaml.safe_dump(program))
    document = {
        "name": "mine",
        "simulator": "subprocess",
        "workload": "default",
        "config": {"program": str(tmp_path / "program.yaml"), "threads": 1},
        "objectives": ["time"],
        "specs": {"time": "<= 2 x reference"},
        "reference": {"size": 1, "ways": 1},
        "budget": 4,
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(document))
    return tmp_path


def starts(folder):
    """How often the program was started."""
    file = folder / "started"
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def own_run(own, capsys):
    """A finished run of it, in ``r``."""
    words = ["run", str(own / "mine.yaml"), "--agent", "random_walk", "--no-plots"]
    assert main([*words, "--output", str(own / "r")]) == 0
    capsys.readouterr()
    return own


@pytest.fixture
def toy_run(toy_document, tmp_path):
    """A finished run of the toy simulator."""
    from archgym.goals.scenario_file import from_document
    from archgym.runs import runner

    runner.run(
        from_document(toy_document), "random_walk", budget=30, output=tmp_path / "run", plots=False
    )
    return tmp_path / "run"
