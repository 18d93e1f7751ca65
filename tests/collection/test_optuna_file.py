"""`archgym export --to optuna.db`: what Optuna reads is what the run did."""

import json

import numpy as np
import pytest

from archgym.cli import main
from archgym.goals.scenario_file import from_document
from archgym.runs import runner
from tests.sweeps.conftest import document, run  # noqa: F401 (fixtures)

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")
TOY = "tests.conftest:ToySimulator"


@pytest.fixture
def make_run(tmp_path, toy_document):
    def make(name, seed=0, **change):
        scenario = from_document(toy_document | {"simulator": TOY} | change)
        folder = tmp_path / name
        return runner.run(scenario, "random_walk", budget=80, seed=seed, output=folder, plots=False)

    return make


def studies_of(file):
    storage = f"sqlite:///{file}"
    names = optuna.study.get_all_study_names(storage)
    return [optuna.load_study(study_name=name, storage=storage) for name in names]


def test_runs_are_studies_with_their_trials(make_run, tmp_path, capsys):
    one = make_run("one")
    two = make_run("two", 1, objectives=["latency", "energy"], specs={})
    file = tmp_path / "to" / "optuna.db"
    assert main(["export", str(one.path), str(two.path), "--to", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"data": str(file), "studies": 2, "trials": 160}
    first, second = studies_of(file)
    assert "random_walk, seed 0" in first.study_name and first.user_attrs["answers"] == "exact"
    assert len(first.directions) == 1 and len(second.directions) == 2
    for study, done in ((first, one), (second, two)):
        e, designs = done.trials.evaluation, done.scenario.space.decode(done.trials.x)
        for trial, design in zip(study.trials, designs, strict=True):
            i = trial.number
            assert trial.params == design
            assert (trial.state.name == "COMPLETE") == bool(e.feasible[i])
            if e.feasible[i]:
                assert trial.values[0] == e.metrics["latency"][i]
                assert trial.user_attrs["energy"] == e.metrics["energy"][i]
            else:
                assert trial.user_attrs["reason"] == "more ways than lines"
    assert not (one.trials.evaluation.feasible.all() and two.trials.evaluation.feasible.all())
    assert first.best_trial.params == one.best
    kinds = {name: type(d).__name__ for name, d in first.trials[0].distributions.items()}
    assert kinds == dict.fromkeys(("size", "ways", "policy"), "CategoricalDistribution")
    assert first.trials[0].distributions["ways"].choices == (1, 2, 4, 8)
    front = {tuple(t.params.items()) for t in second.best_trials}
    assert front == {tuple(e["design"].items()) for e in two.result["front"]}


def test_a_sweep_is_a_study_per_run(tmp_path, document, run):  # noqa: F811
    document["keep"], document["budget"] = "trials", 10
    run(document, tmp_path / "s")
    file = tmp_path / "s.db"
    assert main(["export", str(tmp_path / "s"), "--to", str(file)]) == 0
    found = studies_of(file)
    assert len(found) == 27 and {len(s.trials) for s in found} == {10}
    assert {s.user_attrs["agent"] for s in found} > {"random_walk"}
    values = [t.values[0] for s in found for t in s.trials if t.values]
    assert np.isfinite(values).all()


def test_what_cannot_be_exported_is_said_in_a_line(make_run, tmp_path, monkeypatch, capsys):
    done = make_run("one")
    assert main(["export", str(done.path), "--to", str(tmp_path / "x.txt")]) == 2
    assert ".db" in capsys.readouterr().err
    assert main(["export", str(tmp_path), "--to", str(tmp_path / "x.db")]) == 2
    assert "neither a run folder" in capsys.readouterr().err
    assert not (tmp_path / "x.db").exists()
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    assert main(["export", str(done.path), "--to", str(tmp_path / "x.db")]) == 2
    assert "archgym[search]" in capsys.readouterr().err
