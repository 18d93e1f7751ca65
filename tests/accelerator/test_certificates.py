"""Certificates against every mapping of small layers, and against the mapper."""

import json
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.least import least_energy, most_above
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.mapping import Mapping, evaluate_mapping
from archgym.simulators.accelerator.optimal import certifying, tracing
from archgym.simulators.accelerator.optimal.certificate import in_space, tightened, within_fanouts
from archgym.simulators.accelerator.optimal.certifying import certify
from archgym.simulators.accelerator.optimal.checking import check
from archgym.simulators.accelerator.optimal.floors import lay_floors, least_inside
from archgym.simulators.accelerator.optimal.forms import prepare
from archgym.simulators.accelerator.optimal.open_nodes import MOST as MOST_TALLY
from archgym.simulators.accelerator.optimal.open_nodes import WORK
from archgym.simulators.accelerator.optimal.searching import Search
from archgym.simulators.accelerator.workloads import resolve

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from tests.accelerator.enumeration import all_factors, optima

OBJECTIVES = ("energy", "delay", "energy-delay")
MOST = 6000  # factor tuples of a case: what one test enumerates


def random_case(seed, windows):
    """A small layer and a machine of two to four levels, with whatever a machine may have."""
    rng = np.random.default_rng(seed)

    def one(*values):
        return int(rng.choice(values))

    if not windows:
        layer = Layer(
            "l", N=one(1, 1, 2), G=one(1, 1, 1, 2), K=one(2, 3, 5), C=one(2, 3, 4), P=one(2, 3, 5)
        )
    elif seed % 3 == 0:  # depthwise, both axes
        layer = Layer(
            "l", G=one(1, 2, 3), P=one(2, 3), Q=one(2, 3), R=one(2, 3), stride_h=one(1, 2)
        )
    else:
        layer = Layer(
            "l", K=one(1, 2, 3), C=one(1, 2), P=one(2, 3, 4, 5), R=one(1, 2, 3), stride_h=one(1, 2, 3),
            dilation_h=one(1, 1, 2),
        )  # fmt: skip

    def level(name, words, low, high, **more):
        read, write = float(rng.integers(low, high)), float(rng.integers(low, high))
        rates = {f"{x}_bits": one(16, 48, 1000) for x in ("read", "write", "network")}
        return Level(
            name, 16.0 * words, read_pj=read, write_pj=write, update_pj=write, **rates, **more
        )

    fanout = ((2, 2), (4, 1), (3, 2), (1, 1))[one(0, 1, 2, 3)]
    levels = [
        level("DRAM", np.inf, 50, 300, must_keep="WIO", block=one(1, 2, 4)),
        level(
            "GLB", one(12, 30, 80), 4, 20, fanout=fanout, must_keep=("", "IO", "WIO")[one(0, 1, 2)],
            may_keep=("WIO", "O", "")[one(0, 1, 2)], hidden=bool(one(0, 1)),
        ),
    ]  # fmt: skip
    if one(0, 1):
        levels.append(level("PE", one(4, 12), 1, 6, must_keep=("I", "W")[one(0, 1)], may_keep=""))
    levels.append(level("RF", one(3, 6, 12), 1, 3, must_keep=("O", "WIO")[one(0, 1)], may_keep=""))
    return layer, Architecture("random", tuple(levels), 1.0)


def cases(windows, wanted):
    """The first ``wanted`` random cases that are small enough to enumerate and that fit."""
    out, seed = [], 0
    while len(out) < wanted:
        layer, machine = random_case(seed, windows)
        if 20 < len(all_factors(layer, machine)) <= MOST:
            out.append((seed, layer, machine))
        seed += 1
    return out


