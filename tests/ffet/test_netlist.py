import shutil
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.ffet.functions import DFF, FUNCTIONS, INDEX
from archgym.simulators.ffet.kernels.activity import Logic, simulate
from archgym.simulators.ffet.netlist import Netlist, read_netlist, write_netlist
from archgym.simulators.ffet.power import activities
from archgym.simulators.ffet.simulator import load_netlist, netlist_names

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError


def small(functions, pin_net, ports):
    """ports: name -> (net, is input)."""
    return Netlist(
        "small",
        np.array([INDEX[f] for f in functions]),
        np.array(pin_net),
        np.array([net for net, _ in ports.values()]),
        np.array([given for _, given in ports.values()]),
        tuple(ports),
    )


def test_shipped_netlists_are_sound():
    assert {"mac16", "picorv32", "vexriscv"} <= set(netlist_names())
    for name in netlist_names():
        netlist = load_netlist(name)
        assert netlist.name == name
        assert (netlist.function == DFF).sum() > 50
        assert netlist.port_names[np.flatnonzero(netlist.port_net == netlist.clock)[0]] == "clk"


@pytest.mark.parametrize(
    ("functions", "pins", "ports", "told"),
    [
        (["INV"], [0, 1], {"y": (1, False)}, "undriven, the first is n0 of u0 .INV."),
        (["INV", "INV"], [0, 1, 0, 1], {"a": (0, True), "y": (1, False)}, "several drivers"),
        (["INV", "INV"], [0, 1, 1, 0], {"y": (1, False)}, "combinational loop through u0 .INV."),
    ],
)
def test_unsound_netlists_are_refused(functions, pins, ports, told):
    with pytest.raises(ArchgymError, match=told):
        small(functions, pins, ports).check()


def test_unknown_cells_and_missing_pins_are_refused():
    ports = {"a": (0, True), "y": (1, False)}
    good = small(["INV"], [0, 1], ports).check()
    with pytest.raises(ArchgymError, match="cell function 99"):
        Netlist(
            "odd", np.array([99]), good.pin_net, good.port_net, good.port_input, good.port_names
        ).check()
    with pytest.raises(ArchgymError, match="have 2 pins, 1 are given"):
        small(["INV"], [0], {"a": (0, True)}).check()
    with pytest.raises(ArchgymError, match="no cells"):
        small([], [], {"a": (0, True)}).check()


def test_a_flip_flop_breaks_a_loop():
    small(["INV", "DFF"], [1, 0, 0, 2, 1], {"clk": (2, True)}).check()


def test_packed_files_survive_and_damage_is_told(tmp_path):
    netlist = load_netlist("mac16")
    path = tmp_path / "copy.npz"
    write_netlist(netlist, path)
    again = read_netlist(path)
    assert again.content_hash == netlist.content_hash
    assert again.port_names == netlist.port_names
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ArchgymError, match="truncated"):
        read_netlist(path)
    with pytest.raises(ArchgymError, match="not a readable packed netlist"):
        read_netlist(tmp_path / "none.npz")
    with pytest.raises(UnknownNameError, match="picorv32"):
        load_netlist("picorv23")
    changed = replace(netlist, pin_net=netlist.pin_net[::-1].copy())
    object.__setattr__(changed, "content_hash", netlist.content_hash)
    write_netlist(changed, path)
    with pytest.raises(ArchgymError, match="digest"):
        read_netlist(path)


@pytest.mark.parametrize("function", [f.name for f in FUNCTIONS if f.inputs and not f.role])
def test_simulated_logic_is_the_libertys(function):
    f = FUNCTIONS[INDEX[function]]
    n = len(f.inputs)
    netlist = small(
        [function],
        list(range(n + 1)),
        {**{p: (i, True) for i, p in enumerate(f.inputs)}, "y": (n, False)},
    )
    rows = [[(row >> i) & 1 for i in range(n)] for row in range(2**n)]
    names = dict.fromkeys(f.inputs)
    logic = f.logic.replace("!", " not ").replace("&", " and ").replace("|", " or ")
    want = [
        bool(eval(logic.replace("^", "!="), {}, dict(zip(names, map(bool, row))))) for row in rows
    ]
    # two cycles: all inputs low, then every row of the truth table in a stream of its own
    stimulus = np.zeros((2, n + 1), np.uint64)
    for i in range(n):
        stimulus[1, i] = sum(row[i] << k for k, row in enumerate(rows))
    none, unheld = np.zeros(n + 1, np.bool_), np.full((1, 2), -1)
    logic = Logic(
        np.array([0]), netlist.function, *np.zeros((2, 1), np.bool_), netlist.cell_start,
        netlist.pin_net, none, unheld,
    )  # fmt: skip
    toggles = simulate(logic, stimulus, 1)
    # streams beyond the table keep all inputs low
    changed = sum(w != want[0] for w in want)
    assert toggles[n] == pytest.approx(changed / 64)


def test_activities_are_shares_and_the_clock_toggles_twice():
    netlist = load_netlist("mac16")
    a = activities(netlist)
    clocks = netlist.clock_nets
    assert (a[clocks] == 2).all()
    others = np.delete(a, clocks)
    assert (others >= 0).all() and (others <= 1).all()
    assert 0.02 < others.mean() < 0.5
    port = netlist.port_net[netlist.port_names.index("a[3]")]
    assert a[port] == pytest.approx(0.2, abs=0.03)
    reset = netlist.port_net[netlist.port_names.index("reset")]
    assert a[reset] == 0


@pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed")
def test_a_user_brings_verilog(tmp_path, capsys):
    source = tmp_path / "count.v"
    source.write_text(
        "module count #(parameter N = 4) (input clk, input reset, output reg [N-1:0] q);\n"
        "always @(posedge clk) q <= reset ? 0 : q + 1;\nendmodule\n"
    )
    target = tmp_path / "count.npz"
    words = [
        "ffet",
        "netlist",
        "import",
        str(source),
        "--top",
        "count",
        "--set",
        "N=6",
        "--to",
        str(target),
    ]
    assert main(words) == 0
    netlist = load_netlist(str(target))
    assert (netlist.function == DFF).sum() == 6
    assert "N=6" in netlist.origin
    capsys.readouterr()
    assert main(["ffet", "netlist", "info", str(target), "--json"]) == 0
    assert '"flip_flops": 6' in capsys.readouterr().out
    source.write_text("module count (input clk); nonsense\n")
    assert (
        main(["ffet", "netlist", "import", str(source), "--top", "count", "--to", str(target)]) == 2
    )
    assert "yosys refused count" in capsys.readouterr().err
    assert main(["ffet", "netlist", "import", str(tmp_path / "no.v"), "--top", "x"]) == 2
    assert "no such Verilog file" in capsys.readouterr().err
