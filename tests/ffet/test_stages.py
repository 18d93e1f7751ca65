"""Each stage against a closed form or a slow, obvious twin."""

import math
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.analysis import time
from archgym.simulators.ffet.calibration import FITTED, Calibration
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.estimates import trees_of
from archgym.simulators.ffet.floorplan import NoRoom
from archgym.simulators.ffet.flow import build
from archgym.simulators.ffet.functions import DFF
from archgym.simulators.ffet.kernels.density import density
from archgym.simulators.ffet.kernels.routing import route as route_kernel
from archgym.simulators.ffet.kernels.state import Nodes, Wires
from archgym.simulators.ffet.kernels.timing import LN2, LN4, SLEW_SHARE
from archgym.simulators.ffet.kernels.trees import grow
from archgym.simulators.ffet.kernels.wirelength import exp_below, hpwl, wirelength_gradient
from archgym.simulators.ffet.kernels.wires import admittance, elmore, pi_models
from archgym.simulators.ffet.library import library
from archgym.simulators.ffet.metal import metal
from archgym.simulators.ffet.placement import Field, pin_table, place, port_positions
from archgym.simulators.ffet.routing import Trees
from archgym.simulators.ffet.simulator import load_netlist
from archgym.simulators.ffet.technology import STACKS, slowdown, stack
from archgym.simulators.ffet.via_blockage import left_by_vias, stacks

from archgym.errors import ArchgymError, UnknownNameError


@pytest.fixture(scope="module")
def simulator():
    return BlockPPASimulator("mac16", placements=1, threads=1)


@pytest.fixture(scope="module")
def block(simulator):
    return simulator.build_one(Choices(back_layers=6, back_pin_share=0.5, target_ghz=2.0), 0)[0]


# ---- tables
def test_a_stack_names_what_is_wrong(tmp_path):
    assert stack("gt2n").layers[5].ohm_per_um == 26.6
    good = "layer,direction,pitch_nm,ohm_per_um,via_ohm\n" + "".join(
        f"M{i},{'HV'[i % 2]},40,100,20\n" for i in range(1, 13)
    )
    for text, told in (
        (good.replace("M7,V,40,100,20\n", ""), "expected layer M7 in row 7, got 'M8'"),
        (good.replace("M12,H,40,100,20\n", ""), "layer M12 is missing"),
        (good.replace("M3,V,40", "M3,V,forty"), "must hold a number, got 'forty'"),
        (good.replace("M3,V,40", "M3,V,0"), "pitch of 0"),
        (good.replace("M3,V", "M3,H"), "direction must be V"),
    ):
        path = tmp_path / f"{abs(hash(told))}.csv"
        path.write_text(text)
        with pytest.raises(ArchgymError, match=told):
            stack(str(path))
    with pytest.raises(UnknownNameError, match="gt2n"):
        stack("gt3n")
    with pytest.raises(ArchgymError, match="cannot read"):
        stack(str(tmp_path / "none.csv"))


def test_library_follows_its_rules():
    cfet, ffet = library("cfet-4t"), library("ffet-3.5t")
    f = Calibration()
    assert ffet.resistance[0] / cfet.resistance[0] == pytest.approx(f.resistance)
    assert ffet.load[0] / cfet.load[0] == pytest.approx(f.capacitance)
    assert ffet.height_um / cfet.height_um == pytest.approx(0.875)
    assert (ffet.width <= cfet.width).all()
    assert library("cfet-4t", 0.6).resistance[0] / cfet.resistance[0] == pytest.approx(
        slowdown(0.6)
    )
    assert slowdown(0.7) == 1 and slowdown(0.6) > 1 > slowdown(0.75)
    apart = library("ffet-3.5t", overlay_nm=4.0)
    assert apart.resistance[0] > ffet.resistance[0]
    with pytest.raises(ArchgymError, match=r"resistance must lie in 0.72 to 1.45"):
        Calibration(resistance=2.0)


def test_metal_without_a_pair_has_none_and_odd_layers_share_a_direction():
    s = stack("gt2n")
    assert metal(s, 1).pairs == 0 and metal(s, 12).pairs == 6
    assert metal(s, 6).vertical.tolist() == [1, 2, 2]
    assert metal(s, 5).vertical.tolist() == [1, 2]
    assert set(STACKS) == {"virtual5", "gt2n"}


