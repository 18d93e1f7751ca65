"""Verilog that users bring: what is read right is proved so, what is not modelled is refused by name."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.equivalence import prove
from archgym.simulators.ffet.functions import FUNCTIONS, INDEX
from archgym.simulators.ffet.netlist import write_netlist
from archgym.simulators.ffet.power import activities
from archgym.simulators.ffet.source import Source
from archgym.simulators.ffet.synthesis import synthesise

from archgym.cli import main
from archgym.errors import ArchgymError

HERE = Path(__file__).parent
DESIGNS = sorted((HERE / "designs").iterdir())
QUICK = ("asyncload", "clockgate", "partly", "pulse")  # one of each kind of clocked cell
pytestmark = pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed")
needs_sta = pytest.mark.skipif(
    not shutil.which("sta"), reason="OpenSTA (Debian's opensta) is not installed"
)


def some(paths, quick=QUICK):
    return [
        pytest.param(p, id=p.stem, marks=[] if p.stem in quick else [pytest.mark.slow])
        for p in paths
    ]


def imported(path, **more):
    return synthesise([path], path.stem, path.stem, **more)


def simulator(found, tmp_path, **more):
    path = tmp_path / f"{found.netlist.name}.npz"
    write_netlist(found.netlist, path)
    return BlockPPASimulator(str(path), placements=1, threads=1, **more)


# ---- read right
@pytest.mark.parametrize("path", some(DESIGNS))
def test_equal_to_its_source(path):
    found = imported(path)
    source = Source((path,), path.stem)
    assert prove(found.netlist, source, found.admission.registers) > 0


@needs_sta
@pytest.mark.parametrize("path", some(DESIGNS))
@pytest.mark.parametrize("back", [0, 12])
def test_opensta_agrees(path, back, tmp_path):
    from archgym.simulators.ffet.opensta import period_ps

    choices = Choices(
        utilization=0.6, target_ghz=2.0, back_layers=back, back_pin_share=0.5 if back else 0.0
    )
    block, _ = simulator(imported(path), tmp_path).build_one(choices, 0)
    assert period_ps(block) == pytest.approx(block.period_ps, rel=0.03)


def test_a_wrong_netlist_is_not_proved():
    path = HERE / "designs" / "clockgate.v"
    found = imported(path)
    n = found.netlist
    function = n.function.copy()
    victim = np.flatnonzero(function == INDEX["XOR2"])[0]
    function[victim] = INDEX["XNOR2"]
    wrong = replace(n, function=function)
    with pytest.raises(ArchgymError, match="not proved equal"):
        prove(wrong, Source((path,), path.stem), found.admission.registers)


def test_parameters_reach_the_top(tmp_path):
    path = HERE / "designs" / "gray.v"
    found = synthesise([path], "gray", "gray9", {"WIDTH": "9"})
    assert found.admission.flip_flops == 9
    assert prove(found.netlist, Source((path,), "gray", {"WIDTH": "9"}), found.admission.registers)


# ---- the report
def test_report_is_data_and_text(tmp_path, capsys):
    target = tmp_path / "a.npz"
    words = [
        "ffet",
        "netlist",
        "import",
        str(HERE / "designs" / "init.v"),
        "--top",
        "init",
        "--to",
        str(target),
    ]
    assert main(words) == 0
    assert "initial values of 9 bits dropped" in " ".join(capsys.readouterr().out.split())
    report = json.loads((tmp_path / "a.admission.json").read_text())
    assert report["accepted"] and report["clock_ports"] == {"clk": 9} and report["edge"] == "rising"
    assert report["initial_bits"] == 9 and set(report["registers"].values()) >= {"y", "q[0]"}
    words[3] = str(HERE / "refused" / "gated2.v")
    words[5] = "gated2"
    assert main(words) == 2
    report = json.loads((tmp_path / "a.admission.json").read_text())
    assert not report["accepted"] and len(report["gated_clocks"]) == 1


def test_what_was_found_is_counted():
    found = imported(HERE / "designs" / "clockgate.v").admission
    assert (found.clock_gates, found.flip_flops, found.latches) == (2, 20, 0)
    found = imported(HERE / "designs" / "pulse.v").admission
    assert (found.flip_flops, found.asynchronous, found.latches) == (16, 8, 8)
    assert imported(HERE / "designs" / "vote.v").admission.tied_high == 1
    assert "ROM 16 x 8" in imported(HERE / "designs" / "rom.v").admission.memories[0]
    assert imported(HERE / "designs" / "falling.v").admission.edge == "falling"


# ---- refused by name
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gated2", r"gated clocks .* g \(from AND; clocks 8 cells, the first q\[0\]\).*ICG"),
        ("divided", r"derived clocks: half \(from a register"),
        ("neg", "two edges of the clock: 8 clocked cells on the rising .* 8 on the falling"),
        ("two_clocks", r"2 clocks: clk_. \(1 clocked cells\)"),
        ("tri_", r"bidirectional ports pad: .*tri-state drivers of pad\[0\]"),
        ("inoutp", "bidirectional ports pad"),
        ("bus", r"tri-state drivers of w\[0\]"),
        ("undriven", r"nets without driver: w\[2\], w\[3\].*--tie-undriven"),
        ("box", "sram.*black box"),
        ("declared_box", r"black boxes sram"),
        ("clock_as_data", "a clock is read as data: clk by AND"),
        ("clock_out", "a clock leaves through output ports y"),
        ("several_drivers", "nets with several drivers: a"),
        ("wired_and", "nets with several drivers: [aby]"),
        ("latch_enable", "gated clocks"),
        ("latch_race", "loop through .* latches, which are open at once"),
        ("loop", "combinational loop"),
        ("set_reset", "combinational loop"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(name, told):
    with pytest.raises(ArchgymError, match=told):
        imported(HERE / "refused" / f"{name}.v")


def test_undriven_nets_are_tied_on_request():
    found = imported(HERE / "refused" / "undriven.v", tie_undriven=True).admission
    assert found.accepted and found.undriven == ["w[2]", "w[3]"]
    assert any("2 undriven bits tied to 0" in text for text in found.changed)


def test_what_cannot_be_modelled_is_refused_in_packed_files_too():
    netlist = imported(HERE / "designs" / "pos.v").netlist
    function, pins = netlist.function.copy(), netlist.pin_net.copy()
    flop = np.flatnonzero(function == INDEX["DFF"])[0]
    logic = np.flatnonzero(function == INDEX["XOR2"])[0]
    pins[netlist.cell_start[flop] + 1] = pins[netlist.cell_start[logic + 1] - 1]
    with pytest.raises(ArchgymError, match="a gated clock: 1 clocked cells"):
        replace(netlist, pin_net=pins).check()
    with pytest.raises(ArchgymError, match="netlist name"):
        replace(netlist, name="../../escape").check()


# ---- nothing runs that was not asked for
@pytest.mark.parametrize(
    "top", ["m; exec -- touch hit", "m\nexec -- touch hit", 'm"', "", "m -x", "1m"]
)
def test_no_word_becomes_a_command(top, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = "module m(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule\n"
    (tmp_path / "m.v").write_text(text)
    assert main(["ffet", "netlist", "import", "m.v", f"--top={top}", "--to", "o.npz"]) == 2
    assert "Verilog identifier" in capsys.readouterr().err
    for word in (
        "--set=W=1; exec -- touch hit",
        "--set=W; exec -- touch hit=1",
        "--define=A;exec -- touch hit",
    ):
        assert main(["ffet", "netlist", "import", "m.v", "--top", "m", word, "--to", "o.npz"]) == 2
    assert (
        main(
            ["ffet", "netlist", "import", "m.v", "--top", "m", "--name", "a/../b", "--to", "o.npz"]
        )
        == 2
    )
    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize(
    "folder", ["with space", "semi; exec -- touch hit", 'quote"d', "new\nline", "$(touch hit)", "-x"]
)  # fmt: skip
def test_paths_of_any_name_are_read(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    where = tmp_path / folder
    where.mkdir()
    (where / "part.vh").write_text("`define W 3\n")
    source = where / f"{folder}.v"
    source.write_text(
        '`include "part.vh"\nmodule m(input clk, input [`W:0] d, output reg [`W:0] q);\n'
        "always @(posedge clk) q <= d; endmodule\n"
    )
    assert synthesise([source], "m", "m").admission.flip_flops == 4
    assert not list(tmp_path.rglob("hit"))


def test_yosys_is_ended_when_time_is_up(tmp_path):
    source = tmp_path / "big.v"
    source.write_text(
        "module big(input clk, input [127:0] a, b, output reg [255:0] p);\n"
        "always @(posedge clk) p <= a * b * (a + b); endmodule\n"
    )
    with pytest.raises(ArchgymError, match=r"did not finish big within 1 s.*--timeout"):
        synthesise([source], "big", "big", timeout_s=1.0)


def test_verilog_of_the_wrong_kind_says_so(tmp_path):
    plain = tmp_path / "plain.v"
    plain.write_text((HERE / "designs" / "plain.sv").read_text())
    with pytest.raises(ArchgymError, match=r"plain\.v:1: .*name the file \.sv"):
        imported(plain)


# ---- SystemVerilog beyond yosys' reader
BEYOND = """package kinds; typedef enum logic [1:0] {A, B, C} kind_t; endpackage
module beyond import kinds::*; (input logic clk, input kind_t k, input logic [3:0] d, output logic [3:0] q);
always_ff @(posedge clk) unique case (k) inside A: q <= d; [B:C]: q <= q + d; default: q <= '0; endcase
endmodule
"""
PLAIN = """module beyond(input clk, input [1:0] k, input [3:0] d, output reg [3:0] q);
always @(posedge clk) q <= k == 0 ? d : k == 3 ? 4'd0 : q + d; endmodule
"""


def with_sv2v(folder, monkeypatch, script):
    """A program ``sv2v`` that writes down how it was called."""
    tools = folder / "tools"
    tools.mkdir()
    program = tools / "sv2v"
    program.write_text(f'#!/bin/sh\necho "$@" > {tools}/called\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    (folder / "beyond.sv").write_text(BEYOND)
    return folder / "beyond.sv", tools / "called"


def test_sv2v_reads_what_yosys_cannot(tmp_path, monkeypatch):
    (tmp_path / "plain.v").write_text(PLAIN)
    source, called = with_sv2v(
        tmp_path, monkeypatch,
        f'while [ "$1" != -w ]; do shift; done; cp {tmp_path}/plain.v "$2"',
    )  # fmt: skip
    found = imported(source, define=["WIDE=4"])
    assert found.admission.flip_flops == 4
    words = called.read_text().split()
    assert "-DWIDE=4" in words and "-Id0" in words and words[-1] == "d0/beyond.sv"
    assert prove(found.netlist, Source((source,), "beyond"), found.admission.registers) > 0


def test_what_sv2v_says_is_told(tmp_path, monkeypatch):
    source, _ = with_sv2v(tmp_path, monkeypatch, 'echo "d0/beyond.sv:2:8: Parse error" >&2; exit 1')
    with pytest.raises(ArchgymError, match=r"sv2v refused beyond: .*/beyond\.sv:2:8: Parse error"):
        imported(source)


def test_without_a_reader_the_user_hears_what_to_install(tmp_path):
    if shutil.which("sv2v"):
        pytest.skip("sv2v is installed")
    (tmp_path / "beyond.sv").write_text(BEYOND)
    with pytest.raises(ArchgymError, match=r"beyond\.sv:2: .*install sv2v, or yosys' slang plugin"):
        imported(tmp_path / "beyond.sv")


# ---- sizes
def test_cores_of_few_cells_and_many_ports_are_built(tmp_path):
    texts = {
        "inv": "module inv(input a, output y); assign y = ~a; endmodule",
        "ff": "module ff(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule",
        "pads": "module pads(input [127:0] a, input b, output [127:0] y, output z);"
        " assign y = a, z = ~b; endmodule",
    }  # fmt: skip
    for name, text in texts.items():
        path = tmp_path / f"{name}.v"
        path.write_text(text)
        sim = simulator(imported(path), tmp_path)
        design = sim.default_design()
        assert set(design) == {p.name for p in sim.space.parameters}
        found = sim.evaluate(sim.space.encode([design]))
        assert found.feasible[0], (name, found.reasons)
        assert found.metrics["frequency"][0] > 0


@pytest.mark.slow
def test_ports_beyond_the_edges_lie_over_the_core(tmp_path):
    path = tmp_path / "fan.v"
    path.write_text(
        "module fan(input clk, input s, input [4095:0] d, output reg [4095:0] q); "
        "always @(posedge clk) q <= s ? d : ~q; endmodule\n"
    )
    sim = simulator(imported(path), tmp_path)
    block, _ = sim.build_one(Choices(utilization=0.6), 0)
    first = len(block.placed.netlist.pin_net)
    x, y = block.pin_x[first:], block.pin_y[first:]
    assert len(set(zip(x.tolist(), y.tolist()))) == 8194
    assert block.violations <= 10


# ---- clocks and power
def test_a_gated_clock_pulses_where_it_is_enabled():
    n = imported(HERE / "designs" / "clockgate.v").netlist
    toggles = activities(n)
    gates = np.flatnonzero(n.function == INDEX["ICG"])
    out = toggles[n.pin_net[n.cell_start[gates + 1] - 1]]
    assert toggles[n.clock] == 2.0
    assert ((out > 0.5) & (out < 1.5)).all()  # enables are random ports, high half of the time


def test_asynchronous_reset_ports_are_released():
    n = imported(HERE / "designs" / "asynchigh.v").netlist  # active high: an inverter before RN
    toggles = activities(n)
    assert toggles[n.port_net[n.port_names.index("clear")]] == 0
    assert toggles[n.port_net[n.port_names.index("q[0]")]] > 0.01


def test_every_clocked_cell_has_its_timing_in_liberty_and_lef():
    from archgym.simulators.ffet.liberty import write_liberty
    from archgym.simulators.ffet.library import library

    text = write_liberty(library("ffet-3.5t"))
    for f in FUNCTIONS:
        cell = text.split(f"cell ({f.name}_X1)")[1].split("\n  cell (")[0]
        assert cell.count("related_pin") >= len(f.inputs) - bool(f.role)
        assert ("recovery_rising" in cell) == bool(f.asynchronous)
        assert ("clock_gating_integrated_cell" in cell) == (f.role == "gate")
