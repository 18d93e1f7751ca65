"""What a run tells: curves that never get worse, results that name what is missed, pictures of every kind."""

import json

import numpy as np
import pytest

from archgym import Study
from archgym.goals.convergence import best_so_far, curves
from archgym.goals.scenario_file import from_document
from archgym.goals.tradeoff import front_axes
from archgym.goals.wording import in_words, misses_in_words
from archgym.runs import runner
from archgym.runs.convergence_plot import band
from archgym.runs.naming import folder_of, title_of

matplotlib = pytest.importorskip("matplotlib.figure", reason="the extra 'plots' is not installed")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are written, by file name."""
    figures = {}
    real = matplotlib.Figure.savefig

    def savefig(self, path, **options):
        figures[path.name] = self
        real(self, path, **options)

    monkeypatch.setattr(matplotlib.Figure, "savefig", savefig)
    return figures


def lines(figure, panel=0):
    return {line.get_label(): line for line in figure.axes[panel].lines}


def test_the_best_so_far_starts_at_the_first_that_meets_the_specs_and_never_gets_worse():
    values = np.array([5.0, 1.0, np.nan, 4.0, 6.0, 3.0, 2.0])
    met = np.array([False, False, False, True, True, True, False])
    nan = np.nan
    np.testing.assert_array_equal(best_so_far(values, met, True), [nan, nan, nan, 4, 4, 3, 3])
    np.testing.assert_array_equal(best_so_far(values, met, False), [nan, nan, nan, 4, 6, 6, 6])
    assert len(best_so_far(values[:0], met[:0], True)) == 0


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
@pytest.mark.parametrize("reward", ["satisfy-then-improve", "target-distance", "weighted-accuracy"])
@pytest.mark.parametrize("metric", ["latency", "energy * latency", "energy / latency"])
def test_curves_never_get_worse_whatever_the_formulation(toy_document, goal, reward, metric):
    target = {"target": 2e-20} if "*" in metric else {}
    toy_document |= {"objectives": [{"metric": metric, "goal": goal, **target}], "reward": reward}
    scenario = from_document(toy_document)
    trials = Study(scenario, "random_walk", budget=80, seed=3).run()
    (curve,) = curves(scenario, trials.evaluation.metrics, trials.satisfied)
    best = curve.best[np.isfinite(curve.best)]
    assert 0 < len(best) <= 80
    steps = np.diff(best)
    assert (steps <= 0).all() if curve.lower_is_better else (steps >= 0).all()
    assert best[-1] == (min if curve.lower_is_better else max)(curve.values[trials.satisfied])


def test_convergence_shows_the_best_that_meets_the_specs_and_names_everything(
    tmp_path, toy_document, drawn
):
    toy_document["specs"] = {"energy": "<= 0.5 x reference"}  # the reference itself misses it
    done = runner.run(from_document(toy_document), "random_walk", seed=7, output=tmp_path / "r")
    figure = drawn["convergence.png"]
    shown = lines(figure)
    best = shown["best that meets the specs so far"].get_ydata()
    first = int(np.flatnonzero(done.trials.satisfied)[0])
    assert first > 0 and np.isnan(best[:first]).all() and np.isfinite(best[first:]).all()
    assert (np.diff(best[first:]) <= 0).all()
    title = figure.get_suptitle()
    for word in ("toy on w", "random_walk", "seed 7", "budget 60", "energy <= 11 pJ"):
        assert word in title
    assert figure.axes[0].get_ylabel() == "latency [ns]"
    assert any(label.startswith("misses a spec (") for label in shown)
    assert "reference design (misses a spec)" in shown
    assert best[-1] * 1e-9 == pytest.approx(done.result["best"]["objectives"]["latency"], rel=1e-12)
    for name in ("convergence.png", "front.png"):
        legend = {t.get_text() for t in drawn[name].axes[0].get_legend().get_texts()}
        assert legend == {n for n in lines(drawn[name]) if not n.startswith("_")}
        assert {"toy on w"} <= set(drawn[name].get_suptitle().split("\n"))
    assert any(n.startswith("spec energy") for n in lines(drawn["front.png"]))


def test_where_nothing_meets_the_specs_no_best_is_drawn(tmp_path, toy_document, drawn):
    toy_document["specs"] = {"energy": "<= 1 fJ"}
    done = runner.run(from_document(toy_document), "random_walk", output=tmp_path / "r")
    assert "best" not in " ".join(lines(drawn["convergence.png"]))
    assert "no design meets the specs" in [
        t.get_text() for t in drawn["convergence.png"].axes[0].texts
    ]
    best = done.result["best"]
    assert not done.result["specs_met"] and best["missed"]["energy"] > 1
    assert any("met by none" in note for note in done.result["notes"])


def test_several_objectives_have_a_panel_each_and_a_front_over_themselves(
    tmp_path, toy_document, drawn
):
    toy_document["objectives"] = ["energy * latency", {"metric": "latency", "goal": "minimize"}]
    scenario = from_document(toy_document)
    runner.run(scenario, "random_walk", output=tmp_path / "r")
    assert [a.get_ylabel().split(" [")[0] for a in drawn["convergence.png"].axes] == [
        "energy * latency", "latency",
    ]  # fmt: skip
    assert [a.name for a in front_axes(scenario)] == ["energy * latency", "latency"]
    axes = drawn["front.png"].axes[0]
    assert (
        axes.get_xlabel().startswith("energy * latency [") and axes.get_ylabel() == "latency [ns]"
    )


def test_the_result_says_objectives_specs_and_misses_of_best_and_reference(tmp_path, toy_document):
    toy_document |= {"objectives": ["energy * latency"], "specs": {"energy": "<= 0.5 x reference"}}
    scenario = from_document(toy_document)
    result = runner.run(scenario, "random_walk", output=tmp_path / "r", plots=False).result
    kept = json.loads((tmp_path / "r" / "result.json").read_text())
    assert {k: v for k, v in kept.items() if not k.endswith("digest")} == result
    best, reference = result["best"], result["reference"]
    for design in (best, reference):
        product = design["metrics"]["energy"] * design["metrics"]["latency"]
        assert design["objectives"]["energy * latency"] == product
    assert result["objectives"][0]["unit"] == "J·s"
    assert best["specs_met"] and best["missed"] == {}
    assert not reference["specs_met"] and reference["missed"]["energy"] == pytest.approx(1.0)
    assert result["specs"][0]["text"] == "energy <= 11 pJ"
    assert misses_in_words(scenario, reference["metrics"]) == ["energy 22 pJ, limit <= 11 pJ"]
    assert in_words(scenario, reference["metrics"]).endswith("J·s (misses energy)")


def test_the_best_meets_the_specs_even_where_the_formulation_does_not_care(tmp_path, toy_document):
    toy_document |= {"reward": "target-distance", "specs": {"energy": "<= 10 pJ"}}
    toy_document["objectives"] = [{"metric": "latency", "target": 1e-9}]
    done = runner.run(
        from_document(toy_document), "random_walk", output=tmp_path / "r", plots=False
    )
    least = done.trials.best
    assert not done.trials.satisfied[least], "the least cost misses the spec here"
    assert done.result["best"]["specs_met"]


def test_charged_different_and_computed_are_what_the_glossary_says(tmp_path, toy_scenario):
    for scratch in (False, True):
        folder = tmp_path / f"r{scratch}"
        result = runner.run(
            toy_scenario, "random_walk", budget=60, output=folder, plots=False, from_reference=not scratch
        ).result  # fmt: skip
        assert result["charged"] == 60 > result["different"]
        assert result["computed"] - result["different"] in ((0, 1) if scratch else (0,))


def test_title_and_folder_name_the_workload_in_use(tmp_path, monkeypatch, toy_document):
    monkeypatch.chdir(tmp_path)
    scenario = from_document(toy_document | {"name": "group/toy"})
    assert title_of(scenario) == "group/toy on w" and folder_of(scenario) == "group-toy@w"
    own = tmp_path / "my trace.csv"
    own.write_text("1")
    other = from_document(toy_document | {"workload": str(own)})
    assert title_of(other) == "toy on my trace.csv" and folder_of(other) == "toy@my-trace"
    many = from_document(toy_document | {"workloads": [f"w{i}" for i in range(5)]})
    assert title_of(many) == "toy on w0, w1, w2 and 2 more"
    done = runner.run(other, "random_walk", budget=2, plots=False)
    assert done.path.parts[:2] == ("runs", "toy@my-trace")


def test_the_band_over_seeds_holds_every_run_and_never_gets_worse():
    nan = np.nan
    runs = [np.array([nan, 4.0, 3.0]), np.array([5.0, 5.0]), np.array([nan, nan, 1.0])]
    best, median, worst = band(runs, lower=True)
    np.testing.assert_array_equal(best, [5, 4, 1])
    np.testing.assert_array_equal(median, [nan, 5, 3])
    np.testing.assert_array_equal(worst, [nan, nan, 5])
    best, median, worst = band([-r for r in runs], lower=False)
    np.testing.assert_array_equal(median, [nan, -5, -3])
