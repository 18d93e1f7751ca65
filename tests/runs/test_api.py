"""archgym.run and what it returns."""

import json
import re

import numpy as np
import pytest

import archgym
from archgym import ArchgymError
from archgym.cli import main

KNOBS = {"size", "ways", "policy"}
# one small scenario of every domain that ships, and what makes it small
OF_DOMAINS = {
    "dram/stream-low-power": {"workload": "rand_rw:n=1000"},
    "soc/audio-budgets": {},
    "accelerator/alexnet-archgym": {},
    "mapping/alexnet-loops": {},
    "codesign/measured-joint": {},
    "ffet/picorv32-area": {"workload": "mac16"},
    "cluster/gpt3-13b-training": {"workload": "vit-base-train"},
}


@pytest.fixture
def found(toy_scenario):
    return archgym.run(toy_scenario, "genetic_algorithm", budget=40, seed=3)


def test_values_show_their_units_and_compute_as_numbers(found):
    assert set(found.best) == KNOBS
    assert str(found.best["size"]).endswith(" KiB") and found.best["size"] + 0 == int(
        found.best["size"]
    )
    assert found.scenario.space.encode(found.best).shape == (1, 3)
    latency = found.best_metrics["latency"]
    assert latency.unit == "s" and re.fullmatch(r"[\d.]+ ns", repr(latency))
    assert float(latency) == found.result["best"]["metrics"]["latency"]
    assert json.loads(json.dumps(found.best_metrics)) == found.result["best"]["metrics"]
    assert found.reference == {"size": 16, "ways": 2, "policy": "lru"}


def test_frames_say_what_trials_csv_says(found, tmp_path):
    import pandas as pd

    frame = found.to_dataframe()
    found.save(tmp_path / "r")
    file = pd.read_csv(tmp_path / "r" / "trials.csv")
    assert list(frame.columns) == list(file.columns)
    for name in ("latency", "cost", "size"):
        assert np.array_equal(frame[name], file[name], equal_nan=True)
    assert frame.attrs["units"] == {"size": "KiB", "latency": "s", "energy": "J"}
    assert set(frame.loc[~frame["feasible"], "reason"]) <= {"more ways than lines"}
    assert list(found.front.columns) == ["step", "size", "ways", "policy", "latency", "energy"]
    assert len(found.front) == len(found.result["front"])


def test_a_run_in_memory_kept_and_loaded_is_the_same(found, tmp_path):
    place = found.save(tmp_path / "r")
    again = archgym.load(place)
    assert again.result == found.result and again.best == found.best
    assert np.array_equal(again.trials.x, found.trials.x)
    assert np.array_equal(again.trials.cost, found.trials.cost)
    assert [again.trials.evaluation.reason(i) for i in range(40)] == [
        found.trials.evaluation.reason(i) for i in range(40)
    ]
    assert archgym.verify(place)["differences"] == []
    copy = again.save(tmp_path / "copy")
    assert archgym.load(copy).result == found.result
    for full in (place, copy):
        with pytest.raises(ArchgymError, match=r"already holds|not empty"):
            again.save(full)
        with pytest.raises(ArchgymError, match="already holds"):
            found.save(full)


def test_load_says_what_is_missing(tmp_path, toy_scenario):
    with pytest.raises(ArchgymError, match="holds no run"):
        archgym.load(tmp_path)
    archgym.run(toy_scenario, budget=5, output=tmp_path / "r", plots=False)
    (tmp_path / "r" / "result.json").unlink()
    with pytest.raises(ArchgymError, match="--resume"):
        archgym.load(tmp_path / "r")


