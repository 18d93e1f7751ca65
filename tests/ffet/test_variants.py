"""Several netlists of one source: which one a design takes, and what is refused."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.metrics import figures
from archgym.simulators.ffet.netlist import read_netlist, write_netlist
from archgym.simulators.ffet.simulator import NETLISTS
from archgym.simulators.ffet.variants import best, load_variants

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError


def test_the_least_that_reaches_the_target_else_the_fastest():
    def found(ghz, area, reason=""):
        return {"frequency": ghz * 1e9, "core_area": area}, reason

    both = {"": found(3.0, 12.0), "small": found(2.0, 10.0)}
    assert best(both, 1.9e9) == "small"
    assert best(both, 2.5e9) == "" and best(both, 9e9) == ""
    assert best({**both, "": found(3.0, 12.0, "no room")}, 2.5e9) == "small"
    assert best({"": found(3.0, 1.0, "no room"), "a": found(3.0, 1.0, "no room")}, 1e9) == ""


def test_variants_of_picorv32_ship():
    path = NETLISTS / "picorv32.npz"
    found = load_variants(path, read_netlist(path))
    size = {name: len(netlist.function) for name, netlist in found.items()}
    assert size["small"] < size[""] < size["fast"]
    assert all(n.origin.endswith(f"script {name}") for name, n in found.items() if name)


@pytest.fixture
def packed(tmp_path):
    (tmp_path / "variants").mkdir()
    return shutil.copy(NETLISTS / "mac16.npz", tmp_path / "mac16.npz")


def test_a_variant_is_of_the_same_block(packed, tmp_path):
    netlist = read_netlist(packed)
    with pytest.raises(ArchgymError, match="no variants"):
        load_variants(packed, netlist)
    with pytest.raises(ArchgymError, match="no variants"):
        BlockPPASimulator(str(packed), netlists="by-target")
    with pytest.raises(UnknownNameError, match="by-target"):
        BlockPPASimulator("mac16", netlists="by-targets")
    ports = (*netlist.port_names[:-1], "other")
    write_netlist(replace(netlist, port_names=ports), tmp_path / "variants" / "mac16.odd.npz")
    with pytest.raises(ArchgymError, match=r"mac16\.odd\.npz: expected the ports"):
        load_variants(packed, netlist)


def test_a_design_takes_one_netlist_for_all_its_figures(packed, tmp_path):
    """A variant with its cells in another order has other placements: one of both is taken."""
    netlist = read_netlist(packed)
    last = len(netlist.function) - 1  # its last cell first
    moved = np.concatenate([[last], np.arange(last)])
    pins = np.split(netlist.pin_net, netlist.cell_start[1:-1])
    variant = replace(
        netlist, function=netlist.function[moved], pin_net=np.concatenate([pins[i] for i in moved])
    )
    write_netlist(variant, tmp_path / "variants" / "mac16.moved.npz")
    simulator = BlockPPASimulator(str(packed), placements=1, netlists="by-target", threads=1)
    assert "netlists" in simulator.config and list(simulator.netlists) == ["", "moved"]
    assert simulator.key != BlockPPASimulator(str(packed), placements=1).key
    alone = []
    for name in simulator.netlists:
        path = tmp_path / f"one{name}.npz"
        write_netlist(simulator.netlists[name], path)
        alone.append(BlockPPASimulator(str(path), placements=1, threads=1))
    for target in (1.0, 6.0):
        choices = Choices(target_ghz=target)
        found = simulator.measure(simulator.build(choices))[0]
        single = [s.measure(s.build(choices))[0] for s in alone]
        assert found in single
        figure = "core_area" if target == 1.0 else "frequency"
        wanted = (min if target == 1.0 else max)(s[figure] for s in single)
        assert found[figure] == wanted
        assert figures(*simulator.build_one(choices, 0))["frequency"] == found["frequency"]


@pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed")
def test_import_writes_variants(tmp_path, capsys):
    source = NETLISTS / "mac16.v"
    words = ["ffet", "netlist", "import", str(source), "--top", "mac16", "--variants"]
    assert main([*words, "--to", str(tmp_path / "mac16.npz")]) == 0
    assert "Variant of" in capsys.readouterr().out
    found = load_variants(tmp_path / "mac16.npz", read_netlist(tmp_path / "mac16.npz"))
    assert set(found) == {"", "fast", "small"}
    assert len({n.content_hash for n in found.values()}) == 3
