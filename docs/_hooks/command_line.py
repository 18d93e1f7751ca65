"""The reference of the command line, written from the parsers' own ``--help`` at every build."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

PAGE = "reference/command-line.md"
HEAD = """# Command line

This page is written from the program's own `--help`. `archgym` and `python -m archgym` are the same
program.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the answer is no: no feasible design, specs missed when asked for, a run that does not reproduce |
| 2 | bad input, or a disk that cannot take what is written |
| 130 | interrupted by Ctrl-C |
| 143 | ended by SIGTERM |
"""


def parsers_below(
    title: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A parser and those of its words, depth first."""
    yield title, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from parsers_below(f"{title} {word}", inner)


def every_parser() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The parsers of the core's words, then of every domain's verbs and validation."""
    from archgym import registry
    from archgym.cli import build_parser
    from archgym.domains import domains

    core = list(parsers_below("archgym", build_parser()))
    yield from core
    for domain in domains().values():
        entries = {f"archgym {domain.name} {w}": v.command for w, v in domain.verbs.items()}
        if domain.validator:
            entries[f"archgym validate {domain.name}"] = domain.validator
        for title, entry in entries.items():
            parser = argparse.ArgumentParser(prog=title)
            registry.load_entry(entry, repr(title))(parser)
            yield from parsers_below(title, parser)


def page() -> str:
    """The whole page in Markdown."""
    os.environ["COLUMNS"] = "96"  # argparse folds its texts to this width
    os.environ["NO_COLOR"] = "1"
    parts = [HEAD]
    for title, parser in every_parser():
        level = min(len(title.split()), 3)
        parts.append(
            f"{'#' * max(level, 2)} {title}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
        )
    return "\n".join(parts)


@event_priority(50)
def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the page."""
    files.append(File.generated(config, PAGE, content=page()))
    return files
