"""Constants from GT2N's tables, wires' capacitances by their field, and sides of pins."""

import numpy as np
import pytest
from archgym.simulators.ffet import BlockPPASimulator
from archgym.simulators.ffet.calibration import Calibration
from archgym.simulators.ffet.cells import measured
from archgym.simulators.ffet.choices import Choices
from archgym.simulators.ffet.functions import FUNCTIONS
from archgym.simulators.ffet.kernels.timing import LN2, LN4, SLEW_SHARE
from archgym.simulators.ffet.library import library
from archgym.simulators.ffet.routing import layer_shares
from archgym.simulators.ffet.sides import pin_sides
from archgym.simulators.ffet.technology import stack
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

VACUUM_FF = 8.854e-3  # per um


@pytest.fixture(scope="module")
def simulator():
    return BlockPPASimulator("mac16", placements=1, threads=1)


# ---- cells
def test_cells_are_gt2ns_by_height():
    six, four = measured(144.0, 0.0), measured(96.0, 0.0)
    assert six["INV"][1].kohm == pytest.approx(4.25, abs=0.01)
    assert six["INV"][8].kohm / six["INV"][1].kohm == pytest.approx(0.165, abs=0.001)
    assert four["INV"][1].kohm == pytest.approx(6.4, abs=0.02)
    assert four["INV"][1].load == pytest.approx(0.308, abs=0.001)
    narrow = measured(96.0, 1.0)["INV"][1]
    assert (narrow.kohm, narrow.load) == pytest.approx((8.146, 0.3133))
    assert library("cfet-4t").resistance[0] == pytest.approx(four["INV"][1].kohm)
    higher = library("cfet-4t", stack_name="virtual5")
    assert higher.resistance[0] < library("cfet-4t").resistance[0]  # constants go with the height
    slow = library("cfet-4t", fitted=Calibration(sheet=1.0))
    assert slow.resistance[0] * slow.load[0] > 1.2 * four["INV"][1].kohm * four["INV"][1].load


def test_a_function_of_one_size_grows_by_a_buffer():
    cells = measured(96.0, 0.0)
    gate, buffer, both = cells["AOI21"][1], cells["BUF"][4], cells["AOI21"][4]
    rc = gate.kohm * buffer.load
    edge = gate.edge + LN4 * rc
    assert both.intrinsic == pytest.approx(
        gate.intrinsic + LN2 * rc + SLEW_SHARE * edge + buffer.intrinsic
    )
    assert (both.load, both.kohm) == (gate.load, buffer.kohm)
    lib = library("cfet-4t")
    width = {lib.name(i): int(w) for i, w in enumerate(lib.width)}
    assert width["AOI21_X4"] == width["AOI21_X1"] + width["BUF_X4"]
    assert [width[f"INV_X{k}"] for k in (1, 2, 3, 4, 6, 8, 12)] == [2, 3, 4, 5, 7, 9, 13]  # GT2N's
    assert [width[f"BUF_X{k}"] for k in (1, 4, 6, 8, 12)] == [3, 6, 9, 11, 16]
    assert [width[f"NAND2_X{k}"] for k in (1, 2, 3, 4)] == [3, 5, 7, 9]


# ---- wires
def field(width, thick, gap, space, cells):
    """Capacitance over the dielectric's constant of a wire between planes, by Laplace's equation.

    Half the picture, mirrored at the wire's middle and, with neighbours ``space`` away, theirs.
    """
    wide = round((width / 2 + (space + width / 2 if space else 8 * gap)) * cells)
    high, left = round((thick + 2 * gap) * cells), round(width / 2 * cells)
    low, top = round(gap * cells), round((gap + thick) * cells)
    v = np.full((wide + 1, high + 1), np.nan)
    v[:, 0] = v[:, -1] = 0.0
    v[: left + 1, low : top + 1] = 1.0
    if space:
        v[left + round(space * cells) :, low : top + 1] = 0.0
    free = np.isnan(v)
    number = np.cumsum(free.ravel()).reshape(v.shape) - 1
    i, j = np.nonzero(free)
    at, rows, columns, right = number[i, j], [], [], np.zeros(int(free.sum()))
    for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        a = np.where(i + di > wide, wide - 1, np.abs(i + di))
        inside = free[a, j + dj]
        rows.append(at[inside])
        columns.append(number[a, j + dj][inside])
        np.add.at(right, at[~inside], v[a, j + dj][~inside])
    ones = -np.ones(sum(map(len, rows)))
    n = len(right)
    matrix = coo_matrix((ones, (np.concatenate(rows), np.concatenate(columns))), (n, n)).tocsr()
    matrix.setdiag(4.0)
    v[free] = spsolve(matrix.tocsc(), right)
    along, across = np.diff(v, axis=0) ** 2, np.diff(v, axis=1) ** 2
    across[[0, -1]] /= 2
    return 2 * float(along.sum() + across.sum())