# ---- placement
def test_exponential_without_a_library():
    for x in (0.0, -1e-9, -0.3, -1.0, -7.7, -42.0):
        assert exp_below(x) == pytest.approx(math.exp(x), rel=1e-6)
    assert exp_below(-60.0) == 0


def test_gradient_is_the_derivative():
    rng = np.random.default_rng(0)
    x, y = rng.random(4) * 10, rng.random(4) * 10
    start, pins = np.array([0, 4]), np.arange(4)
    off, work = np.zeros(4), np.empty((5, 64))
    gx, gy = np.zeros(4), np.zeros(4)

    def smooth(v, gamma):
        e, d = np.exp(v / gamma), np.exp(-v / gamma)
        return (v * e).sum() / e.sum() - (v * d).sum() / d.sum()

    once, more = np.ones(1), np.full(1, 3.0)
    wirelength_gradient(start, pins, x, y, off, 1.0, 2.0, more, 1.5, 64, gx, gy, work)
    heavier = gx.copy(), gy.copy()
    wirelength_gradient(start, pins, x, y, off, 1.0, 2.0, once, 1.5, 64, gx, gy, work)
    assert heavier[0] == pytest.approx(3 * gx) and heavier[1] == pytest.approx(3 * gy)
    for i in range(4):
        moved = x.copy()
        moved[i] += 1e-6
        assert gx[i] == pytest.approx((smooth(moved, 1.5) - smooth(x, 1.5)) / 1e-6, abs=1e-5)
        moved = y.copy()
        moved[i] += 1e-6
        assert gy[i] == pytest.approx(2 * (smooth(moved, 1.5) - smooth(y, 1.5)) / 1e-6, abs=1e-5)
    assert hpwl(start, pins, pins, x, y, off, 1.0, 1.0) == pytest.approx(np.ptp(x) + np.ptp(y))


def test_field_pushes_apart_and_is_nothing_when_even():
    field = Field.of(32)
    ex, ey = field.solve(np.full((32, 32), 0.7))
    assert np.abs(ex).max() < 1e-12 and np.abs(ey).max() < 1e-12
    rho = np.zeros((32, 32))
    density(np.array([10.0]), np.array([16.0]), np.array([4.0]), 4.0, rho)
    assert rho.sum() == pytest.approx(16.0)
    ex, ey = field.solve(rho)
    assert ex[14, 16] > 0 > ex[5, 16]
    assert ey[10, 20] > 0 > ey[10, 11]


def test_field_solves_poisson():
    # a density that is one cosine has a potential that is the same cosine over its squared frequency
    m, k = 64, 3
    i = np.arange(m) + 0.5
    rho = np.cos(np.pi * k * i / m)[:, None] * np.ones((1, m))
    ex, ey = Field.of(m).solve(rho)
    w = np.pi * k / m
    scale = ex[5, 0] / (np.sin(w * i[5]) / w)
    np.testing.assert_allclose(
        ex, scale * (np.sin(w * i) / w)[:, None] * np.ones((1, m)), atol=1e-9
    )
    assert scale == pytest.approx(1.0) or scale > 0
    assert np.abs(ey).max() < 1e-9


def test_placement_is_much_better_than_random_and_repeats():
    netlist, lib = load_netlist("mac16"), library("cfet-4t")
    found = place(netlist, lib, 1.0, 3)
    again = place(netlist, lib, 1.0, 3)
    assert (found.x == again.x).all() and (found.y == again.y).all()
    start, pins, owner, off = pin_table(netlist, lib)
    px, py = port_positions(len(netlist.port_net))

    def wire(x, y):
        zero = np.zeros(len(off))
        return hpwl(start, pins, owner, np.append(x, px), np.append(y, py), zero, 1.0, 1.0)

    rng = np.random.default_rng(0)
    random = wire(rng.random(len(found.x)), rng.random(len(found.x)))
    assert wire(found.x, found.y) < random / 4
    assert found.x.min() >= 0 and found.x.max() <= 1


