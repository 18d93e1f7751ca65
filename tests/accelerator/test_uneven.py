"""Uneven mappings and fused pairs under AccelForge's counting."""

import json
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.mapping import Mapping, MappingError, evaluate_mapping
from archgym.simulators.accelerator.uneven.evaluating import evaluate_nest
from archgym.simulators.accelerator.uneven.fused import (
    evaluate_fused,
    matrix_products,
    parse_fused,
)
from archgym.simulators.accelerator.uneven.nest import (
    describe_nest,
    of_mapping,
    parse_nest,
    written_nest,
)
from archgym.simulators.accelerator.uneven.product import of_layer
from archgym.simulators.accelerator.uneven.searching import find_nest
from archgym.simulators.accelerator.validation import validate
from archgym.simulators.accelerator.validation.optima import fused_machine

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.validation import reference_file

from . import uneven_twin

MACHINE = Architecture(
    "small",
    (
        Level("DRAM", read_pj=100, write_pj=110, shared_bits=64, must_keep="WIO"),
        Level("GLB", 16 * 512, (4, 2), 5, 6, 6, shared_bits=128, may_keep="WIO"),
        Level("RF", 16 * 16, read_pj=1, write_pj=1.5, must_keep="WIO"),
    ),
    0.5,
)
LAYER = Layer("l", K=8, C=4, P=6)
NEST = [
    ["S", "DRAM", "WIO"], ["T", "K", 4], ["S", "GLB", "I"], ["X", "GLBarr.X", "C", 1],
    ["S", "RF", "W"], ["T", "P", 3], ["S", "RF", "I"], ["S", "RF", "O"], ["T", "P", 1], ["T", "K", 1],
]  # fmt: skip


def test_the_reference_rows(tmp_path):
    checks = validate(reference_file("mapping_optima_reference.json"), effort=0).checks
    assert len(checks) == 8
    assert all(c.holds for c in checks), [c for c in checks if not c.holds]
    assert sum(c.rows for c in checks) > 500
    broken = json.loads(reference_file("mapping_optima_reference.json").read_text())
    broken["optima"][0]["energy_pj"] *= 1.0001
    broken["random_mappings"][0]["fits"] = not broken["random_mappings"][0]["fits"]
    (tmp_path / "f.json").write_text(json.dumps(broken))
    failed = [c for c in validate(tmp_path / "f.json", effort=0).checks if not c.holds]
    assert [(c.case, c.quantity) for c in failed] == [
        ("optimal nests", "energy, cycles"),
        ("random nests", "fits"),
    ]
    broken["optima"][0]["mapping"] = [["S", "DRAM", "WIO"]]
    (tmp_path / "f.json").write_text(json.dumps(broken))
    with pytest.raises(ArchgymError, match="left over"):
        validate(tmp_path / "f.json", effort=0)


def test_a_nest_by_hand():
    """Two tiles of K outside; the buffer keeps inputs; four lanes share weights' channels."""
    product = of_layer(LAYER)
    cost = evaluate_nest(parse_nest(NEST, product, MACHINE), product, MACHINE)
    words = {
        (level.name, t): cost.counts[i, j].tolist()
        for i, level in enumerate(MACHINE.levels)
        for j, t in enumerate("WIO")
    }
    macs = 8 * 4 * 6
    assert words["DRAM", "W"] == [32, 0]  # each weight once: K is outside, P inside
    assert words["DRAM", "I"] == [48, 0]  # 24 inputs for each of two tiles of K
    assert words["GLB", "I"] == [48, 48]
    assert words["RF", "W"] == [macs, 32]
    assert words["RF", "I"] == [macs, 48]
    # four lanes add up in the network; 48 outputs come up once and are drained from four lanes
    assert words["DRAM", "O"] == [0, 48]
    assert words["RF", "O"] == [macs - 4 * 48 + 4 * 48, macs]
    assert cost.cycles == max(macs / 4, (32 + 48 + 48) * 16 / 64, 96 * 16 / 128)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: n[:-1], "left over: K 4"),
        (lambda n: [["T", "K", 3], *n[1:]], "does not divide"),
        (lambda n: [*n, ["T", "Z", 1]], "entry 11"),
        (lambda n: [n[0], *n[2:], ["S", "GLB", "I"], ["T", "K", 1]], "not from outside inwards"),
        (lambda n: [["S", "DRAM", "WI"], *n[1:]], "O is not held by DRAM first"),
        (lambda n: [*n[:4], *n[5:]], "RF must keep W"),
        (lambda n: [*n[:3], ["X", "GLBarr.Y", "C", 1], *n[4:]], "4 children along Y"),
        (lambda n: ["nonsense", *n], "levels are DRAM, GLB, RF"),
    ],
)
def test_what_is_no_nest_is_refused(change, message):
    with pytest.raises(MappingError, match=message):
        parse_nest(change([list(e) for e in NEST]), of_layer(LAYER), MACHINE)