@pytest.mark.parametrize(
    ("windows", "reuse"),
    [(False, "physical"), (True, "physical"), (True, "timeloop"), (True, "whole-tile")],
)
def test_proved_optima_equal_enumeration(windows, reuse):
    fitting = proved = 0
    for seed, layer, machine in cases(windows, 20 if reuse == "physical" else 10):
        *least, _ = optima(layer, machine, reuse)
        for objective, value in zip(OBJECTIVES, least):
            proof = certify(layer, machine, objective=objective, reuse=reuse)
            if proof is None:
                assert value == np.inf, seed
                continue
            fitting += 1
            proved += proof.proved
            if proof.proved:
                assert proof.value == pytest.approx(value, rel=1e-9), (seed, objective)
            assert proof.bound <= value * (1 + 1e-9) and proof.value >= value * (1 - 1e-9)
            assert in_space(layer, machine, proof.mapping)
    # rounding in the model may bill an access that is none, of which a few cases here are not spared
    assert fitting >= 20 and proved >= 0.9 * fitting


def test_nodes_that_are_put_off_are_opened_in_the_end():
    again = 0
    for windows in (False, True):
        for seed, layer, machine in cases(windows, 3):
            *least, _ = optima(layer, machine, "physical")
            for objective, value in zip(OBJECTIVES, least):
                search = Search(layer, machine, objective, "physical", 0.0)
                search.now[17] = 1.0  # bounds of the children of one node at first
                while not search.run(1000):
                    again += 1
                assert search.bound() == pytest.approx(value, rel=1e-9), (seed, objective)
                patient = Search(layer, machine, objective, "physical", 0.0)
                while not patient.run(1000):
                    pass
                assert search.counted() == patient.counted()
    assert again > 0


def test_two_loops_over_a_window_may_move_less_than_one():
    # three filter rows as 2 x 2, one of the loops at a level that is empty
    layer, machine = random_case(11223, True)
    least, *_ = optima(layer, machine, "timeloop")
    proof = certify(layer, machine, objective="energy", reuse="timeloop")
    assert proof.proved and proof.value == pytest.approx(least, rel=1e-9)


def test_fills_that_are_not_hidden_add_to_the_time():
    proofs = 0
    for seed, layer, machine in cases(False, 4) + cases(True, 4):
        for level in machine.levels[1:]:
            machine = machine.with_level(level.name, hidden=seed % 2 == len(level.name) % 2)
        *least, _ = optima(layer, machine, "physical")
        for objective, value in zip(OBJECTIVES[1:], least[1:]):
            proof = certify(layer, machine, objective=objective)
            if value == np.inf:
                continue
            proofs += 1
            assert proof.proved and proof.value == pytest.approx(value, rel=1e-9), seed
            verdict = check(layer, machine, proof, 100_000).verdict
            assert verdict != "fails", (seed, objective)
    assert proofs >= 8
    # reading each weight once from DRAM and storing it takes twice as long as either
    fc, eyeriss = resolve("resnet18/fc").layers[0], load_architecture("eyeriss")
    alone = Search(fc, eyeriss, "delay", "physical", 0.0).bound()
    hidden = eyeriss.with_level("weight_spad", hidden=True)
    assert alone > 1.9 * Search(fc, hidden, "delay", "physical", 0.0).bound()


def test_compiling_is_no_part_of_the_time(monkeypatch):
    layer, machine = random_case(1056, False)
    clock = [0.0]
    monkeypatch.setattr(certifying.time, "process_time", lambda: clock[0])

    def load(kind, make):
        clock[0] += 100.0

    monkeypatch.setattr(certifying, "load_kernels", load)
    monkeypatch.setattr(tracing, "load_kernels", load)
    assert certify(layer, machine).seconds == 0.0
    assert tracing.certify_front(layer, machine).seconds == 0.0


def test_two_loops_of_a_level_that_holds_nothing_may_end_sooner_than_one():
    """Loops of 2 and 2 over an extent of 3 take 28 cycles here, one loop of 3 takes 29."""
    layer, machine = random_case(1056, False)
    _, cycles, product, _ = optima(layer, machine)
    assert cycles == 28
    for objective, value in (("delay", cycles), ("energy-delay", product)):
        proof = certify(layer, machine, objective=objective)
        assert proof.proved and proof.value == pytest.approx(value, rel=1e-9)