# ---- legalisation
def test_cells_lie_in_rows_on_sites_without_overlap_and_off_the_taps(block):
    lib, plan = block.library, block.plan
    wide = lib.width[block.kind] * lib.cpp_um
    sites = block.left / lib.cpp_um
    np.testing.assert_allclose(sites, np.round(sites), atol=1e-6)
    assert block.row.min() >= 0 and block.row.max() < plan.rows
    for row in range(plan.rows):
        here = np.flatnonzero(block.row == row)
        here = here[np.argsort(block.left[here])]
        ends = block.left[here] + wide[here]
        assert (ends[:-1] <= block.left[here][1:] + 1e-6).all()
        for left, end in zip(block.left[here], ends):
            assert ((plan.left <= left + 1e-6) & (end <= plan.right + 1e-6)).any()
    assert len(plan.left) > 1  # a flip FET has taps


def test_area_times_utilization_is_cell_area(simulator):
    for u in (0.5, 0.7, 0.84):
        b = simulator.build_one(Choices(utilization=u), 0)[0]
        assert b.plan.area_um2 * u == pytest.approx(b.cell_area_um2, rel=1e-12)


def test_what_cannot_be_legalised_says_so(simulator):
    tight = Choices(utilization=0.995)
    with pytest.raises(NoRoom, match="find no room between power taps"):
        simulator.build_one(tight, 0)
    _, reason = simulator.measure(simulator.build(tight))
    assert "utilisation 0.995" in reason


# ---- trees
NONE_KNOWN = np.zeros(1, np.bool_)


def grown(start, pins, driver, back, x, y, side, most):
    nothing = np.zeros(0, np.int64), np.zeros(0), np.zeros(0), *np.zeros((2, 0), np.int64)
    return grow(start, pins, driver, back, x, y, side, most, NONE_KNOWN, nothing)


def test_trees_reach_every_pin_with_no_more_wire_than_a_spanning_tree():
    rng = np.random.default_rng(1)
    n = 9
    x, y = rng.random(n), rng.random(n)
    back = np.zeros(n, np.int64)
    _first, nx, ny, up, pin = grown(np.array([0, n]), np.arange(n), np.array([4]), back, x, y, 0, n)
    assert sorted(pin[pin >= 0].tolist()) == list(range(n)) and pin[0] == 4 and up[0] == -1
    assert (up[1:] < np.arange(1, len(up))).all()
    length = sum(abs(nx[i] - nx[up[i]]) + abs(ny[i] - ny[up[i]]) for i in range(1, len(up)))
    left, reached, spanning = set(range(1, n)), {0}, 0.0
    while left:
        d, j = min((abs(x[i] - x[j]) + abs(y[i] - y[j]), j) for i in reached for j in left)
        spanning += d
        reached.add(j)
        left.discard(j)
    assert np.ptp(x) + np.ptp(y) - 1e-9 <= length <= spanning + 1e-9


def test_three_pins_meet_at_their_median_and_sides_stay_apart():
    x, y = np.array([0.0, 2.0, 1.0, 5.0]), np.array([0.0, 0.0, 3.0, 5.0])
    back = np.array([0, 0, 0, 1])
    args = np.array([0, 4]), np.arange(4), np.array([0]), back, x, y
    _, nx, ny, _, pin = grown(*args, 0, 4)
    at = np.flatnonzero(pin < 0)
    assert (nx[at[0]], ny[at[0]]) == (1.0, 0.0) and len(at) == 1
    _, nx, ny, _up, pin = grown(*args, 1, 4)
    assert pin.tolist() == [0, 3]


def test_trees_of_nets_that_changed_sides_are_grown_anew_and_no_others(block):
    p, sides = block.placed, block.sides.copy()
    before = trees_of(p, sides, block.pin_x, block.pin_y)
    moved = np.flatnonzero(~p.netlist.pin_output)[::7]
    other = sides.copy()
    other[moved] = 1 - other[moved]
    again = trees_of(p, other, block.pin_x, block.pin_y, (before, sides))
    alone = trees_of(p, other, block.pin_x, block.pin_y)
    for a, b in zip(again, alone):
        for part in ("first", "x", "y", "up", "pin"):
            assert (getattr(a, part) == getattr(b, part)).all()
    assert (again[0].first != before[0].first).any()


