"""One kind of check for every domain, one table, one exit code."""

import json

import pytest

from archgym import cli, registry
from archgym.errors import ArchgymError
from archgym.validation import Check, Validation, equal, near, within


def made(holds, **more):
    return Check("latency", "a chip", "1 s", "1 s", holds, **more)


@pytest.mark.parametrize(
    ("check", "verdict", "code"),
    [
        (made(True), "yes", 0),
        (made(False), "NO", 1),
        (made(None), "told", 0),
        (made(False, demanded=False, note="their rounding"), "gap", 0),
        (made(True, demanded=False), "yes", 0),
        (made(None, demanded=False), "told", 0),
    ],
)
def test_verdicts_and_the_exit_code(check, verdict, code):
    found = Validation([made(True), check])
    assert check.verdict == verdict
    assert (found.exit_code, found.holds) == (code, code == 0)


def test_nothing_to_compare_is_no_success():
    with pytest.raises(ArchgymError, match=r"rows\.json: there is nothing to compare"):
        Validation([], reference="rows.json")


def test_makers_judge_at_their_bounds():
    assert equal("x", "s", 3, 3).holds and not equal("x", "s", 2, 3).holds
    assert equal("x", "s", 2, 3).figures == {"equal": 2}
    assert equal("x", "s", 2, 3, figures={"worst_row": 7}).figures == {"equal": 2, "worst_row": 7}
    assert within("x", "s", [0.01, 0.02], 0.02).holds
    assert not within("x", "s", [0.01, 0.021], 0.02).holds
    low, high = near("x", "s", 0.5, 0.1, 0.75, 0.25), near("x", "s", 1.0, float("nan"), 0.75, 0.25)
    assert low.holds and high.holds and not near("x", "s", 1.01, 0.0, 0.75, 0.25).holds
    assert "±" in low.measured and "±" not in high.measured
    assert "standard_error" not in high.figures


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_figure_that_is_none_never_holds(bad):
    assert not within("x", "s", [0.0, bad, 0.0], 0.02).holds
    assert not near("x", "s", bad, 0.0, 1.0, 0.1).holds


def test_one_check_is_found_by_name_and_case():
    found = Validation([made(True, case="a"), made(False, case="b")])
    assert found.check("latency", "b").holds is False
    with pytest.raises(KeyError, match="2 checks"):
        found.check("latency")
    with pytest.raises(KeyError, match="0 checks"):
        found.check("power")


def install(monkeypatch, go):
    def add_options(parser):
        parser.add_argument("--rows", type=int, default=1)
        parser.set_defaults(go=go)

    real = registry.table
    found = {**real("validators"), "theirs": "x:y"}
    monkeypatch.setattr(
        registry, "table", lambda kind: found if kind == "validators" else real(kind)
    )
    monkeypatch.setattr(registry, "load", lambda kind, name: add_options)


def test_the_command_prints_one_table_and_one_form_of_json(monkeypatch, capsys):
    checks = [
        made(True, held_out=False, rows=3),
        made(False, demanded=False, note="their rounding", case="b"),
        made(None),
    ]
    install(
        monkeypatch, lambda o: Validation(checks, {"worst": [{"row": 1, "error": 0.12345}]}, "f")
    )
    assert cli.main(["validate", "theirs"]) == 0
    out = capsys.readouterr().out
    assert "constants were fitted on these figures" in out and "held out" in out
    assert "latency: their rounding" in out and "0.123" in out
    assert (
        "1 of 2 checks hold, 1 not met and explained, 1 told without judging: every demand" in out
    )
    assert cli.main(["validate", "theirs", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["domain"] == "theirs" and document["holds"] is True
    assert [c["verdict"] for c in document["checks"]] == ["yes", "gap", "told"]
    assert document["checks"][0]["held_out"] is False
    assert document["details"]["worst"][0]["error"] == 0.12345


def test_a_validator_that_returns_something_else_is_told(monkeypatch, capsys):
    install(monkeypatch, lambda options: 0)
    assert cli.main(["validate", "theirs"]) == 2
    assert "expected an archgym.validation.Validation, got int" in capsys.readouterr().err


def test_help_shows_the_domains_own_options(capsys):
    for name in registry.names("validators"):
        with pytest.raises(SystemExit) as end:
            cli.main(["validate", name, "--help"])
        out = capsys.readouterr().out
        assert end.value.code == 0 and "--json" in out and out.count("--") > 3
    assert cli.main(["validate"]) == 0 and "codesign" in capsys.readouterr().out
