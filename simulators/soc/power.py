"""Peak power over windows of phases."""

from __future__ import annotations

from .compiled import inlined

WINDOW = 0.010  # seconds


@inlined
def window_power(durations, energies, n, slip):
    """The largest mean power over windows of 10 ms, cut between phases.

    With ``slip``, FARSI's own slicing: its index stands still in phases without length, so that
    windows slip against the phases.

    Args:
        durations: (phases,) s.
        energies: (phases,) J.
        n: how many phases there are.
        slip: whether FARSI's slicing is followed.

    Returns:
        That power in W, and the phases [low, high) of its window.
    """
    low = high = 0
    left = WINDOW
    best = 0.0
    first = last = 0
    windows = 0
    end = 0
    for i in range(n + 1):
        if i < n:
            if durations[i] == 0 and slip:
                continue
            close = durations[i] > left
            if close:
                left = WINDOW
                end = high + 1
            else:
                left -= durations[i]
        else:
            close = end != n
            low, end = (end if windows else 0), n
        if close:
            time = energy = 0.0
            for k in range(low, end):
                time += durations[k]
                energy += energies[k]
            if time > 0 and energy / time > best:
                best, first, last = energy / time, low, end
            windows += 1
            low = end
        high += 1
    return best, first, last