@pytest.mark.parametrize(("layer", "k"), [("M2", 2.4), ("M6", 2.5), ("M12", 2.5)])
def test_wire_capacitances_are_those_of_the_field(layer, k):
    """Half a pitch wide; a pitch thick and as far from the next layers, but M12: 112 nm of both."""
    metal = {m.name: m for m in stack("gt2n").layers}[layer]
    args = (1.0, 2.0, 2.0) if layer != "M12" else (3.2, 1.0, 1.0)
    for space, told in ((0, metal.empty_ff), (args[0], metal.full_ff)):
        assert told == pytest.approx(k * VACUUM_FF * field(*args, space, 10), rel=0.03)


def test_a_table_without_capacitances_has_default_ones(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text(
        "layer,direction,pitch_nm,ohm_per_um,via_ohm\n"
        + "".join(f"M{i},{'HV'[i % 2]},40,100,20\n" for i in range(1, 13))
    )
    assert {(m.empty_ff, m.full_ff) for m in stack(str(path)).layers} == {(0.096, 0.158)}


def test_a_price_keeps_wires_below():
    free, dear = (
        layer_shares(
            BlockPPASimulator("mac16", placements=1, calibration={"climb_ps": price})
            .build_one(Choices(target_ghz=6.0), 0)[0]
            .routed
        )
        for price in (0.0, 1.0)
    )
    assert free.sum() == pytest.approx(1.0) and dear.sum() == pytest.approx(1.0)
    assert dear[1:3].sum() > free[1:3].sum() and dear[5:].sum() < free[5:].sum()


# ---- sides
@pytest.mark.parametrize("share", [0.04, 0.16, 0.3, 0.5])
def test_pins_take_the_wanted_share_and_variants_of_their_cells(simulator, share):
    placed, _ = simulator.placements.get("ffet-3.5t", 1.0, 0)
    n = placed.netlist
    sides = pin_sides(placed, share)
    inputs = ~n.pin_output
    assert sides[: len(n.pin_net)][inputs].mean() == pytest.approx(share, abs=0.02)
    for c in np.flatnonzero(np.diff(n.cell_start) > 3):  # three inputs or more
        own = sides[n.cell_start[c] : n.cell_start[c + 1] - 1]
        half = (len(own) + 1) // 2
        assert len(set(own[:half])) == len(set(own[half:])) == 1, FUNCTIONS[n.function[c]].name


def test_nets_stay_whole_and_both_sides_even(simulator):
    placed, _ = simulator.placements.get("ffet-3.5t", 1.0, 0)
    n = placed.netlist
    assert not pin_sides(placed, 0.0).any()
    sides = pin_sides(placed, 0.5)[: len(n.pin_net)]
    inputs = ~n.pin_output
    touched = np.zeros((n.nets, 2), np.bool_)
    touched[n.pin_net[inputs], sides[inputs]] = True
    several = np.bincount(n.pin_net[inputs], minlength=n.nets) > 1
    assert touched[several].all(axis=1).mean() < 0.4  # 0.7 with a side for every library pin
    for left in (placed.x[n.pin_cell] < 0.5, placed.x[n.pin_cell] >= 0.5):
        assert 0.4 < sides[inputs & left].mean() < 0.6
