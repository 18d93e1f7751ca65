"""Links into the source tree are checked like links inside the site: a missing file fails the build."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
SOURCE = re.compile(r"https://github\.com/archgym/archgym/(?:blob|tree)/main/([^)\s\"'#>]*)")
log = logging.getLogger("mkdocs.hooks.links")


def missing(text: str) -> list[str]:
    """Paths of the repository that a text links to and that do not exist."""
    return sorted({p for p in SOURCE.findall(text) if not (ROOT / p).exists()})


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Warn of every missing file; warnings are errors in a strict build."""
    for path in missing(markdown):
        log.warning("%s links to %s, which the repository does not hold", page.file.src_uri, path)
    return markdown
