import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.library import library
from archgym.simulators.ffet.max_utilization import highest, sweep
from archgym.simulators.ffet.metrics import figures
from archgym.simulators.ffet.placements import Placements
from archgym.simulators.ffet.power import energy_fj, leakage_nw
from archgym.simulators.ffet.simulator import load_netlist

from archgym import load_scenario
from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.testing import check_simulator


@pytest.fixture(scope="module")
def simulator():
    return BlockPPASimulator("mac16", placements=2, threads=1)


def one(simulator, **choices):
    return simulator.measure(simulator.build(Choices(**choices)))


def test_contract():
    check_simulator(lambda: BlockPPASimulator("mac16", placements=2), designs=8)


def test_another_process_gives_the_same_bits(simulator):
    program = (
        "from archgym.simulators.ffet import BlockPPASimulator\n"
        "from archgym.simulators.ffet.choices import Choices\n"
        "s = BlockPPASimulator('mac16', placements=2, threads=1)\n"
        "print({k: v.hex() for k, v in s.measure(s.build(Choices(utilization=0.7)))[0].items()})"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = {k: v.hex() for k, v in one(simulator, utilization=0.7)[0].items()}
    assert run.stdout.strip() == str(here)


def test_golden(simulator):
    found, reason = one(simulator, technology="cfet-4t", target_ghz=3.0)
    assert reason == ""
    assert found["routing_layers"] == 12 and found["wirelength_back"] == 0
    golden = json.loads((_here() / "golden.json").read_text())
    for name, value in golden.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def _here():
    from pathlib import Path

    return Path(__file__).parent


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"technology": "cfet-4t", "back_layers": 3}, "3 signal layers at the back of a CFET"),
        ({"technology": "cfet-3t", "back_pin_share": 0.3}, "input pins at the back of a CFET"),
        ({"back_pin_share": 0.3}, "with 0 signal layers there"),
        ({"back_layers": 1}, "one signal layer at the back"),
        ({"front_layers": 2}, "design-rule violations, at most 10"),
    ],
)
def test_what_cannot_be_built_is_infeasible_with_its_reason(simulator, choices, told):
    found, reason = one(simulator, **choices)
    assert told in reason
    assert all(np.isnan(v) for v in found.values())


def test_power_is_energy_times_frequency_plus_leakage(simulator):
    block, activity = simulator.build_one(Choices(target_ghz=0.8), 0)
    row = figures(block, activity)
    running = min(0.8e9, row["frequency"])
    leak = leakage_nw(block) * 1e-9
    assert row["running_frequency"] == running < row["frequency"]
    assert row["power"] == pytest.approx(energy_fj(block, activity) * 1e-15 * running + leak)
    assert row["energy_per_cycle"] == pytest.approx(row["power"] / running)
    assert row["energy_delay"] == pytest.approx(row["power"] / running**2)
    assert energy_fj(block, activity * 0) < energy_fj(block, activity)


def test_physics_of_supply_and_technology(simulator):
    low, nominal = (one(simulator, vdd=v, target_ghz=3.0)[0] for v in (0.6, 0.75))
    assert low["frequency"] < nominal["frequency"]
    assert low["energy_per_cycle"] < nominal["energy_per_cycle"]
    cfet, ffet = (one(simulator, technology=t)[0] for t in ("cfet-4t", "ffet-3.5t"))
    assert ffet["core_area"] < cfet["core_area"]
    dual = one(simulator, back_layers=12, back_pin_share=0.5)[0]
    assert dual["wirelength_back"] > 0
    assert dual["overflow_front"] <= one(simulator)[0]["overflow_front"]


def test_standard_error_is_that_of_the_placements(simulator):
    built = simulator.build(Choices())
    f = np.array([1e12 / b.period_ps for b in built.blocks])
    found = simulator.measure(built)[0]
    assert found["frequency"] == pytest.approx(f.mean())
    assert found["frequency_stderr"] == pytest.approx(f.std(ddof=1) / len(f) ** 0.5)
    assert BlockPPASimulator("mac16", placements=1).measure(built)[0]["frequency"] > 0


