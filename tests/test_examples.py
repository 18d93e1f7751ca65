"""Every example runs, shortened."""

import importlib.util

import pytest

from tests.conftest import ROOT


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_bring_a_simulator(capsys):
    load("bring_a_simulator").main()
    assert "Js" in capsys.readouterr().out


def test_own_agent():
    assert load("own_agent").main(60, "sqlite@500") < 100


def test_ppo_learns():
    pytest.importorskip("stable_baselines3")
    random, learned = load("ppo_on_dram").main(2048, "sqlite@500")
    assert learned > random


def test_maskable_ppo():
    pytest.importorskip("sb3_contrib")
    assert load("maskable_ppo_on_dram").main(480, "sqlite@200") > -1000


def test_optuna():
    pytest.importorskip("optuna")
    assert load("optuna_on_dram").main(25, "sqlite@500") < 150


def test_every_example_is_tested():
    names = {p.stem for p in (ROOT / "examples").glob("*.py")}
    assert names == {
        "bring_a_simulator",
        "map_a_network",
        "own_agent",
        "ppo_on_dram",
        "maskable_ppo_on_dram",
        "optuna_on_dram",
    }


def test_map_a_network(capsys):
    assert 1e-6 < load("map_a_network").main(200) < 1e-3
    assert "multiply, accumulate" in capsys.readouterr().out
