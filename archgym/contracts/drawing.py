"""What a simulator draws of one design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Drawing:
    """A figure of one design.

    Attributes:
        title: a few words.
        note: what is seen, and in which units.
        figure: a plotly figure.
    """

    title: str
    note: str
    figure: Any
