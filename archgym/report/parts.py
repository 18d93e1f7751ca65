"""The parts of a page, and the one HTML file that they become: style, scripts and plotly inside."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

MOST_ROWS = 400


class Parts:
    """A page while it is written.  Every text is escaped here, so that callers pass names as they are."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []
        self._heads: list[tuple[str, str]] = []

    def head(self, title: str, note: str = "") -> None:
        """A section; it stands in the table of contents."""
        anchor = f"{re.sub('[^a-z0-9]+', '-', title.lower())}-{len(self._heads) + 1}"
        self._heads.append((anchor, title))
        self.add(f"<h2 id='{anchor}'>{html.escape(title)}</h2>")
        self.note(note)

    def note(self, note: str) -> None:
        """A line of explanation; nothing where it is empty."""
        if note:
            self.add(f"<p class='note'>{html.escape(note)}</p>")

    def items(self, lines: Sequence[str], kind: str = "") -> None:
        """A list of sentences; nothing where there are none."""
        if lines:
            rows = "".join(f"<li>{html.escape(s)}</li>" for s in lines)
            self.add(f"<ul class='{kind}'>{rows}</ul>" if kind else f"<ul>{rows}</ul>")

    def figure(self, figure: Any) -> None:
        """A plotly figure."""
        self.add(f"<div class='figure'>{fragment(figure)}</div>")

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A small table of words, open to the eye; rows after the first 400 are counted."""
        top = "".join(f"<th>{html.escape(h)}</th>" for h in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in row) + "</tr>"
            for row in rows[:MOST_ROWS]
        )
        self.add(f"<div class='scroll'><table><tr>{top}</tr>{body}</table></div>")
        if len(rows) > MOST_ROWS:
            self.note(f"and {len(rows) - MOST_ROWS:,} more rows")

    def add(self, markup: str) -> None:
        """Markup as it is: whoever calls has escaped it."""
        self._parts.append(markup)

    def document(self) -> str:
        """The whole page, which asks the network for nothing."""
        from plotly.offline import get_plotlyjs

        title = html.escape(self.title)
        links = "".join(f"<a href='#{a}'>{html.escape(t)}</a> " for a, t in self._heads)
        contents = f"<nav aria-label='Contents'>{links}</nav>" if len(self._heads) > 1 else ""
        return (
            "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<link rel='icon' href='data:,'><title>{title}</title><style>{_asset('page.css')}</style>"
            f"<script>{get_plotlyjs()}</script></head><body>"
            "<button class='theme' type='button'>light / dark</button>"
            f"<h1>{title}</h1>{contents}"
            + "\n".join(self._parts)
            + f"<script>{_asset('page.js')}</script></body></html>\n"
        )


def fragment(figure: Any) -> str:
    """A figure as markup without plotly itself; plotly escapes what could end its script."""
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            config={"responsive": True, "displaylogo": False},
        )
    )


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text("utf-8")
