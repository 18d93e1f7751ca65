"""Pictures of systems on chip: places of the graph, colours, and what is said of limits."""

import pytest
from archgym.simulators.soc.drawing import colour
from archgym.simulators.soc.graph_layout import layered


def test_columns_are_depths_and_no_two_things_share_a_place():
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4), (0, 4)]
    place = layered(5, edges)
    assert [x for x, _ in place.nodes] == [0, 1, 1, 2, 3]
    assert [(line[0], line[-1]) for line in place.lines] == [
        (place.nodes[a], place.nodes[b]) for a, b in edges
    ]
    assert len(place.lines[-1]) == 4  # one place in each column that it crosses
    inner = [p for line in place.lines for p in line[1:-1]]
    taken = [*place.nodes, *inner]
    assert len(set(taken)) == len(taken)


def test_every_element_has_a_colour_of_its_own():
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    from matplotlib.colors import to_hex

    assert len({to_hex(colour(i)) for i in range(40)}) == 40
