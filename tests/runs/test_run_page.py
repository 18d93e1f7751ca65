"""The page of a run: what it says, what it escapes, and what it refuses."""

import dataclasses
import re

import numpy as np
import pytest

import archgym
from archgym.cli import main
from archgym.contracts.evaluation import Evaluation
from archgym.figures.base import MOST_POINTS, thinned
from archgym.figures.convergence import convergence
from archgym.goals.scenario_file import from_document
from archgym.goals.trials import Trials
from archgym.pages.parts import Parts
from archgym.runs import sentences
from archgym.runs.page import page_of
from tests.browsers import Watched, browser

EVIL = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def run(toy_scenario):
    return archgym.run(toy_scenario, "random_walk", budget=40, seed=1)


def _text(html):
    return re.sub(r"<script.*?</script>", "", html, flags=re.S)


def test_the_page_says_what_was_found(run, tmp_path):
    text = _text(page_of(run, tmp_path / "my run").document())
    for head in ("Objectives and specs", "Convergence", "Front", "Parallel coordinates"):
        assert f">{head}</a>" in text and f">{head}</h2>" in text
    assert f"archgym verify &#x27;{tmp_path}/my run&#x27;" in text
    assert "random_walk" in text and "Around the best design" in text


def test_nothing_is_asked_of_the_network(run, tmp_path):
    text = _text(page_of(run, tmp_path).document())
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", text)


def test_a_run_writes_its_page_unless_told_not_to(toy_scenario, tmp_path):
    for name, more in (("a", {}), ("b", {"page": False}), ("c", {"plots": False})):
        archgym.run(toy_scenario, "random_walk", budget=30, output=tmp_path / name, **more)
        assert (tmp_path / name / "page.html").exists() == (name == "a")
    assert (tmp_path / "a" / "page.html").stat().st_size < 2.5e6
    archgym.resume(tmp_path / "c", page=True, plots=False)
    assert (tmp_path / "c" / "page.html").exists()
    assert archgym.verify(tmp_path / "a")["differences"] == []


def test_a_page_that_cannot_be_written_costs_a_warning_not_the_run(
    toy_scenario, tmp_path, monkeypatch
):
    def broken(*_):
        raise ValueError("no ink")

    monkeypatch.setattr("archgym.runs.page.page_of", broken)
    with pytest.warns(RuntimeWarning, match=r"no ink.*archgym page .*--no-page"):
        done = archgym.run(toy_scenario, budget=10, output=tmp_path / "r", plots=False, page=True)
    assert done.result["charged"] == 10 and (tmp_path / "r" / "result.json").exists()


def test_a_run_in_memory_writes_a_page_where_it_is_told(run, tmp_path):
    html = run.write_page(tmp_path / "p.html").read_text()
    assert "How to reproduce it" in html and "archgym verify" not in html


def test_the_best_design_is_told_in_words(toy_scenario, run, tmp_path):
    text = _text(page_of(run, tmp_path).document())
    assert "Wanted: the least latency, with energy at most 60 pJ." in text
    assert "It meets its spec: energy " in text and "than the reference design&#x27;s" in text
    loose = {**run.result, "best": None, "charged": 7}
    assert sentences.found(loose) == ["None of 7 evaluations gave a feasible design."]
    missed = {**run.result["best"], "specs_met": False, "missed": {"energy": 0.25}}
    assert "off by 25 %" in sentences.found({**run.result, "best": missed})[-1]


def test_the_page_in_a_browser(run, tmp_path):
    file = run.write_page(tmp_path / "p.html", effects=True)
    with browser() as started:
        for width in (1280, 390):
            there = Watched(started, width, dark=width == 390)
            there.page.goto(file.as_uri())
            assert there.page.evaluate("document.documentElement.dataset.theme") == (
                "dark" if width == 390 else "light"
            )
            assert there.draw_all() == 5
            assert there.overflow <= 0 and there.elsewhere == [] and not there.errors


