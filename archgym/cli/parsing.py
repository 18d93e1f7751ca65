"""The parser of every word: each option tells its default, and a misspelt one is answered by its neighbours."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

_UNKNOWN = re.compile(r"unrecognized arguments: (.*)")


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests options, and adds defaults to help texts that lack them."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2; unknown options are told with those that are spelt alike."""
        found = _UNKNOWN.match(message)
        for word in found[1].split() if found else ():
            close = difflib.get_close_matches(word.partition("=")[0], self.options(), n=3)
            if word.startswith("-") and close:
                message += f"; did you mean {' or '.join(close)}?"
        super().error(message)

    def options(self) -> list[str]:
        """Every option of this parser and of the words below it."""
        out: list[str] = []
        for action in self._actions:
            out += action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                out += [o for p in action.choices.values() for o in p.options()]
        return list(dict.fromkeys(out))

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
