"""``archgym run`` and ``compare`` from the command line: what they say, exit with, and refuse."""

import json
import re

import pytest
import yaml

from archgym.cli import main
from archgym.goals.scenario_file import load_scenario
from archgym.search.progress_bar import note_of
from archgym.search.study import Study


@pytest.fixture
def go(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture
def scenario(tmp_path, toy_document):
    toy_document |= {
        "objectives": ["energy * latency"],
        "specs": {"energy": "<= 0.5 x reference", "latency": "<= 1 us"},
    }
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(toy_document))
    return file


def cells(out, label):
    """The cells of the table row that starts with a label."""
    row = next(line for line in out.splitlines() if line.strip().startswith(label))
    return [c.strip() for c in re.split(r"\s{2,}", row.strip())]


def test_the_table_shows_objectives_and_specs_of_best_and_reference(go, scenario):
    code, out, err = go("run", scenario, "--agent", "random_walk", "--budget", 60)
    assert code == 0 and "toy on w: best of 60 evaluations, meets every spec" in out
    row = cells(out, "minimise energy * latency")
    assert row[1].endswith("J·s") and row[2] == "4.329e-19 J·s" and float(row[3]) < 1
    row = cells(out, "spec energy <= 11 pJ")
    assert row[1].endswith("pJ, pass") and row[2] == "22 pJ, fail by 100 %"
    assert re.search(
        r"note: spec latency <= 1 µs never binds: all \d+ feasible trials meet it", out
    )
    assert re.search(r"60 evaluations charged, \d+ different, \d+ computed", out)
    assert "cost" not in out + err and "100.2" not in out + err
    assert "runs/toy@w/random_walk-seed0-" in out


def test_misses_are_named_with_limit_and_value(go, scenario):
    code, out, _ = go(
        "run", scenario, "--spec", "energy <= 1 fJ", "--agent", "random_walk", "--json"
    )
    result = json.loads(out)
    assert code == 0 and set(result["best"]["missed"]) == {"energy"}
    code, out, _ = go("run", "--resume", result["run"])
    assert code == 0 and "does NOT meet every spec" in out
    assert re.search(r"misses energy [\d.]+ pJ, limit <= 1 fJ", out)
    assert "met by none of" in out and "cost" not in out


def test_the_progress_bar_speaks_in_units(scenario):
    made = load_scenario(scenario)
    notes = [note_of(made, p) for p in Study(made, "random_walk", budget=60, batch=4).steps()]
    assert re.fullmatch(
        r"best energy \* latency [\d.e-]+ J·s( \(misses energy\))?; \d+ computed", notes[0]
    )
    assert "misses" not in notes[-1] and not any("cost" in n for n in notes)
    values = [float(re.search(r"latency ([\d.e-]+)", n)[1]) for n in notes if "misses" not in n]
    assert values == sorted(values, reverse=True) and len(values) > 1


@pytest.mark.parametrize("how", ["run", "json", "resume", "resume finished", "asked at resume"])
def test_until_specs_met_exits_1_where_they_are_not_met(go, scenario, tmp_path, how):
    folder = tmp_path / "r"
    words = [
        "run",
        scenario,
        "--spec",
        "energy <= 1 fJ",
        "--budget",
        20,
        "--no-plots",
        "--output",
        folder,
    ]
    if how == "asked at resume":
        assert go(*words)[0] == 0
        assert go("run", "--resume", folder, "--no-plots", "--until-specs-met")[0] == 1
        return
    code, out, _ = go(*words, "--until-specs-met", *(["--json"] if how == "json" else []))
    assert code == 1
    if how == "run":
        assert "--until-specs-met: no design meets every spec" in out
    if how == "resume":
        (folder / "result.json").unlink()
    if how.startswith("resume"):
        assert go("run", "--resume", folder, "--no-plots")[0] == 1
        assert go("run", "--resume", folder, "--no-plots", "--json")[0] == 1


def test_until_specs_met_exits_0_and_stops_where_they_are(go, scenario, tmp_path):
    code, out, _ = go(
        "run", scenario, "--until-specs-met", "--agent", "random_walk", "--budget", 400, "--batch", 1,
        "--output", tmp_path / "r", "--json",
    )  # fmt: skip
    result = json.loads(out)
    assert code == 0 and result["specs_met"] and result["charged"] < 400
    assert go("run", "--resume", tmp_path / "r")[0] == 0


