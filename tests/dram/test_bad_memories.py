"""Memories that cannot be, from the command line: refused by name, in one message, with no figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archgym.cli import main

REFERENCE = Path(__file__).parent.parent / "reference"
SCENARIO = """
name: mine
simulator: memory
workload: stream@50
config: {device: DDR4}
objectives: [mean_latency]
"""


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says; it prints no figure."""
    assert main(list(words)) == 2
    said = capsys.readouterr()
    assert not said.out and "Traceback" not in said.err
    return said.err


def evaluated(folder: Path, design: dict[str, Any], *words: str) -> list[str]:
    """The command that evaluates one design."""
    (folder / "mine.yaml").write_text(SCENARIO)
    (folder / "one.jsonl").write_text(json.dumps(design))
    given = [str(folder / "mine.yaml"), "--designs", str(folder / "one.jsonl"), "--plain"]
    return ["evaluate", *given, *words]


@pytest.mark.parametrize(
    ("design", "settings", "says"),
    [
        ({}, ["mapping=burst,column,bank,row"], "2 bits of group are missing"),
        ({}, ["mapping=burst,colum,group,bank,row"], "'colum' is not one of"),
        ({}, ["mapping=burst,column,group,bank,row", "ranks=2"], "1 bits of rank are missing"),
        ({}, ["ranks=3"], "no DDR4 has ranks 3"),
        ({"ranks": 8}, [], "'ranks': 8 is not a legal value; expected one of 1, 2, 4"),
        ({}, ["request_bytes=96"], "power of two"),
        (
            {"request_buffer_size": 1}, ["request_bytes=128"],
            "'request_buffer_size': 1 is not a legal value; expected one of 2, 4",
        ),
        ({"command_mux": "Strict"}, [], "unknown parameter 'command_mux'"),
    ],
)  # fmt: skip
def test_designs_and_settings(
    design: dict[str, Any],
    settings: list[str],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = [word for setting in settings for word in ("--config", setting)]
    assert says in refused(capsys, *evaluated(tmp_path, design, *more))


def test_a_request_that_never_fits_is_infeasible_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A narrow channel takes four bursts for 64 bytes, and its buffer counts bursts."""
    design = {"request_buffer_size": 2, "channel_width": 16}
    main(evaluated(tmp_path, design, "--vary", "channel_width=all"))
    said = capsys.readouterr()
    assert "64 bytes are more bursts than request_buffer_size holds" in said.out


@pytest.mark.parametrize(
    ("timings", "says"),
    [
        ({"RC": 10}, "memtimingspec: tRC is 10: less than tRAS + tRP = 55"),
        ({"RRD_L": 3}, "tRRD_L is 3: less than tRRD_S = 4"),
        ({"RC": None}, "memtimingspec.RC"),
    ],
)
def test_timings_of_a_memory_specification(
    timings: dict[str, int | None], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = json.loads((REFERENCE / "dram_reference.json").read_text("utf-8"))["memspec"]
    t = {**spec["memtimingspec"], **timings}
    spec["memtimingspec"] = {k: v for k, v in t.items() if v is not None}
    (tmp_path / "m.json").write_text(json.dumps({"memspec": spec}))
    (tmp_path / "one.jsonl").write_text("{}")
    said = refused(
        capsys, "evaluate", "dram/xz-low-latency", "--designs", str(tmp_path / "one.jsonl"),
        "--workload", "stream@50", "--config", f"device={tmp_path / 'm.json'}",
    )  # fmt: skip
    assert says in said and "m.json" in said


def test_the_command_mux_strict_of_a_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads((REFERENCE / "dram_modern_subset.json").read_text("utf-8"))
    described = data["devices"]["DDR4-2400"]
    row = dict(zip(data["row_columns"], described["rows"][0]))
    described["configs"] = [[*described["configs"][str(row["config_index"])], "Strict"]]
    described["trace_names"] = ["two"]
    row |= {"config_index": 0, "trace_index": 0}
    described["rows"] = [list(row.values())]
    data["config_columns"] = [*data["config_columns"], "CmdMux"]
    data["devices"] = {"DDR4-2400": described}
    (tmp_path / "DDR4-2400").mkdir()
    (tmp_path / "DDR4-2400" / "two.stl").write_text("0: read 0x0\n9: read 0x40\n")
    (tmp_path / "r.json").write_text(json.dumps(data))
    words = ["--reference", str(tmp_path / "r.json"), "--traces", str(tmp_path)]
    assert "command_mux 'Strict'" in refused(capsys, "validate", "dram", *words)