def test_timing_driven_placement_is_an_option_that_shortens_the_longest_path(simulator):
    from archgym.simulators.ffet.timing_driven import critical, heavier

    driven = BlockPPASimulator("mac16", placements=2, threads=1, timing_rounds=2)
    assert driven.key != simulator.key and "timing_rounds" not in simulator.config
    fast = {"technology": "cfet-4t", "target_ghz": 6.0}
    plain, faster = (one(s, **fast)[0]["frequency"] for s in (simulator, driven))
    assert faster > 1.01 * plain
    placed, _ = simulator.placements.get("cfet-4t", 1.0, 0)
    lib = library("cfet-4t")
    share = critical(placed, simulator.netlist, lib, 1.0, "gt2n", simulator.fitted)
    assert share.shape == (simulator.netlist.nets,) and share.max() == pytest.approx(1.0)
    once = heavier(np.ones(len(share)), share)
    assert once.min() >= 1 and once.argmax() == share.argmax()
    assert np.all(heavier(once, share * 0) == once), "what a net gained, it keeps"


def test_configuration_is_checked_and_part_of_the_key():
    base = BlockPPASimulator("mac16")
    assert base.key != BlockPPASimulator("mac16", placements=5).key
    assert base.key != BlockPPASimulator("mac16", stack="virtual5").key
    assert base.key != BlockPPASimulator("mac16", calibration={"resistance": 0.9}).key
    for wrong in ({"placements": 0}, {"placements": 2.5}, {"drv_bound": float("nan")},
                  {"calibration": {"speed": 2}}, {"stack": "x"}, {"timing_rounds": -1},
                  {"timing_rounds": 1.5}):  # fmt: skip
        with pytest.raises((ArchgymError, UnknownNameError)):
            BlockPPASimulator("mac16", **wrong)


def test_a_damaged_placement_is_made_anew(tmp_path, monkeypatch, simulator):
    monkeypatch.setenv("ARCHGYM_CACHE_DIR", str(tmp_path))
    netlist = load_netlist("mac16")

    def fresh():
        return Placements(netlist, "gt2n", simulator.fitted).get("cfet-4t", 1.0, 7)

    first, activity = fresh()
    (file,) = (tmp_path / "placements").glob("*.npz")
    file.write_bytes(file.read_bytes()[:500])
    again, _ = fresh()
    assert (first.x == again.x).all()
    kept, a = fresh()  # now from the file
    assert (kept.x == first.x).all() and (kept.netlist.pin_net == first.netlist.pin_net).all()
    assert (a == activity).all()


def test_highest_utilization(simulator):
    found = sweep(simulator, Choices(), lowest=0.8)
    best = highest(found)
    assert all(not reason for u, _, reason in found if u < best)
    assert best == best or found[0][2]
    assert np.isnan(highest([(0.5, 1.0, "no")]))


