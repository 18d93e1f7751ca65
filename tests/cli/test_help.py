"""Every option says what it is for, its default and its unit: a walk over all parsers, domains' too."""

import argparse

import pytest

from archgym import registry
from archgym.cli import completion
from archgym.cli.parsing import Parser

pytest.importorskip("shtab", reason="shtab is not installed: make test installs it")
# what a number counts, or its unit, as options name it in place of a value
UNITS = {
    "BITS", "CHANGES", "COUNT", "DESIGNS", "DRAWS", "EVALUATIONS", "GHz", "INSTRUCTIONS", "KiB",
    "LAYERS", "MAPPINGS", "NESTS", "NUMBER", "PES", "PLACEMENTS", "PORT", "PROCESSES", "PRODUCTS",
    "PROPOSALS", "REQUESTS", "ROWS", "RUNS", "SEARCHES", "SECONDS", "SHARE", "WAYS",
}  # fmt: skip


def walk(parser, path):
    """Every option below a parser, with the words that lead to it."""
    parser.format_help()  # adds defaults to the texts
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from walk(below, f"{path} {word}")
        elif action.option_strings and not isinstance(action, argparse._HelpAction):
            yield f"{path} {action.option_strings[-1]}", action


@pytest.fixture(scope="module")
def options():
    found = list(walk(completion._parser(), "archgym"))
    for name in registry.names("validators"):
        parser = Parser(prog=name)
        registry.load("validators", name)(parser)
        found += walk(parser, f"archgym validate {name}")
    assert len(found) > 150
    return found


def test_every_option_says_what_it_is_for(options):
    assert not [name for name, action in options if not action.help]


def test_every_option_says_its_default(options):
    def silent(action):
        switch = action.nargs == 0
        return not switch and not action.required and "default" not in action.help

    assert not [name for name, action in options if silent(action)]


def test_every_number_says_its_unit(options):
    def bare(action):
        return action.type in (int, float) and action.metavar not in UNITS

    assert not [name for name, action in options if bare(action)]
