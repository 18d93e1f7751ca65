"""Shared fixtures."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("COLUMNS", None)  # tables are as wide as without a terminal
# which folders the user's own scenarios made is noted outside of the user's home
# (this module is imported in processes that tests start, too: they share the folder)
if "ARCHGYM_TESTS_STATE" not in os.environ:
    os.environ["ARCHGYM_TESTS_STATE"] = tempfile.mkdtemp(prefix="archgym-state-")
os.environ["XDG_STATE_HOME"] = os.environ["ARCHGYM_TESTS_STATE"]

import numpy as np
import pytest

from archgym import DesignSpace, Evaluation, Metric, Simulator, categorical, ordinal, powers_of_two

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(__file__).resolve().parent / "reference"


class ToySimulator(Simulator):
    """A cache: latency falls with size, energy grows with it; one corner is infeasible."""

    name = "toy"
    version = "1"
    metrics = (Metric("latency", "s", "time"), Metric("energy", "J", "energy"))
    space = DesignSpace(
        (
            ordinal("size", powers_of_two(1, 128), "capacity", "KiB", "log"),
            ordinal("ways", (1, 2, 4, 8), "associativity"),
            categorical("policy", ("lru", "fifo", "random"), "replacement"),
        )
    )

    def __init__(self, workload="w", gain: float = 1.0):
        self.workload = str(workload)
        self.workload_hash = self.workload
        self.gain = gain
        self.calls = 0

    @property
    def config(self):
        return {"gain": self.gain}

    def _evaluate(self, x):
        self.calls += len(x)
        c = self.space.columns(x)
        size, ways = c["size"].astype(float), c["ways"].astype(float)
        policy = 1 + 0.1 * x[:, 2]
        latency = self.gain * 1e-9 * (100 * policy / np.sqrt(size * ways) + ways)
        energy = 1e-12 * (size + 3 * ways)
        feasible = ~((size == 1) & (ways == 8))
        latency = np.where(feasible, latency, np.nan)
        energy = np.where(feasible, energy, np.nan)
        return Evaluation(
            {"latency": latency, "energy": energy},
            feasible,
            ["" if ok else "more ways than lines" for ok in feasible],
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The package as a wheel, built from a copy: workers that build at once keep apart."""
    pytest.importorskip("build")
    copy = tmp_path_factory.mktemp("sources")
    for folder in ("archgym", "agents", "cost_models", "scenarios", "simulators", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    made = tmp_path_factory.mktemp("wheel")
    subprocess.run([*build, str(made), str(copy)], check=True, capture_output=True)
    shutil.rmtree(copy)
    return next(made.glob("*.whl"))


@pytest.fixture
def toy():
    return ToySimulator()


@pytest.fixture
def toy_document():
    return {
        "name": "toy",
        "simulator": "toy",
        "workload": "w",
        "objectives": ["latency"],
        "specs": {"energy": "<= 60 pJ"},
        "reference": {"size": 16, "ways": 2, "policy": "lru"},
        "budget": 60,
    }


@pytest.fixture(autouse=True)
def _register_toy(monkeypatch):
    """The toy simulator under the name ``toy``, as a third party's entry point would put it."""
    from archgym import registry

    real = registry.table

    def table(kind):
        found = dict(real(kind))
        if kind == "simulators":
            found["toy"] = "tests.conftest:ToySimulator"
        return found

    monkeypatch.setattr(registry, "table", table)
    monkeypatch.setitem(
        __import__("sys").modules, "tests.conftest", __import__("sys").modules[__name__]
    )


@pytest.fixture
def toy_scenario(toy_document):
    from archgym.goals.scenario_file import from_document

    return from_document(toy_document)


# the tracer of coverage makes tests half as slow again, and looks at the core: these run without it
UNTRACED = {"accelerator", "cluster", "codesign", "dram", "soc"}


def pytest_collection_modifyitems(items):
    """Mark the tests of simulators."""
    here = Path(__file__).resolve().parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in UNTRACED:
            item.add_marker("no_cover")
