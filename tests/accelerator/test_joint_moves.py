"""Moves of several factors at once: what each leaves intact, and what the mapper finds with them."""

import itertools

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.joint_moves import propose_jointly
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping, value_of
from archgym.simulators.accelerator.mapping import Mapping, evaluate_mapping
from archgym.simulators.accelerator.workloads import resolve

from archgym.errors import UnknownNameError
from tests.accelerator.walks import STRIDED, begin

ONE = Architecture(
    "one", (Level("DRAM", read_pj=200, write_pj=200, update_pj=200, must_keep="WIO"),), 1.0
)


@pytest.mark.parametrize("name", ["eyeriss", "simba", "shidiannao", "tpu"])
def test_moves_cover_the_layer_and_keep_to_what_a_machine_may_do(name):
    machine = load_architecture(name)
    state, spatial, room, must, optional = begin(STRIDED, machine)
    factor, order, keep = state
    seed, changed, spread = 7, 0, set()
    for _ in range(3000):
        before = tuple(part.copy() for part in state)
        seed = propose_jointly(STRIDED.dims, state, spatial, room, optional, seed)
        changed += any((a != b).any() for a, b in zip(before, state))
        covered = factor.prod(axis=(0, 1))
        assert (covered >= STRIDED.dims).all() and (factor >= 1).all()
        assert not (factor[:, 1:] > 1)[~spatial].any()
        assert (factor[:, 1:].prod(axis=2) <= room).all()
        assert (keep >= must).all() and (keep <= (must | optional)).all()
        assert (np.sort(order, axis=1) == np.arange(8)).all()
        spread.add(tuple(factor.ravel()))
    assert changed > 2700 and len(spread) > 1000


def test_one_product_and_one_level_have_nothing_to_move():
    machine = load_architecture("nvdla")
    state, spatial, room, _, optional = begin(Layer("l"), machine)
    before = tuple(part.copy() for part in state)
    propose_jointly(Layer("l").dims, state, spatial, room, optional, 5)
    assert all((a == b).all() for a, b in zip(before, state))
    found = find_mapping(Layer("l", K=4, C=4, P=4), ONE, effort=5000)
    assert isinstance(found, Found) and found.mapping.factor[0, 0].prod() == 64


@pytest.mark.parametrize(
    ("machine", "layer"),
    [
        ("shidiannao", "mobilenet-v2/block3_project"),
        ("shidiannao", "mobilenet-v2/block7_project"),
        ("shidiannao", "mobilenet-v2/block10_project"),
    ],
)
def test_proved_optima_from_which_single_moves_stay_away(machine, layer):
    """Single moves end 5.3, 7.2 and 8.7 % above them: two factors of one dimension must change together."""
    shape, where = resolve(layer).layers[0], load_architecture(machine)
    proof = find_mapping(shape, where, objective="energy", certify=True)
    assert proof.certificate.proved
    best = value_of(proof.cost, "energy")
    single, joint = (
        value_of(find_mapping(shape, where, objective="energy", moves=moves).cost, "energy")
        for moves in ("single", "joint")
    )
    assert joint <= 1.01 * best < single


def test_a_kind_of_moves_that_is_unknown():
    with pytest.raises(UnknownNameError, match="did you mean 'joint'"):
        find_mapping(STRIDED, ONE, moves="joimt")


@pytest.mark.slow
@pytest.mark.parametrize("moves", ["single", "joint"])
def test_more_effort_is_never_worse_on_sixty_pairs(moves):
    names = ("alexnet", "resnet18", "mobilenet-v2", "vit-b", "gpt2-decode")
    layers = [x for name in names for x in resolve(name).layers]
    machines = [load_architecture(x) for x in ("eyeriss", "simba", "nvdla", "shidiannao", "tpu")]
    pairs = list(itertools.product(machines, layers))
    for i in np.linspace(0, len(pairs) - 1, 60).astype(int):
        machine, layer = pairs[i]
        objective = ("energy", "energy-delay", "delay")[i % 3]
        values = []
        for effort in (2000, 20_000, 200_000):
            found = find_mapping(layer, machine, objective=objective, effort=effort, moves=moves)
            again = evaluate_mapping(layer, machine, Mapping(*vars(found.mapping).values()))
            assert again.energy_pj == found.cost.energy_pj
            values.append(value_of(found.cost, objective))
        assert values[2] <= values[1] <= values[0], (machine.name, layer.name, values)
