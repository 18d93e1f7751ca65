"""Every row of an evaluation store looked at, whoever's it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import StoreError
from ..files.sqlite import check_pages, checksum, read_only


def check_store(path: Path) -> int:
    """Look at every page, index and row of a store; how many rows there are.

    Raises:
        StoreError: something is not what was written.
    """
    check_pages(path)
    connection, rows = read_only(path, 60.0), 0
    try:
        queries = (
            "SELECT design, feasible, metrics, reason, crc FROM evaluations",
            "SELECT run, step, design, crc FROM trials",
        )
        for query in queries:
            for *fields, crc in connection.execute(query):
                if checksum(*fields) != crc:
                    raise StoreError(f"{path}: a row is damaged (its checksum differs)")
                rows += 1
        known = (
            "SELECT count(*) FROM evaluations WHERE simulator NOT IN (SELECT id FROM simulators)"
        )
        if connection.execute(known).fetchone()[0]:
            raise StoreError(f"{path}: an evaluation is of no simulator that the file knows")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged ({error})") from error
    finally:
        connection.close()
    return rows