def test_a_written_nest_is_the_nest():
    product = of_layer(LAYER)
    items = parse_nest(NEST, product, MACHINE)
    assert written_nest(items, product, MACHINE)[1:] == NEST[1:]
    text = describe_nest(items, product, MACHINE)
    assert text.count("for ") == 4 and "parallel (x, below GLB) C in 0..4" in text


def test_even_mappings_differ_by_the_drains_alone():
    """Without windows: AccelForge's energy is ours plus the reads of drained outputs."""
    layer = Layer("m", K=8, C=8, P=8)
    mapping = Mapping.parse(
        [["WIO", "K2 P2", "", ""], ["IO", "C2", "C4", "K2"], ["WIO", "K2 P4", "", ""]]
    )
    ours = evaluate_mapping(layer, MACHINE, mapping, fill_and_drain=False)
    product = of_layer(layer)
    theirs = evaluate_nest(of_mapping(mapping), product, MACHINE)
    drains = sum(
        theirs.counts[i, 2, 0] * level.read_pj for i, level in enumerate(MACHINE.levels)
    ) - sum(
        ours.counts[i, 2, 0] * used * level.read_pj
        for i, (level, used) in enumerate(zip(MACHINE.levels, (1, 1, 8)))
    )
    assert drains > 0
    level_two = MACHINE.levels[2]
    assert level_two.update_pj == 0.0  # this register file's updates are free under our model
    updates = theirs.counts[2, 2, 1] * level_two.write_pj - ours.counts[2, 2, 1] * 8 * 1.5
    dram = theirs.counts[0, 2, 1] * 110
    assert theirs.energy_pj == pytest.approx(ours.energy_pj + drains + updates + dram, rel=1e-12)


@pytest.mark.parametrize(
    "layer", [LAYER, Layer("c", G=2, K=4, C=3, P=6, Q=4, R=3, S=2, stride_h=2, dilation_w=2)]
)
def test_a_slow_twin_counts_the_same(layer):
    """Nests that searches of different seeds and objectives end at."""
    product = of_layer(layer)
    for seed, objective in enumerate(["energy", "delay", "energy-delay", "energy"]):
        items = find_nest(product, MACHINE, effort=1, objective=objective, seed=seed).items
        cost = evaluate_nest(items, product, MACHINE)
        nest = twin_of(items)
        twin = uneven_twin.evaluate_nest(layer, MACHINE, nest)
        assert cost.energy_pj == pytest.approx(twin.energy_pj, rel=1e-12)
        assert cost.cycles == pytest.approx(twin.cycles, rel=1e-12)
        assert np.array_equal(cost.counts[:3, :, 0], twin.reads)
        assert np.array_equal(cost.counts[:3, :, 1], twin.writes)


