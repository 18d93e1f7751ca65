"""The example that the simulator's README works by hand."""

from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.mapping import Mapping, evaluate_mapping

MACHINE = Architecture(
    "two elements",
    (
        Level("DRAM", must_keep="WIO"),
        Level("GLB", fanout=(2, 1), must_keep="WIO"),
        Level("RF", must_keep="WIO"),
    ),
    1.0,
)
NEST = [["WIO", "C2", "", ""], ["WIO", "P3", "K2", ""], ["WIO", "K2 P2 R3", "", ""]]


def test_by_hand():
    cost = evaluate_mapping(
        Layer("l", K=4, C=2, P=6, R=3), MACHINE, Mapping.parse(NEST), fill_and_drain=False
    )
    assert cost.cycles == 72
    assert cost.capacity[2].tolist() == [6, 4, 4]
    dram, glb, rf = cost.counts.tolist()
    assert rf == [[72, 12, 0], [72, 16, 0], [60, 12, 72]]
    assert glb == [[24, 24, 0], [16, 16, 0], [24, 0, 48]]
    assert dram == [[24, 0, 0], [16, 0, 0], [0, 0, 24]]
