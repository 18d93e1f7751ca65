import pytest

from archgym import registry
from archgym.errors import ScenarioError, UnknownNameError
from archgym.sweeps.draws import drawn, named_grid, own_grid
from archgym.sweeps.estimate import estimate
from archgym.sweeps.plan import from_sweep_document, load_sweep
from archgym.sweeps.studies import studies


def agent(name):
    return registry.load("agents", name)


def test_a_plan_is_scenarios_times_points_times_seeds(document):
    sweep = from_sweep_document(document)
    runs = list(sweep.runs())
    assert len(runs) == (4 + 1 + 4) * 2
    assert len({r.id for r in runs}) == len(runs)
    assert {r.budget for r in runs} == {40}
    assert sweep.test_seeds == (1_000_000, 1_000_001, 1_000_002)


def test_ids_digest_what_the_outcome_depends_on_and_nothing_else(document):
    first = {r.id for r in from_sweep_document(document).runs()}
    document["name"], document["description"] = "other", "words"
    document["scenarios"][0]["description"] = "words"
    assert {r.id for r in from_sweep_document(document).runs()} == first
    document["scenarios"][0]["specs"] = {"energy": "<= 59 pJ"}
    assert not {r.id for r in from_sweep_document(document).runs()} & first
    document["scenarios"][0]["specs"] = {"energy": "<= 60 pJ"}
    document["budget"] = 41
    assert not {r.id for r in from_sweep_document(document).runs()} & first


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_draws_differ_start_with_the_defaults_and_are_repeatable(method):
    cls = agent("genetic_algorithm")
    points = drawn(cls, 50, method)
    full = [tuple(sorted(cls.check_hyperparameters(p.hyperparameters).items())) for p in points]
    assert len(points) == len(set(full)) == 50
    assert dict(full[0]) == cls.check_hyperparameters({})
    assert points == drawn(cls, 50, method)
    assert [p.hyperparameters for p in drawn(cls, 20, "sobol")] != [
        p.hyperparameters for p in drawn(cls, 20, "random")
    ]


def test_a_small_space_is_drawn_whole():
    cls = agent("coordinate_descent")
    assert len(drawn(cls, 10_000)) == cls.hyperparameters.cardinality
    assert len(drawn(agent("random_walk"), 5)) == 1


def test_sobol_draws_reach_every_value():
    cls = agent("ant_colony")
    points = drawn(cls, 64)
    for p in cls.hyperparameters.parameters:
        assert {q.hyperparameters.get(p.name, cls.defaults.get(p.name)) for q in points} == set(
            p.values
        )


def test_archgyms_grids_and_own_grids():
    assert len(named_grid(agent("ant_colony"), "archgym-grid")) == 600
    points = own_grid(agent("genetic_algorithm"), {"population": [4, 8], "elite": 1})
    assert [p.hyperparameters for p in points] == [
        {"population": 4, "elite": 1},
        {"population": 8, "elite": 1},
    ]


def test_a_grid_keeps_its_budgets_unless_one_is_given(document):
    document["agents"] = [{"agent": "bayesian_optimization", "grid": "archgym-grid"}]
    assert {r.budget for r in from_sweep_document(document).runs()} == {16, 32, 64}
    document["agents"][0]["budget"] = 30
    runs = list(from_sweep_document(document).runs())
    assert {r.budget for r in runs} == {30} and len(runs) == 5  # the five seeds of the grid


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agentss": []}, "did you mean 'agents'"),
        ({"agents": []}, "'agents' is missing"),
        ({"agents": ["genetic_algoritm"]}, "did you mean 'genetic_algorithm'"),
        ({"agents": [{"agent": "random_walk", "grid": "archgym-grid"}]}, "unknown grid"),
        (
            {"agents": [{"agent": "ppo", "hyperparameters": {"epochz": 3}}]},
            "hyperparameter of agent 'ppo'",
        ),
        ({"agents": [{"agent": "ant_colony", "hyperparameters": {"ants": [4, 4000]}}]}, "4000"),
        (
            {"agents": [{"agent": "ant_colony", "draw": 3, "grid": "archgym-grid"}]},
            "one of grid, draw",
        ),
        ({"agents": [{"agent": "ant_colony", "draw": 0}]}, "at least 1"),
        ({"agents": [{"agent": "ant_colony", "draw": 3, "method": "halton"}]}, "method of drawing"),
        ({"agents": ["random_walk", "random_walk"]}, "appears twice"),
        ({"agents": [{"agent": "random_walk", "scenarios": ["toi"]}]}, "did you mean 'toy'"),
        ({"budget": 0}, "budget"),
        ({"budget": "many"}, "budget"),
        ({"seeds": [1, 1]}, "different whole numbers"),
        ({"seeds": [1_000_000]}, "fresh"),
        ({"checkpoints": [0]}, "checkpoints"),
        ({"keep": "everything"}, "choice for key 'keep'"),
        ({"store": "mine"}, "choice for key 'store'"),
        ({"timeout": "soon"}, "soon"),
        ({"scenarios": ["dram/stream-joit"]}, "did you mean 'dram/stream-joint'"),
        (
            {"scenarios": [{"scenario": "dram/stream-joint", "answers": "table:/nowhere"}]},
            "archgym enumerate",
        ),
    ],
)
def test_nonsense_is_refused_before_anything_runs(document, change, message):
    with pytest.raises((ScenarioError, UnknownNameError), match=message):
        list(from_sweep_document(document | change).runs())


def test_a_scenario_twice_is_refused(document):
    document["scenarios"] *= 2
    with pytest.raises(ScenarioError, match="listed twice"):
        from_sweep_document(document)


def test_optional_scenarios_are_skipped_with_the_reason(document, monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHGYM_TRACES", str(tmp_path))
    document["scenarios"].append({"scenario": "dram/random-joint", "optional": True})
    sweep = from_sweep_document(document)
    assert list(sweep.scenarios) == ["toy"] and "random.stl" in sweep.skipped["dram/random-joint"]
    document["scenarios"][-1] = "dram/random-joint"
    with pytest.raises(ScenarioError, match=r"random\.stl"):
        from_sweep_document(document)


def test_an_estimate_counts_exactly(document):
    sweep = from_sweep_document(document)
    plan = estimate(sweep, workers=2)
    assert plan["tuning_runs"] == 18 and plan["test_runs"] == 9
    assert plan["evaluations"] == (18 + 9) * 40 and plan["hours"] > 0


def test_the_lottery_study_has_the_size_of_the_papers(monkeypatch, tmp_path):
    """Counted without its tables: at least 21,000 runs of at least 1,000 evaluations."""
    import yaml

    document = yaml.safe_load(studies()["archgym-lottery"].read_text())
    document["answers"] = ""
    monkeypatch.setenv("ARCHGYM_TRACES", str(tmp_path))  # no traces: nine are skipped
    sweep = from_sweep_document(document)
    runs = list(sweep.runs())
    long = [r for r in runs if r.budget >= 1000]
    assert all(
        r.budget == 64 for r in runs if r.agent in ("bayesian_optimization", "tpe", "botorch")
    )
    assert len(long) == len(runs) - sum(
        r.agent in ("bayesian_optimization", "tpe", "botorch") for r in runs
    )
    assert len(sweep.skipped) == 9
    per_scenario = len(long) / len(sweep.scenarios)
    assert per_scenario * (len(sweep.scenarios) + 9) >= 21_000


def test_an_unknown_study_names_those_that_ship(tmp_path):
    from pathlib import Path

    with pytest.raises(UnknownNameError, match="archgym-lottery"):
        load_sweep(Path("archgym-loterry"))
