"""Optimisers of other libraries as agents: each plays by the rules, and learns from costs."""

import numpy as np
import pytest

import archgym
from archgym.bench import outside
from archgym.errors import ArchgymError, MissingExtraError

TASK = "serving/gpt-oss-batch"
CHEAP = {
    "OptunaTPE": ["optuna"], "OptunaCMA": ["optuna", "cmaes"], "OptunaNSGA2": ["optuna"],
    "NevergradNGOpt": ["nevergrad"], "NevergradDE": ["nevergrad"], "NevergradOnePlusOne": ["nevergrad"],
    "CatCMA": ["cmaes"], "PymooGA": ["pymoo"], "SMAC": ["smac"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "packages"), CHEAP.items())
def test_it_plays_and_a_seed_repeats_it(name, packages):
    for package in packages:
        pytest.importorskip(package)
    scenario = archgym.load_scenario(TASK)
    runs = [
        archgym.Study(
            scenario, f"archgym.bench.outside:{name}", budget=24, seed=seed, from_reference=False
        ).run()
        for seed in (0, 0, 1)
    ]
    first, again, other = runs
    assert len(first) == 24 and scenario.space.is_valid(first.x).all()
    assert (first.x == again.x).all() and (first.x != other.x).any()


def test_ax_plays_its_first_designs():
    """Its later ones take seconds each."""
    pytest.importorskip("ax", reason="Ax is not installed")
    runs = [
        archgym.Study(
            TASK, "archgym.bench.outside:Ax", budget=4, seed=seed, from_reference=False
        ).run()
        for seed in (0, 0, 1)
    ]
    assert (runs[0].x == runs[1].x).all() and (runs[0].x != runs[2].x).any()


def test_ax_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(outside, "installed", lambda name: False)
    with pytest.raises(ArchgymError, match="pip install ax-platform"):
        outside.Ax(archgym.load_scenario(TASK).space, seed=0)


def test_what_it_did_not_ask_for_is_passed_over():
    pytest.importorskip("cmaes")
    scenario = archgym.load_scenario(TASK)
    agent = outside.CatCMA(scenario.space, seed=0)
    design = agent.ask()
    agent.tell(np.zeros(len(scenario.space), np.int64), 1.0)
    assert len(agent._open) == 1 and not agent._told
    agent.tell(design, np.inf)
    assert not agent._open and agent._told[0][1] == outside.BAD


def test_an_algorithm_that_has_seen_every_design_draws_some():
    pytest.importorskip("pymoo")
    space = archgym.DesignSpace([archgym.Parameter("a", (1, 2)), archgym.Parameter("b", (1, 2))])
    agent = outside.PymooGA(space, seed=0)
    for _ in range(12):
        design = agent.ask()
        assert space.is_valid(np.array([design])).all()
        agent.tell(design, float(sum(design)))


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nevergrad", None)
    with pytest.raises(MissingExtraError, match=r"archgym\[outside\]"):
        outside.NevergradDE(archgym.load_scenario(TASK).space, seed=0)
