"""Designs that end below what ports allow carry a warning, wherever results are told."""

import json

import numpy as np
import pytest

from archgym import run
from archgym.cli import main
from archgym.contracts.evaluation import Doubt, Evaluation, Metric, doubts
from archgym.goals.scenario_file import from_document
from archgym.play import told
from archgym.runs.page import page_of

ABOVE = {"topology0": "Ring", "npus0": 16, "npus1": 1, "role0": "data", "all_reduce0": "direct"}
TOLD = "collectives end below the least time that the ports of an NPU allow"


def document(workloads=("vit-base-train",), semantics="astra-sim"):
    """Data parallelism on a ring, where only how an all-reduce is carried out is open."""
    return {
        "name": "rings",
        "simulator": "cluster",
        "workloads": list(workloads),
        "config": {"npus": 16, "dimensions": 2, "semantics": semantics},
        "objectives": ["exposed"],
        "parameters": ABOVE | {"all_reduce0": ["ring", "direct"], "role1": "data", "zero": 0},
        "reference": ABOVE | {"all_reduce0": "ring", "active_chunks": 1, "zero": 0},
    }


def rated(scenario, algorithm):
    (reference,) = scenario.space.decode(scenario.reference_design)
    at_once = 8 if algorithm == "direct" else 1
    design = reference | {"all_reduce0": algorithm, "active_chunks": at_once, "splits": 8}
    return scenario.evaluate(scenario.space.encode([design]))


def test_what_is_above_its_doubt_is_counted():
    metrics = (Metric("a", ""), Metric("b", "", doubt=Doubt(2.0, "none is")))
    values = np.array([9.0, 9.0, np.nan]), np.array([1.0, 2.5, np.nan])
    e = Evaluation(dict(zip("ab", values)), np.array([True, True, False]))
    assert doubts(metrics, e) == ["b is up to 2.5 in 1 of 3 designs: none is"]
    assert doubts(metrics, e.take([1])) == ["b is 2.5: none is"]
    assert doubts(metrics, e.take([0])) == doubts(metrics, e.take([2])) == []


@pytest.mark.parametrize("semantics", ["astra-sim", "physical"])
def test_only_semantics_without_ports_are_in_doubt(semantics):
    scenario = from_document(document(semantics=semantics))
    assert not scenario.doubts(rated(scenario, "ring"))
    found = scenario.doubts(rated(scenario, "direct"))
    assert [TOLD in text for text in found] == [True] * (semantics == "astra-sim")


def test_metrics_that_are_added_up_have_no_limit():
    both = from_document(document(("vit-base-train", "vit-large-train")))
    assert not both.doubts(rated(both, "direct"))


def test_results_pages_and_players_are_warned(tmp_path):
    found = run(from_document(document()), "random_walk", budget=30, seed=0)
    assert found.best["all_reduce0"] == "direct"
    (note,) = [n for n in found.result["notes"] if TOLD in n]
    assert note.startswith("the best design is in doubt: port_ratio is ")
    assert note in page_of(found, None, effects=False).document()
    played = told.evaluated(found.scenario, found.trials, found.trials.best)
    assert TOLD in played["warnings"][0]


def test_commands_warn(tmp_path, capsys):
    scenario = tmp_path / "rings.yaml"
    scenario.write_text(json.dumps(document()))
    designs = tmp_path / "designs.csv"
    designs.write_text("all_reduce0,active_chunks\nring,1\ndirect,8\n")
    assert main(["evaluate", str(scenario), "--designs", str(designs)]) == 0
    assert "in 1 of 2 designs: " + TOLD in capsys.readouterr().err
    words = ["explain", str(scenario), "--no-steps"]
    assert main(words) == 0
    assert "warning" not in capsys.readouterr().out
    assert main([*words, "--json", "--design", "all_reduce0=direct"]) == 0
    assert TOLD in json.loads(capsys.readouterr().out)["warnings"][0]
