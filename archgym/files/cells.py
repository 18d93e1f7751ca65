"""CSV for people: cells that a spreadsheet would take for a formula are text, and read back unchanged."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# what spreadsheets start a formula at, the full-width forms included, or skip before one
_FORMULA = re.compile(r"'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")
_MARKED = re.compile(r"'+(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")


def neutral(cell: object) -> object:
    """A cell as it is written: text that a spreadsheet would execute gets an apostrophe in front.

    Numbers stay as they are.

    Args:
        cell: any value.

    Returns:
        The value itself, or the marked text.
    """
    if not isinstance(cell, str) or not _FORMULA.match(cell) or _is_number(cell):
        return cell
    return "'" + cell


def restored(cell: str) -> str:
    """Take off what :func:`neutral` put in front.

    Args:
        cell: the text of a cell.

    Returns:
        The text as it was before.
    """
    return cell[1:] if _MARKED.match(cell) else cell


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, every cell :func:`neutral`.

    Args:
        rows: of cells.

    Returns:
        The text, a line per row.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return text.getvalue()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