@pytest.mark.parametrize("name", OF_DOMAINS)
def test_python_and_the_command_give_the_same_trials(name, tmp_path):
    more = OF_DOMAINS[name]
    here = archgym.run(name, "random_walk", budget=6, seed=2, **more)
    words = [
        "run",
        name,
        "--agent",
        "random_walk",
        "--budget",
        "6",
        "--seed",
        "2",
        "--no-plots",
        "--quiet",
    ]
    words += [w for k, v in more.items() for w in (f"--{k}", v)]
    main([*words, "--output", str(tmp_path / "there")])
    here.save(tmp_path / "here")
    for file in ("trials.csv", "result.json"):
        assert (tmp_path / "here" / file).read_bytes() == (tmp_path / "there" / file).read_bytes()
    assert json.loads((tmp_path / "here" / "manifest.json").read_text()) == json.loads(
        (tmp_path / "there" / "manifest.json").read_text()
    )
    assert len(repr(here).splitlines()) <= 12 and max(map(len, repr(here).splitlines())) < 1200
    assert here.plot_convergence().data and here.plot_parallel().data


def test_a_change_means_in_python_what_it_means_on_the_command_line(tmp_path):
    name, load = "dram/stream-low-power", "rand_rw:n=500"
    here = archgym.run(
        name, budget=4, workload=load, spec=["energy <= 2 x reference", "power=none"],
        fix={"scheduler": "Fifo"}, vary={"page_policy": ["Open", "Closed"]}, objective="max:bandwidth",
    )  # fmt: skip
    words = ["--spec", "energy <= 2 x reference", "--spec", "power=none", "--fix", "scheduler=Fifo"]
    words += ["--vary", "page_policy=Open,Closed", "--objective", "max:bandwidth"]
    output = str(tmp_path / "r")
    main(
        [
            "run",
            name,
            "--budget",
            "4",
            "--workload",
            load,
            *words,
            "--no-plots",
            "--quiet",
            "--output",
            output,
        ]
    )
    assert archgym.load(output).result == here.result


def test_resume_goes_on_and_refuses_another_recipe(toy_scenario, tmp_path):
    plan = {"budget": 40, "seed": 1, "plots": False, "output": tmp_path / "r"}
    cut = archgym.run(
        toy_scenario, "random_walk", callbacks=[archgym.Stagnation(1)], batch=8, **plan
    )
    assert 0 < len(cut.trials) < 40
    whole = archgym.run(toy_scenario, "random_walk", batch=8, resume=True, **plan)
    never_cut = archgym.run(toy_scenario, "random_walk", batch=8, budget=40, seed=1)
    assert whole.result == never_cut.result and len(whole.trials) == 40
    assert np.array_equal(whole.trials.x, never_cut.trials.x)
    with pytest.raises(ArchgymError, match="seed differ"):
        archgym.run(toy_scenario, "random_walk", batch=8, resume=True, **{**plan, "seed": 2})


class Upwards(archgym.Agent):
    """Counts through the space."""

    name = "upwards"

    def _start(self):
        self.at = 0

    def _ask(self, n):
        self.at += n
        return self.space.unrank(np.arange(self.at - n, self.at))

    def _tell(self, x, costs):
        pass


def test_an_agent_may_be_a_class_or_an_instance(toy_scenario, tmp_path):
    by_class = archgym.run(toy_scenario, Upwards, budget=10, from_reference=False)
    made = Upwards(toy_scenario.space)
    by_instance = archgym.run(toy_scenario, made, budget=10, from_reference=False)
    assert np.array_equal(by_class.trials.x, by_instance.trials.x)
    with pytest.raises(ArchgymError, match="give its class"):
        archgym.run(toy_scenario, Upwards(toy_scenario.space), output=tmp_path / "r")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"agent": "genetic_algoritm"}, "did you mean 'genetic_algorithm'"),
        ({"hyperparameters": {"populaton": 4}}, "did you mean 'population'"),
        ({"hyperparameters": {"population": -1}}, "expected a whole number from 2"),
        ({"budget": 0}, "at least 1 evaluation"),
        ({"budget": "many"}, "budget must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"agent": dict}, "is no archgym.Agent"),
        ({"fix": {"siz": 4}}, "did you mean 'size'"),
        ({"fix": {"size": 5}}, "5 is not a legal value"),
        ({"fix": "size=4", "vary": "size=4,8"}, "fix and to vary"),
        ({"spec": "enrgy <= 2 pJ"}, "did you mean 'energy'"),
        ({"spec": "energy < 2"}, "expected 'METRIC <= VALUE'"),
        ({"objective": "latenci"}, "did you mean 'latency'"),
        ({"timeout": "3 parsec"}, "give seconds"),
        ({"timeout": 0}, "positive"),
        ({"resume": True}, "needs output"),
        ({"callbacks": [archgym.GapReached()]}, "archgym enumerate"),
    ],
)
def test_wrong_arguments_say_what_to_do(toy_scenario, wrong, says):
    with pytest.raises(ArchgymError, match=re.escape(says)):
        archgym.run(toy_scenario, **wrong)


