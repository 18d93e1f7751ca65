import math

import pytest

from archgym.units import format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("90 us", "s", 9e-5),
        ("1.5", "W", 1.5),
        (2, "J", 2.0),
        ("3 mW", "W", 3e-3),
        ("17.475 mm2", "m2", 17.475e-6),
        ("5 GB/s", "B/s", 5e9),
        ("30 %", "", 0.3),
        ("-2e3", "", -2000.0),
        ("10 m", "m", 10.0),
    ],
)
def test_quantities_are_read(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "bad", ["90 um", "fast", "", None, True, float("nan"), float("inf"), "1 2 s", [1]]
)
def test_senseless_quantities_are_refused(bad):
    with pytest.raises(ValueError):
        parse_quantity(bad, "s")


def test_written_for_people():
    assert format_quantity(9.05e-5, "s") == "90.5 µs"
    assert format_quantity(1.7475e-5, "m2") == "17.48 mm²"
    assert format_quantity(0.5, "") == "0.5"
    assert format_quantity(math.nan, "s") == "-"
    assert format_quantity(1e9, "B/s") == "1 GB/s"
