import csv
import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.codesign import CoDesignSimulator
from archgym.simulators.codesign.accuracy import (
    END_POINTS,
    accuracy,
    measured,
    surrogate,
    table,
    table_path,
)
from archgym.simulators.codesign.area import PAPER, PHYSICAL
from archgym.simulators.codesign.networks import (
    FAMILIES,
    canonical,
    layers_of,
    macs,
    network,
    parameters,
)
from archgym.simulators.codesign.published import TABLE_I, most_accurate
from archgym.simulators.codesign.tables import PES
from archgym.simulators.codesign.validation.figures import (
    _costs_at,
    areas,
    as_evaluation,
    image_sizes,
    most_accurate_on,
    preferences,
    rewards,
    scale,
    verdicts,
)
from archgym.simulators.codesign.validation.schedules import schedules

from archgym import load_scenario
from archgym.errors import ArchgymError, DesignError, UnknownNameError, WorkloadError
from archgym.testing import check_simulator


@pytest.fixture(scope="module")
def w1():
    simulator = CoDesignSimulator("w1")
    simulator.prepare()
    return simulator


def design(simulator, nets, *subs):
    knobs = [*nets, *(v for s in subs for v in s)]
    return simulator.space.encode(dict(zip(simulator.space.names, knobs, strict=True)))


BEST = (*most_accurate("cifar10"), *most_accurate("nuclei"))


@pytest.mark.parametrize(
    ("workload", "config"),
    [
        ("w1", {}),
        ("w2", {"budget": "penalised"}),
        ("w3", {"identical": True}),
        ("w3", {"subaccelerators": 1}),
        ("w1", {"subaccelerators": 3, "units": "physical"}),
        ("measured", {}),
    ],
)
def test_it_keeps_the_contract(workload, config):
    check_simulator(lambda: CoDesignSimulator(workload, **config))


# ---------------------------------------------------------------- networks
def test_the_published_encoding_expands_as_its_text_says():
    layers = layers_of("cifar10", (32, 128, 2, 256, 2, 256, 2))
    assert [x.name for x in layers][:4] == ["stem", "block1", "block1.skip1", "block1.skip2"]
    assert [(x.C, x.K, x.P) for x in layers] == [
        (3, 32, 32), (32, 128, 32), (128, 128, 16), (128, 128, 16), (128, 256, 16), (256, 256, 8),
        (256, 256, 8), (256, 256, 8), (256, 256, 4), (256, 256, 4), (256, 10, 1),
    ]  # fmt: skip
    assert macs(layers) == sum(9 * x.C * x.K * x.P * x.P for x in layers[:-1]) + 2560
    assert parameters(layers) == sum(9 * x.C * x.K for x in layers[:-1]) + 2560


def test_statistics_that_cost_nothing_come_along(w1):
    e = w1.evaluate(design(w1, BEST, ("dla", 1024, 32), ("shi", 1024, 32))).row(0)
    both = [layers_of(t, most_accurate(t)) for t in ("cifar10", "nuclei")]
    assert e["macs"] == sum(map(macs, both)) and e["weights"] == sum(map(parameters, both))


def test_a_unet_goes_down_and_up_again():
    layers = layers_of("nuclei", (2, 8, 16, 16, 32, 64))
    assert [x.name for x in layers] == [
        "down1.a", "down1.b", "down2.a", "down2.b", "bottom.a", "bottom.b", "up2.a", "up2.b",
        "up1.a", "up1.b", "mask",
    ]  # fmt: skip
    assert [(x.C, x.K, x.P) for x in layers[4:8]] == [
        (16, 32, 32), (32, 32, 32), (48, 16, 64), (16, 16, 64)
    ]  # fmt: skip


def test_macs_mislead():
    """Six times the products in less time on the same hardware (SESR, arXiv 2103.09404, saw the like)."""
    simulator = CoDesignSimulator("w1")
    wide = ((128, 64, 0, 128, 0, 32, 1), (1, 16, 8, 32, 64, 128))
    slow = ((32, 32, 2, 64, 1, 64, 1), (2, 4, 8, 32, 32, 64))
    hardware = (("dla", 2112, 48), ("shi", 1984, 16))
    x = np.concatenate([design(simulator, [*a, *b], *hardware) for a, b in (wide, slow)])
    e = simulator.evaluate(x).metrics
    assert e["macs"][0] > 6 * e["macs"][1] and e["latency"][0] < 0.96 * e["latency"][1]
    from scipy.stats import kendalltau

    x = simulator.space.sample(300, np.random.default_rng(0))
    first = int(simulator._splits[-1])
    x[:, first:] = design(simulator, BEST, *hardware)[0, first:]
    e = simulator.evaluate(x).metrics
    assert 0.5 < kendalltau(e["macs"], e["latency"]).statistic < 0.85


