"""Memories as abstracts of a Liberty and a LEF: read right or refused, placed, routed round, timed."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.equivalence import prove
from archgym.simulators.ffet.export import export
from archgym.simulators.ffet.kernels.timing import LN2, LN4, looked_up
from archgym.simulators.ffet.macros.abstract import Files
from archgym.simulators.ffet.macros.tables import Table
from archgym.simulators.ffet.metrics import figures
from archgym.simulators.ffet.netlist import read_netlist, write_netlist
from archgym.simulators.ffet.source import Source
from archgym.simulators.ffet.synthesis import synthesise

from archgym.cli import main
from archgym.errors import ArchgymError

HERE = Path(__file__).parent / "macros"
LIB, LEF = HERE / "sram16x8.lib", HERE / "sram16x8.lef"
needs_yosys = pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed")
needs_sta = pytest.mark.skipif(
    not shutil.which("sta"), reason="OpenSTA (Debian's opensta) is not installed"
)
DUAL = {"back_layers": 12, "back_pin_share": 0.5}


def files(liberty=None, lef=None):
    return Files((liberty or LIB.read_text(),), (lef or LEF.read_text(),))


def imported(text=None, tmp_path=None, name="fifo", macros=None, **more):
    path = HERE / "fifo.v"
    if text is not None:
        path = tmp_path / f"{name}.v"
        path.write_text(text)
    return synthesise([path], name, name, macros=macros or files(), **more)


def simulator(netlist, folder, **more):
    path = folder / f"{netlist.name}.npz"
    write_netlist(netlist, path)
    return BlockPPASimulator(str(path), placements=1, threads=1, **more)


@pytest.fixture(scope="module")
def fifo(tmp_path_factory):
    if not shutil.which("yosys"):
        pytest.skip("yosys is not installed")
    found = imported()
    return found, simulator(found.netlist, tmp_path_factory.mktemp("fifo"))


@pytest.fixture(scope="module")
def block(fifo):
    return fifo[1].build_one(Choices(utilization=0.6, target_ghz=2.0), 0)


# ---- read right
def test_liberty_and_lef_are_read():
    (sram,) = files().abstracts(["sram16x8"])
    pins = {p.name: p for p in sram.pins}
    assert (sram.wide, sram.high, len(pins), sram.falling) == (3.0, 2.0, 26, False)
    assert [p.name for p in sram.pins if p.clock] == ["CK"]
    assert pins["D[7]"].load == pytest.approx(0.5) and pins["WE"].load == pytest.approx(0.6)
    # 55 ps with 4 ps a femtofarad, on a clock without an edge of its own; setup falls with nothing
    assert pins["Q[0]"].delay(0.0) == pytest.approx(55) and pins["Q[0]"].delay(
        3.0
    ) == pytest.approx(67)
    assert pins["WE"].setup(10.0) == pytest.approx(23)
    assert (sram.leakage_nw, sram.clock_fj) == (pytest.approx(50), pytest.approx(5))
    assert sorted({layer for _, layer, _ in sram.obstructions}) == [1, 2, 3]


def test_tables_are_linear_between_and_beyond_their_points():
    table = Table(np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 6.0]))
    for x, want in ((0.0, 1.0), (1.0, 3.0), (1.5, 4.0), (3.0, 5.5), (8.0, 8.0)):
        assert table(x) == pytest.approx(want)
        assert looked_up(table.at, table.value, x) == pytest.approx(want)


def test_report_file_and_packed_netlist(tmp_path, fifo, capsys):
    target = tmp_path / "f.npz"
    words = [
        "ffet",
        "netlist",
        "import",
        str(HERE / "fifo.v"),
        "--top",
        "fifo",
        "--to",
        str(target),
    ]
    assert (
        main(
            [
                *words,
                "--macro-lib",
                str(LIB),
                "--macro-lef",
                str(LEF),
                "--macro-at",
                "words=0,0.504",
            ]
        )
        == 0
    )
    assert json.loads((tmp_path / "f.admission.json").read_text())["macros"] == {"sram16x8": 1}
    again = read_netlist(target)
    assert again.macros.instances[0].at == (0.0, 0.504) and again.block_ports == 26
    assert again.content_hash != fifo[0].netlist.content_hash  # its place is part of it
    capsys.readouterr()
    assert (
        main([*words, "--macro-lib", str(LIB), "--macro-lef", str(LEF), "--macro-at", "words=0"])
        == 2
    )
    assert "expected INSTANCE=X,Y" in capsys.readouterr().err
    assert main(words) == 2
    assert "--macro-lib" in capsys.readouterr().err


def test_equal_to_its_source_and_a_wrong_one_is_not(fifo):
    found, source = fifo[0], Source((HERE / "fifo.v",), "fifo", macros=files())
    assert prove(found.netlist, source, found.admission.registers) >= 35
    ports = found.netlist.port_net.copy()
    a, b = (found.netlist.port_names.index(f"words/{p}") for p in ("D[1]", "D[2]"))
    ports[[a, b]] = ports[[b, a]]
    with pytest.raises(ArchgymError, match="not proved equal"):
        prove(replace(found.netlist, port_net=ports), source, found.admission.registers)


# ---- placed, routed, timed
def test_cells_lie_round_the_macro(block):
    placed, _ = block
    lib, (box,) = placed.library, placed.plan.solid.tolist()
    wide = lib.width[placed.kind] * lib.cpp_um
    low, high = placed.row * lib.height_um, (placed.row + 1) * lib.height_um
    apart = (placed.left + wide < box[0] + 1e-6) | (placed.left > box[2] - 1e-6)
    apart |= (high < box[1] + 1e-6) | (low > box[3] - 1e-6)
    assert apart.all()
    assert placed.left.min() > -1e-9 and (placed.left + wide).max() < placed.plan.wide + 1e-9
    assert (np.bincount(placed.row, wide) <= placed.plan.wide + 1e-6).all()
    assert placed.plan.area_um2 * 0.6 == pytest.approx(placed.cell_area_um2 + 6.0)


def test_wires_cross_the_macro_above_what_it_obstructs(block):
    front = block[0].routed[0]
    shape = front.use_h.shape
    xs = (np.arange(shape[1]) + 1) * block[0].plan.wide / (shape[1] + 1)
    ys = (np.arange(shape[2]) + 0.5) * block[0].plan.high / shape[2]
    x0, y0, x1, y1 = block[0].plan.solid[0]
    gap = block[0].plan.high / shape[2] / 2
    inside = np.outer((xs > x0) & (xs < x1), (ys - gap > y0 - 1e-6) & (ys + gap < y1 + 1e-6))
    assert inside.sum() > 3
    assert (front.cap_h[0][inside] == 0).all() and (front.use_h[0][inside] == 0).all()
    assert (front.cap_h[1][inside] > 0).all() and front.use_h[1:, inside].sum() > 0
    assert block[0].violations == 0


def test_paths_begin_and_end_at_the_macro(block):
    placed, n = block[0], block[0].placed.netlist
    (sram,) = n.macros.abstracts
    pins = {p.name: p for p in sram.pins}
    first = len(n.pin_net)
    at = {name: i for i, name in enumerate(n.port_names)}
    q = n.port_net[at["words/Q[3]"]]
    assert placed.nets.arrival[q] == pytest.approx(pins["Q[3]"].delay(placed.nets.load[q]))
    for name in ("WE", "RA[0]", "D[7]"):
        i = at[f"words/{name}"]
        net, wire = n.port_net[i], placed.nets.delay[first + i]
        end = placed.nets.arrival[net] + LN2 * wire
        end += pins[name].setup(placed.nets.slew[net] + LN4 * wire)
        assert end <= placed.period_ps + 1e-9


def test_a_slow_macro_sets_the_period(fifo, tmp_path):
    slow = re.sub(r"(bus \(WA\).*?values \()(.*?)\)", r'\1"5,5,5", "5,5,5", "5,5,5")', LIB.read_text(),
                  count=1, flags=re.DOTALL)  # fmt: skip
    sim = simulator(imported(macros=files(slow)).netlist, tmp_path)
    found, _ = sim.build_one(Choices(utilization=0.6), 0)
    assert 5000 < found.period_ps < 5100
    n = found.placed.netlist
    assert n.port_names[found.end - len(n.pin_net)].startswith("words/WA")


def test_leakage_and_energy_of_the_macro_count(fifo, block):
    bare = replace(block[0].placed.netlist.macros.abstracts[0], leakage_nw=0.0, clock_fj=0.0)
    with_, activity = figures(*block), block[1]
    macros = block[0].placed.netlist.macros
    kept = macros.abstracts
    try:
        macros.__dict__["abstracts"] = (bare,)
        without = figures(block[0], activity)
    finally:
        macros.__dict__["abstracts"] = kept
    assert with_["leakage"] - without["leakage"] == pytest.approx(50e-9)
    assert with_["energy_per_cycle"] - without["energy_per_cycle"] == pytest.approx(
        5e-15 + 50e-9 / 2e9, rel=1e-6
    )


@needs_sta
@pytest.mark.parametrize("more", [{}, DUAL, {"technology": "cfet-4t", "utilization": 0.7}])
def test_opensta_agrees(fifo, more):
    from archgym.simulators.ffet.opensta import period_ps

    block, _ = fifo[1].build_one(Choices(**{"utilization": 0.6, "target_ghz": 2.0, **more}), 0)
    assert period_ps(block) == pytest.approx(block.period_ps, rel=0.03)


def test_every_file_has_the_macro(block, tmp_path):
    export(block[0], tmp_path)
    design = (tmp_path / "fifo.def").read_text()
    assert "- words sram16x8 + FIXED ( 0 0 ) N ;" in design and "( words Q[7] )" in design
    assert len(re.findall(r"^ROW", design, re.M)) == block[0].plan.rows
    assert f"COMPONENTS {len(block[0].kind) + 1} ;" in design
    text = (tmp_path / "fifo.v").read_text()
    assert (
        re.search(r"sram16x8 words \(\.WA\(\{\w+, \w+, \w+, \w+\}\)", text) and ".CK(clk)" in text
    )
    assert "*I words:Q[0] O" in (tmp_path / "fifo.spef").read_text()
    assert (tmp_path / "macros0.lib").read_text() == LIB.read_text()
    assert (tmp_path / "macros0.lef").read_text() == LEF.read_text()
    assert "words" not in text.split(";")[0]  # its pins are no ports


# ---- two of them, and both sides of the wafer
@needs_yosys
def test_two_macros_with_pins_at_the_back(tmp_path):
    text = (HERE / "fifo.v").read_text()
    more = "sram16x8 other (.CK(clk), .WE(take), .WA(tail[3:0]), .RA(head[3:0]), .D(q), .Q(p));"
    text = text.replace("  always", f"  wire [7:0] p; {more}\n  always", 1).replace(
        "+ q;", "+ (q ^ p);"
    )
    lef = LEF.read_text().replace("LAYER M4", "LAYER BM4")
    sim = simulator(imported(text, tmp_path, macros=files(lef=lef)).netlist, tmp_path)
    one_sided = sim.build(Choices(utilization=0.5))
    assert "lies at the back, where 0 signal layers reach it" in one_sided.reason
    found, activity = sim.build_one(Choices(utilization=0.5, **DUAL), 0)
    (a, b) = found.plan.solid
    assert a[2] <= b[0] + 1e-9 or b[2] <= a[0] + 1e-9 or a[3] <= b[1] + 1e-9 or b[3] <= a[1] + 1e-9
    n = found.placed.netlist
    q = n.port_net[n.port_names.index("words/Q[0]")]
    assert (found.sides[: len(n.pin_net)][(n.pin_net == q)] == 1).all()
    assert figures(found, activity)["wirelength_back"] > 0
    if shutil.which("sta"):
        from archgym.simulators.ffet.opensta import period_ps

        assert period_ps(found) == pytest.approx(found.period_ps, rel=0.03)


# ---- refused, all at once
def test_what_cannot_be_built_says_so(fifo, tmp_path):
    assert (
        "its Liberty is for 0.7 V, the block runs at 0.6 V"
        in fifo[1].build(Choices(vdd=0.6)).reason
    )
    tall = fifo[1].build(Choices(utilization=0.9, aspect_ratio=2.0))
    assert re.search(r"macro words \(3 by 2 um\) finds no room in a core of", tall.reason)
    away = imported(macro_at={"words": (40.0, 0.0)})
    assert "finds no room at 40, 0 um" in simulator(away.netlist, tmp_path).build(Choices()).reason
    with pytest.raises(
        ArchgymError, match="no macro instance of that name to place; there are: words"
    ):
        imported(macro_at={"mem": (0.0, 0.0)})


def faulty(old, new, of, count=1):
    assert old in of
    return of.replace(old, new, count)


@pytest.mark.parametrize(
    ("liberty", "lef", "told"),
    [
        (("", ""), ("PIN WE\n", "PIN WX\n"), ("WX stands in its LEF", "WE stands in its Liberty")),
        (("", ""), ("SIZE 3 BY 2", "SIZE 3.0005 BY -2"), ("SIZE 3.0005", "SIZE -2")),
        (("", ""), ("SIZE 3 BY 2 ;", ""), ("no SIZE",)),
        (("", ""), ("SIZE 3 BY 2", "SIZE 2 BY 2"), (r"Q\[7\]: lies at 2.96, 1.6 um, outside",)),
        (("", ""), ("LAYER M4", "LAYER metal4"), ("layer metal4: expected M1 to M12",)),
        (("", ""), ("  END CK", "  END CK\nNONSENSE"), (r"file 1: line \d+: expected END sram16x8",)),
        (("timing_type : rising_edge;", ""), ("", ""), (r"Q\[0\]: a combinational arc from CK",)),
        (("direction : output;", "direction : inout;"), ("", ""), (r"Q\[3\]: direction is inout",)),
        (("capacitance : 0.0006;", ""), ("", ""), ("WE: an input needs a capacitance",)),
        (("timing_type : setup_rising", "timing_type : hold_rising"), ("", ""), ("WE: no timing arc",)),
        (("bus_type : four", "bus_type : five"), ("", ""), (r"no type \(five\)",)),
        (("0.055", "1e400"), ("", ""), ("expected a number, got .1e400",)),
        (('time_unit : "1ns"', 'time_unit : "1 year"'), ("", ""), ("a unit is '1 year'",)),
        (("input_threshold_pct_fall : 50", "input_threshold_pct_fall : 40"), ("", ""), ("is 40: expect",)),
        (("cell (sram16x8)", "cell (INV_X1)"), ("", ""), ("no cell of this name",)),
        (("  cell (sram16x8) {", "  cell (sram16x8) {{"), ("", ""), ("line 17: expected an attribute",)),
        (("timing_type : rising_edge", "timing_type : falling_edge"), ("", ""), ("some of the falling",)),
    ],
)  # fmt: skip
def test_faults_of_liberty_and_lef_are_named(liberty, lef, told):
    with pytest.raises(ArchgymError) as error:
        files(faulty(*liberty, LIB.read_text()), faulty(*lef, LEF.read_text())).abstracts(
            ["sram16x8"]
        )
    for text in told:
        assert re.search(text, str(error.value)), str(error.value)


def test_all_faults_at_once():
    liberty = faulty("capacitance : 0.0006;", "", LIB.read_text())
    lef = faulty("SIZE 3 BY", "SIZE 3.0001 BY", faulty("PIN RA[0]\n", "PIN RB\n", LEF.read_text()))
    with pytest.raises(ArchgymError) as error:
        files(liberty, lef).abstracts(["sram16x8"])
    assert "4 faults" in str(error.value)


@needs_yosys
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (".WE(push & ~full)", ".WE()", "inputs of macros that nothing is connected to: words/WE"),
        (".WE(", ".XE(", "does not have a port named 'XE'"),
        (".CK(clk)", ".CK(clk & push)", r"gated clocks .* clocks 1 cells, the first words/CK"),
        (".D(d)", ".D({d[7:1], clk})", "a clock is read as data: clk by sram16x8"),
        ("sram16x8 words", "sram32x8 words", "sram32x8.*black box"),
    ],
)
def test_wrong_uses_are_refused_by_name(old, new, told, tmp_path):
    text = faulty(old, new, (HERE / "fifo.v").read_text())
    with pytest.raises(ArchgymError, match=told):
        imported(text, tmp_path)