def floors_of(layer, machine, objective):
    """What the floors say of every choice: (floor, factors across (L, 8), down (L, 8), keep (L, 3))."""
    search = Search(layer, machine, objective, "physical", 0.0)
    tally, state = np.zeros(MOST_TALLY + 1), (*search.state[5:7], search.visits, search.reads)
    some = search.choices
    for keep in some.keep:
        for across, down in zip(some.across, some.down):
            sizes = search.search[2]
            prepare(layer.dims, layer.geometry, across, down, keep, sizes, search.forms)
            scratch = (search.stack, search.scratch, tally, state)
            yield (
                lay_floors(np.inf, True, search.search, search.forms, keep, *scratch),
                across, down, keep,
            )  # fmt: skip


def strided_case(seed):
    """Rows that several factors cut, 1 x 1 and 3 x 3, over strides and dilations, on three levels."""
    rng = np.random.default_rng(seed)

    def one(*values):
        return int(rng.choice(values))

    kernel = {"P": one(7, 9, 10), "R": 1} if seed % 2 else {"P": one(5, 7, 9), "R": 3}
    layer = Layer("l", N=one(16, 25), **kernel, stride_h=one(2, 3, 4), dilation_h=one(1, 1, 2))
    rates = (one(16, 30, 54), one(16, 30, 54))
    levels = (
        Level("DRAM", must_keep="WIO", read_pj=1.0, read_bits=1000),
        Level("B", must_keep="WIO", read_pj=90.0, read_bits=rates[0]),
        Level(
            "R", 16.0 * one(6, 9, 15, 30), must_keep="WIO", fanout=(one(1, 2, 3), 1), spatial_x="P",
            write_bits=rates[1],
        ),
    )  # fmt: skip
    return layer, Architecture("strided", levels, 1.0)


def test_no_floor_of_a_choice_is_above_its_best_mapping():
    looked = 0
    for seed in range(24):
        layer, machine = strided_case(seed)
        factors = all_factors(layer, machine)
        for at, objective in enumerate(OBJECTIVES):
            for floor, across, down, keep in floors_of(layer, machine, objective):
                same = (factors[:, :, 1] == across) & (factors[:, :, 2] == down)
                mine = factors[same.all(axis=(1, 2))]
                best = optima(layer, machine, factors=mine, keeps=keep[None])[at]
                assert floor <= best * (1 + 1e-9), (seed, objective)
                looked += best < np.inf
    assert looked >= 50