# ---------------------------------------------------------------- area, costs, relations
def test_published_areas_verdicts_and_the_reward():
    checks = [*areas(), verdicts(), rewards()]
    assert all(c.holds for c in checks), [c for c in checks if not c.holds]


def test_dataflow_preferences_and_the_fitted_row():
    assert all(c.holds is not False for c in [*scale(), *preferences()])
    simulator = CoDesignSimulator("w1")
    row = TABLE_I[0]
    e = simulator.evaluate(most_accurate_on(simulator, row.subs)).row(0)
    assert e["latency"] == pytest.approx(row.latency, rel=1e-9)
    assert e["energy"] == pytest.approx(row.energy, rel=1e-9)


def test_no_one_image_size_explains_the_costs_that_are_held_out():
    found = image_sizes()
    assert found.verdict == "told" and 32 < found.figures["energy"] < found.figures["latency"] < 96
    assert _costs_at(32, TABLE_I[3]) == pytest.approx(tuple(scale()[1].figures.values()), rel=0.02)


def test_a_point_of_the_front_keeps_the_costs_that_it_is_given(monkeypatch):
    searches = sys.modules["archgym.simulators.codesign.validation.searches"]
    monkeypatch.setattr(searches, "EPISODES", 60)
    joint = searches.mode("w1-joint", "random_walk", 1)
    base = {"latency": 1e6, "energy": 4.0, "area": 8e-3}
    left = {"latency": 0.75, "energy": 0.5, "area": 0.5}
    check = searches.on_the_front("asked of us", left, 99.0, joint, base, 89.0, "random_walk", 1)
    assert check.holds and all(check.figures[m] <= left[m] for m in left)
    assert "latency 25.0% less, energy 2.00x, area 2.00x" in check.quantity
    never = dict.fromkeys(left, 1e-6)
    missed = searches.on_the_front("published", never, 1.0, joint, base, 89.0, "random_walk", 1)
    assert missed.verdict == "gap" and missed.measured == "none met"


def test_the_heuristic_is_near_the_optimum():
    found = schedules(cases=80)
    assert found.holds, found.found


def test_area_is_quadratic_and_nothing_costs_nothing():
    for units in (PAPER, PHYSICAL):
        one, two = units.area_um2(np.array([0.0, 2048.0]), np.array([64.0, 64.0]))
        assert one == 0 < two
    pes = np.array([1024.0, 2048.0])
    small, large = PAPER.area_um2(pes, np.zeros(2))
    assert 3 < large / small < 4


def test_more_bandwidth_or_a_second_array_never_hurts(w1):
    base = [
        w1.evaluate(design(w1, BEST, ("dla", 1024, b), ("shi", 0, 8))).row(0)
        for b in (8, 16, 32, 64)
    ]
    times = [e["latency"] for e in base]
    assert times == sorted(times, reverse=True) and times[0] > times[-1]
    both = w1.evaluate(design(w1, BEST, ("dla", 1024, 32), ("shi", 1024, 32))).row(0)
    assert both["latency"] <= base[2]["latency"]


def test_no_more_energy_is_spent_where_time_is_plenty():
    tight, loose = CoDesignSimulator("w1"), CoDesignSimulator("w1", limit=1e9)
    x = tight.space.sample(200, np.random.default_rng(1))
    a, b = tight.evaluate(x), loose.evaluate(x)
    both = a.feasible & b.feasible
    assert (b.metrics["energy"][both] <= a.metrics["energy"][both] * (1 + 1e-12)).all()


# ---------------------------------------------------------------- budget, canonical designs
def test_budgets_are_repaired_or_refused():
    repaired, strict = CoDesignSimulator("w1"), CoDesignSimulator("w1", budget="penalised")
    x = design(repaired, BEST, ("dla", 4096, 64), ("shi", 4096, 64))
    f = repaired.subs(x)[0]
    assert f[:, 1].sum() * 32 <= 4096 and f[:, 2].sum() * 8 <= 64
    assert repaired.evaluate(x).feasible[0]
    e = strict.evaluate(x)
    assert not e.feasible[0] and "8192 PEs in all, the budget is 4096" in e.reason(0)
    x = design(strict, BEST, ("dla", 32, 64), ("shi", 32, 64))
    assert "128 GB/s in all" in strict.evaluate(x).reason(0)


