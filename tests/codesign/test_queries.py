"""The second budget: networks whose accuracy was used are counted for every agent, and can be limited."""

import json

import numpy as np
import pytest

from archgym import Study, load_scenario
from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.search.queries import Queries

W1, MEASURED = "codesign/w1-joint", "codesign/measured-joint"


def by_hand(study, rows):
    """Different canonical networks among some trials, counted the slow way."""
    simulator = study.scenario.simulators[0]
    canonical = simulator.canonical(study.trials.x)
    knobs = [i for i, name in enumerate(study.scenario.space.names) if name.startswith("net")]
    return len({tuple(canonical[i][knobs]) for i in np.flatnonzero(rows)})


@pytest.mark.parametrize("agent", ["random_walk", "genetic_algorithm"])
def test_an_agent_that_is_told_every_cost_uses_the_accuracy_of_every_feasible_network(agent):
    study = Study(load_scenario(W1), agent, budget=150, seed=1)
    trials = study.run()
    assert study.queries.counts == {"accuracy": by_hand(study, trials.evaluation.feasible)}


@pytest.mark.parametrize("agent", ["nasaic", "nasaic-2020"])
def test_nasaic_uses_accuracies_only_of_designs_within_the_specs(agent):
    study = Study(load_scenario(W1), agent, budget=220, seed=1)
    trials = study.run()
    used = study.queries.counts["accuracy"]
    assert used == by_hand(study, trials.satisfied)
    assert 0 < used < by_hand(study, trials.evaluation.feasible)


def test_what_was_not_asked_for_is_not_shown(monkeypatch):
    study = Study(load_scenario(W1), "nasaic", budget=110, seed=2)
    told = []
    inner = study.agent.tell
    monkeypatch.setattr(
        study.agent, "tell", lambda x, c, f: (told.append((c, f)), inner(x, c, f))[1]
    )
    trials = study.run()
    shown = np.concatenate([f.evaluation.metrics["accuracy"] for _, f in told])
    costs = np.concatenate([c[:, 0] for c, _ in told])
    assert (np.isfinite(shown) == trials.satisfied).all()
    assert (np.isfinite(costs) == trials.satisfied).all()
    energy = np.concatenate([f.evaluation.metrics["energy"] for _, f in told])
    assert (np.isfinite(energy) == trials.evaluation.feasible).all()


@pytest.mark.parametrize("agent", ["genetic_algorithm", "nasaic"])
def test_a_limit_ends_the_study_before_it_is_exceeded(agent):
    whole = Study(load_scenario(W1), agent, budget=400, seed=3)
    whole.run()
    limited = Study(load_scenario(W1), agent, budget=400, seed=3, queries={"accuracy": 10})
    trials = limited.run()
    assert limited.queries.counts == {"accuracy": 10}
    assert len(trials) < 400
    assert (trials.x == whole.trials.x[: len(trials)]).all()
    last = len(trials) % limited.batch
    batches, until = len(trials) - (last or limited.batch), len(trials) + bool(last)
    for end, used in ((batches, range(10)), (until, [11 if last else 10])):
        counted = Queries(whole.scenario, whole.agent.costly_only_if_met, {})
        if end:
            counted.take(whole.trials.x[:end], whole.trials.evaluation.take(slice(end)))
        assert counted.counts["accuracy"] in used  # within a batch the next would be one too many


def test_limits_are_checked():
    scenario = load_scenario(W1)
    with pytest.raises(UnknownNameError, match="accuracy"):
        Study(scenario, "random_walk", queries={"acuracy": 5})
    with pytest.raises(ArchgymError, match="at least 1"):
        Study(scenario, "random_walk", queries={"accuracy": 0})


def test_a_simulator_without_dear_parts_counts_nothing(toy_scenario):
    study = Study(toy_scenario, "random_walk", budget=10)
    study.run()
    assert study.queries.counts == {}


def test_the_command_records_and_resumes_both_budgets(tmp_path, capsys):
    run = tmp_path / "r"
    words = ["run", MEASURED, "--agent", "nasaic", "--budget", "300", "--queries", "accuracy=5"]
    assert main([*words, "--output", str(run), "--no-plots"]) == 0
    assert "5 accuracy queries" in capsys.readouterr().out
    result = json.loads((run / "result.json").read_text())
    assert result["queries"] == {"accuracy": 5}
    (run / "result.json").unlink()
    assert main(["run", "--resume", str(run), "--no-plots", "--json"]) == 0
    assert json.loads((run / "result.json").read_text()) == result
    assert main([*words[:-1], "accuracy=x", "--output", str(tmp_path / "s")]) == 2
    assert "whole number" in capsys.readouterr().err
