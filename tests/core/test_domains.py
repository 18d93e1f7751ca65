"""The objects of the domains, and what the core derives from them."""

import argparse
import subprocess
import sys
import textwrap
from importlib.metadata import EntryPoint

import gymnasium
import pytest

import archgym
from archgym import cli, domains, registry
from archgym.domains import Domain, Sample, Verb
from archgym.errors import ArchgymError
from archgym.goals.scenario_file import load_scenario, shipped
from tests.conftest import ROOT

DOMAINS = domains.domains()
VERBS = [(d.name, verb) for d in DOMAINS.values() for verb in d.verbs]


@pytest.mark.parametrize("name", DOMAINS)
def test_everything_that_a_domain_names_exists(name):
    domain = DOMAINS[name]
    assert domain.text and domain.simulators
    for simulator, entry in domain.simulators.items():
        made = registry.load("simulators", simulator)
        assert f"{made.__module__}:{made.__name__}" == entry and made.name == simulator
        assert registry.workload_names(simulator) == list(made.workload_names())
        assert registry.summary("simulators", simulator)
    for environment, scenario in domain.environment_ids.items():
        assert load_scenario_simulator(scenario) in domain.simulators
        for kind in ("", "Sequential"):
            spec = gymnasium.registry[f"{environment}{kind}-v0"]
            assert spec.kwargs == {"scenario": scenario}
    for sample in domain.samples.values():
        assert load_scenario_simulator(sample.scenario) in domain.simulators and sample.rows > 0
    if domain.validator:
        parser = argparse.ArgumentParser()
        registry.load("validators", name)(parser)
        assert callable(parser.get_default("go")) and parser.description


def load_scenario_simulator(name):
    from archgym.documents import read_yaml

    return read_yaml(shipped()[name])["simulator"]


def test_the_core_names_leaves_in_one_place():
    """A new domain edits the list of domains, pyproject.toml and documents: nothing else of the core."""
    naming = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "archgym").rglob("*.py")
        if "archgym.simulators." in p.read_text()
    }
    assert naming == {"archgym/domains.py"}
    for path in (ROOT / "archgym").rglob("*.py"):
        words = {f'"{n}"' for d in DOMAINS.values() for n in (*d.simulators, *d.environments)}
        assert not [w for w in words if w in path.read_text()], path


@pytest.mark.parametrize(("domain", "verb"), VERBS)
def test_every_verb_has_help(capsys, domain, verb):
    with pytest.raises(SystemExit) as end:
        cli.main([domain, verb, "--help"])
    assert end.value.code == 0 and f"usage: archgym {domain} {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--help"]])
@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_alone_lists_its_verbs(capsys, name, arguments):
    assert cli.main([name, *arguments]) == 0
    out = capsys.readouterr().out
    for word, verb in DOMAINS[name].verbs.items():
        assert any(word in line and verb.text in line for line in out.splitlines())


def test_words_of_the_core_come_first():
    (action,) = (a for a in cli.build_parser()._actions if a.dest == "word")
    assert set(action.choices) == set(cli.WORDS)
    assert not set(cli.WORDS) & set(DOMAINS)


def make(**changes):
    fields = {"name": "cache", "text": "caches", "simulators": {"cache": "theirs.simulator:Cache"}}
    return Domain(**fields | changes)


def test_faults_of_a_domain_are_told_at_once():
    with pytest.raises(ArchgymError) as error:
        make(
            name="Cache Things",
            verbs={"Look!": Verb("look", "theirs.look")},
            workloads={"other": "theirs:names"},
            validator="theirs",
        )
    for part in ("'Cache Things'", "'Look!'", "'theirs.look'", "'other'", "validator"):
        assert part in str(error.value)
    assert make(environments={"Cache": "s", "their/Cache": "s"}).environment_ids == {
        "archgym/Cache": "s",
        "their/Cache": "s",
    }


OFFERED = {
    "good": make(),
    "no_domain": "a string",
    "takes_a_name": make(name="dram", simulators={}),
    "takes_a_simulator": make(name="other", simulators={"dram": "theirs:Dram"}),
    "takes_an_environment": make(name="more", simulators={}, environments={"DRAM": "x"}),
    "takes_a_sample": make(name="yet", simulators={}, samples={"soc": Sample("soc/x", 5)}),
}


