"""A digest inside a JSON document, so that one that was damaged is told from the one that was written.

It guards against accidents, not against forgers: a document without a digest is taken as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "digest"


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its digest as the last key.

    Args:
        document: what will be written as JSON.

    Returns:
        A new mapping.
    """
    return {**document, KEY: _digest(document)}


def damaged(document: Mapping[str, Any]) -> bool:
    """Whether a document, as it was read, is not what was sealed.

    A key that differs from the digest's name in one letter counts as a damaged digest. Otherwise damage
    there would pass for a document without one.

    Args:
        document: as read from JSON.

    Returns:
        False for a document that never had a digest.
    """
    if KEY in document:
        return bool(document[KEY] != _digest(document))
    return any(len(k) == len(KEY) and sum(map(str.__ne__, k, KEY)) == 1 for k in document)


def _digest(document: Mapping[str, Any]) -> str:
    rest = {k: v for k, v in document.items() if k != KEY}
    text = json.dumps(rest, sort_keys=True, default=str)
    # as it will be read again: keys are texts, tuples are lists
    text = json.dumps(json.loads(text), sort_keys=True)
    return digest_of(text)


def digest_of(text: str) -> str:
    """A digest of a text.

    Args:
        text: any.

    Returns:
        16 hexadecimal digits of its SHA-256.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:16]
