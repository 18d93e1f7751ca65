"""The parser of every word: each option tells its default, and a misspelt one is answered by its neighbours."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn


def _seed(text: str) -> int:
    """A whole number of at least 0, which random generators take."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return value


# options that mean the same in every word
COMMON: dict[str, dict[str, Any]] = {
    "--json": {"help": "machine-readable output"},
    "--port": {"metavar": "PORT"},
    "--seed": {
        "help": "from which all random choices follow",
        "metavar": "NUMBER",
        "type": _seed,
    },
}

_UNKNOWN = re.compile(r"unrecognized arguments: (.*)")


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests options, and adds defaults to help texts that lack them."""

    _typed: tuple[str, ...] = ()

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """As argparse does; options that mean the same everywhere need no text of their own."""
        for name in names:
            options = COMMON.get(name, {}) | options
        return super().add_argument(*names, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; what was typed is kept for :meth:`error`."""
        self._typed = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Exit with code 2; unknown options are told with those of the same word that are spelt alike."""
        found = _UNKNOWN.match(message)
        for word in found[1].split() if found else ():
            given = word.partition("=")[0]
            known = [o for o in self.options() if o != given]
            close = difflib.get_close_matches(given, known, n=3)
            if word.startswith("-") and close:
                message += f"; did you mean {' or '.join(close)}?"
        super().error(message)

    def options(self) -> list[str]:
        """Every option of the word that was typed; of this parser where none was."""
        parser: argparse.ArgumentParser = self
        for word in self._typed:
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                    parser = action.choices[word]
        return [o for action in parser._actions for o in action.option_strings]

    def format_help(self) -> str:
        """The help text."""
        for action in self._actions:
            # 0 is a default worth telling, though it equals False
            given = action.default is not False and action.default not in (None, "", [])
            if given and action.default != argparse.SUPPRESS and action.option_strings:
                text = action.help or ""
                if "default" not in text:
                    action.help = f"{text} (default: %(default)s)".strip()
        return super().format_help()


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add ``--trust`` to a word and to the verbs below it; see :mod:`archgym.trust`.

    Args:
        parser: of the word.
    """
    text = "let folders and files of others start programs and import modules (read them first)"
    _add_everywhere(parser, "--trust", text)


def add_plain(parser: argparse.ArgumentParser) -> None:
    """Add ``--plain`` to a word and to the verbs below it; see :mod:`archgym.terminal.plain`.

    Args:
        parser: of the word.
    """
    text = "tables as tab-separated lines, no colours, no box characters, nothing cut or folded"
    _add_everywhere(parser, "--plain", text)


def _add_everywhere(
    parser: argparse.ArgumentParser, flag: str, text: str, default: object = False
) -> None:
    parser.add_argument(flag, action="store_true", default=default, help=text)
    for action in parser._actions:
        below = action.choices if isinstance(action.choices, dict) else {}
        for verb in below.values():
            if isinstance(verb, argparse.ArgumentParser):
                # what was said before the verb stays said
                _add_everywhere(verb, flag, text, argparse.SUPPRESS)
