"""Single values of a sweep's file, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ScenarioError


def truth(document: Mapping[str, Any], key: str, default: bool) -> bool:
    """True or false.

    Args:
        document: the mapping.
        key: of the value.
        default: where the key is not there.

    Returns:
        The value.

    Raises:
        ScenarioError: something else.
    """
    given = document.get(key, default)
    if not isinstance(given, bool):
        raise ScenarioError(f"key {key!r}: expected true or false, got {given!r}")
    return given


def count(value: Any, what: str) -> int:
    """A whole number of at least 1.

    Args:
        value: what the file says.
        what: whose number it is, for the message.

    Returns:
        The number.

    Raises:
        ScenarioError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ScenarioError(f"{what}: expected a whole number of at least 1, got {value!r}")
    return value


def seeds_of(value: Any, first: int) -> tuple[int, ...]:
    """Seeds, from a list or a number of them.

    Args:
        value: what the file says.
        first: the first seed where it is a number.

    Returns:
        Different whole numbers.

    Raises:
        ScenarioError: neither.
    """
    if isinstance(value, list):
        if len(set(value)) != len(value) or not all(isinstance(v, int) and v >= 0 for v in value):
            raise ScenarioError(f"seeds: expected different whole numbers, got {value!r}")
        return tuple(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScenarioError(f"seeds: expected a number of seeds or a list of them, got {value!r}")
    return tuple(range(first, first + value))


def checkpoints(value: Any, largest: int) -> tuple[int, ...]:
    """Budgets at which results are compared; default: the largest one halved again and again.

    Args:
        value: what the file says, or None.
        largest: the largest budget of a run.

    Returns:
        Numbers of evaluations, rising.

    Raises:
        ScenarioError: no list of positive whole numbers.
    """
    if value is None:
        out = [largest]
        while out[-1] > 20:
            out.append(out[-1] // 2)
        return tuple(sorted(out))
    if not isinstance(value, Sequence) or not all(isinstance(v, int) and v > 0 for v in value):
        raise ScenarioError(
            f"checkpoints: expected a list of numbers of evaluations, got {value!r}"
        )
    return tuple(sorted(set(value)))
