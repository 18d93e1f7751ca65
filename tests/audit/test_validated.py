"""The audit's distance from the validated region: rows a domain declares, compared knob by knob."""

import json
from dataclasses import replace

import numpy as np
import pytest

import archgym
from archgym.audit import findings
from archgym.audit.nearness import nearness
from archgym.audit.subject import of_scenario
from archgym.domains import Domain, domains
from archgym.errors import ArchgymError
from archgym.registry import load
from archgym.validation import reference_file

DRAM, SERVING = "dram/bfs-10k-front", "serving/llama-70b-chat"


def of(name):
    return of_scenario(archgym.load_scenario(name))


def moved(s, **values):
    design = s.scenario.space.decode(s.best[None])[0] | values
    return replace(s, best=s.scenario.space.encode([design])[0])


def test_a_reference_row_itself_is_at_no_distance():
    found = findings.validated(of("dram/stream-low-latency"))  # the search ended on a row
    assert (found.verdict, found.figures["differ"], found.figures["unseen"]) == ("yes", [], {})
    assert found.text.startswith("one of 300 reference rows has all ")


def test_knobs_that_do_nothing_are_not_compared():
    s = of(DRAM)  # its best has refresh off, so that no refresh can be owed
    found = findings.validated(s)
    assert found.figures["differ"] == ["request_buffer_size", "refresh_policy"]
    far = findings.validated(moved(s, refresh_max_postponed=7, refresh_max_pulled_in=7))
    assert far.figures == found.figures
    on = moved(s, refresh_policy="AllBank", refresh_max_postponed=7)
    assert findings.validated(on).figures["knobs"] == found.figures["knobs"] + 2


def test_values_that_no_row_has_are_named_and_numbers_may_lie_between():
    s = of(SERVING)
    found = findings.validated(s)
    assert found.verdict == "told" and found.text.startswith("not validated: gpu = gb300; ")
    assert found.figures["unseen"] == {"gpu": "gb300"}
    simulator = s.scenario.simulators[0]
    rows = [{"concurrency": 3}, {"concurrency": 700}]
    for value, unseen, between in (
        (16, {}, {"concurrency": 16}),
        (1024, {"concurrency": 1024}, {}),
    ):
        near = nearness(simulator, moved(s, concurrency=value).best, rows)
        assert near.knobs == ("concurrency",) and len(near.differ) == 1
        assert (near.unseen, near.between) == (unseen, between)


def test_without_rows_of_its_kind_nothing_is_claimed(monkeypatch):
    for name, told in (
        ("cluster/archgym-workload-physical", "no reference rows in these knobs"),
        ("serving/gpt-oss-batch", "no reference rows of this device, model or set of rules"),
    ):
        found = findings.validated(of(name))
        assert (found.verdict, found.text) == ("-", told)
    jedec = archgym.load_scenario(DRAM, config={"semantics": "jedec"})
    assert load("validated", "dram")(jedec.simulators[0]) == []

    def lost(simulator):
        raise ArchgymError("rows.json is not part of this installation")

    monkeypatch.setattr("archgym.simulators.dram.validated.rows", lost)
    found = findings.validated(of(DRAM))
    assert found.verdict == "-" and "rows.json" in found.text


def test_rows_have_the_knobs_of_their_simulator():
    declared = [(n, d) for d in domains().values() for n in d.validated]
    assert {n for n, _ in declared} >= {"dram", "serving"}
    for name, scenario in (("dram", DRAM), ("serving", SERVING)):
        simulator = archgym.load_scenario(scenario).simulators[0]
        for row in load("validated", name)(simulator):
            assert set(row) == {p.name for p in simulator.space.parameters}
    data = json.loads(reference_file("dram_reference.json").read_text())
    at = data["config_columns"].index("MaxActiveTransactions")
    rows = load("validated", "dram")(archgym.load_scenario(DRAM).simulators[0])
    assert {r["max_active_transactions"] for r in rows} == {c[at] for c in data["configs"]}


def test_measured_deployments_keep_their_pools():
    rows = load("validated", "serving")(
        archgym.load_scenario("serving/deepseek-r1-disaggregation").simulators[0]
    )
    apart = [r for r in rows if r["prefill_workers"]]
    assert apart and len(apart) < len(rows)
    assert np.unique([r["decode_workers"] for r in apart]).size > 1
    assert all(r["decode_workers"] == r["prefill_tensor"] == 1 for r in rows if r not in apart)


def test_a_domain_names_rows_of_its_own_simulators_only():
    with pytest.raises(ArchgymError, match="validated rows of 'other'"):
        Domain("d", "text", {"one": "m:S"}, validated={"other": "m:rows"})
    with pytest.raises(ArchgymError, match="expected 'module:attribute'"):
        Domain("d", "text", {"one": "m:S"}, validated={"one": "rows"})