def test_no_bound_of_a_choice_is_above_its_best_mapping():
    looked = 0
    for seed, layer, machine in cases(False, 4) + cases(True, 4):
        machine = machine.with_level("GLB", shared_bits=24.0)
        factors = all_factors(layer, machine)
        fan = factors[:, :, 1] * factors[:, :, 2]
        for at, objective in enumerate(OBJECTIVES):
            search = Search(layer, machine, objective, "physical", 0.0)
            some = search.choices
            for i in np.flatnonzero(np.isfinite(search.bounds)):
                unrolled = (some.across * some.down)[i % len(some.across)]
                mine = factors[(fan == unrolled).all(axis=(1, 2))]
                keep = some.keep[i // len(some.across)]
                best = optima(layer, machine, factors=mine, keeps=keep[None])[at]
                assert search.bounds[i] <= best * (1 + 1e-9), (seed, objective)
                looked += best < np.inf
    assert looked >= 100


def test_the_first_fill_and_the_last_drain_are_in_the_bound():
    # DRAM is busy all the time but for the ends: no mapping need be looked at
    layer, machine = resolve("alexnet/fc7").layers[0], load_architecture("nvdla")
    start = find_mapping(layer, machine, objective="energy-delay").mapping
    proof = certify(layer, machine, objective="energy-delay", start=start)
    assert proof.proved and proof.nodes == 0
    cost = evaluate_mapping(layer, machine, proof.mapping)
    assert cost.cycles > max(cost.level_cycles)


def test_floors_know_that_several_factors_may_run_more_often_than_one():
    # 2 * 2 * 3 rows in threes cost less than 3 * 3, though both leave tiles of three
    layer = Layer("l", N=200, P=9, stride_h=2)
    levels = (
        Level("DRAM", must_keep="WIO"),
        Level("B", must_keep="WIO", read_bits=54.4),
        Level("R", 144.0, must_keep="WIO", fanout=(3, 1), spatial_x="P"),
    )
    machine = Architecture("strided", levels, 1.0)
    start = [["WIO", "N200", "", ""], ["WIO", "P3", "", ""], ["WIO", "", "P3", ""]]
    less = [["WIO", "N200 P2", "", ""], ["WIO", "P2", "", ""], ["WIO", "", "P3", ""]]
    best = evaluate_mapping(layer, machine, Mapping.parse(less)).cycles
    assert best < evaluate_mapping(layer, machine, Mapping.parse(start)).cycles
    assert in_space(layer, machine, Mapping.parse(less))
    for gap in (0.0, 0.0025):
        proof = certify(
            layer, machine, objective="delay", start=Mapping.parse(start), gap=gap, seconds=60
        )
        assert proof.bound <= best and proof.value <= best / (1 - gap)


def sliding_case(seed):
    """Windows over two axes, strides that leave gaps, unrolled and not, on three levels or four."""
    rng = np.random.default_rng(seed)

    def one(*values):
        return int(rng.choice(values))

    layer = Layer(
        "l", K=one(1, 2, 3), C=one(1, 2), P=one(2, 4, 5, 7), R=one(1, 2, 3, 4), Q=one(1, 2), S=one(1, 1, 2),
        stride_h=one(1, 2, 3, 5), stride_w=one(1, 2), dilation_h=one(1, 1, 1, 2),
    )  # fmt: skip
    pj = [float(rng.integers(1, x)) for x in (300, 20, 9, 6)]
    fan = ((2, 1), (3, 1), (1, 1), (4, 1))[one(0, 1, 2, 3)]
    levels = [
        Level("DRAM", must_keep="WIO", read_pj=pj[0], update_pj=pj[0]),
        Level("B", 16.0 * one(8, 12, 24), must_keep="I", may_keep="O", read_pj=pj[1], fanout=fan),
        Level("R", 16.0 * one(4, 6, 9), must_keep="WIO", read_pj=pj[3], write_pj=pj[3]),
    ]
    if one(0, 1):
        levels.insert(2, Level("P", 16.0 * one(4, 8), must_keep="I", may_keep="", read_pj=pj[2]))
    return layer, Architecture("sliding", tuple(levels), 1.0)


def test_inputs_that_slide_cost_no_less_than_their_bounds():
    for seed in range(60):
        layer, machine = sliding_case(seed)
        factors = all_factors(layer, machine)
        if len(factors) > 2000:
            continue
        for reuse in ("physical", "whole-tile", "timeloop"):
            least, *_ = optima(layer, machine, reuse, factors)
            proof = certify(layer, machine, reuse=reuse)
            if proof is None:
                assert least == np.inf
                continue
            assert proof.proved and proof.value == pytest.approx(least, rel=1e-9), (seed, reuse)


@pytest.mark.parametrize(
    ("pair", "floor"), [("alexnet/conv3", 0.9999), ("resnet18/conv3_1_shortcut", 0.989)]
)
def test_floors_see_where_tiles_slide_and_where_strides_leave_gaps(pair, floor):
    layer, machine = resolve(pair).layers[0], load_architecture("shidiannao")
    start = find_mapping(layer, machine, objective="energy", effort=20_000).mapping
    best = certify(layer, machine, start=start, seconds=1e9, rounds=1)  # of the space
    search = Search(layer, machine, "energy", "physical", 0.0)
    some, tally = search.choices, np.zeros(MOST_TALLY + 1)
    fan = best.mapping.factor[:, 1:].prod(axis=1)
    (i,) = np.flatnonzero((some.across * some.down == fan).all(axis=(1, 2)))
    common = search.forms, best.mapping.keep, search.stack, search.scratch
    prepare(
        layer.dims, layer.geometry, some.across[i], some.down[i], best.mapping.keep, search.search[2],
        search.forms,
    )  # fmt: skip
    state = (*search.state[5:7], search.visits, search.reads)
    assert floor <= lay_floors(np.inf, True, search.search, *common, tally, state) / best.value


def test_a_certificate_is_what_the_model_says_of_its_mapping():
    layer, machine = resolve("mobilenet-v2/head").layers[0], load_architecture("nvdla")
    found = find_mapping(layer, machine, objective="energy", effort=500, certify=True)
    proof = found.certificate
    again = evaluate_mapping(layer, machine, found.mapping)
    assert proof.value == again.energy_pj == found.cost.energy_pj
    assert proof.proved and proof.gap <= 2e-9
    assert proof.value <= find_mapping(layer, machine, objective="energy").cost.energy_pj * (
        1 + 1e-9
    )


def test_a_checker_that_shares_nothing_with_the_search_agrees():
    checked = 0
    for _, layer, machine in cases(False, 12):
        proof = certify(layer, machine, objective="energy")
        if proof is None:
            continue
        checked += 1
        assert check(layer, machine, proof).verdict == "holds"
        start = find_mapping(layer, machine, objective="energy", effort=1)
        worse = within_fanouts(layer, machine, start.mapping)
        cost = evaluate_mapping(layer, machine, worse).energy_pj
        if cost > proof.value * 1.001:  # claimed to be the best, it is refuted by a mapping
            false = replace(proof, mapping=worse, value=cost, bound=cost)
            answer = check(layer, machine, false)
            assert answer.verdict == "fails" and "less than the bound" in answer.reason
        assert check(layer, machine, replace(proof, value=proof.value * 0.9)).verdict == "fails"
    assert checked >= 6
    layer, machine = Layer("l", K=37, C=53, P=61), load_architecture("nvdla")
    proof = certify(layer, machine, objective="energy")
    assert check(layer, machine, proof).verdict == "holds"


def test_the_checker_counts_stored_shares_as_the_model_does():
    # three quarters of the weights are not stored: a bound that counts all of them is too high
    layer = Layer("l", K=6, C=6)
    machine = replace(small_machine(), stored=(0.25, 1.0, 1.0))
    proof = certify(layer, machine, objective="energy")
    assert proof.proved and check(layer, machine, proof).verdict == "holds"
    loops = Mapping.parse([["WIO", "C6 K6", "", ""], ["WIO", "", "", ""]])
    cost = evaluate_mapping(layer, machine, loops).energy_pj
    false = replace(proof, mapping=loops, value=cost, bound=1.01 * proof.value)
    assert cost > false.bound and "less than the bound" in check(layer, machine, false).reason


def small_machine():
    """DRAM and registers of two words of each tensor, two of them side by side, on slow ports."""
    levels = (
        Level("DRAM", must_keep="WIO", shared_bits=24, fanout=(2, 1), read_pj=90.0, update_pj=90.0),
        Level("RF", 96.0, must_keep="WIO", read_bits=48, read_pj=1.0, write_pj=1.0, update_pj=1.0),
    )
    return Architecture("small", levels, 1.0)


@pytest.mark.parametrize(
    "layer",
    [
        Layer("product", K=3, C=2, P=3),
        Layer("window", K=2, P=3, R=2),
        Layer("stride", C=2, P=3, R=2, stride_h=2),
    ],
)
def test_the_checker_covers_time_and_small_windows(layer):
    for objective in OBJECTIVES:
        proof = certify(layer, small_machine(), objective=objective)
        assert proof.proved
        assert check(layer, small_machine(), proof, 200_000).verdict == "holds"
        loops = " ".join(f"{d}{n}" for d, n in zip("NGKCPQRS", layer.dims) if n > 1)
        slow = Mapping.parse([["WIO", loops, "", ""], ["WIO", "", "", ""]])
        cost = evaluate_mapping(layer, small_machine(), slow)
        value = {"energy": cost.energy_pj, "delay": cost.cycles}.get(
            objective, cost.energy_pj * cost.cycles
        )
        assert value > proof.value * 1.001
        false = replace(proof, mapping=slow, value=value, bound=value)
        assert "less than the bound" in check(layer, small_machine(), false).reason


def test_the_checker_refutes_a_bound_on_time_that_is_too_high():
    layer, machine = Layer("l", K=6, C=4, P=5), load_architecture("shidiannao")
    proof = certify(layer, machine, objective="delay")
    assert check(layer, machine, proof).verdict == "holds"
    slow = Mapping.parse(
        [["WIO", "K6 C4 P5", "", ""], ["W", "", "", ""], ["IO", "", "", ""], ["O", "", "", ""]]
    )
    cost = evaluate_mapping(layer, machine, slow)
    false = replace(proof, mapping=slow, value=cost.cycles, bound=cost.cycles)
    assert "less than the bound" in check(layer, machine, false).reason


def test_registers_that_hold_two_tensors_are_bounded_together():
    layer = resolve("mobilenet-v2/block11_expand").layers[0]
    machine = load_architecture("shidiannao")
    proof = find_mapping(layer, machine, objective="energy", certify=True, seconds=60).certificate
    assert proof.proved and proof.nodes < 20_000


def test_what_a_plain_mapping_may_be_above_the_best_is_never_too_little():
    for windows, reuse in ((False, "physical"), (True, "physical"), (True, "timeloop")):
        for seed, layer, machine in cases(windows, 4):
            *least, _ = optima(layer, machine, reuse)
            found = find_mapping(layer, machine, effort=200, reuse=reuse)
            if least[0] == np.inf or not isinstance(found, Found):
                continue
            values = (
                found.cost.energy_pj,
                found.cost.cycles,
                found.cost.energy_pj * found.cost.cycles,
            )
            for objective, value, best in zip(OBJECTIVES, values, least):
                above = most_above(layer, machine, found.cost, objective, reuse)
                assert 0 <= above < 1 and value * (1 - above) <= best * (1 + 1e-9), (
                    seed,
                    objective,
                )
    assert most_above(layer, machine, found.cost, "dram-traffic") is None


def test_inputs_that_timeloop_may_not_count_are_none_that_every_mapping_reads():
    machine = load_architecture("eyeriss")
    for layer, same in ((Layer("l", P=8, R=3), False), (Layer("l", P=8, C=3), True)):
        least = [least_energy(layer, machine, x) for x in ("physical", "timeloop")]
        assert (least[0] == least[1]) == same and least[1] <= least[0]


def test_the_work_of_floors_is_that_of_all_of_them():
    layer, machine = strided_case(1)
    search = Search(layer, machine, "energy-delay", "physical", 0.0)
    some, tally = search.choices, np.zeros(MOST_TALLY + 1)
    prepare(
        layer.dims, layer.geometry, some.across[0], some.down[0], some.keep[0], search.search[2],
        search.forms,
    )  # fmt: skip
    state, one = (*search.state[5:7], search.visits, search.reads), np.zeros(MOST_TALLY + 1)
    common = search.forms, some.keep[0], search.stack, search.scratch
    lay_floors(np.inf, True, search.search, *common, tally, state)
    least_inside(2, search.search[1], np.inf, search.search, *common, one, state)
    assert tally[WORK] > one[WORK] > 0  # energy, delay and their product, not the last alone


def test_a_gap_ends_the_search_sooner_and_is_kept():
    layer, machine = Layer("l", K=37, C=53, P=61), load_architecture("simba")
    whole = certify(layer, machine, objective="energy-delay")
    near = certify(layer, machine, objective="energy-delay", gap=0.1)
    assert near.nodes <= whole.nodes
    assert near.bound <= whole.value * (1 + 1e-9)
    assert near.value <= whole.value / 0.9 * (1 + 1e-9) and near.gap <= 0.1 + 1e-9


def test_two_searches_are_the_same():
    layer, machine = Layer("l", K=12, C=10, P=14), load_architecture("eyeriss")
    a, b = (certify(layer, machine, objective="energy-delay") for _ in range(2))
    assert a.mapping.format() == b.mapping.format()
    assert (a.value, a.bound, a.nodes, a.leaves) == (b.value, b.bound, b.nodes, b.leaves)


def test_a_mapping_outside_the_space_is_told_and_made_tight():
    layer, machine = Layer("l", K=64), load_architecture("shidiannao")
    rows = [["WIO", "", "", ""], ["W", "", "", ""], ["IO", "K12", "", ""], ["O", "K6", "", ""]]
    loose = Mapping.parse(rows)
    assert not in_space(layer, machine, loose)
    assert in_space(layer, machine, tightened(layer, loose))
    assert (tightened(layer, loose).factor.prod(axis=(0, 1)) >= layer.dims).all()


def test_every_mapping_says_how_far_it_may_be_above_the_best():
    layer, machine = resolve("mobilenet-v2/head").layers[0], load_architecture("nvdla")
    plain = find_mapping(layer, machine, objective="energy", effort=300)
    assert plain.certificate is None
    assert plain.gap == most_above(layer, machine, plain.cost, "energy") > 0.001
    assert plain.bound == pytest.approx(plain.cost.energy_pj * (1 - plain.gap))
    near = find_mapping(layer, machine, objective="energy", effort=300, within=0.5)
    assert near.certificate is None and near.gap == plain.gap  # near enough: no search
    best = find_mapping(layer, machine, objective="energy", effort=300, within=0.001)
    assert best.gap <= 0.001 and best.bound >= plain.bound
    traffic = find_mapping(layer, machine, objective="dram-traffic", effort=10)
    assert traffic.gap is None and traffic.bound is None


def test_what_stops_by_count_is_the_same_every_time():
    layer, machine = resolve("alexnet/conv3").layers[0], load_architecture("eyeriss")
    a, b = (
        find_mapping(
            layer, machine, objective="energy", effort=300, within=0.001, seconds=1e9, rounds=3
        )
        for _ in range(2)
    )
    assert a.gap == b.gap > 0.001 and a.mapping.format() == b.mapping.format()


def test_what_makes_no_sense_is_refused():
    layer, machine = Layer("l", K=4), load_architecture("nvdla")
    with pytest.raises(UnknownNameError, match="dram-traffic"):
        find_mapping(layer, machine, objective="dram-traffic", effort=10, certify=True)
    with pytest.raises(ArchgymError, match="gap is a share"):
        certify(layer, machine, gap=1.0)
    with pytest.raises(ArchgymError, match="rounds must be at least 1"):
        certify(layer, machine, rounds=0)
    with pytest.raises(ArchgymError, match="threads must be at least 1"):
        certify(layer, machine, threads=0)
    with pytest.raises(ArchgymError, match="within is a share"):
        find_mapping(layer, machine, within=1.0)
    with pytest.raises(ArchgymError, match="within is for objectives"):
        find_mapping(layer, machine, objective="dram-traffic", within=0.1)
    with pytest.raises(ArchgymError, match="seconds must be positive"):
        certify(layer, machine, seconds=0)


def test_the_command_prints_certificates(capsys):
    words = [
        "accelerator",
        "map",
        "mobilenet-v2/head",
        "--architecture",
        "nvdla",
        "--effort",
        "300",
    ]
    assert main([*words, "--objective", "energy", "--certify", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["layers"]
    assert row["certificate"]["proved"] and row["certificate"]["gap"] == 0.0
    assert row["certificate"]["value"] == pytest.approx(row["energy"] * 1e12)
    assert main([*words, "--objective", "energy", "--certify"]) == 0
    assert "optimum" in capsys.readouterr().out
    assert main([*words, "--gap", "0.1"]) == 2
    assert "--certify" in capsys.readouterr().err
    assert main([*words, "--objective", "energy", "--within", "0.01"]) == 0
    capsys.readouterr()
    words[2], words[4] = "alexnet/conv3", "eyeriss"
    assert main([*words, "--objective", "energy", "--within", "0.0001", "--time", "0.01"]) == 1
    assert "not shown to be within 0.01% of the best: conv3" in capsys.readouterr().out
    assert main([*words, "--within", "1.5"]) == 2
    assert main([*words, "--within", "0.1", "--gap", "0.1"]) == 2
    capsys.readouterr()
    assert main([*words, "--certify", "--gap", "1", "--time", "nan", "--threads", "0"]) == 2
    told = capsys.readouterr().err
    assert all(f"--{name} is " in told for name in ("gap", "time", "threads")), told
