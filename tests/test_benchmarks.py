"""Every benchmark program starts with the present core; two that document figures run, shortened."""

import ast
import importlib
import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "benchmarks"
PROGRAMS = sorted(FOLDER.rglob("*.py"))


def imported(path):
    """What a program takes from the package, wherever it does: (module, name)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "archgym":
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_what_a_benchmark_imports_is_there(path):
    missing = []
    for module, name in imported(path):
        try:
            found = hasattr(importlib.import_module(module), name)
            found = found or importlib.import_module(f"{module}.{name}")
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("archgym"):
                pytest.skip(f"needs {error.name}")
            missing.append(f"{module}.{name}")
    assert not missing


def soc_agents(kept, *more):
    done = subprocess.run(
        [sys.executable, FOLDER / "soc_agents.py", "--json", "--seeds", "1", "--processes", "1",
         "--kept", kept, *more],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"], done.stderr


def test_a_study_reports_the_runs_that_are_kept_and_repeats_none(tmp_path, monkeypatch):
    """All runs but one are kept, with figures of our own; the one left is really run."""
    monkeypatch.syspath_prepend(str(FOLDER))
    module = importlib.import_module("soc_agents")
    groups = [
        (name, agent, reference)
        for name in module.CAPS
        for agent in (*module.AGENTS, *module.MORE.get(name, ()))
        for reference in (False, True)
    ]
    left = ("soc/audio-budgets", "farsi", True)
    kept = tmp_path / "kept.jsonl"
    kept.write_text(
        "".join(
            json.dumps([[*g, 0], [100 + i, i != 3]]) + "\n"
            for i, g in enumerate(groups)
            if g != left
        )
    )
    rows, told = soc_agents(kept)
    assert told.count("\n") == 1
    assert len(kept.read_text().splitlines()) == len(groups) == len(rows)
    for i, (group, row) in enumerate(zip(groups, rows)):
        if group == left:
            assert row["solved"] == "1 of 1" and 1 <= row["median"] < 1000
        elif i == 3:  # never met: counts as the cap
            assert (row["solved"], row["median"]) == ("0 of 1", module.CAPS[group[0]])
        else:
            assert (row["solved"], row["median"]) == ("1 of 1", 100 + i)
    assert soc_agents(kept)[1] == ""
