"""Against DRAMSys, row by row, and the checker's constraint list."""

import copy
import json
import os
import re
from pathlib import Path

import pytest
from archgym.simulators.dram import timing
from archgym.simulators.dram.commands import NAMES
from archgym.simulators.dram.devices import DDR4_2400
from archgym.simulators.dram.validation import validate

from archgym.cli import main
from archgym.errors import ArchgymError
from tests.conftest import REFERENCE


@pytest.fixture(scope="module")
def ddr4():
    return json.loads((REFERENCE / "dram_reference.json").read_text())


def thinned(data, keep, path):
    data = copy.copy(data)
    data["rows"] = [r for i, r in enumerate(data["rows"]) if keep(i, r)]
    path.write_text(json.dumps(data))
    return path


def test_every_seventh_row_is_exact(ddr4, tmp_path):
    found = validate(thinned(ddr4, lambda i, r: i % 7 == 0, tmp_path / "r.json"))
    assert found.holds and len(found.checks) == 6
    for check in found.checks:
        if (check.case, check.quantity) != ("Staggered", "core energy"):
            assert check.figures["exact"] == check.rows, check


@pytest.mark.slow
def test_every_row_is_exact(ddr4):
    found = validate(REFERENCE / "dram_reference.json")
    assert found.holds
    exact = {(c.case, c.quantity): (c.figures["exact"], c.rows) for c in found.checks}
    assert all(a == n for key, (a, n) in exact.items() if key != ("Staggered", "core energy"))


def test_archgyms_stream_rows_are_exact(tmp_path):
    data = json.loads((REFERENCE / "dram_reference_archgym.json").read_text())
    stream = data["trace_names"].index("stream.stl")
    folder = tmp_path / "traces"
    folder.mkdir()
    main(["dram", "trace", "convert", "stream", "--output", str(folder / "stream.stl")])
    found = validate(thinned(data, lambda i, r: r[1] == stream, tmp_path / "r.json"))
    assert found.holds
    assert all(c.figures["exact"] == c.rows == 300 for c in found.checks)


@pytest.mark.skipif(
    not (Path(os.environ.get("ARCHGYM_TRACES", "/nowhere")) / "random.stl").is_file(),
    reason="ArchGym's trace files are not shipped: set ARCHGYM_TRACES to their folder",
)
def test_archgyms_rows_are_exact():
    found = validate(REFERENCE / "dram_reference_archgym.json", Path(os.environ["ARCHGYM_TRACES"]))
    assert all(c.figures["exact"] == c.rows == 1200 for c in found.checks)


def test_a_shifted_reference_fails(ddr4, tmp_path):
    def shift(i, row):
        if i % 60:
            return False
        row[2] = int(row[2] * 1.05)
        return True

    data = copy.deepcopy(ddr4)
    path = thinned(data, shift, tmp_path / "r.json")
    assert not validate(path).holds
    assert main(["validate", "dram", "--reference", str(path), "--json"]) == 1


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"memspec": {"memoryType": "DDR9"}, "row_columns": [], "rows": []}']
)
def test_a_broken_reference_is_named(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ArchgymError, match=r"r.json|memory type"):
        validate(tmp_path / "r.json")


def test_constraints_are_those_of_the_checker():
    t = DDR4_2400.t
    symbols = {f"t{k}": v for k, v in t.items()} | {
        "tWRRD_S": 23,
        "tWRRD_L": 29,
        "tWRPRE": 38,
        "tRDAACT": 28,
        "tWRAACT": 54,
        "tRDPDEN": 21,
        "tWRPDEN": 38,
        "tWRAPDEN": 39,
        "tPD": t["CKE"],
        "tAL": 0,
        "max": max,
    }
    scopes = {"Bank": "bank", "BankGroup": "group", "Rank": "rank"}
    theirs = {}
    for line in (REFERENCE / "dram_ddr4_constraints.txt").read_text().splitlines():
        scope, first, second, value = re.match(r"(\w+) \((\w+),(\w+)\) (.*) \[\]", line).groups()
        key = (scopes[scope], first, second)
        theirs[key] = max(theirs.get(key, 0), eval(value.replace("std::", ""), {}, symbols))
    mine = {}
    for scope, first, second, cycles in timing.constraints(DDR4_2400):
        key = (scope, NAMES[first], NAMES[second])
        mine[key] = max(mine.get(key, 0), cycles)
    assert mine == theirs and len(mine) == 107
