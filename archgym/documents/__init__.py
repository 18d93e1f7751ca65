"""Documents: read, held to the keys they may have, all their faults told at once."""

from __future__ import annotations

from .faults import Faults, known_keys, located
from .reading import parse_json, read_bytes, read_json, read_yaml
from .values import is_number, shortened

__all__ = [
    "Faults",
    "is_number",
    "known_keys",
    "located",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_yaml",
    "shortened",
]
