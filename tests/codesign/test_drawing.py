"""The Gantt chart of a schedule: idle shares add up."""

import numpy as np
import pytest
from archgym.simulators.codesign.drawing import idle_shares
from archgym.simulators.codesign.planned import Schedule


def test_idle_shares_are_what_is_left_of_the_length():
    latency = np.array([[10.0, 5.0], [20.0, 8.0], [30.0, 12.0]])
    schedule = Schedule(
        [(0, "a"), (0, "b"), (1, "c")],
        np.array([0, 1, 1]),
        np.zeros(3),
        latency,
        latency,
        40.0,
        1.0,
    )
    assert idle_shares(schedule, 2) == pytest.approx([1 - 10 / 40, 1 - 20 / 40])
    assert idle_shares(schedule, 3)[2] == 1.0