# ---- the command line and other tools
@pytest.mark.parametrize("back", ["", ",back_layers=12,back_pin_share=0.5"])
def test_export_reads_back(tmp_path, capsys, back):
    design = f"technology=ffet-3.5t{back}"
    words = ["ffet", "export", "ffet/mac16-frequency", "--design", design, "--to", str(tmp_path)]
    assert main([*words, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert sorted(f.rsplit(".", 1)[1] for f in files) == ["def", "lef", "lib", "sdc", "spef", "v"]
    simulator = load_scenario("ffet/mac16-frequency").simulators[0]
    share = 0.5 if back else 0.0
    block, _ = simulator.build_one(
        Choices(back_layers=12 if back else 0, back_pin_share=share), simulator.seed
    )
    spef = (tmp_path / "mac16.spef").read_text()
    total = sum(float(line.split()[2]) for line in spef.splitlines() if line.startswith("*D_NET"))
    assert total == pytest.approx(sum(float(r.capacitance.sum()) for r in block.routed), rel=1e-4)
    assert (tmp_path / "mac16.v").read_text().count("DFF_X") == 104
    assert f"COMPONENTS {len(block.kind)} ;" in (tmp_path / "mac16.def").read_text()
    klayout = pytest.importorskip("klayout", reason="klayout is not installed")
    assert klayout
    from archgym.simulators.ffet.validation.tools import klayout_area_um2

    area = klayout_area_um2(tmp_path / "mac16.def", tmp_path / "cells.lef")
    assert area == pytest.approx(block.plan.area_um2, rel=1e-3)


@pytest.mark.skipif(not shutil.which("sta"), reason="OpenSTA (Debian's opensta) is not installed")
@pytest.mark.parametrize("back", [0, 12])
def test_opensta_finds_the_same_period(back):
    from archgym.simulators.ffet.opensta import period_ps

    simulator = BlockPPASimulator("mac16", placements=1)
    block, _ = simulator.build_one(
        Choices(back_layers=back, back_pin_share=0.5 if back else 0.0, target_ghz=3.0), 0
    )
    assert period_ps(block) == pytest.approx(block.period_ps, rel=0.03)


def test_opensta_missing_is_said(monkeypatch):
    from archgym.simulators.ffet import opensta

    monkeypatch.setattr(opensta.shutil, "which", lambda name: None)
    with pytest.raises(ArchgymError, match="opensta"):
        opensta.period_ps(None)


def test_layout_draws(tmp_path, capsys):
    target = tmp_path / "layout.png"
    words = ["ffet", "layout", "ffet/mac16-frequency", "--output", str(target)]
    assert main([*words, "--design", "technology=ffet-3.5t,back_layers=6,back_pin_share=0.3"]) == 0
    assert target.read_bytes()[:4] == b"\x89PNG"
    assert main(["ffet", "layout", "dram/stream-low-power"]) == 2
    assert "no block-PPA scenario" in capsys.readouterr().err
    assert main([*words, "--design", "utilization=0.47"]) == 2


def test_max_utilization_command(capsys):
    words = ["ffet", "max-utilization", "ffet/mac16-frequency", "--json"]
    assert main([*words, "--design", "technology=ffet-3.5t,front_layers=6"]) in (0, 1)
    assert "max_utilization" in json.loads(capsys.readouterr().out)


def test_a_run_and_its_layout(tmp_path, capsys):
    folder = tmp_path / "run"
    words = [
        "run",
        "ffet/mac16-frequency",
        "--agent",
        "random_walk",
        "--budget",
        "8",
        "--seed",
        "1",
    ]
    assert main([*words, "--output", str(folder)]) == 0
    assert main(["ffet", "layout", str(folder)]) == 0
    assert (folder / "layout.png").exists()


def test_validation_of_one_relation():
    from archgym.simulators.ffet.validation.averages import Averages
    from archgym.simulators.ffet.validation.relations import _area, _collapse, _wire

    averages = Averages(BlockPPASimulator("mac16", placements=2))
    height, area = _area(averages)
    assert height.holds and height.verdict == "yes"
    assert 0.6 < area.figures["value"] < 0.95
    assert len(_collapse(averages)) == 2 and len(_wire(averages)) == 1


def test_validation_command(capsys):
    words = ["validate", "ffet", "--core", "vexriscv", "--seeds", "1", "--json"]
    assert main(words) in (0, 1)
    document = json.loads(capsys.readouterr().out)
    told = {c["quantity"].split()[0] for c in document["checks"]}
    assert {f"F{i}" for i in range(1, 15)} | {"layers:"} == told
    assert {c["case"] for c in document["checks"]} == {"vexriscv"}
    assert all(c["held_out"] for c in document["checks"]), "constants were fitted on the other core"
    constants = {row["constant"] for row in document["details"]["Constants"]}
    assert constants >= {"resistance", "width_saving"}


def test_options_say_what_they_bring():
    from archgym.simulators.ffet.validation.options import DESIGNS, OPTIONS, options

    rows = options("mac16", "gt2n", 1)
    assert len(rows) == sum(
        len(DESIGNS) + len(o.relations) for o in OPTIONS if "netlists" not in o.settings
    ), "mac16 has no variants"
    effects = [r for r in rows if "frequency" in r]
    assert {r["of"] for r in effects} == set(DESIGNS)
    driven = [float(r["frequency"].split()[0]) for r in effects if "timing" in r["option"]]
    assert max(driven) > 1.01
    low = {r["option"]: float(r["with it"][:4]) for r in rows if r["of"].startswith("layers")}
    assert low["vias have no price"] < low["timing-driven placement, one round"]


def test_experiments_say_without_and_with_one_change():
    from archgym.simulators.ffet.technology import STACKS
    from archgym.simulators.ffet.validation.experiments import EXPERIMENTS, experiments

    rows = experiments("mac16", "gt2n", 1)
    assert [r["relation"].split()[0] for r in rows] == ["F5", "F6", "F8", "F9", "F11", "F13"]
    assert len(rows) == len(EXPERIMENTS) and set(STACKS) == {"virtual5", "gt2n"}
    found = {r["relation"].split()[0]: (r["as it is"], r["with it"]) for r in rows}
    assert all(before != after for name, (before, after) in found.items() if name != "F11")
    start, ring = (float(text.split()[0]) for text in found["F13"])
    assert ring < start - 0.1  # slower cells: no head start left
