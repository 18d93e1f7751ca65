"""What is no design is refused in words of this project, not of numpy's."""

import numpy as np
import pytest

from archgym.errors import DesignError
from archgym.units import format_quantity
from tests.conftest import ToySimulator


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([np.array([0, 1, 2])], "design 0: expected a dict"),
        ([{"size": 1, "ways": 1, "policy": "lru"}, [0, 1, 2]], "design 1: expected a dict"),
        (5, "expected dicts of parameters, got 5"),
        ("size", "expected dicts of parameters, got 'size'"),
        ([{"size": 1}], "lacks parameter 'ways'"),
    ],
)
def test_encode_refuses_what_is_no_dict(given, text):
    with pytest.raises(DesignError, match=text):
        ToySimulator.space.encode(given)


def test_rows_of_unequal_length_are_no_designs():
    with pytest.raises(DesignError, match="got uneven rows"):
        ToySimulator.space.check([[0, 1, 2], [0]])


def test_a_plain_number_has_no_unit():
    assert format_quantity(35.71, "1") == "35.71" and format_quantity(0.5, "") == "0.5"
    assert format_quantity(2.0, "1/s") == "2 1/s"