def test_no_processing_elements_and_tiles_that_do_not_fit(w1):
    x = design(w1, BEST, ("dla", 0, 8), ("shi", 0, 8))
    assert w1.evaluate(x).reason(0) == "no sub-accelerator has a processing element"
    tiny = CoDesignSimulator("w1", l1_bytes=16)
    x = design(tiny, BEST, ("dla", 1024, 32), ("shi", 1024, 32))
    assert "a layer fits no sub-accelerator: its PE tile exceeds 16 B" in tiny.evaluate(x).reason(0)
    with pytest.raises(ArchgymError, match="has no schedule"):
        w1.schedule(design(w1, BEST, ("dla", 0, 8), ("shi", 0, 8))[0])


def test_a_budget_step_cannot_be_broken(w1):
    with pytest.raises(DesignError, match="16"):
        design(w1, BEST, ("dla", 16, 8), ("shi", 0, 8))
    assert PES[1] == 32


def test_a_schedule_is_what_was_evaluated(w1):
    x = design(w1, BEST, ("dla", 1088, 24), ("shi", 2368, 40))
    s, e = w1.schedule(x[0]), w1.evaluate(x).row(0)
    assert s.length == e["latency"] and s.joules == pytest.approx(e["energy"])
    n = np.arange(len(s.assign))
    end = s.start + s.latency[n, s.assign]
    assert end.max() == pytest.approx(s.length)
    for k in set(s.assign.tolist()):  # one layer at a time
        mine = np.argsort(s.start[s.assign == k])
        assert (s.start[s.assign == k][mine][1:] >= end[s.assign == k][mine][:-1] - 1e-9).all()
    for net in (0, 1):  # layers in order
        mine = [i for i, (which, _) in enumerate(s.layers) if which == net]
        assert (s.start[mine][1:] >= end[mine][:-1] - 1e-9).all()


# ---------------------------------------------------------------- accuracy, from two sources
def test_the_surrogate_meets_its_end_points_and_says_what_it_is(w1):
    for task, ends in END_POINTS.items():
        values = [p.values for p in FAMILIES[task].parameters()]
        smallest = tuple(int(v[0]) for v in values)
        assert surrogate(task, smallest) == pytest.approx(ends.smallest, abs=1e-12)
        assert surrogate(task, ends.choice) == pytest.approx(ends.best, abs=1e-12)
    assert all("surrogate, not measured" in m.description for m in w1.metrics[:3])
    x = w1.space.sample(500, np.random.default_rng(0))
    score = w1.evaluate(x).metrics["accuracy1"]
    assert np.nanmax(score) <= END_POINTS["cifar10"].best + 1e-12


def test_measured_scores_are_looked_up_and_never_guessed():
    with pytest.raises(ArchgymError, match="no surrogate of task 'pairs'"):
        accuracy("surrogate", "pairs", (4, 8, 1, 8, 1))
    with pytest.raises(WorkloadError, match=r"1-1-0-1-0 of task 'pairs' is not in the table"):
        measured("pairs", (1, 1, 0, 1, 0))
    with pytest.raises(WorkloadError, match="not in the table"):
        CoDesignSimulator("w1", accuracy="measured").prepare()
    with pytest.raises(UnknownNameError, match="did you mean 'measured'"):
        accuracy("mesured", "pairs", (4, 8, 1, 8, 1))


@pytest.mark.parametrize("workload", ["w1", "measured"])
def test_the_canonical_form_of_designs_is_that_of_their_networks(workload):
    simulator = CoDesignSimulator(workload)
    x = simulator.space.sample(300, np.random.default_rng(1))
    for row, mine in zip(x, simulator.canonical(x)):
        asked = [canonical(t, c) for t, c in zip(simulator.tasks.tasks, simulator.choices(row))]
        assert simulator.choices(mine) == asked


