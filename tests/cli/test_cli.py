import csv
import json

import pytest

from archgym.cli import main


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_list_and_info_speak_json(capsys):
    code, out, _ = run(capsys, "list", "--json")
    listed = json.loads(out)
    assert (
        code == 0
        and "dram/stream-low-power" in listed["scenarios"]
        and "random_walk" in listed["agents"]
    )
    assert "stream" in listed["workloads"]["dram"]
    for name in ("dram", "genetic_algorithm", "dram/stream-low-power"):
        code, out, _ = run(capsys, "info", name, "--json")
        assert code == 0 and json.loads(out)
        code, out, _ = run(capsys, "info", name)
        assert code == 0 and name.split("/")[-1] in out


def test_run_shows_what_it_found(capsys, tmp_path):
    folder = tmp_path / "r"
    code, out, _ = run(
        capsys,
        "run",
        "dram/stream-low-power",
        "--workload",
        "rand_rw:n=300",
        "--budget",
        40,
        "--set",
        "population=8",
        "--output",
        folder,
    )
    assert code == 0 and "page_policy" in out and str(folder) in out
    assert (folder / "convergence.png").read_bytes()[:4] == b"\x89PNG"
    code, out, _ = run(capsys, "run", "--resume", folder, "--json")
    result = json.loads(out)
    assert code == 0 and result["charged"] == 40 and result["best"]["design"]["page_policy"]
    code, out, _ = run(capsys, "verify", folder, "--json")
    assert code == 0 and json.loads(out)["differences"] == []


def test_dry_run_runs_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "run", "dram/stream-low-power", "--dry-run", "--json")
    assert code == 0 and json.loads(out)["budget"] == 1000
    assert list(tmp_path.iterdir()) == []


def test_evaluate_reads_csv_and_jsonl(capsys, tmp_path):
    _, out, _ = run(capsys, "info", "dram/stream-low-power", "--json")
    design = json.loads(out)["reference design"]
    (tmp_path / "d.jsonl").write_text(
        json.dumps(design) + "\n" + json.dumps({**design, "page_policy": "Closed"}) + "\n"
    )
    with open(tmp_path / "d.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, list(design))
        writer.writeheader()
        writer.writerows([design, {**design, "page_policy": "Closed"}])
    tables = []
    for name in ("d.jsonl", "d.csv"):
        code, _, _ = run(
            capsys,
            "evaluate",
            "dram/stream-low-power",
            "--designs",
            tmp_path / name,
            "--output",
            tmp_path / "o.csv",
        )
        assert code == 0
        tables.append((tmp_path / "o.csv").read_text())
    assert tables[0] == tables[1]
    rows = list(csv.DictReader(tables[0].splitlines()))
    assert float(rows[0]["total_time"]) == pytest.approx(50.025e-6)
    assert float(rows[1]["total_time"]) == pytest.approx(452.58375e-6)
    assert float(rows[0]["energy"]) == pytest.approx(85.10925e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "dram/steam-low-power"], "did you mean 'dram/stream-low-power'"),
        (["run", "dram/stream-low-power", "--agent", "genetic"], "genetic_algorithm"),
        (["run", "dram/stream-low-power", "--budget", "0"], "budget must be at least 1"),
        (["run", "dram/stream-low-power", "--set", "populaton=8"], "did you mean 'population'"),
        (
            ["run", "dram/stream-low-power", "--set", "population=1000000"],
            "a whole number from 2 to 256",
        ),
        (
            ["run", "dram/stream-low-power", "--set", "population"],
            "--set population: expected NAME=VALUE",
        ),
        (["run", "dram/stream-low-power", "--workload", "none.stl"], "does not exist"),
        (["run", "dram/stream-low-power", "--output", "/proc/archgym"], "--output"),
        (["run"], "name a scenario"),
        (["run", "--resume", "/nowhere"], "holds no run"),
        (["verify", "/nowhere"], "holds no run"),
        (["info", "dramm"], "did you mean 'dram'"),
        (["evaluate", "dram/stream-low-power", "--designs", "/nowhere.csv"], "cannot read"),
        (["validate", "dramm"], "did you mean 'dram'"),
        (["dram", "trace", "info", "none.stl"], "does not exist"),
        (["dram", "trace", "capture", "--"], "name a program"),
        (["trace", "info", "stream"], "say: archgym accelerator trace or archgym dram trace"),
        (["layout", "run"], "say: archgym ffet layout"),
        (["netlist"], "say: archgym ffet netlist"),
        (["schedule", "run"], "say: archgym codesign schedule"),
        (["dramm", "trace"], "did you mean 'dram'"),
        (["dram", "trca"], "did you mean 'trace'"),
        (["external", "trace"], "has no verbs"),
        (["validate", "external"], "nothing to compare"),
    ],
)
def test_bad_input_exits_2_and_says_why(capsys, arguments, message):
    code, _, err = run(capsys, *arguments)
    assert code == 2 and message in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.csv", "page_policy,scheduler\nOpen\n", "not as many cells"),
        ("d.csv", "page_polcy\nOpen\n", "page_policy"),
        ("d.csv", "page_policy\n", "holds no design"),
        ("d.jsonl", "{\n", "line 1: not JSON"),
        ("d.jsonl", "3\n", "expected an object"),
        ("d.txt", "x", "expected a .csv or .jsonl"),
    ],
)
def test_broken_design_files_are_named(capsys, tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    code, _, err = run(capsys, "evaluate", "dram/stream-low-power", "--designs", tmp_path / name)
    assert code == 2 and message in err


def test_trace_words(capsys, tmp_path):
    code, out, _ = run(capsys, "dram", "trace", "info", "chase:n=500", "--json")
    assert code == 0 and json.loads(out)["requests"] == 500
    for suffix in ("npz", "stl"):
        code, _, _ = run(
            capsys, "dram", "trace", "convert", "chase:n=500", "--output", tmp_path / f"c.{suffix}"
        )
        assert code == 0
        code, out, _ = run(capsys, "dram", "trace", "info", tmp_path / f"c.{suffix}", "--json")
        assert json.loads(out)["read_share"] == 1.0
    code, out, _ = run(capsys, "dram", "trace", "list", "--json")
    assert "stream" in json.loads(out)
    code, _, err = run(capsys, "dram", "trace", "convert", "stream", "--output", tmp_path / "c.txt")
    assert code == 2 and ".npz or .stl" in err


def test_a_setting_of_the_simulator_can_be_changed(capsys, tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("".join(f"0x{64 * i:x} READ {i}\n" for i in range(200)))
    arguments = ["run", "dram/stream-low-power", "--workload", trace, "--budget", 4, "--json"]
    code, _, err = run(capsys, *arguments, "--output", tmp_path / "a")
    assert code == 2 and "known suffix" in err
    code, _, err = run(
        capsys, *arguments, "--config", "format=dramsim3", "--output", tmp_path / "b"
    )
    assert code == 0, err
    code, _, err = run(capsys, *arguments, "--config", "formt=dramsim3")
    assert code == 2 and "did you mean 'format'" in err


def test_until_specs_met_exits_1_where_none_does(capsys, tmp_path, toy_document):
    import yaml

    toy_document["specs"] = {"energy": "<= 1 fJ"}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(toy_document))
    code, out, _ = run(
        capsys,
        "run",
        tmp_path / "s.yaml",
        "--until-specs-met",
        "--budget",
        10,
        "--output",
        tmp_path / "r",
        "--json",
    )
    assert code == 1 and json.loads(out)["satisfied"] == 0
