"""The model against other tools, and against doctored copies of their figures."""

import json

import pytest
from archgym.simulators.accelerator.validation import validate

from archgym.cli import main
from archgym.errors import ArchgymError
from tests.conftest import REFERENCE


def test_every_row_of_timeloop_is_equal():
    found = validate(REFERENCE / "timeloop_reference.json")
    assert found.holds and all(c.holds for c in found.checks)
    assert found.check("reads, fills, updates (timeloop)").rows == 459
    assert found.check("reason, level, figures", "rejected").rows == 115


def test_the_other_tools_and_silicon():
    found = validate(REFERENCE / "dnn_reference.json")
    failing = [c for c in found.checks if not c.holds]
    assert {(c.source.split()[0], c.quantity) for c in failing} == {
        ("NVDLA", "area"),
        ("NVDLA", "fps"),
    }
    assert all(c.verdict == "gap" and c.note for c in failing) and found.exit_code == 0
    (cycles,) = (c for c in found.checks if (c.source, c.quantity) == ("SCALE-Sim", "cycles"))
    assert cycles.rows == 74
    errors = [abs(r["error"]) for r in found.details["Eyeriss, AlexNet at N = 4"]]
    assert len(errors) == 5 and sum(errors) / 5 < 0.1


def test_a_doctored_count_is_found(tmp_path, capsys):
    data = json.loads((REFERENCE / "timeloop_reference.json").read_text())
    data["rows"] = data["rows"][:6]
    data["rejected"] = data["rejected"][:3]
    data["rows"][2][15][0][0][0] += 1
    data["rejected"][1][5] += 1
    path = tmp_path / "r.json"
    path.write_text(json.dumps(data))
    assert main(["validate", "accelerator", "--reference", str(path), "--json"]) == 1
    table = {c["quantity"]: c for c in json.loads(capsys.readouterr().out)["checks"]}
    assert table["reads, fills, updates (timeloop)"]["measured"] == "5 of 6 equal"
    assert table["reason, level, figures"]["measured"] == "2 of 3 equal"
    assert table["cycles (timeloop)"]["holds"]


@pytest.mark.parametrize("text", ["{}", "not json", '{"architectures": {}}', '{"layers": {}}'])
def test_a_file_of_another_form_is_refused(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ArchgymError, match=r"r\.json|none of the tables"):
        validate(tmp_path / "r.json")
