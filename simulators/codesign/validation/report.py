"""One line of the validation's table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A relation: what was found, what is asked, whether it holds (None: told, not judged)."""

    relation: str
    found: str
    asked: str
    holds: bool | None
