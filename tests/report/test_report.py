import csv
import json

import numpy as np
import pandas as pd
import pytest

from archgym import trust
from archgym.cli import main
from archgym.errors import ArchgymError, StoreError
from archgym.report import leaderboard, text
from archgym.report.best import best_designs
from archgym.report.hyperparameters import importances
from archgym.report.page import write_report
from archgym.report.results import Results, _area, _at
from archgym.report.tables import per_scenario
from archgym.sweeps.driver import LEDGER, SweepFolder
from archgym.sweeps.engine import LocalEngine
from archgym.tables import certificate as certificates
from archgym.tables.build import build
from archgym.tables.certificate import certify, save
from tests.browsers import Watched, browser
from tests.sweeps.conftest import SWEEP


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A small sweep with two scenarios, one of them of two objectives, and its certificates."""
    from archgym.sweeps.driver import carry_out
    from archgym.sweeps.plan import from_sweep_document

    root = tmp_path_factory.mktemp("report")
    document = json.loads(json.dumps(SWEEP))
    front = document["scenarios"][0] | {"name": "front", "objectives": ["latency", "energy"]}
    document["scenarios"].append(front)
    document["test"] = {"seeds": 6}
    loaded = from_sweep_document(document)
    folder = SweepFolder.create(root / "s", loaded)
    carry_out(folder, loaded, LocalEngine(2))
    for scenario in loaded.scenarios.values():
        tables = tuple(build(s, {}, root / "tables" / s.workload) for s in scenario.simulators)
        save(certify(scenario, tables), root / "tables" / certificates.file_name(scenario))
    return root


def test_gaps_are_measured_from_the_certified_optimum(sweep):
    results = Results(sweep / "s", sweep / "tables")
    assert all(t.certified for t in results.targets.values())
    assert (results.runs["gap.40"] >= 0).all() and (results.runs["gap.40"] == 0).any()
    for scenario in results.targets:
        runs = results.runs[results.runs["scenario"] == scenario]
        s, best = results.sweep.scenarios[scenario], results.targets[scenario].best
        assert np.allclose(runs["gap.40"], s.gap(runs["best"].to_numpy(), best))
        assert (runs["gap.10"] >= runs["gap.20"]).all() and (runs["gap.20"] >= runs["gap.40"]).all()


def test_improvement_over_random_designs_stands_in_the_tables(sweep):
    table = per_scenario(Results(sweep / "s", sweep / "tables"))
    assert (table["RI %"] > 0).all() and (table["RI %"] < 100).all()
    best = table.groupby("scenario")["RI %"].idxmax()
    assert (
        table.loc[best, "median gap"].to_numpy() == table.groupby("scenario")["median gap"].min()
    ).all()


def test_area_and_checkpoint_of_a_curve():
    steps, gap = np.array([2.0, 4.0]), np.array([0.5, 0.1])
    assert [_at(steps, gap, n) for n in (1, 2, 3, 4, 9)] == [np.inf, 0.5, 0.5, 0.1, 0.1]
    assert _area(steps, gap, 5) == pytest.approx((1 + 0.5 + 0.5 + 0.1 + 0.1) / 5)
    assert _area(steps, gap, 1) == 1.0 and _area(np.empty(0), np.empty(0), 7) == 1.0
    assert _area(np.array([1.0]), np.array([0.0]), 7) == 0.0


def test_best_designs_are_told_in_words(sweep, tmp_path):
    certified, found = (
        best_designs(Results(sweep / "s", sweep / folder)) for folder in ("tables", "none")
    )
    assert all("the certified optimum, reached by" in line for line in certified)
    assert all("the best found, reached by" in line for line in found)
    best = Results(sweep / "s", sweep / "tables").targets["toy"].certificate["optimum"]["design"]
    told = next(line for line in certified if line.startswith("toy: "))
    reference = Results(sweep / "s").sweep.scenarios["toy"].reference_design
    usual = Results(sweep / "s").sweep.scenarios["toy"].space.decode(reference)[0]
    for knob, value in best.items():
        assert (f"{knob} {value}" in told) == (value != usual[knob])


def test_a_report_without_certificates_says_so(sweep, tmp_path):
    report = write_report(sweep / "s", tmp_path / "r", tmp_path / "none")
    assert any("0 of 2 scenarios have a certified optimum" in line for line in report.summary)


def test_failed_runs_are_told_by_the_last_line_of_their_error(sweep, tmp_path, monkeypatch):
    error = "Traceback (most recent call last):\n  …\nRuntimeError: the licence server is down\n"
    failed = [
        ("0123", "toy", "random_walk", "failed", error),
        ("4567", "toy", "grid", "failed", ""),
    ]
    monkeypatch.setattr("archgym.report.results.Ledger.failures", lambda self, most: failed)
    page = write_report(sweep / "s", tmp_path / "r", tmp_path / "none").page.read_text()
    assert "Failed runs" in page and "RuntimeError: the licence server is down" in page
    assert "Traceback" not in page


def test_the_tables(sweep, tmp_path):
    report = write_report(sweep / "s", tmp_path / "r", sweep / "tables")
    frames = {p.stem: pd.read_csv(p) for p in report.csv}
    lottery = frames["lottery"]
    assert set(lottery["agent"]) == {"genetic_algorithm", "hill_climbing", "random_walk"}
    assert (lottery["best gap"] <= lottery["median gap"]).all()
    assert (
        lottery["P(within 1 %)"].between(0, 1).all()
        and (lottery["P(1 %) low"] <= lottery["P(within 1 %)"]).all()
    )
    ranking = frames["ranking"]
    assert (ranking["IQM gap low"] <= ranking["IQM gap"] + 1e-12).all() and set(
        ranking["seeds"]
    ) == {6}
    assert (
        len(frames["pairs"]) == 3 and (frames["pairs"]["p corrected"] >= frames["pairs"]["p"]).all()
    )
    assert (
        frames["hypervolume"]["share"].between(0, 1 + 1e-9).all()
        and frames["hypervolume"]["exact"].all()
    )
    assert frames["tuning"]["evaluations charged"].eq(frames["tuning"]["draws"] * 40).all()
    assert set(frames["knobs"]["knob"]) == {"size", "ways", "policy"}
    assert frames["overhead"]["charged"].sum() == (2 * 18 + 2 * 18) * 40
    assert frames["counts"]["runs"].sum() == 72


def test_importances_find_the_hyperparameter_that_decides(sweep):
    """On a full grid where the outcome is the mutation rate's, nothing else matters."""
    results = Results(sweep / "s", sweep / "tables")
    runs = results.runs
    runs["area.40"] = [json.loads(h).get("mutation", 0.0) for h in runs["hyperparameters"]]
    table = importances(results)
    genetic = table[table["agent"] == "genetic_algorithm"].set_index("hyperparameter")
    assert set(genetic["method"]) == {"exact"}
    assert (
        genetic.loc["mutation", "total"] == pytest.approx(1)
        and genetic.loc["mutation", "best value"] == "0.05"
    )
    assert genetic.loc["population", "total"] == pytest.approx(0)


