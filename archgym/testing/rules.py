"""What every checker shares."""

from __future__ import annotations

from ..errors import ArchgymError


class ContractError(ArchgymError, AssertionError):
    """A simulator, agent or cost model that breaks its contract."""


def require(condition: bool, rule: str) -> None:
    """Raise the rule that is broken.

    Args:
        condition: what must hold.
        rule: in words.

    Raises:
        ContractError: the condition does not hold.
    """
    if not condition:
        raise ContractError(rule)
