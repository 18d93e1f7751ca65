"""What a plain installation brings, what works without the extras, and what other systems lack."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from archgym import registry
from archgym.cli import main
from archgym.errors import ArchgymError, MissingExtraError, StoreError
from archgym.extras import EXTRAS, explained, need
from archgym.files import locks, processes
from archgym.validation import reference_file
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMPORTED_AS = {
    "mlflow-skinny": "mlflow",
    "openenv-core": "openenv",
    "protobuf": "google.protobuf",
    "sb3-contrib": "sb3_contrib",
    "stable-baselines3": "stable_baselines3",
}
HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""
RUN = "['run', 'dram/sqlite-low-latency', '--budget', '12', '--no-plots', '--output', sys.argv[1]]"


NOT_IN_ALL = {"openenv"}  # it brings web interfaces and clients of services


def names(requirements):
    return {re.split(r"[^\w.-]", r)[0] for r in requirements}


def hidden(modules, code, *arguments):
    program = HIDE.format(hidden=set(modules)) + code
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True
    )


def test_torch_is_no_part_of_the_base_and_the_demo_is_part_of_it():
    base = names(PROJECT["dependencies"])
    assert not base & {"torch", "stable-baselines3", "matplotlib", "optuna"}
    demo = [d for d in (ROOT / ".ci/demo.txt").read_text().splitlines() if d[0] != "#"]
    assert set(demo) < set(PROJECT["dependencies"])


def test_every_extra_is_declared_with_its_packages():
    declared = PROJECT["optional-dependencies"]
    for extra in EXTRAS:
        brought = {IMPORTED_AS.get(n, n) for n in names(declared[extra.name])}
        assert brought <= set(extra.packages)
        if extra.name in NOT_IN_ALL:
            assert extra.name not in declared["all"][0]
            continue
        assert f"{extra.name}," in declared["all"][0] or f"{extra.name}]" in declared["all"][0]


def test_a_run_needs_what_the_demo_installs_and_no_module_of_posix_alone(tmp_path):
    lean = ["pandas", "pyarrow", "sklearn", "skopt", "cma", "shtab", "threadpoolctl"]
    lean += ["matplotlib", "torch", "stable_baselines3", "optuna"]
    posix = ["fcntl", "resource", "pwd", "grp", "termios"]
    code = (
        "from types import SimpleNamespace\n"
        "from archgym.cli import main\n"
        # what Windows has in place of fcntl
        "sys.modules['msvcrt'] = SimpleNamespace(locking=lambda *_: None, LK_NBLCK=2)\n"
        f"sys.exit(main({RUN}))"
    )
    done = hidden(lean + posix, code, tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "result.json").exists()


@pytest.mark.parametrize(
    ("kind", "name", "extra"),
    [("agents", "ppo", "rl"), ("agents", "nasaic", "rl"), ("agents", "tpe", "search"),
     ("agents", "botorch", "botorch"), ("cost_models", "mlp_ensemble", "rl"),
     ("agents", "genetic_algorithm", ""), ("cost_models", "random_forest", "")],
)  # fmt: skip
def test_a_list_says_which_extra_a_name_needs(kind, name, extra, capsys):
    assert registry.extra_needed(kind, name) == extra
    assert main(["list", kind, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)[kind][name]
    assert told.endswith(f"Needs archgym[{extra}].") == bool(extra)


def test_an_agent_without_its_extra_says_so_in_one_line():
    code = "from archgym.cli import main\nsys.exit(main(['info', 'ppo']))"
    done = hidden(["torch"], code)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "agent 'ppo' needs the package 'torch'" in done.stderr and "archgym[rl]" in done.stderr


def test_a_module_of_no_extra_is_not_explained():
    assert explained(ModuleNotFoundError(name="nowhere.at_all"), "x") is None
    with pytest.raises(ModuleNotFoundError):
        need("nowhere_at_all", "x")
    told = explained(ModuleNotFoundError(name="torch.nn"), "x")
    assert isinstance(told, MissingExtraError) and "archgym[rl]" in str(told)


def test_doctor_tells_what_is_there(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHGYM_CACHE_DIR", str(tmp_path / "none" / "yet"))
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {p["package"] for p in found["base"]} == names(PROJECT["dependencies"])
    for extra in found["extras"]:
        for package in extra["missing"]:
            assert find_spec(package) is None
    (kernels,) = found["caches"]
    assert kernels["modules"] == 0 and kernels["writable"]
    assert main(["doctor"]) == 0
    assert "agents a2c" in " ".join(capsys.readouterr().out.split())


def test_the_lock_of_windows(monkeypatch, tmp_path):
    taken = []

    def locking(handle, mode, count):
        if taken:
            raise PermissionError(13, "Permission denied")
        taken.append((mode, count))

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with locks.hold(tmp_path / "lock", "busy", "denied: {why}"):
        assert taken == [(2, 1)]
        with pytest.raises(StoreError, match="busy"):
            locks.hold(tmp_path / "lock", "busy", "denied: {why}")


def test_windows_processes_are_not_asked_whether_they_live(monkeypatch):
    """There os.kill ends what it asks."""
    monkeypatch.setattr(processes, "_WINDOWS", True)
    monkeypatch.setattr(processes.os, "kill", lambda *_: pytest.fail("a process was signalled"))
    assert not processes.forgotten(processes.this_process(), processes.time.time())


@pytest.mark.parametrize(
    "name", ["soc_reference", "dram_reference", "timeloop_reference", "dnn_reference"]
)
def test_reference_figures_are_installed(name):
    assert reference_file(f"{name}.json").read_bytes()[:1] == b"{"
    with pytest.raises(ArchgymError, match="--reference"):
        reference_file(f"no_{name}.json")


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["soc", "accelerator"])
def test_validation_finds_its_reference_by_itself(domain, capsys):
    assert main(["validate", domain, "--json"]) == 0
    assert "reference.json" in json.loads(capsys.readouterr().out)["reference"]


def test_the_package_page_has_no_relative_link():
    text = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:href|src)=[\"']([^\"']+)", text)
    assert links and [link for link in links if not re.match(r"https?://|#|mailto:", link)] == []
    assert PROJECT["readme"] == "README.md" and metadata("archgym")["Name"] == "archgym"
