"""Queries (costly parts of evaluations) that runs used, as a table of their own in the ledger.

Ledgers of runs without queries, and those of older versions, have no such table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from ..files.sqlite import checksum

_TABLE = (
    "CREATE TABLE IF NOT EXISTS queries(run TEXT NOT NULL, name TEXT NOT NULL, used INTEGER NOT NULL, "
    "crc INTEGER NOT NULL, PRIMARY KEY(run, name)) WITHOUT ROWID"
)


def write(connection: sqlite3.Connection, used: Mapping[str, Mapping[str, int]]) -> None:
    """Write counts into an open transaction.

    Args:
        connection: of the ledger.
        used: by run and name, how many.
    """
    rows = [
        (run, name, int(n), checksum(run, name, int(n)))
        for run, counts in used.items()
        for name, n in counts.items()
    ]
    if rows:
        connection.execute(_TABLE)
        connection.executemany("INSERT OR REPLACE INTO queries VALUES(?, ?, ?, ?)", rows)


def read(connection: sqlite3.Connection) -> list[tuple[str, str, int, bool]]:
    """Every count of queries in a ledger.

    Args:
        connection: of the ledger.

    Returns:
        (run, name, count, whether it is what was written).
    """
    there = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'queries'")
    if not there.fetchone()[0]:
        return []
    rows = connection.execute("SELECT run, name, used, crc FROM queries ORDER BY run, name")
    return [(r, n, u, checksum(r, n, u) == crc) for r, n, u, crc in rows.fetchall()]


def totals(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up the queries of several runs, by name.

    Args:
        counts: of runs, by name.

    Returns:
        How many queries of each name all runs used together.
    """
    out: dict[str, int] = {}
    for used in counts:
        for name, n in used.items():
            out[name] = out.get(name, 0) + n
    return out
