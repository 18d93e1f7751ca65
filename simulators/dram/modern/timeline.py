"""A list in order of time inside the flat state: what is to happen, each entry its time and two words more."""

from __future__ import annotations

from .compiled import borrowing
from .layout import ENTRY


@borrowing
def put(count, first, when, what, which, s):
    """Put an entry behind all that are not later; ``count`` and ``first`` are places in the state.

    ``what`` and ``which`` are the entry's other two words: what is to happen, and of whom.
    """
    at = first + s[count] * ENTRY
    while at > first and s[at - ENTRY] > when:
        for i in range(ENTRY):
            s[at + i] = s[at - ENTRY + i]
        at -= ENTRY
    s[at] = when
    s[at + 1] = what
    s[at + 2] = which
    s[count] += 1
