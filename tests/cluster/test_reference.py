"""Rows of ASTRA-sim, both back ends: cycles and exposed cycles of every NPU, and what the tool hangs on."""

import json
from pathlib import Path

import pytest
from archgym.simulators.cluster.events import simulate
from archgym.simulators.cluster.faults import closed, used
from archgym.simulators.cluster.validation import agrees, system_of, validate
from archgym.simulators.cluster.workloads import programs

from archgym.errors import ArchgymError

FILE = Path(__file__).parents[1] / "reference" / "cluster_rows.json"
DATA = json.loads(FILE.read_text())
ROWS = [dict(zip(DATA["columns"], r)) for r in DATA["rows"]]


@pytest.mark.parametrize("group", sorted({r["class"] for r in ROWS}))
def test_cycles_of_every_npu(group):
    for row in (r for r in ROWS if r["class"] == group):
        task = programs(row["npus"], row["workload"])
        assert agrees(simulate(system_of(row), task), row) == (True, True), row["id"]


def test_closed_forms_are_the_messages_taken_together():
    """One NPU with closed phases against every message of every NPU, on rows that have both."""
    seen = 0
    for row in ROWS:
        system, task = system_of(row), programs(row["npus"], row["workload"])
        if task.stands_for is not None and closed(system, used(system, task)) and task.size <= 32:
            whole, each = simulate(system, task, True), simulate(system, task, False)
            assert (whole.finish, whole.compute) == (each.finish, each.compute), row["id"]
            seen += 1
        if seen == 25:
            break
    assert seen == 25


@pytest.mark.parametrize("given", DATA["rejected"], ids=lambda r: r[0])
def test_what_hangs_there_hangs_here(given):
    row = dict(zip(DATA["columns"], given))
    outcome = simulate(system_of(row), programs(row["npus"], row["workload"]))
    finished = len(outcome.finish) - outcome.finish.count(None)
    assert finished == given[10]["finished"]


def test_validation_reads_its_file_or_says_what_is_wrong(tmp_path):
    done = validate(FILE, closed_only=True)
    assert [c.holds for c in done.checks] == [True] * 4
    wrong = tmp_path / "x.json"
    wrong.write_text('{"columns": [], "rows": [[1]]}')
    with pytest.raises(ArchgymError, match="not a cluster reference file"):
        validate(wrong)
    with pytest.raises(ArchgymError, match="does not exist"):
        validate(tmp_path / "none.json")


def test_a_changed_rule_is_seen(monkeypatch):
    """The rows notice 1 ns in the endpoint delay of a phase."""
    from archgym.simulators.cluster import durations

    row = next(r for r in ROWS if r["method"] == "closed" and r["workload"]["gen"] == "collective")
    right = durations.duration
    monkeypatch.setattr(
        "archgym.simulators.cluster.message_tables.duration", lambda s, p: right(s, p) + 1
    )
    outcome = simulate(system_of(row), programs(row["npus"], row["workload"]), True)
    assert agrees(outcome, row) == (False, False)
