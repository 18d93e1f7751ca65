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
    """The document with its digest as the last key."""
    return {**document, KEY: _digest(document)}


def damaged(document: Mapping[str, Any]) -> bool:
    """Whether a document, as it was read, is not what was sealed.

    A key that is the digest's but for one letter was the digest's: without this, damage there would unseal.
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
    """A digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
