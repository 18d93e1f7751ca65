"""No stale physics: kernels and keys follow every source that they are made of, in any folder."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import archgym.scenarios
import archgym.simulators
import pytest

import archgym
from archgym.kernels.physics import recorded, unreleased
from archgym.kernels.sources import closure, code_digest, source_key, source_of
from archgym.registry import table

SIMULATORS = [name for name, entry in table("simulators").items() if entry.startswith("archgym.")]
# the key of two simulators, and a figure of one that neighbours' kernels give
ASK = """
import json, numpy as np
from archgym.simulators.accelerator import AcceleratorSimulator
from archgym.simulators.codesign import CoDesignSimulator
from archgym.simulators.codesign.networks import layers_of
from archgym.simulators.dram import DRAMSimulator
import archgym
simulator = CoDesignSimulator("measured")
first = simulator.choices(np.zeros(len(simulator.space), np.int64))[0]
layer = layers_of(simulator.tasks.tasks[0], first)[0]
row = simulator.tables.row(layer)
print(json.dumps({
    "home": archgym.__file__,
    "codesign": simulator.key,
    "dram": DRAMSimulator("chase:n=10").key,
    "accelerator": AcceleratorSimulator("alexnet").key,
    "energy": float(simulator.tables.energy[row, 0, 8, 2]),
}))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the installed package that may be edited."""
    home = tmp_path / "site" / "archgym"
    for module, place in ((archgym, home), (archgym.simulators, home / "simulators")):
        shutil.copytree(
            Path(module.__file__).parent, place, ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )  # fmt: skip
    if not (home / "scenarios").exists():
        os.symlink(Path(archgym.scenarios.__file__).parent, home / "scenarios")
    return home


def ask(package, **environment):
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True,
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent), **environment},
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert Path(answer.pop("home")).parent == package
    return answer


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def test_a_neighbours_physics_changes_key_and_figures_and_a_comment_neither(package):
    python = {"NUMBA_DISABLE_JIT": "1"}
    before = ask(package, **python)
    assert before["dram"] == ask_here()
    cost = package / "simulators" / "accelerator" / "cost.py"
    edit(
        cost,
        "    mac_energy = macs * mac_pj\n",
        "    mac_energy = macs * mac_pj  # of all products\n",
    )
    assert ask(package, **python) == before
    edit(cost, "    mac_energy = macs * mac_pj ", "    mac_energy = 2 * macs * mac_pj ")
    after = ask(package, **python)
    assert after["codesign"] != before["codesign"] and after["accelerator"] != before["accelerator"]
    assert after["energy"] > before["energy"] and after["dram"] == before["dram"]
    edit(
        package / "simulators" / "dram" / "timing.py",
        '+ t["WR"]\n    wr_rd',
        '- t["WR"]\n    wr_rd',
    )
    assert ask(package, **python)["dram"] != before["dram"]


def ask_here():
    from archgym.simulators.dram import DRAMSimulator

    return DRAMSimulator("chase:n=10").key


@pytest.mark.slow
def test_a_neighbours_edit_reaches_compiled_kernels_through_one_cache(package, tmp_path):
    cache = {"ARCHGYM_CACHE_DIR": str(tmp_path / "cache")}
    before = ask(package, **cache)
    assert ask(package, **cache) == before
    cost = package / "simulators" / "accelerator" / "cost.py"
    edit(cost, "    mac_energy = macs * mac_pj\n", "    mac_energy = 2 * macs * mac_pj\n")
    after = ask(package, **cache)
    assert after["energy"] > before["energy"] and after["codesign"] != before["codesign"]


TWO_FOLDERS = {
    "mine/__init__.py": "",
    "mine/compiled.py": "from archgym.kernels.compilation import kernel_compiler\n"
    "compiled = kernel_compiler(__file__)\n",
    "mine/near/__init__.py": "",
    "mine/near/kernel.py": "from ..compiled import compiled\nfrom ..far import physics\n\n"
    "@compiled\ndef twice(x):\n    return 2 * physics.law(x)\n",
    "mine/far/__init__.py": "",
    "mine/far/physics.py": "from mine.compiled import compiled\nfrom .constants import SCALE\n\n"
    "@compiled\ndef law(x):\n    return SCALE * x\n",
    "mine/far/constants.py": "SCALE = 3\n",
    "run.py": "from mine.near.kernel import twice\nprint(twice(1), len(twice.stats.cache_hits))\n",
}


def test_a_compiled_kernel_follows_a_constant_two_folders_away_and_no_place(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for name, text in TWO_FOLDERS.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)

    def run(folder):
        done = subprocess.run(
            [sys.executable, "-B", "run.py"], cwd=folder, capture_output=True, text=True,
            check=True, env={**os.environ, "ARCHGYM_CACHE_DIR": str(tmp_path / "cache")},
        )  # fmt: skip
        return done.stdout.split()

    assert run(here) == ["6", "0"]
    assert run(here) == ["6", "1"], "an unchanged kernel comes from the cache"
    shutil.copytree(here, there)
    os.utime(there / "mine/near/kernel.py", (0, 0))
    assert run(there) == ["6", "1"], "another installation of the same sources need not compile"
    (there / "mine/far/constants.py").write_text("SCALE = 5\n")
    assert run(there) == ["10", "0"]
    assert run(here) == ["6", "1"]


def test_a_kernels_sources_are_found_across_folders_and_only_those():
    import archgym.simulators.codesign.costs as costs
    import archgym.simulators.dram.kernel as kernel

    names = {s.name for s in closure(source_of(costs.__name__), compiled=True)}
    assert {costs.__name__, "archgym.simulators.accelerator.nest"} <= names
    assert not any("simulator.simulator" in n or ".dram." in n for n in names)
    mine = {s.name for s in closure(source_of(kernel.__name__), compiled=True)}
    assert "archgym.simulators.dram.residency" in mine
    assert "archgym.simulators.dram.simulator" not in mine
    assert code_digest(source_of(kernel.__name__)) != code_digest(source_of(costs.__name__))


@pytest.mark.parametrize("name", SIMULATORS)
def test_the_record_is_of_these_sources(name):
    module, _, attribute = table("simulators")[name].partition(":")
    cls = getattr(import_module(module), attribute)
    start = source_of(cls.__module__)
    entry = recorded(start.path.parent)[start.path.name]
    assert entry["sources"] == source_key(cls.__module__), "run make physics"
    assert entry["version"] == cls.version, "run make physics"
    assert unreleased(cls) == ""


def test_what_says_nothing_does_not_count(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    keys = []
    for i, text in enumerate(
        (
            "def f(x):\n    return x + 1\n",
            '"""Text."""\n\n\ndef f(x):\n    """Add."""\n    return (x + 1)  # more\n',
            "def f(x):\n    return x + 2\n",
            "def f(x):\n    return x + 1.0\n",
        )
    ):
        folder = tmp_path / f"p{i}"
        folder.mkdir()
        (folder / "model.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        sys.modules.pop("model", None)
        import_module("model")
        from archgym.kernels import sources

        for cached in (sources.source_key, sources._closure, sources._tree, sources.meaning):
            cached.cache_clear()
        keys.append(source_key("model"))
    sys.modules.pop("model", None)
    assert keys[0] == keys[1] and len(set(keys)) == 3


def test_a_simulator_without_a_record_is_known_by_its_version():
    class Derived(archgym.Simulator):
        version = "1"

    assert unreleased(Derived) == ""
