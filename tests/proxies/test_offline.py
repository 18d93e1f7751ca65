"""Designs from logged data alone: what is learnt, what is promised, what is chosen, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archgym.cli import main
from archgym.cli.propose import _against
from archgym.contracts.evaluation import Evaluation
from archgym.contracts.simulator import Simulator
from archgym.datasets.reader import Dataset
from archgym.datasets.shipped import shipped
from archgym.goals.bounds import Relative
from archgym.goals.objectives import Expression, Objective
from archgym.goals.scenario_file import load_scenario
from archgym.proxies import conservative
from archgym.proxies.conservative import ConservativeModel, changed
from archgym.proxies.offline import Proposals, inside, learnt_costs, propose, settle_from
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


def test_data_of_another_version_or_setting_are_refused(logged):
    with pytest.raises(ProxyError, match="another version, setting or workload content"):
        inside(load_scenario("soc/audio-front"), replace(logged, keys=("of another version",)))


def with_goals(logged, reward, objectives):
    """soc/audio-front with other objectives, and the designs that settling its reference evaluates."""
    asked = []
    scenario = load_scenario("soc/audio-front")
    parse, metrics = Expression.parse, scenario.simulators[0].metrics
    goals = tuple(Objective(parse(name, metrics), **more) for name, more in objectives.items())
    scenario = replace(scenario, objectives=goals, reward=reward, built=scenario.simulators)
    rows = inside(scenario, logged)
    x = rows.x.copy()
    x[:] = x[0]
    rows = replace(rows, x=x)  # the reference is not among them
    scenario.__dict__["evaluate"] = lambda x: (
        asked.append(x)
        or Evaluation({k: v[:1] for k, v in rows.metrics.items()}, np.ones(1, np.bool_))
    )
    assert settle_from(scenario, rows) == len(asked)
    return len(asked)


def test_the_reference_is_evaluated_where_more_than_a_shift_depends_on_it(logged):
    ratio, better = "satisfy-then-improve", Relative(0.5)
    assert with_goals(logged, ratio, {"energy": {}}) == 0
    assert with_goals(logged, ratio, {"energy": {"compare": "difference"}}) == 1
    assert with_goals(logged, ratio, {"energy": {"reference": better}}) == 1
    assert with_goals(logged, "target-distance", {"energy": {}}) == 1
    assert with_goals(logged, "target-distance", {"energy": {"target": 1.0}}) == 0


def test_a_share_is_told_only_where_costs_are_ratios():
    found = Proposals(np.zeros((1, 1)), np.array([1.0]), None, 3.0, 0, True, 0)
    assert _against(found, 0) == "-86.5%"
    assert _against(replace(found, by_ratio=False), 0) == "-2"


def test_costs_with_missed_specs_or_differences_are_no_ratios(logged):
    assert propose(load_scenario("soc/audio-front"), logged, 1, walk=2).by_ratio
    strict = load_scenario("soc/audio-budgets")
    specs = tuple(replace(s, upper=1e-12) for s in strict.specs)
    strict = replace(strict, specs=specs, built=strict.simulators)
    assert not propose(strict, logged, 1, walk=2).by_ratio


def test_a_scenario_that_pins_every_knob_is_refused(logged):
    space = load_scenario("soc/audio-front").space
    pinned = {p.name: [p.values[0]] for p in space.parameters}
    with pytest.raises(ProxyError, match="pins every knob"):
        propose(load_scenario("soc/audio-front", None, None, {"parameters": pinned}), logged, 1)


@pytest.mark.parametrize(
    "word",
    ["propose soc", "run random soc/audio-front", "verify x"],
)
def test_a_seed_below_zero_is_refused_by_every_word(word, capsys):
    with pytest.raises(SystemExit):
        main([*word.split(), "--seed", "-1"])
    assert "expected a whole number of at least 0, got '-1'" in capsys.readouterr().err


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
