"""Drawings of a step: what they show adds up to what the simulator says."""

import numpy as np
import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.drawing import BINS, EXPOSED, _covered, _kinds, computations
from archgym.simulators.cluster.explaining import COMPUTE

from archgym import ArchgymError, run
from archgym.cli import main
from archgym.goals.scenario_file import load_scenario
from archgym.runs.drawings import write_drawings
from archgym.runs.page import page_of
from tests.browsers import Watched, browser

PIPELINE = {"npus0": 2, "npus1": 4, "npus2": 2, "role0": "tensor", "role1": "pipeline",
            "role2": "data", "micro_batches": 4}  # fmt: skip


@pytest.fixture(scope="module")
def simulator():
    return ClusterSimulator("vit-base-train", npus=16, dimensions=3)


def row(simulator, **changes):
    return simulator.space.encode([simulator.default_design() | changes])[0]


def test_computing_and_what_is_exposed_make_up_the_step(simulator):
    x = row(simulator, **PIPELINE)
    step = simulator.step(simulator.space.decode(x[None])[0])
    e = simulator.evaluate(x[None])
    assert len(step.outcome.spans) == 4  # one NPU a stage
    exposed = []
    for number, spans in step.outcome.spans.items():
        kinds = _kinds(spans, step.dims)
        amount = {k: sum(b - a for a, b in kinds[k]) for k in (COMPUTE, EXPOSED)}
        assert amount[COMPUTE] == step.outcome.compute[number]
        assert amount[COMPUTE] + amount[EXPOSED] == step.outcome.finish[number]
        exposed.append(amount[EXPOSED])
    assert max(exposed) == pytest.approx(e.metrics["exposed"][0] * 1e9)


def test_shares_of_bins_are_what_intervals_cover():
    edges = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
    assert _covered([(5, 12), (12, 15), (31, 32), (8, 9)], edges) == pytest.approx(
        [0.5, 0.5, 0, 0.1]
    )
    assert (_covered([], edges) == 0).all() and (_covered([(0, 40)], edges) == 1).all()


def test_a_long_step_is_drawn_whole_and_close_with_its_roofline(simulator):
    shaded, close, roof = simulator.draw(row(simulator, **PIPELINE))
    (heat,) = shaded.figure.data
    assert heat.z.shape[1] == BINS and heat.y[0] == "stage 0: computation"
    assert {t.name for t in close.figure.data} >= {"computation", "network over tensor"}
    named = {name for trace in roof.figure.data[1:] for name in trace.text}
    assert named <= {"attention", "MLP", "head", "optimizer"} and "MLP" in named


def test_no_dot_is_above_the_roof(simulator):
    dots = computations(simulator.step(simulator.space.decode(row(simulator)[None])[0]))
    assert dots
    for dot in dots:  # times are whole nanoseconds
        assert dot.achieved <= min(1.0, dot.balance) * 1.001 + 1e-3
        assert (dot.limit == "operations") == (dot.balance >= 1)


def test_a_task_graph_is_drawn_by_npu(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(
        "npus: [2]\nprograms:\n  0: [{id: 0, op: comp, us: 4}, {id: 1, op: send, dst: 1, size: 1000, "
        "tag: 3, deps: [0]}]\n  1: [{id: 0, op: recv, src: 0, size: 1000, tag: 3}, "
        "{id: 1, op: comp, deps: [0], us: 5}]\n"
    )
    graph = ClusterSimulator(str(path), semantics="astra-sim")
    (drawn,) = graph.draw(graph.space.encode([graph.default_design()])[0])
    assert list(drawn.figure.layout.yaxis.ticktext) == ["NPU 0", "NPU 1"]
    assert [t.name for t in drawn.figure.data] == ["computation", "network over pipeline", EXPOSED]


def test_what_has_no_step_is_not_drawn(simulator):
    bad = row(simulator, npus0=1, npus1=16, npus2=1, role1="pipeline")
    with pytest.raises(ArchgymError, match="12 layers are not divided"):
        list(simulator.draw(bad))


def test_pages_and_the_command_show_them(tmp_path, capsys):
    scenario = load_scenario(
        "cluster/vit-large-front", "vit-base-train", config={"npus": 4, "dimensions": 1}
    )
    found = run(scenario, "random_walk", budget=8, seed=0, output=tmp_path / "run")
    page = page_of(found, None, effects=False).document()
    for title in ("Timeline of a step", "Roofline of computations"):
        assert f">{title}</h2>" in page
    assert main(["cluster", "draw", str(tmp_path / "run")]) == 0
    assert "Network cost against time" in capsys.readouterr().out
    assert (tmp_path / "run" / "drawing.html").stat().st_size > 10_000


@pytest.mark.slow
def test_browsers_draw_them(simulator, tmp_path):
    page = tmp_path / "drawing.html"
    write_drawings("a step", list(simulator.draw(row(simulator, **PIPELINE))), page)
    with browser() as started:
        for width in (1100, 390):
            watched = Watched(started, width)
            watched.page.goto(page.as_uri())
            assert watched.draw_all() == 3 and watched.overflow <= 0
            assert not watched.errors and not watched.elsewhere


def test_what_the_command_refuses(capsys):
    assert main(["cluster", "draw", "serving/llama-70b-chat"]) == 2
    assert "is no cluster scenario" in capsys.readouterr().err
    words = ["cluster", "draw", "cluster/vit-large-front", "--design", "npus0=3"]
    assert main(words) == 2
    assert "npus0" in capsys.readouterr().err


def test_a_step_is_explained_by_what_it_computes_and_what_limits_that(simulator):
    """Less memory bandwidth makes the same parts take longer, and memory their limit."""
    design = simulator.default_design() | {"npus0": 2, "npus1": 8, "npus2": 1}
    limits = {}
    for gbps in (2039.0, 20.0):
        one = ClusterSimulator("vit-base-train", npus=16, dimensions=3, memory_gbps=gbps)
        told = one.explain(one.space.encode([design]))["time"]
        limits[gbps] = {p.group: p.resource for p in told.parts if p.group in ("attention", "MLP")}
        assert any(p.group == "optimizer" for p in told.parts)
    assert limits[2039.0] == {"attention": "operations", "MLP": "operations"}
    assert limits[20.0] == {"attention": "memory bandwidth", "MLP": "memory bandwidth"}
