"""What the outermost level costs beyond bringing tensors once: against every mapping of small layers."""

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.optimal.outermost import beyond_once

from .enumeration import optima

LAYERS = [
    Layer("product", K=4, C=2, P=4),
    Layer("window", K=2, C=2, P=4, R=2),
    Layer("strided", K=2, C=2, P=2, R=3, stride_h=2),
    Layer("groups", G=2, K=2, C=2, P=3),
]


def words_of_dram(glb, weights, sums, fanout=(1, 1), may="O"):
    """A machine on which nothing but words of DRAM costs anything: 3 pJ each."""
    return Architecture(
        "dram",
        (
            Level("DRAM", read_pj=3, write_pj=3, update_pj=3, must_keep="WIO"),
            Level("GLB", 16 * glb, fanout, must_keep="I", may_keep=may),
            Level("weights", 16 * weights, must_keep="W"),
            Level("sums", 16 * sums, must_keep="O"),
        ),
        0.0,
    )


@pytest.mark.parametrize("layer", LAYERS, ids=lambda x: x.name)
@pytest.mark.parametrize("may", ["", "O"])
def test_no_mapping_of_a_small_layer_moves_less(layer, may):
    once = 3 * sum(layer.tensor_sizes())
    found = set()
    for glb, weights, sums in [(4, 2, 1), (6, 3, 2), (8, 4, 4), (40, 40, 40)]:
        for fanout in [(1, 1), (2, 1)]:
            machine = words_of_dram(glb, weights, sums, fanout, may)
            least = optima(layer, machine)[0]
            if not np.isfinite(least):
                continue
            bound = once + beyond_once(layer, machine, "physical", 1e6)
            assert once <= bound <= least * (1 + 1e-9)
            found.add(("above", bound > once))
            found.add(("attained", bound > once and bound == pytest.approx(least)))
    assert ("above", False) in found  # with room for all
    assert ("above", True) in found and ("attained", True) in found


def test_more_room_is_never_dearer_and_instances_count():
    layer = Layer("l", K=16, C=8, P=12)
    bounds = [
        beyond_once(layer, words_of_dram(glb, 4, sums), "physical", 1e6)
        for glb, sums in [(4, 2), (8, 2), (8, 4), (32, 4), (32, 16), (400, 400)]
    ]
    assert bounds == sorted(bounds, reverse=True) and bounds[0] > bounds[-1] == 0.0
    four, one = words_of_dram(8, 4, 2, (2, 2)), words_of_dram(8, 16, 8)
    assert beyond_once(layer, four, "physical", 1e6) == beyond_once(layer, one, "physical", 1e6) > 0


def test_what_cannot_be_told_is_nothing():
    layer, machine = Layer("l", K=16, C=8, P=12), words_of_dram(8, 4, 2)
    assert beyond_once(layer, machine, "physical", 5.0) == 0.0  # too little work
    several = machine.with_level("DRAM", fanout=(2, 1))
    assert beyond_once(layer, several, "physical", 1e6) == 0.0
    optional = machine.with_level("GLB", must_keep="", may_keep="IO")
    assert beyond_once(layer, optional, "physical", 1e6) == 0.0
