"""Open cores that packages of PyPI ship: equal to their source, and OpenSTA agrees."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.equivalence import prove
from archgym.simulators.ffet.netlist import write_netlist
from archgym.simulators.ffet.source import Source
from archgym.simulators.ffet.synthesis import synthesise

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed"),
]
SMALL = {"ENABLE_COUNTERS": "0", "ENABLE_REGS_16_31": "0", "TWO_STAGE_SHIFT": "0"}
CORES = {  # package, files, top, parameters, whether yosys proves it within minutes
    "serv": ("serv", "verilog/rtl/*.v", "serv_top", {}, True),
    "serv_rf": ("serv", "verilog/rtl/*.v", "serv_rf_top", {}, False),
    "picorv32": ("picorv32", "verilog/picorv32.v", "picorv32", SMALL, False),
    "vexriscv": ("vexriscv", "verilog/VexRiscv_Min.v", "VexRiscv", {}, False),
}


def core(name):
    package, pattern, top, parameters, provable = CORES[name]
    spec = find_spec(f"pythondata_cpu_{package}")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"pythondata-cpu-{package} is not installed")
    files = sorted(Path(spec.submodule_search_locations[0]).glob(pattern))
    return synthesise(files, top, name, parameters), Source(tuple(files), top, parameters), provable


@pytest.mark.parametrize("name", CORES)
def test_cores_are_read(name, tmp_path):
    found, source, provable = core(name)
    if provable:
        assert prove(found.netlist, source, found.admission.registers) > 0
    path = tmp_path / f"{name}.npz"
    write_netlist(found.netlist, path)
    simulator = BlockPPASimulator(str(path), placements=1, threads=1)
    block, _ = simulator.build_one(Choices(utilization=0.6, target_ghz=2.0), 0)
    if shutil.which("sta"):
        from archgym.simulators.ffet.opensta import period_ps

        assert period_ps(block) == pytest.approx(block.period_ps, rel=0.03)
