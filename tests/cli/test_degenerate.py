"""Degenerate simulators through the whole command line: an exit code and an answer, never a traceback."""

import json

import pytest
import yaml

from archgym.cli import main

HERE = "tests.cli.degenerate"
FIRST = {
    "OneMetric": "slack",
    "Zero": "misses",
    "Negative": "slack",
    "Signed": "slack",
    "OneDesign": "latency",
    "AllInfeasible": "latency",
    "ManyKnobs": "latency",
}
NOTHING_FEASIBLE = {"AllInfeasible"}


@pytest.fixture
def go(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def write(tmp_path, simulator, **more):
    document = {
        "name": simulator.lower(),
        "simulator": f"{HERE}:{simulator}",
        "workload": "w",
        "objectives": [FIRST[simulator]],
        "budget": 12,
    }
    file = tmp_path / f"{simulator}.yaml"
    file.write_text(yaml.safe_dump(document | more))
    return file


@pytest.mark.parametrize("simulator", FIRST)
def test_run_resume_compare_evaluate_and_export(go, tmp_path, simulator):
    file = write(tmp_path, simulator)
    expected = 1 if simulator in NOTHING_FEASIBLE else 0
    for seed in (0, 1):
        folder = tmp_path / f"r{seed}"
        plots = [] if seed == 0 else ["--no-plots"]
        words = ["--agent", "random_walk", "--seed", seed, "--output", folder, *plots]
        code, out, err = go("run", file, *words)
        assert code == expected, err
        assert "cost" not in out
        assert ("note: the reference design is infeasible (nothing fits)" in out) == (expected == 1)
        assert (folder / "convergence.png").exists() == (seed == 0)
    assert (tmp_path / "r0" / "convergence.png").read_bytes()[:4] == b"\x89PNG"
    one_axis = simulator == "OneMetric"
    assert (tmp_path / "r0" / "front.png").exists() != one_axis
    code, out, _ = go("run", "--resume", tmp_path / "r0", "--json")
    result = json.loads(out)
    assert code == expected and result["charged"] == 12
    assert (result["best"] is None) == (simulator in NOTHING_FEASIBLE)
    code, out, err = go("compare", tmp_path / "r0", tmp_path / "r1", "--output", tmp_path / "c.png")
    assert code == 0, err
    assert (tmp_path / "c.png").exists() and "cost" not in out
    assert go("compare", tmp_path / "r0", tmp_path / "r1", "--json")[0] == 0
    assert go("verify", tmp_path / "r0")[0] == 0
    designs = tmp_path / "designs.jsonl"
    if result["best"] is not None:
        designs.write_text(json.dumps(result["best"]["design"]) + "\n")
        code, out, err = go("evaluate", file, "--designs", designs)
        assert code == 0 and out.count("\n") == 2, err
    assert go("info", file)[0] == 0


@pytest.mark.parametrize("simulator", [s for s in FIRST if s != "ManyKnobs"])
def test_enumerate_and_run_on_the_table(go, tmp_path, simulator):
    file = write(tmp_path, simulator)
    code, _, err = go("enumerate", file, "--tables", tmp_path / "t")
    assert code == 0, err
    assert go("enumerate", file, "--tables", tmp_path / "t", "--json")[0] == 0
    code, _, err = go(
        "run", file, "--answers", f"table:{tmp_path / 't'}", "--output", tmp_path / "r"
    )
    assert code == (1 if simulator in NOTHING_FEASIBLE else 0), err


@pytest.mark.parametrize("simulator", FIRST)
def test_export_of_runs(go, tmp_path, simulator):
    file = write(tmp_path, simulator)
    go("run", file, "--agent", "random_walk", "--output", tmp_path / "r", "--no-plots")
    code, _, err = go("export", tmp_path / "r", "--to", tmp_path / "d.parquet")
    assert code == 0, err


@pytest.mark.parametrize(
    "simulator",
    [s if s == "AllInfeasible" else pytest.param(s, marks=pytest.mark.slow) for s in FIRST],
)
def test_a_sweep_and_its_report(go, tmp_path, simulator):
    write(tmp_path, simulator)
    sweep = {
        "name": "edge",
        "scenarios": [str(tmp_path / f"{simulator}.yaml")],
        "budget": 8,
        "seeds": 2,
        "test": {"seeds": 2},
        "agents": [{"agent": "random_walk"}, {"agent": "hill_climbing"}],
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    code, _, err = go("sweep", tmp_path / "sweep.yaml", "--output", tmp_path / "s", "--workers", 1)
    assert code == 0, err
    code, _, err = go("report", tmp_path / "s")
    assert code == 0, err


@pytest.mark.parametrize(
    ("simulator", "goal"),
    [
        ("OneMetric", "minimize"),
        ("Signed", "maximize"),
        ("Zero", "minimize"),
        ("OneDesign", "maximize"),
    ],
)
def test_one_trial_and_a_spec_that_nothing_meets(go, tmp_path, simulator, goal):
    name = FIRST[simulator]
    file = write(
        tmp_path,
        simulator,
        objectives=[{"metric": name, "goal": goal}],
        specs={name: {"lower": 7.0}},
    )
    code, out, err = go("run", file, "--budget", 1, "--output", tmp_path / "r", "--until-specs-met")
    assert code == 1, err
    assert "does NOT meet every spec" in out and f"misses {name}" in out
    assert (tmp_path / "r" / "convergence.png").exists()
