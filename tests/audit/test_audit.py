"""The audit of optima: sound ones pass, forged ones do not, and quirks are named."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import archgym
from archgym.audit import findings, others
from archgym.audit.subject import of_scenario, subject
from archgym.cli import main
from archgym.domains import Quirk, domains

BOUNDED = "accelerator/llama-8b-decode-coarse-front"
SERVING, CLUSTER, DRAM = (
    "serving/gpt-oss-batch",
    "cluster/archgym-workload-physical",
    "dram/bfs-10k-front",
)


def by_question(s, **options):
    return {f.question: f for f in findings.audit(s, **options)}


def test_a_sound_optimum_passes():
    found = by_question(of_scenario(archgym.load_scenario(SERVING)))
    assert {q: f.verdict for q, f in found.items()} == {
        "again": "yes", "twin": "-", "steps": "yes", "semantics": "-", "constants": "-", "validated": "-",
        "doubts": "yes", "quirks": "-",
    }  # fmt: skip
    assert found["again"].figures["designs"] == 15
    assert found["steps"].figures["least"] == 0.0  # ties: expert parallelism on one GPU


def test_forged_figures_are_refuted():
    s = of_scenario(archgym.load_scenario(SERVING))
    forged = replace(s, metrics={**s.metrics, "gpu_time": s.metrics["gpu_time"] * 0.99})
    again = findings.again(forged)
    assert again.verdict == "NO" and "gpu_time of the best design" in again.text


def test_an_optimum_with_a_better_neighbour_is_refuted():
    s = of_scenario(archgym.load_scenario(SERVING))
    knob = s.scenario.space.position("concurrency")
    worse = s.best.copy()
    worse[knob] -= 1
    steps = by_question(replace(s, best=worse))["steps"]
    assert steps.verdict == "NO" and "concurrency" in steps.text and "better" in steps.text


def test_the_clusters_twin_is_asked_and_its_disagreement_refutes(monkeypatch):
    s = of_scenario(archgym.load_scenario(CLUSTER))
    assert findings.twin(s).verdict == "yes"
    from archgym.simulators.cluster import slow_twin

    right = slow_twin.compare

    def wrong(simulator, x):
        return {k: (fast, slow + 1) for k, (fast, slow) in right(simulator, x).items()}

    monkeypatch.setattr(slow_twin, "compare", wrong)
    assert findings.twin(s).verdict == "NO"


def test_other_semantics_are_measured_against_their_certified_optimum():
    s = of_scenario(archgym.load_scenario(CLUSTER))
    assert others.semantics_of(s.scenario) == ("physical", ("astra-sim",))
    (found,) = findings.semantics(s, [])
    twin = of_scenario(archgym.load_scenario("cluster/archgym-workload-astra-sim"))
    cost = float(twin.scenario.costs(twin.scenario.evaluate(s.best[None]))[0, 0])
    least = float(twin.scenario.costs(twin.scenario.evaluate(twin.best[None]))[0, 0])
    assert found.figures["certified"]
    assert found.figures["gap"] == pytest.approx(np.expm1(cost - least))


def test_constants_that_decide_the_winner_are_named(monkeypatch):
    s = of_scenario(archgym.load_scenario(CLUSTER))
    found = findings.constants(s, [])
    assert found.verdict == "yes" and len(found.figures["gaps"]) == 8  # four constants, two ways
    slow = archgym.load_scenario(s.scenario, changes={"objectives": ["memory"]})
    monkeypatch.setattr(others, "with_constants_off", lambda *_: iter([("peak_tflops", 1.0, slow)]))
    front = s.scenario.space.sample(300, np.random.default_rng(0))
    far = findings.constants(replace(s, front=front), [])
    assert far.verdict == "told" and far.text.startswith("with peak_tflops = 1 it is ")
    assert far.figures["gaps"]["peak_tflops = 1"] > 0.01
    monkeypatch.undo()
    assert findings.constants(of_scenario(archgym.load_scenario(SERVING)), []).verdict == "-"
    dram = of_scenario(archgym.load_scenario(DRAM))
    assert findings.constants(dram, []).verdict == "-"


def test_a_winner_by_refresh_that_is_off_is_named():
    s = of_scenario(archgym.load_scenario(DRAM))
    (quirk,) = findings.quirks(s)
    assert quirk.verdict == "told" and quirk.text.startswith("owes its place to refresh_policy")
    assert quirk.figures["certified"]  # the twin's own optimum says what refresh costs
    twin = of_scenario(archgym.load_scenario(f"{DRAM}-refresh"))
    (own,) = findings.quirks(twin)
    assert (own.verdict, own.text) == ("-", "no quirk is known that this space could use")
    both = [x.scenario.evaluate(x.best[None]) for x in (s, twin)]
    costs = [float(s.scenario.costs(e)[0, 0]) for e in both]
    assert quirk.figures["loss"] == pytest.approx(np.expm1(costs[1] - costs[0]))


def test_a_quirk_names_knobs_that_its_simulator_has():
    for domain in domains().values():
        for quirk in domain.quirks:
            assert quirk.simulator in domain.simulators and quirk.values and quirk.why
    quirk = Quirk("s", {"a": (1, 2), "b": ("x",)}, "why")
    assert quirk.used({"a": 1, "b": "y", "c": 1}) == {"a": 1} and not quirk.used({"a": 3})


def test_a_run_is_audited_from_the_command_line(tmp_path, capsys):
    folder, table = tmp_path / "r", tmp_path / "t.md"
    words = ["run", SERVING, "--agent", "random_walk", "--budget", "12", "--no-effects"]
    assert main([*words, "--output", str(folder)]) == 0
    capsys.readouterr()
    assert main(["audit", str(folder), CLUSTER, "--json", "--output", str(table)]) == 0
    run, certified = json.loads(capsys.readouterr().out)["optima"]
    assert (run["kind"], certified["kind"]) == ("run", "certified")
    steps = next(f for f in run["findings"] if f["question"] == "steps")
    assert (
        steps["verdict"] == "told" and "better" in steps["text"]
    )  # twelve designs find no optimum
    lines = table.read_text().splitlines()
    assert lines[0].startswith("| optimum |") and lines[3].startswith(f"| {CLUSTER} | time ")
    assert subject(str(folder)).best.shape == (len(archgym.load_scenario(SERVING).space),)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name run folders or scenarios"),
        ([SERVING, "--certified"], "name run folders or scenarios"),
        (["."], "holds no run"),
        (["cluster/gpt3-13b-training"], "has no certificate"),
        (
            [BOUNDED],
            f"within 4.1% of what no design can be below; archgym accelerator front {BOUNDED} --check",
        ),
        (["serving/gpt-oss-bacth"], "serving/gpt-oss-batch"),
        ([SERVING, "--output", "t.txt"], ".md"),
    ],
)
def test_what_cannot_be_audited_is_told(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["audit", *words]) == 2
    assert told in capsys.readouterr().err


def test_certificates_of_bounds_are_listed_with_their_gap(monkeypatch, tmp_path):
    from archgym.audit import subject as module

    fronts = module.folder() / "certified" / "fronts"
    shutil.copytree(fronts, tmp_path / "certified" / "fronts")
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    found, missing = module.certified()
    # the Eyeriss-like space is enumerated, too, so it is audited
    assert not found and list(missing) == ["accelerator/alexnet-simba-coarse-front", BOUNDED]
    assert len(list(fronts.glob("*.json"))) == len(missing) + 1
    assert "within 8.3%" in missing["accelerator/alexnet-simba-coarse-front"]
    assert "within 4.1%" in missing[BOUNDED]
