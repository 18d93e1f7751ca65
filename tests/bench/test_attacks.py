"""Whoever forges a submission, reaches for the answer or spends what is not there: none succeeds."""

import csv
import gzip
import io
import json
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

import archgym
from archgym.bench.submission import making
from archgym.bench.submission.divisions import division
from archgym.bench.submission.judging import write_card
from archgym.bench.submission.manifest import read_manifest
from archgym.errors import ArchgymError, StoreError
from archgym.files.seal import sealed
from archgym.goals.scenario_file import load_scenario
from archgym.goals.trials import Trials
from archgym.runs.summary import trials_csv
from archgym.tables.certificate import find

from .conftest import SMALL, TASK, judge

SEED0, SEED1 = (f"trials/{TASK.replace('/', '-')}-seed{k}.csv" for k in (0, 1))


# ---- what a forger does
def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_text("utf-8"))))


def write_rows(path, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), "utf-8")


def edit_manifest(entry, **changes):
    """Changes to the manifest, with a digest that is right again."""
    document = json.loads((entry / "manifest.json").read_text("utf-8"))
    document.pop("digest")
    document.update(changes)
    (entry / "manifest.json").write_text(json.dumps(sealed(document)), "utf-8")


def seal(entry):
    """All digests and the claim card, as if the trials had always been so."""
    making.finished(entry, read_manifest(entry))
    write_card(entry, SMALL)


def set_designs(entry, change):
    """Other designs with their true figures: only whoever plays the agent again can tell."""
    scenario, file = load_scenario(TASK), entry / SEED0
    rows = rows_of(file)
    names = scenario.space.names
    x = scenario.space.encode([dict(zip(names, r[1 : len(names) + 1])) for r in rows[1:]])
    x = change(scenario, x)
    file.write_text(trials_csv(scenario, Trials.of(scenario, x, scenario.evaluate(x))), "utf-8")
    seal(entry)


def set_cell(entry, column, value, row=5):
    rows = rows_of(entry / SEED0)
    rows[row][rows[0].index(column)] = value
    write_rows(entry / SEED0, rows)


def forged_metric(entry):
    """A better figure and the cost that goes with it."""
    scenario, file = load_scenario(TASK), entry / SEED0
    from archgym.bench.submission.playing import recorded

    trials, _ = recorded(scenario, file.read_text("utf-8"), 24)
    e = trials.evaluation
    for name in scenario.objectives[0].metrics:
        e.metrics[name][7] *= 1.5
    file.write_text(trials_csv(scenario, Trials.of(scenario, trials.x, e)), "utf-8")
    seal(entry)


def optimum(scenario, x):
    x[3] = scenario.space.encode(dict(find(scenario)["optimum"]["design"]))[0]
    return x


def best_first(scenario, x):
    return x[np.argsort(scenario.costs(scenario.evaluate(x))[:, 0], kind="stable")]


def copied(scenario, x):
    x[5:] = x[4]
    return x


def without_failures(scenario, x):
    return x[scenario.evaluate(x).feasible][:20]


def edited_cost(entry):
    set_cell(entry, "cost", "-9.0")
    seal(entry)


def unsealed(entry):
    set_cell(entry, "cost", "-9.0")


def nan_metric(entry):
    set_cell(entry, "throughput", "nan")
    making.finished(entry, read_manifest(entry))


def nan_in_manifest(entry):
    file = entry / "manifest.json"
    file.write_text(file.read_text("utf-8").replace('"tokens": null', '"tokens": NaN'), "utf-8")


def budget_race(entry):
    rows = rows_of(entry / SEED0)
    rows += [[str(len(rows) - 1 + i), *r[1:]] for i, r in enumerate(rows[1:9])]
    write_rows(entry / SEED0, rows)
    making.finished(entry, read_manifest(entry))


def other_seed(entry):
    (entry / SEED0).write_bytes((entry / SEED1).read_bytes())
    seal(entry)


def lost_run(entry):
    (entry / SEED1).unlink()


def linked_file(entry):
    (entry / "elsewhere.csv").write_bytes((entry / SEED0).read_bytes())
    os.rename(entry / "elsewhere.csv", entry.parent / "elsewhere.csv")
    (entry / SEED0).unlink()
    (entry / SEED0).symlink_to(entry.parent / "elsewhere.csv")


def linked_folder(entry):
    os.rename(entry / "trials", entry.parent / "trials")
    (entry / "trials").symlink_to(entry.parent / "trials")


def linked_manifest(entry):
    os.rename(entry / "manifest.json", entry.parent / "m.json")
    (entry / "manifest.json").symlink_to(entry.parent / "m.json")


class _Bomb:
    def __reduce__(self):
        return os.abort, ()