def test_reprs_are_short_and_free_of_script():
    from archgym.goals.scenario_file import from_document

    evil = from_document(
        {
            "name": "<script>alert(1)</script>", "simulator": "toy", "workload": "w",
            "objectives": ["latency"], "budget": 5,
        }
    )  # fmt: skip
    run = archgym.run(evil)
    page = run._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page and "javascript:" not in page
    long = archgym.run("soc/audio-budgets", "random_walk", budget=3)
    assert len(repr(long)) < 2500 and len(long._repr_html_()) < 6000


def test_figures_hold_the_trials(found):
    convergence = found.plot_convergence()
    met = int(found.trials.satisfied.sum())
    assert sum(len(t.x) for t in convergence.data if t.name.startswith("meets the specs")) == met
    assert convergence.layout.xaxis.title.text == "evaluations charged"
    assert "[ns]" in convergence.layout.yaxis.title.text
    front = next(t for t in found.plot_front().data if t.name.startswith("front"))
    assert len(front.x) == len(found.front)
    lines = found.plot_parallel().data[0]
    assert len(lines.dimensions[0]["values"]) == int(found.trials.evaluation.feasible.sum())
    assert {b.name for b in found.plot_effects().data} == {
        "to its worst value",
        "to the nearest rival",
    }


def test_optuna_holds_the_same_trials(found):
    optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")
    study = found.to_optuna()
    assert len(study.trials) == 40
    for trial, design in zip(study.trials, found.scenario.space.decode(found.trials.x)):
        assert trial.params == design
        works = trial.state == optuna.trial.TrialState.COMPLETE
        assert works == bool(found.trials.evaluation.feasible[trial.number])
        if works:
            assert trial.value == found.trials.evaluation.metrics["latency"][trial.number]
    assert study.best_trial.params == found.best
    assert study.directions == [optuna.study.StudyDirection.MINIMIZE]


def test_many_objectives_go_to_optuna_too(toy_document):
    pytest.importorskip("optuna", reason="the extra 'search' is not installed")
    from archgym.goals.scenario_file import from_document

    two = from_document(toy_document | {"objectives": ["latency", "energy"], "specs": {}})
    run = archgym.run(two, "random_walk", budget=30)
    best = {tuple(t.params.items()) for t in run.to_optuna().best_trials}
    front = {tuple(e["design"].items()) for e in run.result["front"]}
    assert best == front


def test_a_search_without_a_feasible_design_says_so(toy_document):
    from archgym.goals.scenario_file import from_document

    none = from_document({k: v for k, v in toy_document.items() if k not in ("specs", "reference")})
    run = archgym.run(
        none, "random_walk", budget=4, fix={"size": 1, "ways": 8}, objective="latency"
    )
    assert run.best is None and run.best_metrics == {} and len(run.front) == 0
    assert "no feasible design" in repr(run) and "no feasible design" in run._repr_html_()
    with pytest.raises(ArchgymError, match="no feasible design"):
        run.plot_effects()
