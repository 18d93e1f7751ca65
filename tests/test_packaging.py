"""The package as a whole: what is listed, what is imported, what a user's installation holds."""

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDERS = {
    "archgym": "archgym",
    "archgym.agents": "agents",
    "archgym.cost_models": "cost_models",
    "archgym.references": "tests/reference",
    "archgym.scenarios": "scenarios",
    "archgym.simulators": "simulators",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def sources():
    return [
        p
        for folder in FOLDERS.values()
        for p in sorted((ROOT / folder).rglob("*.py"))
        if "programs" not in p.parts
    ]


def test_every_package_is_listed():
    found = set()
    for package, folder in FOLDERS.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inside = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join([package, *inside]))
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])
    assert PROJECT["tool"]["setuptools"]["package-dir"] == FOLDERS


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    """Nobody imports a top-level folder by its bare name; the core no leaf; leaves not the command line."""
    leaves = {"agents", "cost_models", "scenarios", "simulators"}
    core = path.relative_to(ROOT).parts[0] == "archgym"
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in leaves, f"{path}: import {name}"
            if core:
                assert not any(name.startswith(f"archgym.{leaf}") for leaf in leaves), (
                    f"{path}: import {name}"
                )
            else:
                assert not name.startswith("archgym.cli"), f"{path}: import {name}"
        if not core and isinstance(node, ast.ImportFrom) and node.module == "archgym":
            assert "cli" not in [alias.name for alias in node.names], (
                f"{path}: from archgym import cli"
            )


def test_files_are_small():
    long = {str(p): n for p in sources() if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_importing_archgym_is_light():
    code = (
        "import sys, archgym\n"
        "heavy = {'numba', 'torch', 'pandas', 'matplotlib', 'sklearn', 'skopt', 'scipy', 'yaml'}"
        " & set(sys.modules)\n"
        "heavy |= {m for m in sys.modules if m.startswith('archgym.simulators.')"
        " and m.count('.') > 2 and not m.endswith('.domain')}\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line_starts_without_heavy_packages():
    code = (
        "import sys\nfrom archgym.cli import main\nmain(['list', 'scenarios'])\n"
        "heavy = {'numba', 'torch', 'matplotlib', 'sklearn'} & set(sys.modules)\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_every_shipped_scenario_loads(monkeypatch, tmp_path):
    from archgym import load_scenario
    from archgym.goals.scenario_file import shipped

    for name in ("random", "cloud-1", "cloud-2"):
        (tmp_path / f"{name}.stl").write_text("0:\tread\t0x40\n1:\tread\t0x80\n")
    monkeypatch.setenv("ARCHGYM_TRACES", str(tmp_path))
    assert len(shipped()) >= 8
    for name in shipped():
        if "yosys" in name and shutil.which("yosys") is None:
            continue  # a scenario over an external program loads where the program is installed
        scenario = load_scenario(name)
        assert scenario.name == name and scenario.description
        if scenario.reference_evaluation is None:
            absolute = (
                scenario.reward == "weighted-accuracy"
            )  # a score needs nothing to compare with
            assert absolute or all(o.reference is not None for o in scenario.objectives)
            continue
        # these traces are stand-ins here; FARSI's budgets are meant to be out of the reference's reach
        stand_in = set(scenario.workloads) & {"random", "cloud-1", "cloud-2"}
        if not stand_in and scenario.simulator == "dram":
            met = scenario.satisfied(scenario.reference_evaluation)[0]
            assert met, f"{name}: specs out of reach"


def test_the_wheel_holds_every_package_and_file(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in sources():
        inside = path.relative_to(ROOT)
        (package,) = (p for p, f in FOLDERS.items() if inside.is_relative_to(f))
        within = inside.relative_to(FOLDERS[package])
        assert str(Path(*package.split(".")) / within) in names
    for path in (ROOT / "tests" / "reference").glob("*.json"):
        assert f"archgym/references/{path.name}" in names
    data = [p for p in (ROOT / "scenarios").rglob("*") if p.suffix in (".yaml", ".npz", ".csv")]
    for path in data:
        assert str("archgym" / path.relative_to(ROOT)) in names
    templates = list((ROOT / "archgym" / "cli" / "templates").glob("*.txt"))
    assert len(templates) >= 6  # `archgym new` works from an installation
    for path in templates:
        assert str(path.relative_to(ROOT)) in names
