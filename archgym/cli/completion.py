"""``archgym completion``: tab completion for shells, made by shtab from the parsers."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from .. import registry
from ..datasets.shipped import shipped as data_sets
from ..domains import domains
from ..goals.scenario_file import shipped
from .parsing import add_plain, add_trust

SHELLS = ("bash", "zsh", "fish", "tcsh")
FILES = ("file", "what", "sources", "path", "store")  # arguments that name files, besides paths
WHERE = """\
where the script goes, once:
  bash: archgym completion bash > ~/.local/share/bash-completion/completions/archgym
  zsh:  archgym completion zsh > a folder of $fpath/_archgym
  fish: archgym completion fish > ~/.config/fish/completions/archgym.fish"""


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "completion",
        help="tab completion for bash, zsh, fish and tcsh",
        description="Print a script that completes words, options, names and files.",
        epilog=WHERE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("shell", choices=SHELLS, help="whose script to print")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Print the completion script of a shell.

    Args:
        options: the parsed command line, which names the shell.

    Returns:
        The exit code, 0.
    """
    print(script(options.shell))
    return 0


def script(shell: str) -> str:
    """The script of a shell.

    Args:
        shell: one of :data:`SHELLS`.

    Returns:
        Its text; names of scenarios, agents and cost models are those of today.
    """
    import shtab

    return str(shtab.complete(_parser(), shell))


def _parser() -> argparse.ArgumentParser:
    """The parser of everything, domains included, with what each argument is completed by."""
    from . import build_parser

    parser = build_parser()
    words = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    words.choices["validate"].add_argument("domain", choices=registry.names("validators"))
    for name, domain in domains().items():
        own = words.add_parser(name, help=domain.text)
        verbs = own.add_subparsers()
        for word, verb in domain.verbs.items():
            registry.load_entry(verb.command, f"{name} {word}")(
                verbs.add_parser(word, help=verb.text)
            )
        add_trust(own)
        add_plain(own)
    _completed(
        parser,
        {
            "scenario": list(shipped()),
            "name": [*shipped(), *registry.names("simulators"), *registry.names("agents")],
            "agent": registry.names("agents"),
            "model": registry.names("cost_models"),
            "data": list(data_sets()),
        },
    )
    return parser


def _completed(parser: argparse.ArgumentParser, names: dict[str, list[str]]) -> None:
    """Say of every argument how a shell finds its values: names, or the files of the current folder."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _completed(below, names)
        elif action.choices is None and action.nargs != 0:
            files = action.type is Path or action.dest in FILES
            if action.dest in names and not (files and action.option_strings):
                words = shlex.join(names[action.dest])
                more = " *" if files or action.dest == "scenario" else ""
                action.complete = shtab.cmd(f"printf '%s\\n' {words}{more}")  # type: ignore[attr-defined]
            elif files:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