def test_many_trials_are_thinned_and_said_so(toy_scenario):
    rng = np.random.default_rng(0)
    x = toy_scenario.space.sample(5_000, rng)
    trials = Trials.of(toy_scenario, x, toy_scenario.evaluate(x))
    figure = convergence(toy_scenario, trials)
    drawn = {t.name: len(t.x) for t in figure.data}
    assert max(drawn.values()) == MOST_POINTS and any("1,500 of" in n for n in drawn)
    improved = np.flatnonzero(np.diff(trials.best_so_far) < 0) + 1
    best = next(t for t in figure.data if t.name == "best so far")
    assert best.y[-1] * 1e-9 == pytest.approx(
        trials.evaluation.metrics["latency"][trials.satisfied].min()
    )
    assert len(best.x) <= len(improved) + 3
    at = thinned(np.arange(9_000), keep=np.array([17, 8_888]))
    assert len(at) == MOST_POINTS and {17, 8_888} <= set(at.tolist())


def test_effects_are_drawn_where_they_are_cheap_and_say_what_they_took(run, tmp_path, monkeypatch):
    (simulator,) = run.scenario.simulators
    told = dict(run.result)
    before = simulator.calls
    text = _text(page_of(run, tmp_path).document())
    took = simulator.calls - before - 2  # the best and the reference design, to explain them
    assert f"carried out {took} evaluations, charged to nobody" in text
    assert "Every value of every knob was tried." in text and run.result == told
    monkeypatch.setattr("archgym.runs.around.MOST", 4)
    thinned = _text(page_of(run, tmp_path).document())
    assert f"{took - 3} evaluations" in thinned and "but of size about 4" in thinned
    left_out = _text(page_of(run, tmp_path, effects=False).document())
    assert "archgym page --effects does it" in left_out and "charged" in left_out
    monkeypatch.setattr("archgym.runs.around.QUICK_S", -1.0)
    given_up = _text(page_of(run, tmp_path).document())
    assert "it would take more than" in given_up and "carried out 2 evaluations" in given_up
    assert ">Around the best design<" not in given_up
    assert ">Around the best design<" in _text(page_of(run, tmp_path, effects=True).document())


@pytest.mark.parametrize("word", ["expensive", "starts_programs"])
def test_effects_of_expensive_simulators_need_a_word(run, tmp_path, monkeypatch, word):
    (simulator,) = run.scenario.simulators
    monkeypatch.setattr(type(simulator), word, True)
    assert "evaluations are expensive" in page_of(run, tmp_path).document()


def test_no_effects_where_no_design_meets_the_specs(toy_document, tmp_path):
    toy_document["specs"] = {"energy": "<= 1 fJ"}
    missed = archgym.run(from_document(toy_document), "random_walk", budget=20)
    text = page_of(missed, tmp_path, effects=True).document()
    assert "not shown what each knob buys" in text and "Around the best" not in text


@pytest.mark.parametrize(("words", "there"), [((), True), (("--no-effects",), False)])
def test_the_command_line_draws_effects_unless_told_not_to(
    tmp_path, toy_scenario, words, there, capsys
):
    archgym.run(toy_scenario, "random_walk", budget=20, output=tmp_path / "r", page=False)
    assert main(["page", str(tmp_path / "r"), *words]) == 0
    html = (tmp_path / "r" / "page.html").read_text()
    assert (">Around the best design<" in html) == there


def test_text_of_others_is_never_markup(run, tmp_path):
    e = run.trials.evaluation
    bad = Evaluation(e.metrics, np.zeros_like(e.feasible), [EVIL] * len(e.feasible))
    told = {**run.manifest, "agent": EVIL, "hyperparameters": {EVIL: EVIL}}
    result = {**run.result, "notes": [EVIL]}
    foreign = dataclasses.replace(
        run,
        trials=dataclasses.replace(run.trials, evaluation=bad),
        manifest=told,
        result=result,
    )
    html = page_of(foreign, tmp_path / EVIL.replace("/", "")).document()
    assert "<script>alert" not in html and "<img" not in _text(html)
    assert "&lt;img src=x" in html


def test_a_figure_cannot_end_its_script():
    import plotly.graph_objects as go

    page = Parts(EVIL)
    page.head(EVIL, EVIL)
    page.head("second")
    page.figure(go.Figure(go.Scatter(x=[1], y=[1], name=EVIL, text=[EVIL])))
    html = page.document()
    assert "<script>alert" not in html and "<img" not in _text(html)


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["page", str(tmp_path)]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
