"""The parts of a page, and the one HTML file that they become: style, scripts and plotly inside."""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

MOST_ROWS = 400
# the browser itself refuses whatever would ask the network; plotly compiles its shaders with Function()
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


class Parts:
    """A page while it is written.  Every text is escaped here, so that callers pass names as they are."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []
        self._heads: list[tuple[str, str]] = []

    def head(self, title: str, note: str = "") -> None:
        """Begin a section, which also stands in the table of contents.

        Args:
            title: its heading.
            note: a line of explanation below it.
        """
        anchor = f"{re.sub('[^a-z0-9]+', '-', title.lower())}-{len(self._heads) + 1}"
        self._heads.append((anchor, title))
        self.add(f"<h2 id='{anchor}'>{html.escape(title)}</h2>")
        self.note(note)

    def note(self, note: str) -> None:
        """Add a line of explanation; nothing where it is empty.

        Args:
            note: the text.
        """
        if note:
            self.add(f"<p class='note'>{html.escape(note)}</p>")

    def lead(self, sentences: Sequence[str]) -> None:
        """Add what a reader must know first; nothing where there are no sentences.

        Args:
            sentences: they become one paragraph.
        """
        if sentences:
            self.add(f"<p>{html.escape(' '.join(sentences))}</p>")

    def items(self, lines: Sequence[str], kind: str = "") -> None:
        """Add a list of sentences; nothing where there are none.

        Args:
            lines: the sentences.
            kind: the list's CSS class, or ''.
        """
        if lines:
            rows = "".join(f"<li>{html.escape(s)}</li>" for s in lines)
            self.add(f"<ul class='{kind}'>{rows}</ul>" if kind else f"<ul>{rows}</ul>")

    def command(self, words: str) -> None:
        """Add a line for a shell.

        Args:
            words: the command.
        """
        self.add(f"<pre>{html.escape(words)}</pre>")

    def figure(self, figure: Any) -> None:
        """Add a figure.

        Args:
            figure: a plotly ``Figure``.
        """
        self.add(f"<div class='figure'>{fragment(figure)}</div>")

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a small table of words; rows after the first 400 are only counted.

        Args:
            head: the headings.
            rows: as many cells per row as there are headings.
        """
        top = "".join(f"<th>{html.escape(h)}</th>" for h in head)
        body = "".join(
            "<tr>"
            + "".join(
                f"<td data-head='{html.escape(h)}'>{html.escape(str(c))}</td>"
                for h, c in zip(head, row)
            )
            + "</tr>"
            for row in rows[:MOST_ROWS]
        )
        self.add(
            f"<div class='scroll'><table class='blocks'><thead><tr>{top}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )
        if len(rows) > MOST_ROWS:
            self.note(f"and {len(rows) - MOST_ROWS:,} more rows")

    def add(self, markup: str) -> None:
        """Add markup as it is.

        Args:
            markup: HTML; the caller has escaped what it shows.
        """
        self._parts.append(markup)

    def document(self) -> str:
        """The whole page, which asks the network for nothing."""
        title = html.escape(self.title)
        links = "".join(f"<a href='#{a}'>{html.escape(t)}</a> " for a, t in self._heads)
        contents = f"<nav aria-label='Contents'>{links}</nav>" if len(self._heads) > 1 else ""
        return (
            "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<link rel='icon' href='data:,'><title>{title}</title><style>{asset('page.css')}</style>"
            "</head><body><button class='theme' type='button'>light / dark</button>"
            f"<h1>{title}</h1>{contents}"
            + "\n".join(self._parts)
            + f"<script type='text/plain' id='plotly'>{_packed_plotly()}</script>"
            f"<script>{asset('theme.js')}{asset('page.js')}</script></body></html>\n"
        )


def fragment(figure: Any) -> str:
    """A figure as markup: packed JSON, which the page's script draws once it comes into view.

    Args:
        figure: a plotly ``Figure``.

    Returns:
        HTML.
    """
    told = figure.layout
    meta = told.meta if isinstance(told.meta, dict) else {}
    style = f"height:{int(told.height or 420)}px"
    if "least_width" in meta:
        style += f";min-width:{int(meta['least_width'])}px"
    return f"<div class='plot' style='{style}' data-figure='{packed(figure.to_json())}'></div>"


def packed(text: str) -> str:
    """Text as deflate in base64, which the page's script unpacks with the browser's own means.

    Args:
        text: any.

    Returns:
        ASCII text.
    """
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def asset(name: str) -> str:
    """The text of a file of the folder ``assets``.

    Args:
        name: of the file.

    Returns:
        Its text.
    """
    return (files(__package__) / "assets" / name).read_text("utf-8")


def plotly_source() -> str:
    """plotly.js, as the Python package brings it."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


@cache
def _packed_plotly() -> str:
    return packed(plotly_source())
