"""Nests of AccelForge's form: its own figures, one counted by hand, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.readers.nests import read_nest
from archgym.simulators.accelerator.uneven import evaluate_nest

from archgym.cli import main
from archgym.errors import ArchgymError

CASES = Path(__file__).parent / "cases" / "accelforge.json"
MACHINE = Architecture(
    "m",
    (
        Level("DRAM", read_pj=100, write_pj=100, shared_bits=32, must_keep="WIO"),
        Level("RF", 16 * 16, (2, 1), read_pj=1, write_pj=2, must_keep="WIO"),
    ),
    1.0,
)
LAYER = Layer("l", K=4, C=2, P=3)


def checks(path, capsys):
    code = main(["validate", "accelerator", "--reference", str(path), "--json"])
    return code, json.loads(capsys.readouterr().out)["checks"]


def test_accelforges_optima_and_random_nests_are_equal(capsys):
    code, found = checks(CASES, capsys)
    assert code == 0 and len(found) == 5 and all(c["holds"] for c in found)


def test_a_file_that_differs_is_told(tmp_path, capsys):
    data = json.loads(CASES.read_text())
    data["optima"][0]["cycles"] *= 1.00001
    refused = next(r for r in data["random_mappings"] if not r["fits"])
    refused |= {"fits": True, "energy_pj": 1.0, "cycles": 1.0}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(data))
    code, found = checks(other, capsys)
    assert code == 1
    assert [c["holds"] for c in found] == [False, True, True, False, False]
    other.write_text(json.dumps({"machines": {}, "layers": data["layers"], "optima": []}))
    assert main(["validate", "accelerator", "--reference", str(other)]) == 2
    assert "has none of the tables" in capsys.readouterr().err


def test_a_nest_counted_by_hand():
    """Outputs stay in RF while C runs; weights come once an output, inputs once a K."""
    nest = [
        ["S", "DRAM", "WIO"], ["T", "K", 2], ["T", "P", 1], ["S", "RF", "O"], ["T", "C", 1],
        ["S", "RF", "WI"], ["X", "RFarr.X", "K", 1],
    ]  # fmt: skip
    cost = evaluate_nest(LAYER, MACHINE, read_nest(nest, LAYER, MACHINE))
    # by tensor: W, I, O. RF holds K2 of W, 1 word of I, K2 of O in each of 2 x 3 x 2 steps
    assert cost.reads[0].tolist() == [24, 12, 0]
    assert cost.writes[0].tolist() == [0, 0, 12]
    # the multipliers: 24 products; I is multicast to 2; 12 sums of 2 products, then they drain
    assert cost.reads[1].tolist() == [24, 12, 24 - 12 + 12]
    assert cost.writes[1].tolist() == [24, 12, 24]
    assert cost.held.tolist() == [8 + 6 + 12, 2 + 1 + 2] and not cost.full
    assert cost.energy_pj == 24 + 100 * (36 + 12) + 60 + 2 * 60
    assert cost.cycles == (36 + 12) * 16 / 32


def test_a_holder_further_outside_needs_more_room_and_moves_less():
    tight = Architecture("t", (MACHINE.levels[0], Level("RF", 9 * 16, must_keep="WIO")), 1.0)
    inner = [["S", "DRAM", "WIO"], ["T", "P", 1], ["S", "RF", "WIO"], ["T", "K", 1], ["T", "C", 1]]
    outer = [["S", "DRAM", "WIO"], ["S", "RF", "W"], ["T", "P", 1], ["S", "RF", "IO"], *inner[3:]]
    a, b = (evaluate_nest(LAYER, tight, read_nest(x, LAYER, tight)) for x in (inner, outer))
    assert a.reads[0, 0] == 3 * 8 and b.reads[0, 0] == 8
    assert np.array_equal(a.reads[0, 1:], b.reads[0, 1:])
    assert b.full == "RF"


def test_what_is_no_nest_is_refused_with_every_fault():
    with pytest.raises(ArchgymError) as error:
        read_nest(
            [["S", "DRAM", "WI"], ["T", "K", 3], ["S", "L2", "O"], ["T", "Z", 1], ["S", "DRAM", "W"],
             ["X", "RFarr.Y", "C", 1]],
            LAYER, MACHINE,
        )  # fmt: skip
    text = str(error.value)
    for part in (
        "3 does not divide 4",
        "no level 'L2'",
        "got ['T', 'Z', 1]",
        "P: 3 are left",
        "O: not held",
        "W: its holders",
        "RF: 2 children along 'Y', there are 1",
    ):
        assert part in text
