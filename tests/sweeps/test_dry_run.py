"""`archgym sweep --dry-run` where tables are not built yet: it says which, and writes nothing."""

import json

import yaml

from archgym.cli import main
from archgym.units import duration


def test_a_dry_run_names_the_tables_that_it_would_build(
    toy_document, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(toy_document))
    sweep = {
        "name": "tabled",
        "scenarios": ["toy.yaml"],
        "answers": "table",
        "budget": 20,
        "agents": [{"agent": "random_walk"}],
    }
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(sweep))
    before = sorted(tmp_path.rglob("*"))
    assert main(["sweep", "s.yaml", "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    (table,) = plan["tables"]
    assert table["scenario"] == "toy" and table["designs"] == 96
    assert 0 < table["canonical"] <= 96 and table["seconds"] > 0
    assert plan["runs"] == 1 and plan["evaluations"] == 20
    assert main(["sweep", "s.yaml", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "table to build first" in told and table["certificate"] in told.replace("\n", "")
    assert sorted(tmp_path.rglob("*")) == before
    assert main(["enumerate", "toy.yaml"]) == 0
    capsys.readouterr()
    assert main(["sweep", "s.yaml", "--dry-run"]) == 0
    assert "table to build first" not in capsys.readouterr().out


def test_times_are_written_for_people():
    assert [duration(s) for s in (0.042, 7.5, 180, 8640, 150_000)] == [
        "42 ms", "7.5 s", "3 min", "2.4 h", "42 h"
    ]  # fmt: skip
