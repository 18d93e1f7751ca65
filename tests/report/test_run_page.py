"""The page of a run: what it says, what it escapes, and what it refuses."""

import dataclasses
import re

import numpy as np
import pytest

import archgym
from archgym.cli import main
from archgym.contracts.evaluation import Evaluation
from archgym.report.parts import Parts
from archgym.report.run_page import _page

pytest.importorskip("plotly", reason="the extra 'report' is not installed")
EVIL = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def run(toy_scenario):
    return archgym.run(toy_scenario, "random_walk", budget=40, seed=1)


def _text(html):
    return re.sub(r"<script.*?</script>", "", html, flags=re.S)


def test_the_page_says_what_was_found(run, tmp_path):
    text = _text(_page(run, tmp_path / "my run", effects=False).document())
    for head in ("Objectives and specs", "Convergence", "Front", "Parallel coordinates"):
        assert f">{head}</a>" in text and f">{head}</h2>" in text
    assert f"archgym verify &#x27;{tmp_path}/my run&#x27;" in text
    assert "random_walk" in text and "was not evaluated" in text


def test_nothing_is_asked_of_the_network(run, tmp_path):
    text = _text(_page(run, tmp_path, effects=False).document())
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", text)


def test_effects_are_drawn_when_asked_for(run, tmp_path):
    assert "charged to nobody" in _page(run, tmp_path, effects=True).document()


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
    html = _page(foreign, tmp_path / EVIL.replace("/", ""), effects=False).document()
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
