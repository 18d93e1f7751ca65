"""Every row of an evaluation store looked at, whoever's it is."""

from __future__ import annotations

from pathlib import Path

from ..files.sqlite import check_pages
from .store import EvaluationStore


def check_store(location: str | Path) -> int:
    """Look at every row of a store, and at every page and index of a file.

    Args:
        location: the path of an SQLite file, or a URL of a server.

    Returns:
        How many rows there are.

    Raises:
        StoreError: something is not what was written.
    """
    if "://" not in str(location):
        check_pages(Path(location))
    with EvaluationStore(location) as store:
        return store.check()
