"""Designs from logged data alone: what is learnt, what is promised, what is chosen, and what is refused."""

import json

import numpy as np
import pytest

from archgym.cli import main
from archgym.contracts.evaluation import Evaluation
from archgym.contracts.simulator import Simulator
from archgym.datasets.reader import Dataset
from archgym.datasets.shipped import shipped
from archgym.goals.scenario_file import load_scenario
from archgym.proxies import conservative
from archgym.proxies.conservative import ConservativeModel, changed
from archgym.proxies.offline import inside, learnt_costs, propose, settle_from
from archgym.proxies.rows import ProxyError, Rows
from archgym.space import Constraint, DesignSpace, ordinal

pytest.importorskip("torch", reason="torch is not installed (archgym[rl])")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Less training and fewer walks than users have."""
    monkeypatch.setattr(conservative, "STEPS", 150)
    monkeypatch.setattr(conservative, "WARM", 40)
    monkeypatch.setattr(conservative, "MEMBERS", 1)
    monkeypatch.setattr(conservative, "CHOICE", 256)


@pytest.fixture(scope="module")
def logged():
    return Rows.of(Dataset(shipped()["soc"])).take(np.arange(300))


def never(self, x):
    raise AssertionError("a design was evaluated")


def toy():
    """Eight knobs of eight values, of which the data have the lower half; less is promised above."""
    space = DesignSpace([ordinal(f"k{i}", tuple(range(8))) for i in range(8)])
    x = np.random.default_rng(0).integers(0, 4, (300, 8))
    return space, x, -x.sum(axis=1).astype(float)


def test_a_margin_limits_what_is_promised_beyond_the_data():
    space, x, costs = toy()
    good = x[np.argsort(costs)[:30]]
    beyond = {}
    for margin in (None, 0.0):
        model = ConservativeModel(space, 1, margin, 8).fit(x, costs)
        _, promised = model.walked(good, np.random.default_rng(2))
        beyond[margin] = (costs.min() - promised[0]) / costs.std()
    assert beyond[None] > 1.0, "a plain model extrapolates"
    assert beyond[0.0] < 0.6 * beyond[None]


def test_a_model_keeps_the_order_of_its_data():
    space, x, costs = toy()
    promised = ConservativeModel(space, 1).fit(x, costs).costs(x)
    assert np.corrcoef(promised, costs)[0, 1] > 0.8


def test_changes_keep_constraints_and_touch_at_most_three_knobs():
    space = DesignSpace(
        [ordinal(f"k{i}", (0, 1, 2)) for i in range(6)],
        [Constraint("order", lambda columns: columns["k0"] <= columns["k1"], "k0 is above k1")],
    )
    rng = np.random.default_rng(3)
    x = space.sample(500, rng)
    other = changed(x, space, rng)
    assert space.is_valid(other).all()
    assert (other != x).sum(axis=1).max() == 3
    assert (other != x).any(axis=1).mean() > 0.5


def test_learnt_costs_have_no_jumps_and_keep_who_is_better(logged):
    scenario = load_scenario("soc/audio-budgets")
    rows = inside(scenario, logged)
    settle_from(scenario, rows)
    feasible = rows.feasible.copy()
    feasible[:5] = False
    metrics = {k: np.where(feasible, v, np.nan) for k, v in rows.metrics.items()}
    costs = learnt_costs(scenario, Evaluation(metrics, feasible, [""] * len(feasible)))
    assert np.isfinite(costs).all()
    assert (costs[:5] == costs.max()).all(), "infeasible is as bad as bad designs"
    assert np.ptp(costs) < 50, "100 is not added for a spec that is missed"


@pytest.mark.parametrize("margin", [None, 0.5])
def test_proposals_are_new_and_nothing_is_evaluated(logged, margin, monkeypatch):
    scenario = load_scenario("soc/audio-front")
    monkeypatch.setattr(Simulator, "evaluate", never)
    found = propose(scenario, logged, 6, seed=4, margin=margin)
    again = propose(load_scenario("soc/audio-front"), logged, 6, seed=4, margin=margin)
    assert found.evaluated == 0 and found.x.shape == (6, len(scenario.space))
    assert (found.x == again.x).all() and (found.promised == again.promised).all()
    assert (np.diff(found.promised) >= 0).all()
    canonical = scenario.simulators[0].canonical
    both = np.concatenate([canonical(found.x), canonical(logged.x)])
    assert len(np.unique(canonical(found.x), axis=0)) == 6
    assert len(np.unique(both, axis=0)) == 6 + len(np.unique(canonical(logged.x), axis=0))


def test_a_reference_that_specs_are_multiples_of_is_evaluated_once_or_found():
    rows = Rows.of(Dataset(shipped()["dram"])).take(np.arange(60))
    scenario = load_scenario("dram/bfs-10k-low-latency")
    assert settle_from(scenario, inside(scenario, rows)) == 1


def test_rows_outside_of_a_narrowed_scenario_are_left_out(logged):
    scenario = load_scenario("soc/audio-front")
    knob = scenario.space.parameters[0]
    narrow = load_scenario(
        "soc/audio-front", None, None, {"parameters": {knob.name: [knob.values[0]]}}
    )
    kept = inside(narrow, logged)
    assert len(kept) == (logged.x[:, 0] == 0).sum() and (kept.x[:, 0] == 0).all()


def test_data_that_do_not_fit_are_refused_with_all_faults(logged):
    with pytest.raises(
        ProxyError, match=r"design space.*workloads audio_decoder, the scenario of bfs.*lack"
    ):
        propose(load_scenario("dram/bfs-10k-low-latency"), logged, 4)
    with pytest.raises(ProxyError, match=r"at least 50 feasible rows.*got 20, 4 and 64"):
        propose(load_scenario("soc/audio-front"), logged.take(np.arange(20)), 4)


def test_the_command_writes_designs_that_evaluate_takes(tmp_path, capsys):
    file = tmp_path / "designs.csv"
    words = ["propose", "soc", "-k", "3", "--scenario", "soc/audio-front", "--output", str(file)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["designs"]) == 3 and found["rows"] == 2000 and found["evaluated"] == 0
    assert main(["evaluate", "soc/audio-front", "--designs", str(file)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_the_command_refuses_what_it_cannot_do(capsys):
    assert main(["propose", "soc", "--scenario", "dram/bfs-10k-low-latency"]) == 2
    assert "another design space" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["propose", "soc", "--margin", "wide"])
    assert "expected a number of at least 0, or none, got 'wide'" in capsys.readouterr().err
