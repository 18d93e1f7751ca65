"""Texts that lie elsewhere in the repository become pages: the models' own READMEs, the changelog."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "https://github.com/archgym/archgym/blob/main/"
TEXTS = {
    **{
        f"reference/models/{d}.md": f"simulators/{d}/README.md"
        for d in ("dram", "accelerator", "soc", "ffet", "codesign", "external")
    },
    "changelog.md": "CHANGELOG.md",
    "contributing/index.md": "CONTRIBUTING.md",
}
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
PLACES = {text: page for page, text in TEXTS.items()}


def relinked(text: str, source: str, page: str) -> str:
    """Links of a file of the repository as links of a page of the site."""

    def one(match: re.Match[str]) -> str:
        target, anchor = match[1], match[2] or ""
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if inside in PLACES:
            to = posixpath.relpath(PLACES[inside], posixpath.dirname(page))
        elif inside.startswith("docs/") and inside.endswith(".md"):
            to = posixpath.relpath(inside.removeprefix("docs/"), posixpath.dirname(page))
        else:
            to = SOURCE + inside
        return f"]({to}{anchor})"

    return LINK.sub(one, text)


@event_priority(50)
def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the pages."""
    for page, source in TEXTS.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=relinked(text, source, page)))
    return files