@pytest.mark.parametrize("name", [*OFFERED, "missing"])
def test_a_broken_domain_of_others_keeps_nobody_from_working(monkeypatch, name):
    point = EntryPoint(name, f"tests.core.test_domains:OFFERED_{name}", domains.GROUP)
    if name in OFFERED:
        monkeypatch.setattr(sys.modules[__name__], f"OFFERED_{name}", OFFERED[name], raising=False)
        monkeypatch.setitem(sys.modules, "tests.core.test_domains", sys.modules[__name__])
    monkeypatch.setattr(
        domains, "entry_points", lambda group: [point] if group == point.group else []
    )
    if name == "good":
        assert set(domains.domains.__wrapped__()) == {*DOMAINS, "cache"}
        return
    with pytest.warns(RuntimeWarning, match=f"domain '{name}' .* is left out"):
        found = domains.domains.__wrapped__()
    assert set(found) == set(DOMAINS) and found["dram"] == DOMAINS["dram"]


def test_a_domain_that_is_imported_before_archgym_is_told(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from archgym.domains import Domain\nDOMAIN = Domain('mine', 'x', {})\n"
    )
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[archgym.domains]\nmine = mine:DOMAIN\n")
    program = "import sys\nsys.path.insert(0, '.')\n{}\nprint(mine.DOMAIN.name)"
    errors = []
    for order in ("import mine", "import archgym, mine"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(order)],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        errors.append(done.stderr)
    assert "import archgym before this module" in errors[0] and not errors[1]


THEIRS = {
    "theirs/__init__.py": "",
    "theirs/scenarios/small.yaml": """
        name: small
        simulator: their_cache
        workload: w
        objectives: [misses]
        reference: {size: 1}
        budget: 8
    """,
    "theirs/domain.py": """
        from archgym.domains import Domain, Verb

        DOMAIN = Domain(
            name="theirs",
            text="caches of others",
            simulators={"their_cache": "theirs.simulator:Cache"},
            environments={"TheirCache": "theirs/small", "own/Cache": "theirs/small"},
            verbs={"show": Verb("show a cache", "theirs.command:add_show")},
            validator="theirs.command:add_options",
            scenarios="theirs.scenarios",
        )
    """,
    "theirs/simulator.py": """
        import numpy as np
        from archgym import DesignSpace, Evaluation, Metric, Simulator, ordinal

        class Cache(Simulator):
            name, version = "their_cache", "1"
            metrics = (Metric("misses", "", "misses"),)
            space = DesignSpace((ordinal("size", (1, 2, 4)),))

            def __init__(self, workload="w"):
                self.workload = workload

            @staticmethod
            def workload_names():
                return ["w"]

            def _evaluate(self, x):
                return Evaluation({"misses": 8.0 / (1.0 + x[:, 0])}, np.ones(len(x), np.bool_))
    """,
    "theirs/command.py": """
        from archgym.validation import Check, Validation

        def add_show(p):
            p.add_argument("what")
            p.set_defaults(go=lambda options: print("shown:", options.what))

        def add_options(p):
            p.add_argument("--off", action="store_true")
            p.set_defaults(go=lambda o: Validation([Check("misses", "paper", "8", "8", not o.off)]))
    """,
    "theirs-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n",
    "theirs-1.0.dist-info/entry_points.txt": "[archgym.domains]\ntheirs = theirs.domain:DOMAIN\n",
}
PROGRAM = """
    import sys, archgym, gymnasium as gym
    assert "theirs.domain" in sys.modules and "theirs.simulator" not in sys.modules
    assert "theirs.command" not in sys.modules
    from archgym import registry
    from archgym.cli import main
    env = gym.make("archgym/TheirCache-v0")
    env.reset(seed=0)
    assert env.step([2])[4]["metrics"]["misses"] == 8 / 3
    vec = gym.make_vec("own/Cache-v0", num_envs=3, vectorization_mode="vector_entry_point")
    assert vec.reset(seed=0)[0].shape[0] == 3
    gym.make("own/CacheSequential-v0").reset(seed=0)
    assert registry.load("simulators", "their_cache").__name__ == "Cache"
    assert main(["theirs"]) == 0 and main(["theirs", "show", "it"]) == 0 and main(["show"]) == 2
    assert main(["validate", "theirs"]) == 0 and main(["validate", "theirs", "--off"]) == 1
    assert main(["list", "workloads"]) == 0
    assert main(["run", "theirs/small", "--budget", "3", "--no-plots", "--output", "out"]) == 0
"""


def test_a_distribution_of_others_is_a_domain_like_ours(tmp_path):
    for name, text in THEIRS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    program = "import sys\nsys.path.insert(0, '.')\n" + textwrap.dedent(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "shown: it" in done.stdout and "caches of others" in done.stdout
    assert "say: archgym theirs show" in done.stderr
    assert (tmp_path / "out" / "result.json").is_file()


def test_public_name():
    assert archgym.Domain is Domain and load_scenario is archgym.load_scenario