def test_warnings_say_what_cannot_be_concluded(sweep):
    results = Results(sweep / "s", sweep / "tables")
    pairs = pd.DataFrame(
        {"evaluations": [40], "first": ["a"], "second": ["b"], "separated": [False]}
    )
    assert any("too few to separate a and b" in w for w in text.warnings(results, pairs))
    results.runs = results.runs[results.runs["phase"] == "tuning"]
    said = text.warnings(results, pairs)
    assert any("no test phase" in w for w in said) and any("Only 2 seeds" in w for w in said)


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(ArchgymError, match="no sweep"):
        write_report(tmp_path)
    from archgym.sweeps.plan import from_sweep_document

    SweepFolder.create(tmp_path / "s", from_sweep_document(SWEEP))
    with pytest.raises(ArchgymError, match="--resume"):
        write_report(tmp_path / "s")
    (tmp_path / "s" / LEDGER).unlink()
    with pytest.raises(StoreError, match="does not exist"):
        write_report(tmp_path / "s")


# ---------------------------------------------------------------- in a real browser
def test_the_page_in_a_browser(sweep, tmp_path):
    """Offline: no console error, no request, every figure drawn, nothing wider than the window."""
    report = write_report(sweep / "s", tmp_path / "r", sweep / "tables")
    with browser() as started:
        for width in (1280, 390):
            there = Watched(started, width, dark=width == 390)
            page = there.page
            page.goto(report.page.as_uri())
            assert there.draw_all() >= 10
            assert there.overflow <= 0
            before = page.locator('[data-of="lottery"]:visible').get_attribute("data-value")
            page.select_option('select[data-group="lottery"]', index=1)
            assert page.locator('[data-of="lottery"]:visible').get_attribute("data-value") != before
            page.locator('[data-of="lottery"]:visible').scroll_into_view_if_needed()
            page.wait_for_selector('[data-of="lottery"]:not([hidden]) .main-svg')
            size = page.locator('[data-of="lottery"]:visible .main-svg').first.bounding_box()
            assert 200 < size["width"] <= width
            assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 14
            assert not there.errors
            assert there.elsewhere == []


