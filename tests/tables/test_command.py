import json

import pytest
import yaml

from archgym import registry
from archgym.cli import main
from archgym.errors import UnknownNameError


@pytest.fixture
def scenario(tmp_path, toy_document):
    toy_document["simulator"] = "tests.conftest:ToySimulator"
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(toy_document))
    return str(file)


def test_enumerate_writes_a_table_and_a_certificate(tmp_path, scenario, capsys):
    tables = tmp_path / "tables"
    assert main(["enumerate", scenario, "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["designs"] == 96 and not tables.exists()
    assert main(["enumerate", scenario, "--tables", str(tables)]) == 0
    out = capsys.readouterr().out
    assert "96" in out and "The optimum" in out and "Exact shares" in out
    facts = json.loads((tables / "toy.json").read_text())
    assert main(["enumerate", scenario, "--tables", str(tables), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["optimum"] == facts["optimum"] and again["designs"] == 96


def test_a_run_on_the_table_equals_a_run_on_the_simulator(tmp_path, scenario, capsys):
    main(["enumerate", scenario, "--tables", str(tmp_path / "tables"), "--json"])
    capsys.readouterr()
    found = []
    for name, extra in (("a", []), ("b", ["--answers", f"table:{tmp_path / 'tables'}"])):
        command = [
            "run",
            scenario,
            "--budget",
            "30",
            "--seed",
            "4",
            "--output",
            str(tmp_path / name),
        ]
        assert main([*command, "--no-plots", "--json", *extra]) == 0
        found.append(json.loads(capsys.readouterr().out))
        assert main(["verify", str(tmp_path / name)]) == 0
        assert "all reproduce" in capsys.readouterr().out
    assert found[0]["best"] == found[1]["best"]
    assert found[0]["computed"] > 0 and found[1]["computed"] == 0
    assert (tmp_path / "a" / "trials.csv").read_text() == (
        tmp_path / "b" / "trials.csv"
    ).read_text()


def test_a_missing_table_says_how_to_make_it(tmp_path, scenario, capsys):
    assert main(["run", scenario, "--answers", f"table:{tmp_path}", "--json"]) == 2
    assert "archgym enumerate" in capsys.readouterr().err


def test_others_pinned_to_the_reference(tmp_path, toy_document):
    from archgym.errors import ScenarioError
    from archgym.goals.scenario_file import from_document

    pinned = from_document(toy_document | {"parameters": {"size": [8, 16]}, "others": "reference"})
    assert [list(p.values) for p in pinned.space.parameters] == [[8, 16], [2], ["lru"]]
    with pytest.raises(UnknownNameError, match="'others'"):
        from_document(toy_document | {"others": "refrence"})
    del toy_document["reference"]
    toy_document["reward"] = "weighted-accuracy"
    with pytest.raises(ScenarioError, match="needs a reference design"):
        from_document(toy_document | {"others": "reference"})


def test_a_simulator_by_its_import_path():
    from tests.conftest import ToySimulator

    assert registry.load("simulators", "tests.conftest:ToySimulator") is ToySimulator
    with pytest.raises(UnknownNameError, match="did you mean 'ToySimulator'"):
        registry.load("simulators", "tests.conftest:ToySimulater")
    with pytest.raises(UnknownNameError, match="cannot be imported"):
        registry.load("simulators", "no_such_package.module:Thing")