def twin_of(items):
    return [
        uneven_twin.Holder(a, b)
        if kind == 0
        else uneven_twin.Loop(a, b, None if kind == 1 else c // 2)
        for kind, a, b, c in items.tolist()
    ]


# ---- finished outputs are narrower than sums
NARROW = replace(MACHINE, bits=(8, 8, 32), output_bits=8)


def test_finished_outputs_are_those_whose_last_product_is_added():
    """Every product of a small layer added up where nests of random states hold outputs."""
    layer = Layer("t", K=4, C=4, P=2, R=2)
    product = of_layer(layer)
    seen = set()
    for seed in range(40):
        items = random_nest(product, np.random.default_rng(seed))
        cost = evaluate_nest(items, product, MACHINE)
        wanted = uneven_twin.finished_outputs(layer, MACHINE, twin_of(items))
        assert cost.finished.tolist() == wanted.tolist(), seed
        held = bool(((items[:, :3] == (0, 1, 2)).all(axis=1)).any())
        seen.add((held, *wanted.ravel().tolist()))
    # outputs pass by the buffer, are held there, or are added up outside of it
    assert seen == {(False, 0, 8, 0, 0, 0, 0), (True, 0, 8, 8, 8, 0, 0), (True, 0, 8, 0, 0, 0, 0)}


def random_nest(product, random):
    """Whole factors of 2 dealt to places before, between and after holders, and to children."""
    must = [(2, 0), (2, 1), (2, 2), *((1, t) for t in range(3) if random.random() < 0.6)]
    holders = [must[i] for i in random.permutation(len(must))]
    holders.sort(key=lambda x: (x[1] == 2) * x[0])  # outputs by level, the others anywhere
    for t in (0, 1):  # a tensor's levels from outside inwards
        at = [i for i, x in enumerate(holders) if x[1] == t]
        for i, level in zip(at, sorted(holders[i][0] for i in at)):
            holders[i] = (level, t)
    rows = [(0, 0, t, 0) for t in range(3)]
    loops = [[] for _ in range(len(holders) + 1)]
    lanes = []
    for d, extent in enumerate(product.extents.values()):
        for _ in range(int(np.log2(extent))):
            if random.random() < 0.3 and sum(x[3] == 2 for x in lanes) < 2:
                lanes.append((2, d, 2, 2))
            elif random.random() < 0.15 and not any(x[3] == 0 for x in lanes):
                lanes.append((2, d, 2, 0))
            else:
                loops[random.integers(len(loops))].append((1, d, 2, 0))
    for number, here in enumerate(loops):
        rows += [here[i] for i in random.permutation(len(here))]
        if number < len(holders):
            rows.append((0, *holders[number], number + 1))
    return np.array([*rows, *lanes], np.int64)


def test_without_lanes_that_add_up_the_even_evaluation_saves_the_same_bits():
    """Every level's writes of even mappings; with such lanes the outermost level's still."""
    machine = replace(
        NARROW, levels=(*MACHINE.levels[:2], replace(MACHINE.levels[2], size_bits=2e4))
    )
    wide = replace(machine, output_bits=0)
    whole = Layer("m", K=8, C=8, P=8)
    product = of_layer(whole)
    inner = {"K4": "C4 P4", "P2 K2": "C4 K2 P2", "C4": "K4 P4", "C2 K2": "C2 K2 P4"}
    for lanes, rest in inner.items():
        for keep in ("IO", "I", "WIO"):
            levels = [["WIO", "K2 P2", "", ""], [keep, "C2", lanes, ""], ["WIO", rest, "", ""]]
            mapping = Mapping.parse(levels)
            even = [evaluate_mapping(whole, m, mapping).traffic_bits(m) for m in (wide, machine)]
            nest = evaluate_nest(of_mapping(mapping), product, machine)
            saved = nest.finished[:, 1] * 24
            assert saved[0] == (even[0] - even[1])[0] == 24 * 64
            if "C" not in lanes:
                assert saved.tolist() == (even[0] - even[1]).tolist()


def test_latency_of_outputs_that_leave_narrower():
    """All operands once through DRAM, one product after the other: its port sets the time."""
    slow = replace(
        NARROW,
        levels=(replace(MACHINE.levels[0], shared_bits=1, read_bits=1e9), *MACHINE.levels[1:]),
    )
    product = of_layer(LAYER)
    items = parse_nest(NEST, product, slow)
    narrow, wide = (evaluate_nest(items, product, m) for m in (slow, replace(slow, output_bits=0)))
    assert narrow.cycles == (32 + 48) * 8 + 48 * 8 and wide.cycles == (32 + 48) * 8 + 48 * 32
    assert narrow.energy_pj == wide.energy_pj and (narrow.held == wide.held).all()
    # a buffer in between takes them in narrow and hands them on narrow
    narrow_port = NARROW.with_level("GLB", read_bits=1, shared_bits=1e9)
    through = parse_nest([NEST[0], ["S", "GLB", "O"], *NEST[1:]], product, narrow_port)
    assert evaluate_nest(through, product, narrow_port).cycles == 48 * 8 + 48 * 8
    # from the multipliers sums come at their own width
    direct = parse_nest([e for e in NEST if e != ["S", "RF", "O"]], product, of_weights(slow))
    assert not evaluate_nest(direct, product, of_weights(slow)).finished.any()


def of_weights(machine):
    """Registers need not hold outputs."""
    return machine.with_level("RF", must_keep="WI", may_keep="O")


@pytest.mark.parametrize("objective", ["energy", "delay", "energy-delay"])
def test_the_search_finds_what_enumeration_finds(objective):
    """All nests of a product of 4 x 2 x 2 on a machine of two levels, one by one."""
    machine = Architecture(
        "two",
        (
            Level("DRAM", read_pj=50, write_pj=60, shared_bits=32, must_keep="WIO"),
            Level("RF", 16 * 5, read_pj=1, write_pj=2, must_keep="WIO"),
        ),
        1.0,
    )
    product = of_layer(Layer("t", K=4, C=2, P=2))
    best = min(
        value
        for items in every_nest(product)
        if (cost := evaluate_nest(items, product, machine)).fits
        for value in [
            {"energy": cost.energy_pj, "delay": cost.cycles}.get(
                objective, cost.energy_pj * cost.cycles
            )
        ]
    )
    found = find_nest(product, machine, objective=objective, effort=40_000)
    assert found.value(objective) == pytest.approx(best, rel=1e-12)


def every_nest(product):
    """Every order of the holders and primes of K 2 x 2, C 2, P 2, each prime a loop anywhere."""
    import itertools

    from archgym.simulators.accelerator.uneven.nest import HOLD, LOOP

    homes = [(HOLD, 0, t, 1) for t in range(3)]
    parts = [(HOLD, 1, t, 0) for t in range(3)] + [(LOOP, d, 2, 0) for d in (2, 2, 3, 4)]
    for order in set(itertools.permutations(parts)):
        items = np.array([*homes, *order], np.int64)
        holders = items[:, 0] == HOLD
        holders[:3] = False
        # holders between two loops stand at one place
        items[holders, 3] = 2 + np.cumsum(items[:, 0] == LOOP)[holders]
        yield items


def test_more_effort_is_never_worse_and_seeds_repeat():
    product = of_layer(Layer("l", K=12, C=10, P=9))
    values = [
        find_nest(product, MACHINE, effort=n).value("energy-delay") for n in (1, 4_000, 40_000)
    ]
    assert values == sorted(values, reverse=True)
    again = find_nest(product, MACHINE, effort=4_000)
    assert again.value("energy-delay") == values[1] and again.evaluated == 4_000
    ordered = find_nest(product, MACHINE, effort=40_000, ordered=True)
    held = ordered.items[ordered.items[:, 0] == 0, 1]
    assert (np.diff(held) >= 0).all()
    with pytest.raises(UnknownNameError, match="objective"):
        find_nest(product, MACHINE, objective="dram-traffic")


def test_nothing_fits_where_not_even_words_do():
    tiny = MACHINE.with_level("RF", size_bits=16 * 2)
    assert find_nest(of_layer(LAYER), tiny, effort=1) is None


FUSED = [
    "[A,B,V,O in DRAM]", "T-m in [0..4) shape=2", "[S in GLB]", "Sequential", "Nested",
    "[A in GLB]", "T-n in [0..4) shape=1", "[B in GLB]", "T-m in [0..2) shape=1",
    "S-X-k in [0..4) shape=1", "MAC computes E1", "Nested", "[O in GLB]", "T-n in [0..4) shape=1",
    "[V in GLB]", "T-m in [0..2) shape=1", "S-X-h in [0..2) shape=1", "MAC computes E2",
]  # fmt: skip


def test_outputs_of_a_fused_pair_leave_narrower():
    pair = matrix_products(8, 4, 4, 2)
    nest = parse_fused(FUSED, fused_machine(64))
    wide, narrow = (
        evaluate_fused(nest, pair, replace(fused_machine(64), output_bits=bits)) for bits in (0, 4)
    )
    # sums between the products come from the multipliers and stay; 16 outputs go to DRAM once
    assert not narrow.parts[0].finished.any()
    assert narrow.parts[1].finished.tolist() == [[0, 16], [0, 0]]
    port = fused_machine(64).levels[0].shared_bits
    assert wide.parts[1].cycles == max(32, (4 * 8 + 16) * 16 / port)
    assert narrow.parts[1].cycles == max(32, (4 * 8 * 16 + 16 * 4) / port)
    assert narrow.energy_pj == wide.energy_pj


def test_a_fused_pair_by_hand():
    machine, pair = fused_machine(64), matrix_products(8, 4, 4, 2)
    cost = evaluate_fused(parse_fused(FUSED, machine), pair, machine)
    first, second = cost.parts
    # S never goes to DRAM; V and B come again for every tile of m; A and O once
    assert first.counts[0].tolist() == [[32, 0], [4 * 16, 0], [0, 0]]
    assert second.counts[0].tolist() == [[0, 0], [4 * 8, 0], [0, 16]]
    # S 8; in turn A 8 and B 4, or O 4 and V 2
    assert cost.held_bits[1] == 16 * (8 + 8 + 4)
    assert cost.cycles == first.cycles + second.cycles
    assert (
        cost.fits and not evaluate_fused(parse_fused(FUSED, machine), pair, fused_machine(19)).fits
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: ["T-k in [0..2) shape=2", *f], "shared loop over k"),
        (lambda f: f[:-3] + f[-2:], "2 iterations of m of S V are left over"),
        (lambda f: [x for x in f if x != "Nested"], "two products or more, got 0"),
        (lambda f: ["for m", *f], "line 1"),
        (lambda f: [x.replace("0..4) shape=2", "0..3) shape=2") for x in f], "do not divide m"),
        (lambda f: [x for x in f if x != "[S in GLB]"], "S is not held"),
    ],
)
def test_what_is_no_fused_nest_is_refused(change, message):
    machine = fused_machine(64)
    with pytest.raises(MappingError, match=message):
        evaluate_fused(parse_fused(change(FUSED), machine), matrix_products(8, 4, 4, 2), machine)


def test_the_command(capsys):
    argv = ["accelerator", "map", "alexnet/conv3", "--reuse", "accelforge", "--effort", "2000"]
    assert main([*argv, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (layer,) = document["layers"]
    assert layer["nest"][0] == ["S", "DRAM", "WIO"] and layer["evaluated"] == 2_000
    assert main([*argv, "--nests", "--plain"]) == 0
    assert "DRAM keeps W" in capsys.readouterr().out
    assert main([*argv, "--certify", "--objective", "dram-traffic"]) == 2
    said = capsys.readouterr().err
    assert "--certify does not go" in said and "dram-traffic does not go" in said
    narrow = [*argv, "--architecture", "tpuv4i", "--objective", "delay", "--json"]
    narrow[2] = "bert-base/scores"
    latency = []
    for bits in ("32", "16"):
        assert main([*narrow, "--output-bits", bits]) == 0
        latency.append(json.loads(capsys.readouterr().out)["latency"])
    assert latency[1] < latency[0]
    assert main([*narrow, "--output-bits", "-1"]) == 2
    assert "--output-bits must be" in capsys.readouterr().err
    assert main(["accelerator", "map", "alexnet/conv3", "--level-order"]) == 2
    assert "--reuse accelforge" in capsys.readouterr().err
