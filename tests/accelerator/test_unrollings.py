"""The listing of unrollings against a slow twin, and where it ends."""

import itertools
import math

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.optimal import choices
from archgym.simulators.accelerator.optimal.choices import list_choices
from archgym.simulators.accelerator.workloads import resolve

from archgym.errors import ArchgymError

LETTERS = "NGKCPQRS"


def slow(layer, machine):
    """(n, L, 2, 8) tight factors along x and y; of equal products the first, all in order."""
    slots = [(at, axis) for at in range(len(machine.levels)) for axis in (0, 1)]
    by_dimension = []
    for d, size in enumerate(layer.dims.tolist()):
        rooms = [
            machine.levels[at].fanout[axis] if machine.spatial[at, axis, d] else 1
            for at, axis in slots
        ]
        found = []
        for factors in itertools.product(*(range(1, min(size, room) + 1) for room in rooms)):
            whole = math.prod(factors)
            whole *= -(-size // whole)
            if all(f == 1 or whole // f * (f - 1) < size for f in factors):
                found.append(factors)
        by_dimension.append(found)
    out = {}
    for rows in itertools.product(*by_dimension):
        sides = list(zip(*rows))  # by slot, the factors of all dimensions
        rooms = (machine.levels[at].fanout[axis] for at, axis in slots)
        if all(math.prod(side) <= room for side, room in zip(sides, rooms)):
            products = tuple(a * b for x, y in zip(sides[::2], sides[1::2]) for a, b in zip(x, y))
            out[products] = min(out.get(products, sides), sides)
    return np.array(sorted(out.values())).reshape(-1, len(machine.levels), 2, 8)


def case(seed):
    """A small layer, and a machine of which up to three levels have children."""
    rng = np.random.default_rng(seed)
    dims = rng.choice([1, 1, 2, 3, 4, 5, 6, 7], 8)
    dims[rng.permutation(8)[4:]] = 1
    layer = Layer("l", **dict(zip(LETTERS, dims.tolist())))

    def level(name):
        sides = tuple(int(rng.choice([1, 1, 2, 3, 4, 6])) for _ in range(2))
        letters = ["".join(x for x in LETTERS if rng.random() < 0.7) for _ in range(2)]
        return Level(
            name, fanout=sides, spatial_x=letters[0], spatial_y=letters[1], must_keep="WIO"
        )

    levels = [level(f"l{k}") for k in range(int(rng.integers(1, 4)))]
    return layer, Architecture("a", (Level("DRAM", must_keep="WIO"), *levels), 1.0)


@pytest.mark.parametrize("seed", range(24))
def test_all_unrollings_are_listed_in_order(seed):
    layer, machine = case(seed)
    listed, wanted = list_choices(layer, machine), slow(layer, machine)
    assert np.array_equal(listed.across, wanted[:, :, 0])
    assert np.array_equal(listed.down, wanted[:, :, 1])


def test_without_children_there_is_one():
    machine = Architecture("a", (Level("DRAM", must_keep="WIO"), Level("GLB")), 1.0)
    listed = list_choices(Layer("l", K=5, C=3), machine)
    assert listed.across.shape == (1, 2, 8) and (listed.across * listed.down == 1).all()


def test_products_on_a_large_array_are_listed():
    """Pairs of factors along x and y, of which there are far more, were once too many to list."""
    large = load_architecture("eyeriss").with_level("GLB", fanout=(32, 24))
    layer = resolve("alexnet-conv").layers[1]
    listed = list_choices(layer, large)
    assert len(listed.across) == 145_497
    sides = listed.across.prod(axis=2), listed.down.prod(axis=2)
    fanout = np.array([level.fanout for level in large.levels])
    assert all((side <= room).all() for side, room in zip(sides, fanout.T))
    products = (listed.across * listed.down)[:, 1]
    assert len({row.tobytes() for row in products}) == len(products)


@pytest.mark.parametrize("most", [3, 40])
def test_too_many_unrollings_are_refused(monkeypatch, most):
    machine = Architecture(
        "a", (Level("DRAM", must_keep="WIO"), Level("GLB", fanout=(4, 4), must_keep="WIO")), 1.0
    )
    layer = Layer("l", K=7, C=6, P=5)
    n = len(list_choices(layer, machine).across)
    assert n > most
    monkeypatch.setattr(choices, "MOST_CHOICES", most)
    with pytest.raises(ArchgymError, match=f"more than {most} unrollings of layer 'l'"):
        list_choices(layer, machine)
    monkeypatch.setattr(choices, "MOST_CHOICES", n)
    assert len(list_choices(layer, machine).across) == n