# ---------------------------------------------------------------- leaderboard and comparison
def test_a_leaderboard_reproduces_and_a_forged_row_is_rejected(sweep, tmp_path, capsys):
    path = tmp_path / "board.json"
    assert (
        main(
            [
                "leaderboard",
                str(sweep / "s"),
                "--output",
                str(path),
                "--tables",
                str(sweep / "tables"),
                "--json",
            ]
        )
        == 0
    )
    rows = leaderboard.read(path)
    assert len(rows) == 2 * 3 and all(
        r["manifest"]["versions"] and r["phase"] == "test" for r in rows
    )
    assert [r["gap"] for r in rows if r["scenario"] == "toy"] == sorted(
        r["gap"] for r in rows if r["scenario"] == "toy"
    )
    for r in rows:  # the mean random design is beaten, and nothing undercuts a latency by all of it
        assert 0 < r["improvement"] < 100
    with open(path.with_suffix(".csv")) as file:
        lines = list(csv.reader(file))
    assert len(lines) == 7 and "improvement" in lines[0]
    verify = ["verify", "--leaderboard", str(path), "--trust"]  # it names a simulator of ours
    assert main([*verify, "--sample", "5"]) == 0
    assert "all reproduce" in capsys.readouterr().out
    rows[0]["manifest"]["best_costs"] = [c - 0.5 for c in rows[0]["manifest"]["best_costs"]]
    rows[1]["manifest"]["simulators"] = ["0" * 32]
    leaderboard.write(rows, path)
    with trust.consent():
        report = leaderboard.verify(path, sample=1000)
    reasons = {(r["scenario"], r["agent"]): r["reason"] for r in report["rejected"]}
    assert len(reasons) == 2
    assert "claimed" in reasons[rows[0]["scenario"], rows[0]["agent"]]
    assert "version" in reasons[rows[1]["scenario"], rows[1]["agent"]]
    assert main([*verify, "--sample", "1000"]) == 1
    path.write_text("[]")
    with pytest.raises(StoreError, match="not a leaderboard"):
        leaderboard.read(path)


def test_runs_side_by_side(tmp_path, capsys):
    runs = [str(tmp_path / name) for name in ("a", "b")]
    for path, agent in zip(runs, ("random_walk", "hill_climbing")):
        command = ["run", "dram/stream-low-power", "--workload", "stream@100", "--agent", agent]
        assert main([*command, "--budget", "30", "--output", path, "--no-plots", "--json"]) == 0
    capsys.readouterr()
    picture = tmp_path / "both.png"
    assert main(["compare", *runs, "--output", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "hill_climbing, seed 0" in out and "moved alone" in out and picture.stat().st_size > 5000
    assert main(["compare", *runs, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["runs"]) == 2 and {k["knob"] for k in said["knobs"]} >= {
        "page_policy",
        "arbiter",
    }
    assert main(["compare", runs[0], str(tmp_path / "none")]) == 2