def test_a_design_is_searched_by_validation_and_reported_by_test():
    simulator = CoDesignSimulator("measured")
    x = simulator.space.sample(60, np.random.default_rng(0))
    e = simulator.evaluate(x)
    for i in np.flatnonzero(e.feasible)[:20]:
        pair = [measured(*n) for n in zip(simulator.tasks.tasks, simulator.choices(x[i]))]
        row = e.row(int(i))
        assert row["accuracy"] == pytest.approx(np.mean([n.validation for n in pair]))
        assert row["accuracy2"] == pytest.approx(pair[1].validation)
        assert row["test_accuracy"] == pytest.approx(np.mean([n.test for n in pair]))
    assert "test_accuracy" in simulator.queries()[0].metrics
    assert "test_accuracy" not in {m.name for m in CoDesignSimulator("w1").metrics}


def test_the_table_is_whole_and_tells_networks_apart():
    """At least 600 networks a task, five seeds each, and 15 of the best fifth."""
    with open(table_path(), encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({(r["task"], r["network"], r["seed"]) for r in rows}) == len(rows)
    for task in ("pairs", "strokes"):
        values = [p.values for p in FAMILIES[task].parameters()]
        every = {canonical(task, tuple(map(int, c))) for c in itertools.product(*values)}
        mine = {k[1]: v for k, v in table().items() if k[0] == task}
        assert set(mine) == every and len(every) >= 600
        seeds = np.array([n.seeds for n in mine.values()])
        assert set(seeds.tolist()) == {5, 15}
        score = np.array([n.validation for n in mine.values()])
        assert 0.19 < (seeds == 15).mean() < 0.22 and score[seeds == 15].min() > np.median(score)
        top = max(score)
        assert top < 0.95 and top - np.median(score) > 0.03, "tasks do not saturate"
        of = [float(r["validation"]) for r in rows if r["task"] == task]
        assert min(of) > 0.1


def test_a_damaged_table_is_refused(tmp_path, monkeypatch):
    from archgym.simulators.codesign import accuracy as module

    path = tmp_path / "trained.csv"
    monkeypatch.setattr(module, "table_path", lambda: path)
    for row in ("pairs,4-8-1-8-1,0,1,much,0.5", "pairs,4-8-x-8-1,0,1,0.5,0.5", "pairs"):
        path.write_text(f"task,network,seed,attempts,validation,test\n{row}\n")
        module.table.cache_clear()
        with pytest.raises(WorkloadError, match=r"line 2: expected task,network,seed,attempts"):
            module.table()
    module.table.cache_clear()


def test_specs_of_measured_networks_are_what_few_random_designs_meet():
    """Half keep the latency, the thriftiest sixth the energy, the smallest eighth the area."""
    scenario = load_scenario("codesign/measured-joint")
    simulator = scenario.simulators[0]
    found = simulator.evaluate(simulator.space.sample(4_000, np.random.default_rng(3)))
    tasks = simulator.tasks
    limits = {"latency": tasks.latency, "energy": tasks.energy, "area": tasks.area}
    assert {s.metric: s.upper for s in scenario.specs} == pytest.approx(limits)
    shares = {m: float(np.mean(found.metrics[m] <= limit)) for m, limit in limits.items()}
    assert shares == pytest.approx({"latency": 1 / 2, "energy": 1 / 6, "area": 1 / 8}, rel=0.12)
    assert 0.01 < scenario.satisfied(found).mean() < 0.025


# ---------------------------------------------------------------- scenarios and bad input
def test_the_reward_is_the_accuracy_until_a_spec_is_broken():
    scenario = load_scenario("codesign/w1-joint")
    row = TABLE_I[2]
    assert scenario.rewards(as_evaluation(scenario, row))[0] == pytest.approx(
        sum(row.accuracy) / 200
    )
    late = as_evaluation(scenario, replace(row, latency=8.01e5))
    assert not scenario.satisfied(late)[0]
    assert scenario.rewards(late)[0] < sum(row.accuracy) / 200


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"workload": "w9"}, "w9"),
        ({"units": "metric"}, "metric"),
        ({"subaccelerators": 4}, "1, 2 or 3"),
        ({"budget": "repair"}, "did you mean 'repaired'"),
        ({"limit": float("nan")}, "must be positive"),
        ({"l1_bytes": 0}, "must be positive"),
    ],
)
def test_bad_settings_are_refused(config, message):
    with pytest.raises(ArchgymError, match=message):
        CoDesignSimulator(**config)


def test_networks_have_names_and_unknown_tasks_are_refused():
    assert network("cifar10", (32, 32, 0, 32, 0, 32, 0)).name == "cifar10-32-32-0-32-0-32-0"
    with pytest.raises(WorkloadError, match="unknown task 'imagenet'"):
        layers_of("imagenet", (1,))