def pickled(entry):
    (entry / "trials" / "results.pkl").write_bytes(pickle.dumps(_Bomb()))


def zipped(entry):
    with gzip.open(entry / "trials" / "more.csv.gz", "wb") as file:
        file.write(bytes(1 << 22))


def oversized(entry):
    with open(entry / SEED0, "r+b") as file:
        file.truncate(1 << 40)  # a hole: it costs the forger nothing


def homoglyph(entry):
    (entry / "trials" / "ѕerving-gpt-oss-batch-seed0.csv").write_text("x", "utf-8")


def false_claim(entry):
    document = json.loads((entry / "claims.json").read_text("utf-8"))
    document.pop("digest")
    document["claims"][2]["text"] = "interquartile mean of the normalised gap 0.0000%"
    (entry / "claims.json").write_text(json.dumps(sealed(document)), "utf-8")


def boast(entry):
    file = entry / "CLAIMS.md"
    file.write_text(file.read_text("utf-8") + "\nIt is the best agent of all.\n", "utf-8")


def charged(entry):
    runs = json.loads((entry / "manifest.json").read_text("utf-8"))["runs"]
    edit_manifest(entry, runs={n: r | {"charged": 3} for n, r in runs.items()})


def escape(entry):
    runs = json.loads((entry / "manifest.json").read_text("utf-8"))["runs"]
    edit_manifest(entry, runs=runs | {"../../secret.csv": {"charged": 24, "sha256": "0"}})


def physics(entry):
    facts = read_manifest(entry).tasks[TASK]
    edit_manifest(entry, tasks={TASK: dict(facts) | {"simulators": ["0" * 32]}})


def goal(entry):
    facts = read_manifest(entry).tasks[TASK]
    edit_manifest(entry, tasks={TASK: dict(facts) | {"goal": "0" * 16}})


def twice(entry):
    text = (entry / "manifest.json").read_text("utf-8")
    (entry / "manifest.json").write_text(text.replace("{", '{"seeds": 1,', 1), "utf-8")


# attack, and what the judge says
ATTACKS = {
    "an edited ledger": (unsealed, "digest differs"),
    "an edited ledger, sealed again": (edited_cost, "cost: recorded"),
    "a forged metric with its cost": (forged_metric, "recorded"),
    "the optimum from a shipped table": (lambda p: set_designs(p, optimum), "recorded"),
    "reordered trials": (lambda p: set_designs(p, best_first), "recorded"),
    "duplicates of one trial": (lambda p: set_designs(p, copied), "recorded"),
    "dropped failures": (lambda p: set_designs(p, without_failures), "the budget is 24"),
    "more trials than the budget": (budget_race, "expected 1 to 24"),
    "a larger budget": (lambda p: edit_manifest(p, budget=1000), "budget 1,000"),
    "another seed's run": (other_seed, "recorded"),
    "hidden seeds": (lambda p: edit_manifest(p, seeds=1), "none of the tasks and seeds"),
    "a run that was lost": (lost_run, "missing"),
    "NaN for a metric": (nan_metric, "no finite number"),
    "NaN in the manifest": (nan_in_manifest, "NaN is no number"),
    "a path that leaves the folder": (escape, "none of the tasks and seeds"),
    "an agent's path that leaves the folder": (
        lambda p: edit_manifest(p, agent="agent/../../own.py:Agent"),
        "expected agent/FILE.py:CLASS",
    ),
    "a link to a file": (linked_file, "no link"),
    "a link to a folder": (linked_folder, "expected a folder"),
    "a link for the manifest": (linked_manifest, "no link"),
    "a pickle": (pickled, "no file of a submission"),
    "a zip bomb": (zipped, "no file of a submission"),
    "an oversized file": (oversized, "are allowed"),
    "a file with a letter of another alphabet": (homoglyph, "no file of a submission"),
    "a name that turns text round": (
        lambda p: edit_manifest(p, entrant="random\u202eklaw"),
        "ASCII",
    ),
    "a false claim": (false_claim, "not what came out: interval"),
    "a card for people that says more": (boast, "does not say what claims.json says"),
    "a ledger that is too short": (charged, "24 trials, the manifest says 3"),
    "another version of the physics": (physics, "simulator, its version"),
    "another goal": (goal, "the goal is another one"),
    "another version of the suite": (lambda p: edit_manifest(p, suite="archgym-bench 0"), "is of"),
    "time before the beginning": (
        lambda p: edit_manifest(
            p, declared=dict(read_manifest(p).declared) | {"wall_seconds": -3600}
        ),
        "0 or more",
    ),
    "a key that stands twice": (twice, "twice"),
    "a task of nobody's": (
        lambda p: edit_manifest(p, tasks={"own/easy": {"goal": "", "simulators": []}}),
        "no task of",
    ),
}