def test_overrides_of_goal_and_knobs_reach_the_run(go, scenario, tmp_path):
    code, out, _ = go(
        "run", scenario, "--objective", "max:energy / latency", "--spec", "latency <= 2 x reference",
        "--spec", "energy=none", "--fix", "policy=lru", "--vary", "size=4,8,16", "--agent", "random_walk",
        "--output", tmp_path / "r", "--json",
    )  # fmt: skip
    result = json.loads(out)
    assert code == 0
    assert result["objectives"] == [{"name": "energy / latency", "goal": "maximize", "unit": "J/s"}]
    assert [s["metric"] for s in result["specs"]] == ["latency"]
    assert result["specs"][0]["upper"] == 2 * result["reference"]["metrics"]["latency"]
    assert result["best"]["design"]["policy"] == "lru" and result["best"]["design"]["size"] in (
        4,
        8,
        16,
    )
    rows = (tmp_path / "r" / "trials.csv").read_text().splitlines()[1:]
    assert {r.split(",")[1] for r in rows} == {"4", "8", "16"} and {
        r.split(",")[3] for r in rows
    } == {"lru"}
    assert go("run", "--resume", tmp_path / "r", "--json")[0] == 0
    assert "maximise energy / latency" in go("run", "--resume", tmp_path / "r")[1]


@pytest.mark.parametrize("word", ["run", "info"])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--spec", "energy"], "expected 'METRIC <= VALUE'"),
        (["--spec", "enrgy <= 1 pJ"], "energy"),
        (["--spec", "energy <= 1 s"], "J"),
        (["--spec", "energy <= lots"], "energy"),
        (["--spec", "energy <= 2 of refrence"], "energy"),
        (["--objective", "latncy"], "latency"),
        (["--objective", "latency + energy"], "product or ratio"),
        (["--objective", "max:"], "metric"),
        (["--fix", "size"], "NAME=VALUE"),
        (["--fix", "size=3"], "size"),
        (["--fix", "sise=4"], "size"),
        (["--vary", "policy=lru,mru"], "mru"),
        (["--vary", "size="], "NAME=VALUE"),
        (["--fix", "size=4", "--vary", "size=all"], "choose one"),
        (["--config", "gain=much"], "gain"),
    ],
)
def test_wrong_overrides_are_refused_before_anything_runs(
    go, scenario, tmp_path, word, options, says
):
    code, _, err = go(word, scenario, *options)
    assert code == 2 and says in err, err
    assert not (tmp_path / "runs").exists()


def test_info_speaks_in_units(go, scenario):
    code, out, _ = go("info", scenario, "--spec", "latency <= 150 % of reference")
    assert code == 0
    assert "4.329e-19 J·s" in out and "energy <= 11 pJ" in out and "latency <= 29.52 ns" in out
    code, out, _ = go("info", scenario, "--objective", "latency", "--json")
    (objective,) = json.loads(out)["objectives"]
    assert objective["reference"] == pytest.approx(1.968e-08, rel=1e-3) and objective["unit"] == "s"
    assert "19.68 ns" in go("info", scenario, "--objective", "latency")[1]


def test_compare_shows_units_specs_and_bands_over_seeds(go, scenario, tmp_path):
    folders = []
    for agent, seed in (("random_walk", 0), ("random_walk", 1), ("genetic_algorithm", 0)):
        folders.append(tmp_path / f"{agent}{seed}")
        go("run", scenario, "--agent", agent, "--seed", seed, "--no-plots", "--output", folders[-1])
    code, out, err = go("compare", *folders, "--output", tmp_path / "c.png")
    assert code == 0 and (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG", err
    assert "toy on w" in out and "cost" not in out
    assert cells(out, "random_walk  ")[1:3] == ["2", "2 of 2"]
    row = cells(out, "minimise energy * latency")
    assert len(row) == 5 and all(c.endswith("J·s") for c in row[1:]) and row[4] == "4.329e-19 J·s"
    assert cells(out, "spec energy <= 11 pJ")[4] == "22 pJ, fail by 100 %"
    assert "0 %" in cells(out, "worse than the best of them by")


def test_compare_refuses_runs_with_other_goals_and_takes_other_knobs(go, scenario, tmp_path):
    plain = ["run", scenario, "--agent", "random_walk", "--no-plots", "--budget", 30, "--output"]
    go(*plain, tmp_path / "a")
    go(*plain, tmp_path / "b", "--spec", "energy <= 50 pJ")
    go(*plain, tmp_path / "c", "--workload", "v")
    go(*plain, tmp_path / "d", "--fix", "policy=lru")
    go(*plain, tmp_path / "e", "--config", "gain=2")
    for other, word in (("b", "specs"), ("c", "workload"), ("e", "config")):
        code, _, err = go("compare", tmp_path / "a", tmp_path / other)
        assert code == 2 and word in err
    code, _, err = go("compare", tmp_path / "a", tmp_path / "d")
    assert code == 0, err
    (tmp_path / "d" / "result.json").unlink()
    code, _, err = go("compare", tmp_path / "a", tmp_path / "d")
    assert code == 2 and "--resume" in err


def test_a_run_with_another_workload_says_so(go, scenario):
    code, out, _ = go(
        "run", scenario, "--workload", "other", "--agent", "random_walk", "--budget", 5
    )
    assert code in (0, 1) and "toy on other:" in out and "runs/toy@other/" in out
