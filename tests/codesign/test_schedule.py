"""The scheduler against the exact solver, closed forms and laws."""

import json

import numpy as np
import pytest
from archgym.simulators.codesign.exact import exact
from archgym.simulators.codesign.schedule import lower_bound, solve

from archgym.cli import main


def solved(latency, energy, chain, limit):
    assign, start = np.empty(len(latency), np.int64), np.empty(len(latency))
    length, joules = solve(
        np.array(latency, float),
        np.array(energy, float),
        np.array(chain, np.int64),
        limit,
        assign,
        start,
    )
    return length, joules, assign, start


def test_one_layer_goes_where_it_is_cheap_unless_time_presses():
    assert solved([[2, 1]], [[1, 5]], [0, 1], 2.0)[:2] == (2, 1)
    assert solved([[2, 1]], [[1, 5]], [0, 1], 1.5)[:2] == (1, 5)
    assert solved([[2, 1]], [[1, 5]], [0, 1], 0.5)[:2] == (1, 5), "the shortest where none fits"


def test_two_networks_share_two_arrays():
    length, joules, assign, _ = solved([[4, 9], [9, 4]], [[1, 1], [1, 1]], [0, 1, 2], 4.0)
    assert (length, joules) == (4, 2) and assign.tolist() == [0, 1]


def test_a_chain_is_never_parallel():
    length = solved([[3, 3], [4, 4]], [[1, 2], [2, 1]], [0, 2], np.inf)[0]
    assert length == 7


def instances(n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        k, layers = int(rng.integers(2, 4)), int(rng.integers(3, 8))
        cut = int(rng.integers(1, layers))
        latency = np.exp(rng.normal(0, 1, (layers, 1)) + rng.normal(0, 0.8, (layers, k)))
        energy = np.exp(rng.normal(0, 1, (layers, 1)) + rng.normal(0, 0.8, (layers, k)))
        yield latency, energy, np.array([0, cut, layers], np.int64), rng


def test_random_instances_are_mostly_solved_to_five_percent():
    gaps, missed, feasible = [], 0, 0
    for latency, energy, chain, rng in instances(200, 0):
        limit = solved(latency, energy, chain, 0.0)[0] * rng.uniform(0.9, 1.5)
        best = np.empty(len(latency), np.int64)
        length, least = exact(latency, energy, chain, limit, best)
        mine, joules, assign, start = solved(latency, energy, chain, limit)
        rows = np.arange(len(latency))
        assert joules == pytest.approx(energy[rows, assign].sum())
        assert mine == pytest.approx((start + latency[rows, assign]).max())
        assert mine >= lower_bound(latency, chain) - 1e-12
        if np.isfinite(least):
            feasible += 1
            assert length <= limit * (1 + 1e-9)
            if mine > limit * (1 + 1e-9):
                missed += 1
            else:
                assert joules >= least - 1e-12
                gaps.append(joules / least - 1)
    assert feasible > 120 and missed <= 0.01 * feasible
    assert np.mean(np.array(gaps) <= 0.05) >= 0.97


def test_a_looser_limit_never_costs_energy():
    for latency, energy, chain, _ in instances(40, 1):
        short = solved(latency, energy, chain, 0.0)[0]
        costs = [solved(latency, energy, chain, short * f)[1] for f in (1.0, 4.0, 100.0)]
        assert costs[2] <= costs[1] + 1e-12 and costs[2] == pytest.approx(energy.min(axis=1).sum())


def test_the_command_draws_a_run_and_a_design(tmp_path, capsys):
    run = tmp_path / "run"
    assert (
        main(
            [
                "run",
                "codesign/w1-joint",
                "--budget",
                "60",
                "--no-plots",
                "--output",
                str(run),
                "--json",
            ]
        )
        == 0
    )
    capsys.readouterr()
    assert main(["codesign", "schedule", str(run), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (run / "schedule.png").stat().st_size > 5000 and done["cycles"] > 0
    best = json.loads((run / "result.json").read_text())["best"]
    assert done["cycles"] == best["metrics"]["latency"]
    text = ",".join(f"{k}={v}" for k, v in best["design"].items())
    target = tmp_path / "chart.png"
    assert (
        main(
            ["codesign", "schedule", "codesign/w1-joint", "--design", text, "--output", str(target)]
        )
        == 0
    )
    assert target.exists()
    assert main(["codesign", "schedule", "dram/stream-joint", "--design", "a=1"]) == 2
    assert main(["codesign", "schedule", "codesign/w1-joint"]) == 2
