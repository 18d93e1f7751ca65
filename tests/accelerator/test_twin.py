import numpy as np
import pytest
from archgym.simulators.accelerator import slow_twin
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.layout import DIMENSIONS
from archgym.simulators.accelerator.mapping import Mapping, evaluate_mapping
from archgym.simulators.accelerator.simulator import AcceleratorSimulator
from archgym.simulators.accelerator.slow_twin import fills

MACHINE = Architecture(
    "twin",
    (
        Level("DRAM", must_keep="WIO"),
        Level("GLB", fanout=(64, 64), must_keep="WIO"),
        Level("RF", must_keep="WIO"),
    ),
    1.0,
)


def random_case(rng):
    layer = Layer(
        "l",
        N=int(rng.choice((1, 2))),
        G=int(rng.choice((1, 2))),
        K=int(rng.choice((1, 2, 4))),
        C=int(rng.choice((1, 2, 3))),
        P=int(rng.choice((1, 4, 6))),
        Q=int(rng.choice((1, 2, 4))),
        R=int(rng.choice((1, 2, 3))),
        S=int(rng.choice((1, 3))),
        stride_h=int(rng.choice((1, 2))),
        stride_w=int(rng.choice((1, 2))),
        dilation_h=int(rng.choice((1, 2))),
        dilation_w=1,
    )
    factor = np.ones((3, 3, 8), np.int64)
    for d, n in enumerate(layer.dims.tolist()):
        for p in (2, 3):
            while n % p == 0:
                n //= p
                level = int(rng.integers(3))
                kind = int(rng.integers(3)) if level == 1 else 0
                factor[level, kind, d] *= p
    order = np.array([rng.permutation(8) for _ in range(3)], np.int64)
    return layer, Mapping(factor, order, np.ones((3, 3), np.bool_))


@pytest.mark.parametrize("seed", range(120))
def test_fills_equal_a_walk_of_every_iteration(seed):
    layer, mapping = random_case(np.random.default_rng(seed))
    cost = evaluate_mapping(layer, MACHINE, mapping)
    for level in (1, 2):
        for tensor in range(3):
            walked = fills(layer, mapping, level, tensor)
            assert cost.counts[level, tensor, 1] == walked, (mapping.format(), level, tensor)


def test_the_walk_disagrees_with_a_wrong_mapping():
    layer = Layer("l", K=4, C=3, P=4)
    a = Mapping.parse([["WIO", "K4 P4", "", ""], ["WIO", "", "", ""], ["WIO", "C3", "", ""]])
    b = Mapping.parse([["WIO", "P4 K4", "", ""], ["WIO", "", "", ""], ["WIO", "C3", "", ""]])
    assert fills(layer, a, 1, 0) != fills(layer, b, 1, 0)


def test_formatting_and_parsing_are_inverse():
    rng = np.random.default_rng(1)
    for _ in range(20):
        _, mapping = random_case(rng)
        again = Mapping.parse(mapping.format())
        assert (again.factor == mapping.factor).all()
        assert (again.keep == mapping.keep).all()
        for level in range(3):
            loops = [d for d in mapping.order[level] if mapping.factor[level, 0, d] > 1]
            assert [d for d in again.order[level] if again.factor[level, 0, d] > 1] == loops
    assert len(DIMENSIONS) == 8


def test_the_audit_asks_the_walk_about_the_mappings_of_a_design(monkeypatch):
    """Loops that go beyond a layer too: the twin pads it."""
    layer = Layer("l", K=6, C=4, P=7, Q=5, R=3, S=3)
    simulator = AcceleratorSimulator(layer, space="eyeriss", effort=200)
    x = simulator.space.encode([simulator.default_design()])
    ((name, (fast, slow)),) = slow_twin.compare(simulator, x).items()
    assert name.startswith("the words that arrive, ") and len(fast) > 3 and fast.sum() > 0
    assert (fast == slow).all()
    right = slow_twin.fills
    monkeypatch.setattr(slow_twin, "fills", lambda *given: right(*given) + 1)
    ((fast, slow),) = slow_twin.compare(simulator, x).values()
    assert (slow == fast + 1).all()
    monkeypatch.setattr(slow_twin, "MOST", 0)
    assert slow_twin.compare(simulator, x) == {}  # too long to walk
    other = AcceleratorSimulator(layer, space="eyeriss", effort=200, reuse="whole-tile")
    assert slow_twin.compare(other, x) == {}
