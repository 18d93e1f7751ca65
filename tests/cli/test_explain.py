"""``archgym explain`` as users type it."""

import json

from archgym.cli import main


def test_a_scenario_is_explained_beside_its_reference(tmp_path, capsys):
    words = ["explain", "dram/sqlite-low-latency", "--workload", "sqlite@1000"]
    assert main([*words, "--design", "page_policy=Closed"]) == 0
    out = capsys.readouterr().out
    assert "the reference design with page_policy = Closed" in out
    assert "Limited by" in out and "One step of one knob" in out
    page = tmp_path / "why.html"
    assert (
        main([*words, "--json", "--by", "part", "--metric", "energy", "--output", str(page)]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    (energy,) = document["metrics"]
    assert abs(sum(p["value"] for p in energy["parts"]) / energy["value"] - 1) < 1e-12
    assert {s["knob"] for s in document["steps"]} >= {"page_policy", "scheduler"}
    assert "Limited by" in page.read_text("utf-8")


def test_a_run_is_explained_by_its_best_design_and_bad_requests_are_answered(tmp_path, capsys):
    run = tmp_path / "run"
    words = ["run", "dram/sqlite-low-latency", "--workload", "sqlite@500", "--agent", "random_walk"]
    assert main([*words, "--budget", "6", "--output", str(run), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["explain", str(run), "--no-steps"]) == 0
    out = capsys.readouterr().out
    assert "the best design of the run" in out and "One step" not in out
    for more, told in (
        (["--metric", "speed"], "unknown metric 'speed'"),
        (["--design", "nonsense=1"], "unknown parameter 'nonsense'"),
        (["--spec", "energy <= 1"], "options of scenarios do not apply"),
        (["--output", "x.png"], "ends in .html"),
    ):
        assert main(["explain", str(run), *more]) == 2
        assert told in capsys.readouterr().err