# ---- levels
def test_levels_number_cells_after_what_they_read(block):
    n, at = block.placed.netlist, block.placed.levels
    g, cells = at.graph, len(n.function)
    for c in range(cells):
        a, b = g.cell_start[c], g.cell_start[c + 1] - 1
        assert g.pin_net[b] == c
        if not g.edged[c]:
            read = g.pin_net[a:b]
            assert ((read < c) | (read >= cells)).all()
    assert (at.net[g.pin_net[at.pin[: len(n.pin_net)]]] == n.pin_net).all()
    assert (at.cell[at.rank] == np.arange(cells)).all()
    tree = block.routed[0].trees
    moved = at.trees(tree)
    for new in (0, 5, cells - 1):
        old, (a, b) = at.net[new], moved.first[new : new + 2]
        assert (moved.x[a:b] == tree.x[tree.first[old] : tree.first[old + 1]]).all()
        sinks = moved.pin[a:b][moved.pin[a:b] >= 0]
        assert np.isin(sinks, np.flatnonzero(np.append(g.pin_net, g.port_net) == new)).all()


# ---- routing
def test_routes_avoid_full_borders():
    gx, gy, up = np.array([0, 3]), np.array([1, 1]), np.array([-1, 0])
    cap_h, cap_v = np.ones((3, 3)), np.ones((4, 2))
    kind, mid = np.zeros(2, np.int64), np.zeros(2, np.int64)
    route_kernel(gx, gy, up, cap_h, cap_v, 4, kind, mid)
    straight = (kind[1] == 0 and gy[1] == 1) or mid[1] == 1
    assert straight
    cap_h[1, 1] = 0.0
    route_kernel(gx, gy, up, cap_h, cap_v, 4, kind, mid)
    assert kind[1] == 1 and mid[1] in (0, 2)


def test_every_track_in_use_belongs_to_a_path(block):
    for r in block.routed:
        crossings = 0
        for i in np.flatnonzero(r.kind >= 0):
            u, m = r.trees.up[i], r.mid[i]
            if u < 0:
                continue
            a, b = (r.gx, r.gy) if r.kind[i] == 0 else (r.gy, r.gx)
            crossings += abs(a[u] - m) + abs(m - a[i]) + abs(b[u] - b[i])
        assert r.use_h.sum() + r.use_v.sum() == crossings
        assert (r.length >= 0).all()


# ---- extraction and timing
def chain(res, cap):
    n = len(res)
    return Trees(np.array([0, n]), np.zeros(n), np.zeros(n), np.arange(-1, n - 1), np.arange(n))


def test_elmore_of_a_chain_and_its_pi_model():
    res, cap = np.array([0.0, 2.0, 3.0]), np.array([0.0, 4.0, 6.0])
    t, loads = chain(res, cap), np.array([0.0, 1.0, 5.0])
    load, delay, path = np.zeros(1), np.zeros(3), np.zeros(3)
    wires = Wires(t.first, t.up, t.pin, res, cap)
    elmore(wires, np.ones(1, np.bool_), loads, load, delay, path, np.empty(3), np.empty(3))
    assert load[0] == 16
    assert delay[1] == 2 * (4 / 2 + 1 + 6 + 5)
    assert delay[2] == delay[1] + 3 * (6 / 2 + 5)
    assert path.tolist() == [0, 2, 5]
    moments, out = np.zeros((1, 3)), np.empty((3, 1))
    admittance(wires, loads, moments, *np.empty((3, 3)))
    lumps, at = np.array([2, 1 + 2 + 3, 5 + 3]), np.array([0, delay[1], delay[2]])
    assert moments[0, 0] == 16
    assert moments[0, 1] == pytest.approx((lumps * at).sum())
    pi_models(moments, *out)
    near, far, ohm = out[:, 0]
    assert near + far == pytest.approx(16) and ohm * far**2 == pytest.approx(moments[0, 1])