def test_an_honest_submission_holds(honest):
    verdict = judge(honest, suite=SMALL)
    assert verdict.holds and verdict.replayed == verdict.evaluated == 2
    assert len(verdict.scores) == 2 and len(verdict.claims) == 9


@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_submission_is_rejected(entry, name):
    attack, said = ATTACKS[name]
    attack(entry)
    verdict = judge(entry, suite=SMALL)
    assert not verdict.holds and said in " ".join(verdict.faults), verdict.faults
    assert not len(verdict.scores) or name in ("a false claim", "a card for people that says more")


# ---- the open division
def opened(entry, **changes):
    """As an entry of the open division."""
    edit_manifest(entry, division="open", agent="", **changes)
    seal(entry)


def test_predictions_that_nobody_saw_are_refused(entry):
    """Whoever writes the costs into a column `predicted` has a perfect proxy, on paper."""
    opened(entry)
    rows = rows_of(entry / SEED0)
    at = rows[0].index("cost")
    write_rows(entry / SEED0, [[*r, "predicted" if not i else r[at]] for i, r in enumerate(rows)])
    making.finished(entry, read_manifest(entry))
    with pytest.raises(StoreError, match="predicted: nobody plays"):
        write_card(entry, SMALL)
    assert "nobody plays this run" in judge(entry, suite=SMALL).faults[0]


def test_predictions_of_runs_that_were_not_played_again_are_no_evidence(honest, entry):
    for name in (SEED0, SEED1):
        rows = rows_of(entry / name)
        at = rows[0].index("cost")
        write_rows(
            entry / name, [[*r, "predicted" if not i else r[at]] for i, r in enumerate(rows)]
        )
    seal(entry)
    verdict = judge(entry, 0, suite=SMALL)
    (fidelity,) = (c for c in verdict.claims if c.question.startswith("rank fidelity"))
    assert fidelity.verdict == "unresolved" and not verdict.replayed
    assert not judge(entry, 1, suite=SMALL).holds


def test_a_run_without_its_last_trial_is_the_same_run(entry):
    text = (entry / SEED1).read_text("utf-8")
    (entry / SEED0).write_text("".join(text.splitlines(True)[:-1]), "utf-8")
    opened(entry)
    assert "counts once" in judge(entry, suite=SMALL).faults[0]


def test_a_run_counts_once(entry):
    (entry / SEED0).write_bytes((entry / SEED1).read_bytes())
    edit_manifest(entry, division="open", agent="")
    seal(entry)
    assert "counts once" in judge(entry, suite=SMALL).faults[0]


def test_an_entry_without_an_agent_is_open_only(entry):
    edit_manifest(entry, agent="")
    assert "can be played again" in judge(entry, suite=SMALL).faults[0]


def test_what_cannot_be_shown_is_unresolved(entry):
    edit_manifest(entry, division="open", agent="")
    seal(entry)
    claims = {c.question: c.verdict for c in judge(entry, suite=SMALL).claims}
    assert claims["the answer could not be known"] == claims["effort"] == "unresolved"
    assert claims["tuning cost"] == claims["rank fidelity of the proxy where the search ended"]


def test_runs_that_others_answered_or_of_other_goals_cannot_be_entered(tmp_path):
    run = archgym.run(TASK, "random_walk", budget=30, output=tmp_path / "long", plots=False)
    other = archgym.run(
        TASK, "random_walk", budget=5, spec="gpus <= 2", output=tmp_path / "other", plots=False
    )
    with pytest.raises(ArchgymError, match=r"24 are allowed.*not as it is there"):
        making.collect(tmp_path, division("open", SMALL), [run.path, other.path])


def test_a_folder_of_two_entries_keeps_them_apart(honest, tmp_path):
    """An entry cannot be begun in the folder of another."""
    manifest = read_manifest(honest)
    with pytest.raises(ArchgymError, match="another submission"):
        making.begin(honest, replace(manifest, seeds=9, runs={}))


def test_a_refused_entry_leaves_the_other_as_it_was(honest, entry, tmp_path):
    """Neither files of the agent nor a folder of something else are written into."""
    manifest = replace(read_manifest(entry), seeds=9, runs={})
    (entry / "agent").mkdir()
    (entry / "agent" / "own.py").write_text("first", "utf-8")
    with pytest.raises(ArchgymError, match="another submission"):
        making.begin(entry, manifest, {"own.py": b"second"})
    assert (entry / "agent" / "own.py").read_text("utf-8") == "first"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x", "utf-8")
    with pytest.raises(ArchgymError, match="other files"):
        making.begin(tmp_path / "photos", manifest)
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["a.jpg"]
