"""Single values of documents: whether they are numbers, and how messages show them."""

from __future__ import annotations

import sys

LARGEST_REAL = sys.float_info.max


def is_number(value: object) -> bool:
    """Whether a value is a finite number that a float can hold; True and False are none.

    Args:
        value: anything.

    Returns:
        True for such an int or float.
    """
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= LARGEST_REAL
    )


def shortened(value: object) -> str:
    """A value as it is shown in a message.

    Args:
        value: anything.

    Returns:
        At most 80 characters of its ``repr``.
    """
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