def test_arrivals_equal_a_slow_twin(block):
    n, lib, kind = block.placed.netlist, block.library, block.kind
    loads = np.concatenate([lib.load[kind][n.pin_cell], np.zeros(len(n.port_net))])
    bare = [(r.trees, np.zeros(len(r.length)), np.zeros(len(r.length))) for r in block.routed]
    nets, period, _ = time(block.placed, lib, kind, bare, loads)
    load = nets.load
    assert not nets.delay.any()  # without wires only cells take time
    known = {}
    driver = {int(n.pin_net[n.cell_start[c + 1] - 1]): c for c in range(len(kind))}

    def at(net):
        if net not in known:
            c = driver.get(net)
            if c is None:
                known[net] = 0.0, 0.0
            else:
                k = kind[c]
                pins = n.pin_net[n.cell_start[c] : n.cell_start[c + 1] - 1]
                r = lib.resistance[k] * load[net]
                before = 0.0
                if n.function[c] != DFF:
                    before = max((a + SLEW_SHARE * s for a, s in map(at, pins.tolist())), default=0)
                edge = lib.edge[k] + LN4 * r if len(pins) else 0.0
                known[net] = (before + lib.intrinsic[k] + LN2 * r if len(pins) else 0.0), edge
        return known[net]

    flops = np.flatnonzero(n.function == DFF)
    ends = [at(int(n.pin_net[n.cell_start[c]]))[0] + lib.setup for c in flops]
    ends += [at(int(p))[0] for p in n.port_net[~n.port_input]]
    assert period == pytest.approx(max(ends), rel=1e-9)
    assert period < block.period_ps


def test_sizing_meets_what_it_can_and_asks_no_more_area_than_needed(simulator):
    found = [simulator.build_one(Choices(target_ghz=t), 0)[0] for t in (0.5, 1.0, 6.0)]
    areas = [b.cell_area_um2 for b in found]
    assert areas[0] <= areas[1] <= areas[2]
    assert found[0].period_ps <= 2000
    assert found[2].period_ps < found[0].period_ps


def test_more_layers_never_more_overflow(simulator):
    over = []
    for layers in (2, 4, 6, 8, 12):
        c = Choices(front_layers=layers, utilization=0.8)
        over.append(sum(simulator.build_one(c, s)[0].routed[0].overflow for s in range(3)))
    assert over == sorted(over, reverse=True)
    assert over[0] > 0


def test_both_sides_carry_the_load_of_one(block):
    n = block.placed.netlist
    wires = sum(float(r.capacitance.sum()) for r in block.routed)
    pins = block.library.load[block.kind][n.pin_cell][~n.pin_output].sum()
    assert block.nets.load.sum() == pytest.approx(wires + pins)
    single = replace(block.choices, back_layers=0, back_pin_share=0.0)
    assert single.back_layers == 0 and len(block.routed[1].length) > 0


def test_stacks_of_vias_block_the_layers_that_they_pass():
    """A wire on M6 and M7 from one pin to another: M3, M4 and M5 lose room at both ends."""
    m = metal(stack("gt2n"), 12)
    at, none = np.array([1, 1]), np.zeros(2, np.int64)
    up, tier = np.array([-1, 0]), np.array([0, 2])
    nodes = Nodes(at, np.array([1, 3]), up, none, none, tier, tier, np.zeros(2))
    free = np.full((6, 3, 5), 9.0), np.full((6, 4, 4), 9.0)
    low, high = stacks(nodes, np.array([0, 1]), m)
    assert low.tolist() == [1, 1] and high.tolist() == [6, 6]
    h, v = left_by_vias(nodes, np.array([0, 1]), m, (4 * 0.6, 5 * 0.6), free, 100.0)
    lost_h, lost_v = 9.0 - h, 9.0 - v
    for layer in range(12):
        tracks, places = (lost_h, [(0, 1), (1, 1), (0, 3), (1, 3)]) if layer % 2 else (
            lost_v, [(1, 0), (1, 1), (1, 2), (1, 3)])  # fmt: skip
        taken = tracks[layer // 2]
        expected = np.zeros(taken.shape)
        if layer in (2, 3, 4, 5):  # M6 is passed on the way to M7
            for place in places:
                expected[place] = min(9.0, np.rint(100.0 * m.pitch_um[layer] / 0.6 / 2))
        assert np.array_equal(taken, expected), layer


def test_vias_that_block_cost_room_and_are_off_by_default(block):
    fitted = replace(FITTED, via_pitches=3.0)
    assert "via_pitches" not in FITTED.config and fitted.config["via_pitches"] == 3.0
    sides = np.zeros_like(block.sides)
    choices = replace(block.choices, back_layers=0, back_pin_share=0.0)
    without, with_it = (build(block.placed, sides, choices, fitted=f) for f in (FITTED, fitted))
    room = [
        sum(c.sum() for c in (b.routed[0].cap_h, b.routed[0].cap_v)) for b in (without, with_it)
    ]
    assert room[1] < room[0]
    assert with_it.routed[0].overflow >= without.routed[0].overflow
