"""Notebooks of ``examples/notebooks`` (py:percent) become pages with their outputs.

Each is executed once and kept under ``build/notebooks`` by a digest of its text and of the package's
sources.  With ``ARCHGYM_DOCS_NOTEBOOKS=plain`` they are shown without outputs, which takes no time.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "examples" / "notebooks"
KEPT = ROOT / "build" / "notebooks"
FOLDERS = ("archgym", "agents", "cost_models", "scenarios", "simulators")
log = logging.getLogger("mkdocs.hooks.notebooks")


def sources_digest() -> str:
    """What the outputs depend on besides the notebook: every source of the package."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def executed(path: Path, digest: str) -> Any:
    """A notebook with outputs, from the kept ones where nothing has changed."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    notebook = jupytext.read(path)
    if os.environ.get("ARCHGYM_DOCS_NOTEBOOKS") == "plain":
        return notebook
    key = hashlib.sha256(digest.encode() + path.read_bytes()).hexdigest()[:16]
    kept = KEPT / f"{path.stem}-{key}.ipynb"
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    log.info("executing %s", path.name)
    folder = KEPT / "work"
    folder.mkdir(parents=True, exist_ok=True)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, kept)
    return notebook


def titles() -> dict[str, str]:
    """Every notebook's name and its title, the first heading in it."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.py")):
        line = next(
            x for x in path.read_text(encoding="utf-8").splitlines() if x.startswith("# # ")
        )
        found[path.stem] = line.removeprefix("# # ").strip()
    return found


def on_config(config: MkDocsConfig, **_: Any) -> MkDocsConfig:
    """Put the notebooks into the navigation."""
    pages = [{title: f"notebooks/{name}.md"} for name, title in titles().items()]
    for section in config.nav or []:
        if isinstance(section, dict) and "Notebooks" in section:
            section["Notebooks"] = ["notebooks/index.md", *pages]
    return config


@event_priority(50)
def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add a page, its pictures and the notebook to download, for each."""
    import nbformat
    from nbconvert import MarkdownExporter

    digest = sources_digest()
    for name in titles():
        notebook = executed(NOTEBOOKS / f"{name}.py", digest)
        exporter = MarkdownExporter()
        text, more = exporter.from_notebook_node(
            notebook, resources={"unique_key": name, "output_files_dir": f"{name}_files"}
        )
        text += f"\n[Download this notebook]({name}.ipynb)\n"
        files.append(File.generated(config, f"notebooks/{name}.md", content=text))
        files.append(
            File.generated(config, f"notebooks/{name}.ipynb", content=nbformat.writes(notebook))
        )
        for place, data in more.get("outputs", {}).items():
            files.append(File.generated(config, f"notebooks/{place}", content=data))
    return files
